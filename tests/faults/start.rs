//! A tap that can't be started, or doesn't answer when it is asked what it is.

use super::{faults, people, program, script, through};

faults! {
    tap_is_not_on_path: "`--tap` names a program that is nowhere on PATH",
        |work| work.discover().args(["--tap", "tap-of-nowhere"]).go(),
        ["exit 1", "config_error: tap `tap-of-nowhere` was not found on PATH; install it or give its path with --tap", ""];
    tap_file_is_missing: "`--tap` names a file that isn't there",
        |work| work.discover().args(["--tap", "./venv/bin/tap-x"]).go(),
        ["exit 1", "config_error: tap `./venv/bin/tap-x`: there is no such file", ""];
    tap_is_not_executable: "the tap's file may not be executed",
        |work| work.discover().arg("--tap").arg(work.file("tap-x", "#!/bin/sh\n")).go(),
        ["exit 1", "config_error: tap `/here/tap-x` is not executable (chmod +x makes it so)", ""];
    tap_has_arguments: "`--tap` names a program together with its arguments",
        |work| work.discover().args(["--tap", "tap-sample --rows 5"]).go(),
        ["exit 1", "config_error: tap `tap-sample …`: there is no such program; a tap is one name or path and is never split: give `tap-sample` alone, and each of its arguments with --tap-arg", ""];
    workdir_is_missing: "`--workdir` names a folder that isn't there",
        |work| {
            let tap = script(work, "discovery");
            work.discover().arg("--tap").arg(tap).args(["--workdir", "/nowhere"]).go()
        },
        ["exit 1", "config_error: --workdir /nowhere: there is no such folder", ""];
    interpreter_is_missing: "the tap's environment was moved: the Python of its first line is gone",
        |work| {
            let tap = program(work, "#!/nowhere/venv/bin/python\nprint('hello')\n");
            work.discover().arg("--tap").arg(tap).go()
        },
        ["exit 1", "system_error: tap `tap-x` can't be started: the interpreter of its first line, `/nowhere/venv/bin/python`, is missing; an environment that was moved or made with another Python must be made anew", ""];
    tap_is_no_program: "the tap's file is neither a script nor a program of this machine",
        |work| work.discover().arg("--tap").arg(program(work, "hello\n")).go(),
        ["exit 1", "system_error: tap `tap-x` can't be started: it is no program for this machine; a script needs a first line such as `#!/usr/bin/env python3`", ""];
    python_module_is_missing: "a Python module is missing in the tap's environment",
        |work| {
            let words = "ModuleNotFoundError: No module named 'singer_encodings'";
            let tap = program(work, &format!("#!/bin/sh\necho \"{words}\" >&2\nexit 1\n"));
            work.discover().arg("--tap").arg(tap).go()
        },
        ["exit 1", "system_error: tap-x: ModuleNotFoundError: No module named 'singer_encodings' (its environment isn't whole: the Python module `singer_encodings` is missing; install it there)", ""];
    pkg_resources_is_missing: "an old SDK tap in an environment without setuptools",
        |work| {
            let words = "ModuleNotFoundError: No module named 'pkg_resources'";
            let tap = program(work, &format!("#!/bin/sh\necho \"{words}\" >&2\nexit 1\n"));
            work.check().arg("--tap").arg(tap).go()
        },
        ["exit 1", "system_error: tap-x: ModuleNotFoundError: No module named 'pkg_resources' (its environment lacks pkg_resources: install `setuptools<80` into it)", ""];
    too_few_files: "the user may have only 10 files open (`ulimit -n 10`)",
        |work| {
            let run = through(work, "ulimit -n 10; exec \"$@\"").arg("discover").with_config("{}");
            run.arg("--tap").arg(script(work, "discovery")).go()
        },
        ["exit 1", "config_error: only 10 files may be open at once (ulimit -n), and 32 are needed; raise the limit", ""];
    too_few_files_for_a_source: "the same for a native source",
        |work| {
            let run = through(work, "ulimit -n 10; exec \"$@\"").arg("check").with_config("{}");
            run.args(["--source", "sample"]).go()
        },
        ["exit 1", "config_error: only 10 files may be open at once (ulimit -n), and 32 are needed; raise the limit", ""];
    discovery_names_streams_for_ever: "the tap answers `--discover` with messages of ever more streams",
        |work| {
            let body = "i=0; while :; do echo '{\"type\":\"SCHEMA\",\"stream\":\"s'$i'\",\"schema\":{}}'; i=$((i+1)); done";
            work.discover().arg("--tap").arg(script(work, body)).go()
        },
        ["exit 1", "config_error: tap-x names more than 20000 streams in discovery, more than is learnt from messages; give its catalog with --tap-catalog", ""];
    discovery_names_columns_for_ever: "the same with one stream whose schema never ends growing",
        |work| {
            let body = "x=$(head -c 900000 /dev/zero | tr '\\0' x); i=0; while :; do echo '{\"type\":\"SCHEMA\",\"stream\":\"s\",\"schema\":{\"properties\":{\"c'$i'\":{\"title\":\"'$x'\"}}}}'; i=$((i+1)); done";
            work.discover().arg("--tap").arg(script(work, body)).go()
        },
        ["exit 1", "config_error: tap-x names streams whose names and schemas have more than 16 MiB in discovery, more than is learnt from messages; give its catalog with --tap-catalog", ""];
    discovery_repeats_itself_for_ever: "the tap answers `--discover` with messages of one stream that never end",
        |work| {
            let body = "while :; do echo '{\"type\":\"SCHEMA\",\"stream\":\"s\",\"schema\":{}}'; done";
            work.discover().arg("--tap").arg(script(work, body)).args(["--discovery-timeout", "1s"]).go()
        },
        ["exit 0", "WARN tap-x was stopped after --discovery-timeout while its streams were learnt: 1 are known, any that come later are not; --tap-catalog FILE names all", ""];
    discovery_finds_no_stream: "the tap discovers an empty catalog",
        |work| work.discover().arg("--tap").arg(script(work, "echo '{\"streams\": []}'")).go(),
        ["exit 1", "config_error: tap-x discovered no stream; look at the settings that choose schemas or tables", ""];
    discovery_leaves_everything_out: "the tap logs an error, and discovers an empty catalog",
        |work| {
            let body = "echo 'ERROR table prices left out: its pattern is wrong' >&2; echo '{\"streams\": []}'";
            work.discover().arg("--tap").arg(script(work, body)).go()
        },
        ["exit 1", "config_error: tap-x discovered no stream; look at the settings that choose schemas or tables; it said: table prices left out: its pattern is wrong", ""];
    discovery_is_no_catalog: "what the tap writes for `--discover` is no catalog",
        |work| work.discover().arg("--tap").arg(script(work, "echo '{\"streams\": 7}'")).go(),
        ["exit 1", "system_error: what tap-x discovers is no Singer catalog: catalog: streams: not a list", ""];
    discovery_breaks_off: "the catalog ends in the middle, and the tap exits with 0",
        |work| work.discover().arg("--tap").arg(script(work, "echo '{\"streams\": [{'")).go(),
        ["exit 1", "system_error: what tap-x discovers is no Singer catalog: catalog: line 2, column 0: the text ends too early", ""];
    discovery_fails_in_a_read: "the discovery before a read is refused",
        |work| {
            let tap = script(work, "echo 'CRITICAL 401 Unauthorized' >&2; exit 1");
            work.read(&people()).arg("--tap").arg(tap).go()
        },
        ["exit 1", "config_error: tap-x: 401 Unauthorized", "people INCOMPLETE"];
    command_line_is_refused: "the tap doesn't know how it is asked for a sync",
        |work| {
            let body = "echo 'usage: tap-x --config C' >&2; echo 'tap-x: error: unrecognized arguments: --catalog' >&2; exit 2";
            super::read(work, body).go()
        },
        ["exit 1", "system_error: tap-x: error: unrecognized arguments: --catalog", "people INCOMPLETE"];
}

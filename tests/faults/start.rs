//! A tap that can't be started, or doesn't answer when it is asked what it is.

use super::{faults, people, program, script};

faults! {
    tap_is_not_on_path: "`--tap` names a program that is nowhere on PATH",
        |work| work.discover().args(["--tap", "tap-of-nowhere"]).go(),
        ["", "", ""];
    tap_file_is_missing: "`--tap` names a file that isn't there",
        |work| work.discover().args(["--tap", "./venv/bin/tap-x"]).go(),
        ["", "", ""];
    tap_is_not_executable: "the tap's file may not be executed",
        |work| work.discover().arg("--tap").arg(work.file("tap-x", "#!/bin/sh\n")).go(),
        ["", "", ""];
    interpreter_is_missing: "the tap's environment was moved: the Python of its first line is gone",
        |work| {
            let tap = program(work, "#!/nowhere/venv/bin/python\nprint('hello')\n");
            work.discover().arg("--tap").arg(tap).go()
        },
        ["", "", ""];
    tap_is_no_program: "the tap's file is neither a script nor a program of this machine",
        |work| work.discover().arg("--tap").arg(program(work, "hello\n")).go(),
        ["", "", ""];
    python_module_is_missing: "a Python module is missing in the tap's environment",
        |work| {
            let words = "ModuleNotFoundError: No module named 'singer_encodings'";
            let tap = program(work, &format!("#!/bin/sh\necho \"{words}\" >&2\nexit 1\n"));
            work.discover().arg("--tap").arg(tap).go()
        },
        ["", "", ""];
    pkg_resources_is_missing: "an old SDK tap in an environment without setuptools",
        |work| {
            let words = "ModuleNotFoundError: No module named 'pkg_resources'";
            let tap = program(work, &format!("#!/bin/sh\necho \"{words}\" >&2\nexit 1\n"));
            work.check().arg("--tap").arg(tap).go()
        },
        ["", "", ""];
    discovery_finds_no_stream: "the tap discovers an empty catalog",
        |work| work.discover().arg("--tap").arg(script(work, "echo '{\"streams\": []}'")).go(),
        ["", "", ""];
    discovery_is_no_catalog: "what the tap writes for `--discover` is no catalog",
        |work| work.discover().arg("--tap").arg(script(work, "echo '{\"streams\": 7}'")).go(),
        ["", "", ""];
    discovery_breaks_off: "the catalog ends in the middle, and the tap exits with 0",
        |work| work.discover().arg("--tap").arg(script(work, "echo '{\"streams\": [{'")).go(),
        ["", "", ""];
    discovery_fails_in_a_read: "the discovery before a read is refused",
        |work| {
            let tap = script(work, "echo 'CRITICAL 401 Unauthorized' >&2; exit 1");
            work.read(&people()).arg("--tap").arg(tap).go()
        },
        ["", "", ""];
    command_line_is_refused: "the tap doesn't know how it is asked for a sync",
        |work| {
            let body = "echo 'usage: tap-x --config C' >&2; echo 'tap-x: error: unrecognized arguments: --catalog' >&2; exit 2";
            super::read(work, body).go()
        },
        ["", "", ""];
}

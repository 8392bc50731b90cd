"""One source end to end with real clients, from its installation to a resume at every cut.

    python3 -m tests.clients.live tap-postgres --binary target/debug/airbyte-singer

For a real tap: installs it, starts and seeds its server, and runs spec, check (good
and bad), discover, full, incremental and resumed read through validate.py, every
count held to the server's own; then PyAirbyte into DuckDB; then cut.py. The binary
is called through a link named after the source, with a profile; and by its
environment alone. `tap-sample` and `sample` need no server and no installation; a tap
whose service is out in the world is asked for its spec, checked and discovered.
Prints a table at the end, and writes a report when asked to; exit 1 when anything failed.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from tests.clients.checks.catalogs import (
    Key,
    catalog_in,
    configure,
    cursor_of,
    key_of,
    label,
    last_states,
)
from tests.clients.environments import environment
from tests.clients.servers.server import Server
from tests.clients.taps import TAPS
from tests.clients.taps.tap import Tap

#: Sources that come with the binary: the option that names them, and a config that must fail.
BUNDLED = {
    "tap-sample": ("tap", {"rows": "many"}),
    "sample": ("source", {"products": "many"}),
}
#: Fewer distinct cuts than this are a failure for a bundled source.
BUNDLED_CUTS = 3


class Live:
    """One source under test, and what each step found."""

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path) -> None:
        self.name: str = options.name
        self.binary: pathlib.Path = options.binary.absolute()
        self.envs: pathlib.Path = options.envs.absolute() if options.envs else folder / "envs"
        self.envs.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.tap: Tap | None = TAPS.get(self.name)
        self.server: Server | None = None
        self.rows: list[tuple[str, bool, str, float]] = []
        self.link = folder / "bin" / f"source-{self.name}"
        self.variables: dict[str, str] = {}
        #: What the reports and the table of the documentation say of the source.
        self.figures: dict[str, int | None] = {}

    def run(self) -> bool:
        """Every step in order; whether all of them passed."""
        with contextlib.ExitStack() as held:
            if self.tap and self.tap.server:
                self.server = held.enter_context(self.tap.server(self.envs))
            try:
                self.prepare()
                if self.tap and not self.server:
                    self.far_away()
                    return self.passed()
                self.answers()
                self.reads()
                self.pyairbyte()
                self.cuts()
            except Failed as failure:
                self.note("stopped", False, str(failure), 0.0)
        return self.passed()

    def passed(self) -> bool:
        """Whether every step so far did what it should."""
        return all(passed for _, passed, _, _ in self.rows)

    def prepare(self) -> None:
        """Install the tap, write its configs, its profile and the link that finds it."""
        if self.tap:
            option, value = "tap", str(self.tap.install(self.envs))
            config, streams = self.tap.config(self.server), self.tap.streams
            bad = self.tap.bad_config(config)
            self.variables = self.tap.variables(self.server)
        else:
            option, bad = BUNDLED[self.name]
            value, config, streams = self.name, {}, {}
        self.option = {f"AIRBYTE_SINGER_{option.upper()}": value}
        self.config = self.write("config.json", config)
        self.bad_config = self.write("bad.json", bad)
        # JSON is YAML, and quotes whatever a stream may be called.
        profile = {"version": 1, option: value, **({"streams": streams} if streams else {})}
        self.write(f"profiles/source-{self.name}.yaml", profile)
        self.link.parent.mkdir()
        self.link.symlink_to(self.binary)

    def answers(self) -> None:
        """spec, check and discover: through the link, then by the environment alone."""
        self.spec = self.step("spec", "spec")
        secret = ["--config", self.config, "--spec", self.spec]
        config = ["--config", self.config]
        self.step("check", "check", config, [*secret, "--expect-status", "SUCCEEDED"])
        bad = ["--config", self.bad_config, "--spec", self.spec]
        failed = self.step("check, bad config", "check", ["--config", self.bad_config],
                           [*bad, "--expect-status", "FAILED"])
        self.says(failed)
        output = self.step("discover", "discover", config, secret)
        self.catalog = catalog_in(output)
        self.step("spec, environment", "spec", linked=False)
        self.step("check, environment", "check", config,
                  [*secret, "--expect-status", "SUCCEEDED"], linked=False)
        plain = catalog_in(self.step("discover, environment", "discover", config, linked=False))
        renamed = {key_of(stream) for stream in plain["streams"]}
        wanted = {self.server_key(key_of(stream)) for stream in self.catalog["streams"]}
        self.compare("the profile renames and does nothing else", renamed, wanted)
        configured = self.write("refused.json", configure(self.catalog, incremental=False))
        self.step("read, bad config", "read",
                  ["--config", self.bad_config, "--catalog", configured],
                  [*bad, "--catalog", configured], code=1)

    def far_away(self) -> None:
        """What can be asked of a tap whose service cannot be reached."""
        self.spec = self.step("spec", "spec")
        secret = ["--config", self.config, "--spec", self.spec]
        config = ["--config", self.config]
        bad = ["--config", self.bad_config, "--spec", self.spec, "--expect-status", "FAILED"]
        failed = self.step("check, bad config", "check", ["--config", self.bad_config], bad)
        self.says(failed)
        if self.tap.asks_before:
            failed = self.step("check", "check", config, [*secret, "--expect-status", "FAILED"])
            self.says(failed)
            self.step("discover, nobody there", "discover", config, secret, code=1)
            return
        shallow = [*config, "--check", "discover"]
        self.step("check", "check", shallow, [*secret, "--expect-status", "SUCCEEDED"])
        self.catalog = catalog_in(self.step("discover", "discover", config, secret))
        plain = catalog_in(self.step("discover, environment", "discover", config, linked=False))
        self.compare("discovered twice, the same", plain, self.catalog)
        self.figures["streams"] = len(self.catalog["streams"])

    @staticmethod
    def says(output: pathlib.Path) -> None:
        """Show the sentence of a check that failed."""
        said = json.loads(output.read_text().splitlines()[-1]).get("connectionStatus", {})
        print(f"  it says: {said.get('message')}")

    def reads(self) -> None:
        """Full, incremental and resumed read, each count as the server counts."""
        secret = ["--config", self.config, "--spec", self.spec]
        counts = {}
        for step, incremental in (("full read", False), ("incremental read", True)):
            catalog = self.write(f"{step}.catalog.json", configure(self.catalog, incremental))
            output = self.step(step, "read", ["--config", self.config, "--catalog", catalog],
                               [*secret, "--catalog", catalog, "--records"])
            seen = self.report["records"]
            counts = counts or {key: seen.get(label(key), 0) for key in self.keys()}
            wanted = {label(key): self.count(key, counts) for key in self.keys()}
            self.compare(f"{step}: counts", {k: seen.get(k, 0) for k in wanted}, wanted)
        self.counts = {key: self.count(key, counts) for key in self.keys()}
        catalog = self.write("resumed.catalog.json", configure(self.catalog, True, generation=2))
        state = self.write("resumed.state.json", last_states(output))
        self.step("resumed read", "read",
                  ["--config", self.config, "--catalog", catalog, "--state", state],
                  [*secret, "--catalog", catalog, "--state", state, "--records"])
        seen = self.report["records"]
        wanted = {}
        for stream in self.catalog["streams"]:
            again = self.again(stream, cursor_of(stream))
            if again is not None:
                wanted[label(key_of(stream))] = again
        self.compare("resumed read: counts", {k: seen.get(k, 0) for k in wanted}, wanted)
        self.figures["streams"] = len(self.counts)
        self.figures["rows"] = sum(self.counts.values())
        self.figures["rows_resumed"] = total = sum(seen.values())
        if not self.server:
            self.note("resumed read: less than the first", total < sum(counts.values()),
                      f"{total} of {sum(counts.values())} records", 0.0)

    def pyairbyte(self) -> None:
        """PyAirbyte asks every stream as incremental, by the default cursor or by none."""
        expected = {}
        beyond = self.tap.beyond_duckdb if self.tap else {}
        for name, reason in beyond.items():
            print(f"  without {name}: {reason}")
        for stream in self.catalog["streams"]:
            if stream["name"] in beyond:
                continue
            key, cursor = key_of(stream), (stream.get("default_cursor_field") or [None])[0]
            rows, again = self.counts[key], self.again(stream, cursor)
            keyed = bool(stream.get("source_defined_primary_key"))
            # Keyed tables are merged, keyless ones appended to, or replaced without a cursor.
            after = rows if keyed or not cursor else None if again is None else rows + again
            expected[key[1]] = {"rows": rows, "again": again, "rows_again": after}
        wanted = self.write("expected.json", expected)
        argv = [environment(self.envs, "pyairbyte"), "-m", "tests.clients.checks.pyairbyte", self.link,
                "--config", self.config, "--expect", wanted, "--name", self.link.name, "--without", *beyond]
        report = self.client("PyAirbyte", argv)
        first, second = report.get("first", {}), report.get("second", {})
        print(f"  first read {first}, second read {second}")

    def cuts(self) -> None:
        """A resume at every cut."""
        catalog = self.folder / "incremental read.catalog.json"
        least = self.tap.least_cuts if self.tap else BUNDLED_CUTS
        argv = [sys.executable, "-m", "tests.clients.checks.cut", self.link, "--config", self.config,
                "--catalog", catalog, "--least", str(least)]
        if BUNDLED.get(self.name, ("tap",))[0] == "source":
            argv.append("--built-in")
        report = self.client("resume at every cut", argv)
        self.figures["cuts"] = report.get("cuts")
        print(f"  {report.get('cuts')} distinct cuts, {report.get('lagging')} of them lagging")
        wanted = {label(key): rows for key, rows in self.counts.items()}
        self.compare("resume at every cut: counts", report.get("rows"), wanted)

    def step(self, step: str, command: str, words: list = (), checks: list = (),
             linked: bool = True, code: int = 0) -> pathlib.Path:
        """Run a command of the source and judge what it wrote; its stdout, as a file."""
        output, errors = self.folder / f"{step}.jsonl", self.folder / f"{step}.stderr"
        executable = self.link if linked else self.binary
        begun = time.monotonic()
        with output.open("wb") as stdout, errors.open("wb") as stderr:
            done = subprocess.run(
                [str(word) for word in (executable, command, *words)],
                stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL, check=False,
                env=self.variables_for(linked),
            )
        took = time.monotonic() - begun
        argv = [environment(self.envs, "validate"), "-m", "tests.clients.checks.validate", output,
                "--command", command, "--exit-code", str(done.returncode),
                "--stderr", errors, "--source", self.name, *checks]
        self.report = self.judged(argv)
        problems = self.report["problems"]
        if done.returncode != code:
            problems.append(f"exit code {done.returncode}, expected {code}")
            problems += errors.read_text(errors="replace").splitlines()[-3:]
        for excepted in self.report.get("excepted", []):
            print(f"  excepted {excepted['times']} times: {excepted['reason']}")
        self.note(step, not problems, self.summary(problems), took)
        if done.returncode != code and command in ("spec", "discover"):
            raise Failed(f"nothing works without {command}")
        return output

    def client(self, step: str, argv: list) -> dict:
        """Run a client of ours that prints a report with problems."""
        begun = time.monotonic()
        # Its temporary files go with ours, however it ends.
        variables = {**self.variables_for(linked=True), "TMPDIR": str(self.folder)}
        report = self.judged(argv, env=variables)
        detail = self.summary(report["problems"])
        self.note(step, not report["problems"], detail, time.monotonic() - begun)
        return report

    def judged(self, argv: list, **more: object) -> dict:
        """The report that a program of ours prints, or its own failure as a problem."""
        done = subprocess.run(
            [str(word) for word in argv], capture_output=True, text=True, check=False, **more
        )
        try:
            return json.loads(done.stdout)
        except ValueError:
            words = done.stderr.strip().splitlines()[-5:]
            return {"problems": [f"{argv[2]} exits {done.returncode}", *words], "records": {}}

    def variables_for(self, linked: bool) -> dict[str, str]:
        """The environment of a call: the link finds its profile, the binary its option."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AIRBYTE_SINGER_")}
        # A profile makes a tap a connector; a native source is one already.
        profiled = linked and "AIRBYTE_SINGER_TAP" in self.option
        own = {"AIRBYTE_SINGER_PROFILES": str(self.folder / "profiles")} if profiled else self.option
        return {**clean, **self.variables, **own}

    def keys(self) -> list[Key]:
        """The streams of the catalog."""
        return [key_of(stream) for stream in self.catalog["streams"]]

    def server_key(self, key: Key) -> Key:
        """What the server calls a stream that the profile renamed."""
        return self.tap.renamed.get(key, key) if self.tap else key

    def count(self, key: Key, seen: dict[Key, int]) -> int:
        """The server's own count; a source without a server is held to its first read."""
        return self.server.count(*self.server_key(key)) if self.server else seen[key]

    def again(self, stream: dict, cursor: str | None) -> int | None:
        """How many records the next sync brings; None when nobody but the source knows."""
        key = key_of(stream)
        if cursor is None:
            return self.counts[key]
        if not self.server:
            return None
        return self.server.count_again(*self.server_key(key), cursor)

    def compare(self, step: str, seen: object, wanted: object) -> None:
        """One row of the table: equal, or what differs."""
        detail = "equal"
        if seen != wanted:
            detail = f"{seen!r} is not {wanted!r}"
            if isinstance(seen, dict) and isinstance(wanted, dict):
                differ = [k for k in {**seen, **wanted} if seen.get(k) != wanted.get(k)]
                detail = "; ".join(f"{k}: {seen.get(k)}, not {wanted.get(k)}" for k in differ)
        self.note(step, seen == wanted, detail, 0.0)

    def summary(self, problems: list[str]) -> str:
        """Problems are printed in full; the table holds their number."""
        for problem in problems:
            print(f"  problem: {problem}")
        return f"{len(problems)} problems"

    def note(self, step: str, passed: bool, detail: str, took: float) -> None:
        """A row of the table, said at once."""
        self.rows.append((step, passed, detail, took))
        print(f"{'ok  ' if passed else 'FAIL'} {self.name}: {step}: {detail}", flush=True)

    def write(self, name: str, value: object) -> pathlib.Path:
        """A JSON file in the work folder."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(value, indent=1, ensure_ascii=False))
        return path

    def report_to(self, path: pathlib.Path) -> None:
        """What happened, without times and folders, so that two runs can be compared."""
        steps = {step: passed for step, passed, _, _ in self.rows}
        text = json.dumps({"name": self.name, "steps": steps, **self.figures}, indent=1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")

    def table(self) -> None:
        """All steps at a glance."""
        width = max(len(step) for step, *_ in self.rows)
        print(f"\n{self.name}")
        for step, passed, detail, took in self.rows:
            verdict = "ok" if passed else "FAIL"
            print(f"  {step:<{width}}  {verdict:<4}  {took:6.1f} s  {detail[:100]}")
        failed = sum(not passed for _, passed, _, _ in self.rows)
        print(f"{self.name}: {len(self.rows) - failed} passed, {failed} failed", flush=True)


class Failed(Exception):
    """What makes every further step pointless."""


def main() -> int:
    """Run one source; 0 when everything passed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=[*BUNDLED, *TAPS])
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--envs", type=pathlib.Path, help="keep Python environments here")
    parser.add_argument("--keep", type=pathlib.Path, help="copy all outputs here at the end")
    parser.add_argument("--report", type=pathlib.Path, help="write what happened here, as JSON")
    options = parser.parse_args()
    # So that servers are stopped and folders removed when we are asked to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="airbyte-singer-live-") as folder:
        live = Live(options, pathlib.Path(folder))
        try:
            passed = live.run()
        finally:
            if options.keep:
                ignored = shutil.ignore_patterns("envs", "bin")
                shutil.copytree(folder, options.keep, dirs_exist_ok=True, ignore=ignored)
        live.table()
        if options.report:
            live.report_to(options.report)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())

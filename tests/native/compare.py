"""Our source `http` beside Airbyte's own runner, over the same streams of real servers.

    python3 -m tests.native.compare --binary target/release/airbyte-singer --envs FOLDER [--quick] [--only datasette ...]

For each case of `streams.py` a server of its own is started and filled. Both read its streams in full,
incrementally, and on from their states after the server grew; each row must come once and be the
server's, to the last digit, and each state must end where the server's cursors do. Ours is then read
with 1 and 16 workers, killed, cut behind every state, and asked with a wrong token; the official models
judge all that it writes. At last both are timed in turn. Without --binary only the other one is held.

--envs is where Python environments and npm's packages are kept, and made when they are missing, with uv
and npm. Exit 1 when anything is wrong.
"""

import argparse
import contextlib
import pathlib
import statistics
import sys
import tempfile
from collections.abc import Iterator

from tests.native import cuts, laws, shop
from tests.native.apis import APIS, Api
from tests.native.laws import Finding
from tests.native.native import Native
from tests.native.oracle import Oracle
from tests.native.readings import Ran
from tests.native.streams import CASES, Case

WORKERS = (1, 4, 16)


class Comparison:
    """One case."""

    def __init__(self, options: argparse.Namespace, case: Case, api: Api, folder: pathlib.Path):
        self.case, self.api, self.folder = case, api, folder
        envs = options.envs.absolute()
        self.oracle = Oracle(envs, folder, case, api)
        self.native = options.binary and Native(options.binary, envs, folder, case, api)
        self.rounds = 1 if options.quick else options.rounds

    def findings(self) -> Iterator[Finding]:
        """Everything that is looked at."""
        sources = [self.native, self.oracle] if self.native else [self.oracle]
        yield from laws.reads(self.case, self.api, sources)
        if not self.native:
            return
        yield from self.workers()
        yield from cuts.killed(self.native, self.case, self.api)
        for incremental in (False, True):
            yield cuts.after_every_state(self.native, incremental, len(self.case.streams))
        if self.case.auth:
            self.strangers()
        yield "the official models", "; ".join(self.native.problems[:5])

    def workers(self) -> Iterator[Finding]:
        """As many at a time as one likes, the same rows."""
        rows = self.case.rows(self.api)
        for number in WORKERS:
            self.native.workers(number)
            reading = self.native.read(incremental=False)
            yield f"workers: {number}", laws.differences(reading.rows, rows)

    def strangers(self) -> None:
        """Who has the key is let in, and nobody else."""
        self.native.asked("check", "--expect-status", "SUCCEEDED")
        wrong = {**self.case.auth, **self.case.stranger}
        self.native.asked("check", "--expect-status", "FAILED", auth=wrong)

    def costs(self) -> str:
        """A row of the table: full reads of all, in turn."""
        ran: dict[str, list[Ran]] = {}
        for _ in range(self.rounds):
            for number in WORKERS if self.native else ():
                self.native.workers(number)
                reading = self.native.read(incremental=False, judged=False)
                ran.setdefault(str(number), []).append(reading.ran)
            reading = self.oracle.read(incremental=False)
            ran.setdefault(self.oracle.name, []).append(reading.ran)
        count = sum(map(len, reading.rows.values()))
        cells = [f"{median(runs, 'wall')} / {median(runs, 'cpu')}" for runs in ran.values()]
        return f"| {self.case.name}, {count} records | " + " | ".join(cells) + " |"


def median(runs: list[Ran], what: str) -> str:
    """Of one kind of seconds."""
    return f"{statistics.median(getattr(ran, what) for ran in runs):.2f}"


def heading(with_native: bool) -> str:
    """The first lines of the table of costs."""
    names = [f"ours, workers: {number}" for number in WORKERS] if with_native else []
    names = ["a full read, s of wall / CPU", *names, Oracle.name]
    return "| " + " | ".join(names) + " |\n" + "|---" * len(names) + "|"


def main() -> int:
    """Print what was found and what it cost; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--binary", type=pathlib.Path)
    parser.add_argument("--envs", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true", help="few rows, timed once")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=APIS, default=list(APIS))
    options = parser.parse_args()
    options.envs.mkdir(parents=True, exist_ok=True)
    size = shop.QUICK if options.quick else shop.FULL
    looked, wrong, table = 0, 0, [heading(bool(options.binary))]
    for case in (case for case in CASES if case.api in options.only):
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="airbyte-singer-native-"))
            api = stack.enter_context(APIS[case.api](options.envs.absolute(), size))
            comparison = Comparison(options, case, api, pathlib.Path(folder))
            for what, problem in comparison.findings():
                looked, wrong = looked + 1, wrong + bool(problem)
                print(f"{'FAIL' if problem else 'ok  '} {case.name}: {what} {problem}", flush=True)
            table.append(comparison.costs())
    print("", *table, "", f"{looked - wrong} passed, {wrong} failed", sep="\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

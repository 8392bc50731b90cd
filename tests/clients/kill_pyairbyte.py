"""PyAirbyte's reads into DuckDB, with the bridge or the tap killed at random moments: no row is lost.

    python3 -m tests.clients.kill_pyairbyte --binary target/release/airbyte-singer --tap target/release/examples/tap-children \\
        --python PYTHON-WITH-PYAIRBYTE

Each life is one cache. Reads of it are killed (the bridge, the tap and PyAirbyte itself in turn, all
with SIGKILL) while the data change, after every other one a read runs to its end, and then the tables
are compared: keyed ones equal the source's, the unkeyed one contains it. `--state-interval 0` is set by
environment. Prints one JSON report; exit 1 when a law is broken. Needs only Python, but for the reads
themselves, which are done by `--python`.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from tests.clients.checks.pyairbyte import settle
from tests.clients.victims import (
    KEYED,
    UNKEYED,
    Source,
    arguments,
    children,
    command,
    descendant,
    left_behind,
    tell,
)

#: A life's reads that are killed, and those that run to their end.
KILLS_OF_A_LIFE = 4


def read(cache: pathlib.Path, config: pathlib.Path, binary: pathlib.Path) -> dict:
    """One read by PyAirbyte: the rows of its tables."""
    import airbyte
    from airbyte.caches import DuckDBCache

    source = airbyte.get_source(
        "killed",
        config=json.loads(config.read_text()),
        local_executable=binary,
        install_if_missing=False,
    )
    source.select_streams(list(KEYED + UNKEYED))
    result = source.read(cache=DuckDBCache(db_path=cache / "cache.duckdb"))
    return {
        name: [(row["id"], row["updated_at"].strftime("%Y-%m-%dT%H:%M:%SZ")) for row in result[name]]
        for name in KEYED + UNKEYED
    }


def worker(options: argparse.Namespace) -> int:
    """Imports PyAirbyte, which takes longest, and then does each read in a process of its own.

    A job comes in as a line; its process's id goes out, and how it ended once it has.
    """
    real = settle(options.folder)
    import airbyte.caches  # noqa: F401
    import pandas  # noqa: F401

    def tell(content: object) -> None:
        os.write(real, json.dumps(content).encode() + b"\n")

    tell("ready")
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                tables = read(pathlib.Path(job["cache"]), pathlib.Path(job["config"]), options.binary)
                pathlib.Path(job["tables"]).write_text(json.dumps(tables))
                os._exit(0)
            except BaseException:  # noqa: BLE001  (a forked child never returns into our loop)
                traceback.print_exc()
                os._exit(1)
        tell(pid)
        tell(os.waitpid(pid, 0)[1])
    return 0


class Kills:
    """Lives of a PyAirbyte cache."""

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path) -> None:
        self.options, self.folder = options, folder
        self.chance = random.Random(options.seed)
        self.source = Source(options.binary, options.tap, folder)
        self.mark = f"airbyte-singer-kill-{os.getpid()}"
        profile = folder / "profile.yaml"
        words = {"version": 1, "tap": str(self.source.tap), "catalog_flag": "catalog"}
        # A table without a key is appended to.
        words["streams"] = {name: {"primary_key": []} for name in UNKEYED}
        profile.write_text(json.dumps(words))
        environment = {
            **os.environ,
            "AIRBYTE_SINGER_PROFILE": str(profile),
            "AIRBYTE_SINGER_STATE_INTERVAL": "0",
            "MARK": self.mark,
        }
        argv = [options.python, "-m", "tests.clients.kill_pyairbyte", "--worker", "--binary", self.source.binary]
        argv += ["--tap", self.source.tap, "--folder", folder]
        self.worker = subprocess.Popen(list(map(str, argv)), stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=options.log, env=environment)
        #: How long a read takes: the bridge's part of it, and PyAirbyte's.
        self.spans = {"bridge": 0.0, "client": 0.0}
        self.killed: collections.Counter = collections.Counter()
        self.reads = 0
        self.problems: list[str] = []

    def read(self, cache: pathlib.Path, rounds: int, victim: str | None) -> dict | None:
        """One read; its tables if it ended well. None also where somebody was killed."""
        config = self.source.file("config.json", {"round": rounds})
        tables = self.folder / "tables.json"
        tables.unlink(missing_ok=True)
        self.reads += 1
        client = self.ask({"cache": str(cache), "config": str(config), "tables": str(tables)})
        bridge = None
        while bridge is None and children(self.worker.pid):
            bridge = descendant(client, self.source.binary, "read")
        begun = time.monotonic()
        if victim:
            span = self.spans["client" if victim == "client" else "bridge"]
            time.sleep(self.chance.random() * span)
            self.killed[victim] += self.kill(client, bridge, victim)
        else:
            # None where it was quicker than we looked.
            while bridge and descendant(client, self.source.binary, "read") == bridge:
                time.sleep(0.001)
            self.spans["bridge"] = time.monotonic() - begun
        code = json.loads(self.worker.stdout.readline())
        if not victim:
            self.spans["client"] = time.monotonic() - begun
        strays = left_behind(self.mark, self.worker.pid)
        if strays:
            self.problems.append(f"{len(strays)} processes go on when {victim or 'the read'} has ended")
        if code == 0:
            return json.loads(tables.read_text())
        if not victim:
            self.problems.append("a read that nobody killed fails")
        return None

    def ask(self, job: dict) -> int:
        """Gives a job to the worker; the process that does it."""
        self.worker.stdin.write(json.dumps(job).encode() + b"\n")
        self.worker.stdin.flush()
        return json.loads(self.worker.stdout.readline())

    def kill(self, client: int, bridge: int | None, victim: str) -> bool:
        """Kills one that is still there."""
        alive = command(client) if victim == "client" else descendant(client, self.source.binary, "read")
        if bridge is None or not alive:
            return False
        tap = descendant(bridge, self.source.tap, "--catalog")
        pid = {"client": client, "bridge": bridge, "tap": tap}[victim]
        if pid is None:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def live(self, number: int) -> None:
        """One cache: kills while the data change, then reads to the end."""
        cache = self.folder / f"life-{number}"
        cache.mkdir()
        rounds = 0
        for turn in range(KILLS_OF_A_LIFE):
            wanted = ["bridge", "tap"] + ["client"] * self.options.client
            victim = min(wanted, key=lambda name: self.killed[name])
            self.read(cache, rounds, victim)
            if turn % 2:
                self.judge(rounds, self.read(cache, rounds, None))
            rounds += self.chance.randrange(2)
        self.judge(rounds, self.read(cache, rounds, None))

    def judge(self, rounds: int, tables: dict | None) -> None:
        """The tables of a read that nobody killed."""
        tables = {name: [tuple(row) for row in rows] for name, rows in (tables or {}).items()}
        found = self.source.differences(rounds, tables)
        self.problems += [f"after {self.killed.total()} kills: {problem}" for problem in found]

    def hits(self) -> int:
        """Kills of the bridge and the tap."""
        return self.killed["bridge"] + self.killed["tap"]

    def run(self) -> dict:
        """All lives and the report."""
        if json.loads(self.worker.stdout.readline() or "null") != "ready":
            return {"problems": ["PyAirbyte can't be imported"]}
        whole = self.folder / "whole"
        whole.mkdir()
        self.judge(0, self.read(whole, 0, None))
        lives = 0
        while self.hits() < self.options.kills and not self.problems:
            self.live(lives)
            lives += 1
        self.worker.stdin.close()
        self.worker.wait()
        return {
            "killed": dict(self.killed),
            "reads": self.reads,
            "lives": lives,
            "seconds of a read": {name: round(span, 2) for name, span in self.spans.items()},
            "seed": self.options.seed,
            "problems": self.problems,
        }


def main() -> int:
    """Print the report; 1 when a law is broken."""
    parser = arguments(__doc__)
    parser.set_defaults(kills=20)
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has PyAirbyte")
    parser.add_argument("--no-client", dest="client", action="store_false", help="leave PyAirbyte itself alive")
    parser.add_argument("--log", type=argparse.FileType("wb"), default=subprocess.DEVNULL,
                        help="where PyAirbyte's own words go")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return worker(options)
    with tempfile.TemporaryDirectory(prefix="airbyte-singer-kill-") as folder:
        return tell(Kills(options, pathlib.Path(folder)).run())


if __name__ == "__main__":
    sys.exit(main())

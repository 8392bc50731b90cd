"""Reads that are killed at random moments, by killing the bridge or the tap, and resumed: no row is lost.

    python3 -m tests.clients.kill --binary target/release/airbyte-singer --tap target/release/examples/tap-children

A platform commits stream by stream, each at a pace of its own, and keeps a stream's state when what
came before it is written. Half of the kills hit the bridge, half the tap, all with SIGKILL. After a
few kills a read runs to its end, and the tables are compared: keyed ones equal the source's, unkeyed
ones contain it. Nothing is left behind either: no process, and after the last read no file. Prints
one JSON report; exit 1 when a law is broken. The seed plays the same moments again, as far as the
machine lets it.
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
import threading
import time

from tests.clients.victims import (
    KEYED,
    UNKEYED,
    Source,
    arguments,
    descendant,
    left_behind,
    tell,
)

#: So often a read is killed before one runs to its end.
KILLS_OF_A_LIFE = 4

#: So many reads of a life may end before they are hit; where nobody can be hit we'd try for ever.
MOST_MISSES = 100


class Platform:
    """What is committed, stream by stream."""

    def __init__(self, chance: random.Random) -> None:
        self.paces = {name: chance.choice([1, 5, 40, 300, 100_000]) for name in KEYED + UNKEYED}
        #: Whether a state with nothing to write before it waits for the stream's next write.
        self.lazy = chance.random() < 0.5
        self.keyed: dict[str, dict[int, tuple[int, str]]] = collections.defaultdict(dict)
        self.piled: dict[str, list[tuple[int, str]]] = collections.defaultdict(list)
        self.states: dict[str, dict] = {}
        self.forget()

    def forget(self) -> None:
        """What isn't written when a read breaks off is gone."""
        self.rows: dict[str, list] = collections.defaultdict(list)
        self.state: dict[str, dict] = {}

    def take(self, message: dict) -> None:
        """One message of a read."""
        if message["type"] == "RECORD":
            record = message["record"]
            rows = self.rows[record["stream"]]
            rows.append((record["data"]["id"], record["data"]["updated_at"]))
            if len(rows) >= self.paces[record["stream"]]:
                self.write(record["stream"])
        elif message["type"] == "STATE":
            state = message["state"]
            stream = state["stream"]["stream_descriptor"]["name"]
            self.state[stream] = state
            if not self.rows[stream] and not self.lazy:
                self.write(stream)
        elif message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
            status = message["trace"]["stream_status"]
            if status["status"] == "COMPLETE":
                self.write(status["stream_descriptor"]["name"])

    def write(self, stream: str) -> None:
        """Commits what was gathered of a stream."""
        rows = self.rows.pop(stream, [])
        if stream in KEYED:
            self.keyed[stream].update({row[0]: row for row in rows})
        else:
            self.piled[stream].extend(rows)
        if stream in self.state:
            self.states[stream] = self.state.pop(stream)

    @property
    def tables(self) -> dict[str, list]:
        return {**{name: list(rows.values()) for name, rows in self.keyed.items()}, **self.piled}


class Kills:
    """Lives of a connection, each with reads that are killed."""

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path) -> None:
        self.options, self.folder = options, folder
        self.chance = random.Random(options.seed)
        self.source = Source(options.binary, options.tap, folder)
        self.mark = f"airbyte-singer-kill-{os.getpid()}"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.singer = folder / "singer.json"
        self.singer.write_bytes(self.source.said("--discover"))
        self.catalog = self.source.file("catalog.json", self.configured())
        #: How long a first read takes, and within which time the next one is killed.
        self.whole = self.span = 0.0
        self.killed = collections.Counter()
        self.resumed = 0
        self.problems: list[str] = []

    def argv(self, *words: object) -> list[str]:
        binary, tap = self.source.binary, self.source.tap
        words = [binary, *words, "--tap", tap, "--tap-catalog", self.singer, "--catalog-flag", "catalog"]
        return [str(word) for word in words]

    def configured(self) -> dict:
        """The streams that can be resumed; of the others nothing can be lost."""
        config = self.source.file("config.json", {"round": 0})
        done = subprocess.run(self.argv("discover", "--config", config), stdout=subprocess.PIPE, check=True)
        messages = [json.loads(line) for line in done.stdout.splitlines()]
        [catalog] = [message["catalog"] for message in messages if message["type"] == "CATALOG"]
        return {"streams": [
            {"stream": stream, "sync_mode": "incremental", "destination_sync_mode": "append"}
            for stream in catalog["streams"] if stream["name"] in KEYED + UNKEYED
        ]}

    def read(self, platform: Platform, rounds: int, victim: str | None) -> bool:
        """One read; whether the victim was hit while it was alive."""
        config = self.source.file("config.json", {"round": rounds})
        state = self.source.file("state.json", list(platform.states.values()))
        self.resumed += bool(platform.states and victim)
        argv = self.argv("read", "--config", config, "--catalog", self.catalog, "--state", state,
                         "--state-interval", "0", "--log-level", "error")
        environment = {**os.environ, "TMPDIR": str(self.temporary), "MARK": self.mark}
        begun = time.monotonic()
        bridge = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
        hit = []
        killer = None
        if victim:
            wait = self.chance.random() * self.span
            killer = threading.Timer(wait, lambda: hit.append(self.kill(bridge, victim)))
            killer.start()
        platform.forget()
        errors = 0
        for line in bridge.stdout:
            if not line.endswith(b"\n"):
                break
            message = json.loads(line)
            errors += message["type"] == "TRACE" and message["trace"]["type"] == "ERROR"
            platform.take(message)
        code = bridge.wait()
        if killer:
            killer.cancel()
            killer.join()
        else:
            self.whole = max(self.whole, time.monotonic() - begun)
        was_hit = any(hit)
        if not was_hit and code:
            self.problems.append(f"a read that nobody killed exits {code}")
        if was_hit and victim == "tap" and (code == 0) != (errors == 0):
            self.problems.append(f"the tap was killed: exit {code} with {errors} errors")
        strays = left_behind(self.mark)
        if strays:
            self.problems.append(f"after the {victim} was killed {len(strays)} processes go on")
        return was_hit

    def kill(self, bridge: subprocess.Popen, victim: str) -> bool:
        """Kills one that is still there."""
        pid = bridge.pid if victim == "bridge" else descendant(bridge.pid, self.source.tap, "--catalog")
        if pid is None or bridge.poll() is not None:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def live(self) -> None:
        """One life: reads that are killed while the data change, then one to the end."""
        platform = Platform(self.chance)
        rounds = kills = missed = 0
        self.span = self.whole
        while kills < KILLS_OF_A_LIFE and self.killed.total() < self.options.kills:
            victim = "bridge" if self.killed["bridge"] <= self.killed["tap"] else "tap"
            if self.read(platform, rounds, victim):
                self.killed[victim] += 1
                kills += 1
            else:
                missed += 1
                if missed == MOST_MISSES:
                    self.problems.append(f"{missed} reads, and the {victim} was never there to be killed")
                    return
                # A read that goes on has less to say than the first one, and before the tap come its
                # probes: nobody knows when the victim is there, so each span has its turn.
                self.span = self.whole / 2 ** (missed % 5)
            rounds += self.chance.randrange(2)
        self.read(platform, rounds, None)
        found = self.source.differences(rounds, platform.tables)
        self.problems += [f"after {self.killed.total()} kills: {problem}" for problem in found]

    def run(self) -> dict:
        """All lives and the report."""
        self.read(Platform(self.chance), 0, None)
        lives = 0
        while self.killed.total() < self.options.kills and not self.problems:
            self.live()
            lives += 1
        left = sorted(str(path.relative_to(self.temporary)) for path in self.temporary.rglob("*"))
        if left:
            self.problems.append(f"left behind: {', '.join(left)}")
        rows = sum(len(rows) for rows in self.source.rows(0).values())
        return {
            "killed": dict(self.killed),
            "resumed": self.resumed,
            "lives": lives,
            "rows of the first round": rows,
            "seed": self.options.seed,
            "problems": self.problems,
        }


def main() -> int:
    """Print the report; 1 when a law is broken."""
    options = arguments(__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix="airbyte-singer-kill-") as folder:
        return tell(Kills(options, pathlib.Path(folder)).run())


if __name__ == "__main__":
    sys.exit(main())

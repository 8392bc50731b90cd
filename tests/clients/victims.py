"""What the kill tests share: a source whose rows are known, processes to be killed, tables to be judged.

The source is `tap-children` (bridge/examples): accounts have contacts and these have calls, a child's
rows hang on its parents' bookmarks, and `round` in its config says how often the data has changed.
Accounts and contacts are keyed; calls are treated as a table without a key.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import time

#: Streams whose rows replace one another, and those whose rows pile up.
KEYED, UNKEYED = ("accounts", "contacts"), ("calls",)

Rows = dict[str, list[tuple[int, str]]]


def arguments(about: str) -> argparse.ArgumentParser:
    """What a kill test is told."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--tap", type=pathlib.Path, required=True)
    parser.add_argument("--kills", type=int, default=200, help="of the bridge and the tap together")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    return parser


def tell(report: dict) -> int:
    """Prints a report; 1 when a law is broken."""
    json.dump(report, sys.stdout, indent=1)
    print()
    return 1 if report["problems"] else 0


class Source:
    """The tap behind the bridge, and what it holds."""

    def __init__(self, binary: pathlib.Path, tap: pathlib.Path, folder: pathlib.Path) -> None:
        self.binary, self.tap, self.folder = binary.absolute(), tap.absolute(), folder
        catalog = json.loads(self.said("--discover"))
        for entry in catalog["streams"]:
            entry["selected"] = entry["tap_stream_id"] in KEYED + UNKEYED
            entry["metadata"][0]["metadata"]["selected"] = entry["selected"]
        self.selected = self.file("selected.json", catalog)
        self.known: dict[int, Rows] = {}

    def file(self, name: str, content: object) -> pathlib.Path:
        """A file of JSON in our folder."""
        path = self.folder / name
        path.write_text(json.dumps(content))
        return path

    def said(self, *args: object) -> bytes:
        """What the tap says by itself."""
        return subprocess.run([self.tap, *map(str, args)], stdout=subprocess.PIPE, check=True).stdout

    def rows(self, rounds: int) -> Rows:
        """Every row after so many rounds."""
        if rounds not in self.known:
            config = self.file("own.json", {"round": rounds})
            rows: Rows = collections.defaultdict(list)
            for line in self.said("--config", config, "--catalog", self.selected).splitlines():
                message = json.loads(line)
                if message["type"] == "RECORD":
                    record = message["record"]
                    rows[message["stream"]].append((record["id"], record["updated_at"]))
            self.known[rounds] = rows
        return self.known[rounds]

    def differences(self, rounds: int, tables: Rows) -> list[str]:
        """Where a platform's tables are wrong: keyed ones equal the source's, the others contain it."""
        problems = []
        for stream, wanted in self.rows(rounds).items():
            held = tables.get(stream, [])
            if stream in KEYED and sorted(held) != sorted(wanted):
                problems.append(f"{stream}: the table's {len(held)} rows aren't the source's {len(wanted)}")
            missing = collections.Counter(wanted) - collections.Counter(held)
            if stream in UNKEYED and missing:
                problems.append(f"{stream}: {missing.total()} rows are lost")
        return problems


def children(pid: int) -> list[int]:
    """The processes that a process has started and that are still there."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        lists = [pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text() for task in tasks]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for words in lists for child in words.split()]


def command(pid: int) -> list[str]:
    """A process's command line; nothing for one that has ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def descendant(pid: int, wanted: pathlib.Path, word: str) -> int | None:
    """The process below `pid` that runs a program with this word among its arguments."""
    for child in children(pid):
        argv = command(child)
        if argv and argv[0] == str(wanted) and word in argv:
            return child
        found = descendant(child, wanted, word)
        if found:
            return found
    return None


def left_behind(mark: str, known: int = 0, patience: float = 10.0) -> list[int]:
    """The processes whose environment holds a mark and that don't end by themselves, but a known one."""
    end = time.monotonic() + patience
    while True:
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) not in (os.getpid(), known):
                try:
                    if mark.encode() in (entry / "environ").read_bytes():
                        found.append(int(entry.name))
                except (OSError, ValueError):
                    continue
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.01)

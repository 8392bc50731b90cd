"""The law of resuming, held with a real source: rows may come twice, never not at all.

    python3 -m tests.clients.checks.cut EXECUTABLE --config CONFIG --catalog CONFIGURED --least 21

Reads once with `--state-interval 0`, which a built-in source doesn't take (see
`--built-in`). Then, for the STATEs of that run, it builds what a platform holds that was cut
off right there (each stream's last STATE, and of each stream only the records before
it), resumes from it, and looks for every row of the first run among what was
committed and what the resume brought. A part of the cuts commits stream by stream,
each lagging by another amount, as clients do that flush one stream at a time. Prints
one JSON report; exit 1 when a row is lost.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import json
import pathlib
import random
import subprocess
import sys
import tempfile

from tests.clients.checks.catalogs import Key, keep_state, key_of, label, messages


class FirstRun:
    """What the uncut run wrote: its rows by stream, and its STATEs with their places."""

    def __init__(self, output: pathlib.Path, keys: dict[Key, list[list[str]]]) -> None:
        self.rows: dict[Key, list[str]] = collections.defaultdict(list)
        #: Each STATE, and how many rows of every stream stood before it.
        self.states: list[tuple[dict, dict[Key, int]]] = []
        for message in messages(output):
            if message["type"] == "RECORD":
                stream, row = row_of(message["record"], keys)
                self.rows[stream].append(row)
            elif message["type"] == "STATE":
                before = {stream: len(rows) for stream, rows in self.rows.items()}
                self.states.append((message["state"], before))


class Cut:
    """What a platform has committed: the states it would hand in, and rows per stream."""

    def __init__(self, first: FirstRun, ends: dict[Key, int]) -> None:
        held: dict = {}
        self.rows: dict[Key, int] = {}
        for index, (state, before) in enumerate(first.states):
            if state["type"] == "STREAM":
                stream = key_of(state["stream"]["stream_descriptor"])
                if index <= ends[stream]:
                    keep_state(held, state)
                    self.rows[stream] = before.get(stream, 0)
            elif index <= min(ends.values()):
                keep_state(held, state)
                self.rows = dict(before)
        self.states = list(held.values())

    @property
    def name(self) -> str:
        """The same for cuts that a source could not tell apart."""
        return hashlib.sha256(json.dumps(self.states, sort_keys=True).encode()).hexdigest()


def row_of(record: dict, keys: dict[Key, list[list[str]]]) -> tuple[Key, str]:
    """The stream of a record and what identifies its row: the primary key, or all of it."""
    stream = record.get("namespace") or None, record["stream"]
    key = keys.get(stream)
    held = [record["data"].get(part[0]) for part in key] if key else record["data"]
    return stream, json.dumps(held, sort_keys=True)


def lost(committed: collections.Counter, wanted: list[str], keyed: bool) -> int:
    """How many wanted rows are missing; without a key each must be there as often."""
    if keyed:
        return len(set(wanted) - set(committed))
    return sum((collections.Counter(wanted) - committed).values())


class Law:
    """Runs the source again and again and looks for lost rows."""

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path) -> None:
        self.options, self.folder = options, folder
        configured = json.loads(options.catalog.read_text())["streams"]
        self.keys = {key_of(s["stream"]): s.get("primary_key") or [] for s in configured}

    def read(self, states: list[dict], name: str) -> tuple[pathlib.Path, int, str]:
        """One run of `read`: its stdout, its exit code and its stderr."""
        options = self.options
        state, output = self.folder / f"{name}.state.json", self.folder / f"{name}.jsonl"
        state.write_text(json.dumps(states))
        argv = [options.executable.absolute(), "read", "--config", options.config, "--catalog",
                options.catalog, "--state", state]
        if not options.built_in:
            argv += ["--state-interval", "0"]
        with output.open("wb") as stdout:
            done = subprocess.run(
                [str(word) for word in argv], stdout=stdout, stderr=subprocess.PIPE, check=False
            )
        return output, done.returncode, done.stderr.decode(errors="replace")[-500:]

    def resume(self, first: FirstRun, cut: Cut, name: str) -> list[str]:
        """What goes wrong when the source resumes at a cut."""
        output, code, words = self.read(cut.states, name)
        if code:
            return [f"{name}: the resume exits {code}: {words}"]
        held = {
            stream: collections.Counter(first.rows[stream][: cut.rows.get(stream, 0)])
            for stream in self.keys
        }
        for message in messages(output):
            if message["type"] == "RECORD":
                stream, row = row_of(message["record"], self.keys)
                held[stream][row] += 1
        output.unlink()
        problems = []
        for stream, rows in held.items():
            missing = lost(rows, first.rows[stream], bool(self.keys[stream]))
            if missing:
                problems.append(f"{name}: {missing} rows of {label(stream)} are lost")
        return problems

    def cuts(self, first: FirstRun) -> dict[str, Cut]:
        """The chosen cuts by name: even ones, then lagging ones; none twice."""
        last = len(first.states) - 1
        chance = random.Random(self.options.seed)
        even = {}
        for index in range(last + 1):
            cut = Cut(first, dict.fromkeys(self.keys, index))
            even.setdefault(cut.name, (f"state {index + 1}", cut))
        lagging = {}
        for number in range(self.options.lagging * 4):
            end = chance.randint(0, last)
            ends = {stream: chance.randint(-1, end) for stream in self.keys}
            cut = Cut(first, ends)
            if cut.name not in even and len(lagging) < self.options.lagging:
                lagging.setdefault(cut.name, (f"lagging {number + 1}", cut))
        chosen = list(even.values())
        if len(chosen) > self.options.most:
            # Spread over the run, its first and its last state always among them.
            step = (len(chosen) - 1) / (self.options.most - 1)
            chosen = [chosen[round(i * step)] for i in range(self.options.most)]
        return dict(chosen + list(lagging.values()))

    def hold(self) -> dict:
        """Run everything and report."""
        output, code, words = self.read([], "first")
        if code:
            return {"problems": [f"the first read exits {code}: {words}"]}
        first = FirstRun(output, self.keys)
        cuts = self.cuts(first)
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            found = pool.map(lambda named: self.resume(first, named[1], named[0]), cuts.items())
            problems = [problem for problems in found for problem in problems]
        distinct = len({cut.name for cut in cuts.values()})
        if distinct < self.options.least:
            problems.append(f"only {distinct} distinct cuts, {self.options.least} are asked for")
        return {
            "rows": {label(stream): len(first.rows[stream]) for stream in self.keys},
            "states": len(first.states),
            "cuts": distinct,
            "lagging": sum(name.startswith("lagging") for name in cuts),
            "seed": self.options.seed,
            "problems": problems,
        }


def main() -> int:
    """Print the report; 1 when the law is broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("executable", type=pathlib.Path)
    parser.add_argument("--config", type=pathlib.Path, required=True)
    parser.add_argument("--catalog", type=pathlib.Path, required=True)
    parser.add_argument("--built-in", action="store_true", help="the executable runs no tap")
    parser.add_argument("--least", type=int, default=21, help="fewer distinct cuts fail")
    parser.add_argument("--most", type=int, default=22, help="more STATEs than this are sampled")
    parser.add_argument("--lagging", type=int, default=6, help="cuts with lagging streams")
    parser.add_argument("--jobs", type=int, default=2, help="resumes at a time")
    parser.add_argument("--seed", type=int, default=20, help="of the lagging cuts")
    with tempfile.TemporaryDirectory(prefix="airbyte-singer-cut-") as folder:
        report = Law(parser.parse_args(), pathlib.Path(folder)).hold()
    json.dump(report, sys.stdout, indent=1, ensure_ascii=False)
    print()
    return 1 if report["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())

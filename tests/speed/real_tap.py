"""What the bridge adds to a real tap that reads a million rows from PostgreSQL.

    python3 -m tests.speed.real_tap --binary target/release/airbyte-singer --envs FOLDER [--rounds 5] [--tap NAME]

Starts a PostgreSQL of its own on loopback and fills a table. In each round the tap writes
into `cat > /dev/null` by itself and under `airbyte-singer read`, in turn, each once first.
Wall times begin with the start of the sync, which a wrapper around the tap notes; what
passes before it in a read (the tap's settings, flags and streams) is told apart. CPU is the
bridge's own, without the tap's, beside that of the tap by itself in the same round.

Every round is counted: a first, untimed run of both goes into a file, where each row must
come once; the timed ones must be as long as that one, to less than half a record. A wrong
count, or more CPU than the goal, is exit 1. Needs Linux (/proc), PostgreSQL and uv.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from tests.clients.servers.databases import Postgres
from tests.clients.servers.server import run
from tests.clients.taps import TAPS

#: Of the tap's own CPU.
GOAL_PERCENT = 3.0
TICKS = os.sysconf("SC_CLK_TCK")
TABLE = """
create table public.deliveries (
    id bigint primary key, courier uuid not null, town text not null, remark text,
    weight numeric(10, 3), parcels integer, insured boolean, price double precision,
    ordered_at timestamp not null, arrived_at timestamptz
);
insert into public.deliveries
select n, md5(n::text)::uuid, (array['Århus', 'Łódź', 'Porto', '東京'])[1 + n % 4],
       case when n % 3 <> 0 then 'left with the neighbour at number ' || n % 97 end,
       n % 30000 / 7.0, n % 12, n % 2 = 0, n * 0.01, timestamp '2020-01-01' + n * interval '1 min',
       case when n % 5 <> 0 then timestamptz '2020-01-02 00:00:00+00' + n * interval '1 min' end
from generate_series(1, {rows}) as n;
analyze public.deliveries;
"""
#: Notes when the sync starts, and becomes the tap.
WRAPPER = """#!/bin/sh
case "$*" in
    *--discover*|*--about*|*--help*) ;;
    *) date +%s.%N > '{note}' ;;
esac
exec '{tap}' "$@"
"""


class Table(Postgres):
    """A server with one large table."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows

    def seed(self) -> None:
        self.sql(f"create database {self.database}", database="postgres")
        self.sql(TABLE.format(rows=self.rows))


@dataclasses.dataclass
class Cost:
    """What one run cost, in seconds, and how many bytes it wrote."""

    before: float
    wall: float
    own: float
    children: float
    length: int


class Bench:
    """A folder with the tap, its wrapper and what it is given."""

    def __init__(self, folder: pathlib.Path, binary: pathlib.Path, tap: pathlib.Path, config: dict):
        self.folder, self.note = folder, folder / "note"
        self.wrapper = folder / tap.name
        self.wrapper.write_text(WRAPPER.format(note=self.note, tap=tap))
        self.wrapper.chmod(0o755)
        (folder / "config.json").write_text(json.dumps(config))
        self.alone = [*self._tap(), "--catalog", self._selected()]
        catalog = self._configured(str(binary.absolute()))
        self.bridged = [
            str(binary.absolute()), "read", *self._options(), "--catalog", catalog,
            # No state but the last ones, so that each run writes as much as the others.
            "--state-interval", "1h",
        ]

    def _tap(self) -> list[str]:
        return [str(self.wrapper), "--config", str(self.folder / "config.json")]

    def _options(self) -> list[str]:
        return ["--tap", str(self.wrapper), "--config", str(self.folder / "config.json")]

    def _file(self, name: str, content: dict) -> str:
        path = self.folder / name
        path.write_text(json.dumps(content))
        return str(path)

    def _selected(self) -> str:
        """The tap's own catalog, with everything in it selected."""
        catalog = json.loads(run([*self._tap(), "--discover"]))
        for stream in catalog["streams"]:
            for entry in stream["metadata"]:
                if entry["breadcrumb"] == []:
                    entry["metadata"] |= {"selected": True, "replication-method": "FULL_TABLE"}
        return self._file("singer.json", catalog)

    def _configured(self, binary: str) -> str:
        lines = run([binary, "discover", *self._options()]).splitlines()
        found = [m["catalog"] for m in map(json.loads, lines) if m["type"] == "CATALOG"]
        streams = [
            {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
            for stream in found[0]["streams"]
        ]
        return self._file("configured.json", {"streams": streams})

    def run(self, argv: list[str], sink: str = os.devnull) -> Cost:
        """Runs a program into `cat`, and tells what it cost."""
        self.note.unlink(missing_ok=True)
        with open(sink, "wb") as target, (self.folder / "words").open("wb") as words:
            cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=target)
            begun = time.time()
            program = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=cat.stdin, stderr=words
            )
            cat.stdin.close()
            own, children, code = ended(program.pid)
            length = read_by(cat.pid)
            cat.wait()
        over = time.time()
        program.returncode = code
        if code:
            told = (self.folder / "words").read_text(errors="replace")[-2000:]
            raise SystemExit(f"{argv[0]} exits with {code}\n{told}")
        spawned = float(self.note.read_text())
        return Cost(spawned - begun, over - spawned, own, children, length)


def ended(pid: int) -> tuple[float, float, int]:
    """Waits for a process: its own CPU, that of its children, its exit code."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    # Own and children's time stand apart here until it is reaped.
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own, children = (sum(map(int, stat[at:at + 2])) / TICKS for at in (11, 13))
    _, status = os.waitpid(pid, 0)
    return own, children, os.waitstatus_to_exitcode(status)


def read_by(pid: int) -> int:
    """Waits for a process, without reaping it: how many bytes it has read."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    first = pathlib.Path(f"/proc/{pid}/io").read_text().splitlines()[0]
    return int(first.removeprefix("rchar: "))


def counted(bench: Bench, argv: list[str], rows: int) -> int:
    """An untimed run into a file, where each row must come once: how long it is."""
    out = bench.folder / "out.jsonl"
    length = bench.run(argv, str(out)).length
    seen = bytearray(rows + 1)
    with out.open("rb") as lines:
        for line in lines:
            message = json.loads(line)
            if message["type"] == "RECORD":
                record = message["record"]
                seen[record["data"]["id"] if "data" in record else record["id"]] += 1
    out.unlink()
    if seen[0] or seen.count(1) != rows:
        raise SystemExit(f"{argv[0]}: {seen.count(1)} of {rows} rows came once")
    return length


def row(label: str, values: list[float], form: str = ".2f") -> float:
    """Prints the median and the spread of some values, and gives back the median."""
    median = statistics.median(values)
    print(f"| {label} | {median:{form}} | {min(values):{form}} … {max(values):{form}} |")
    return median


def tell(rounds: list[tuple[Cost, Cost]], rows: int) -> float:
    """Prints what was measured, and gives back the bridge's share of CPU."""
    alone, bridged = ([pair[at] for pair in rounds] for at in (0, 1))
    print(f"| {rows} rows, {len(rounds)} rounds | median | least … most |\n|---|---|---|")
    row("tap alone, wall from its start, s", [cost.wall for cost in alone])
    row("under the bridge, wall from the sync's start, s", [cost.wall for cost in bridged])
    row("ratio of the two in the same round", [b.wall / a.wall for a, b in rounds], ".3f")
    row("before the sync's start, s", [cost.before for cost in bridged])
    row("CPU of the tap alone, s", [cost.own + cost.children for cost in alone])
    row("CPU of the bridge itself, s", [cost.own for cost in bridged])
    row("the same for a row, µs", [cost.own / rows * 1e6 for cost in bridged])
    shares = [b.own / (a.own + a.children) * 100 for a, b in rounds]
    return row("the same in % of the tap's", shares)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--envs", type=pathlib.Path, required=True, help="the taps' environments")
    parser.add_argument(
        "--tap", choices=["pipelinewise-tap-postgres", "tap-postgres"],
        default="pipelinewise-tap-postgres",
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    tap = TAPS[options.tap]
    program = tap.install(options.envs.absolute())
    with tempfile.TemporaryDirectory() as folder, Table(options.rows) as server:
        config = tap.config(server)
        schemas = config["filter_schemas"]
        config["filter_schemas"] = "public" if isinstance(schemas, str) else ["public"]
        bench = Bench(pathlib.Path(folder), options.binary, program, config)
        contenders = [bench.alone, bench.bridged]
        lengths = [counted(bench, argv, options.rows) for argv in contenders]
        rounds = []
        for number in range(options.rounds):
            costs = {}
            # Who comes first takes turns.
            for which in (0, 1) if number % 2 == 0 else (1, 0):
                costs[which] = bench.run(contenders[which])
                if abs(costs[which].length - lengths[which]) > lengths[which] / options.rows / 2:
                    raise SystemExit(f"{contenders[which][0]}: some rows are missing or too many")
            rounds.append((costs[0], costs[1]))
        print(f"{tap.on_pypi()}, {lengths[0] / 1e6:.0f} MB from the tap\n")
        share = tell(rounds, options.rows)
    return int(share > GOAL_PERCENT)


if __name__ == "__main__":
    sys.exit(main())

"""How many instructions a line costs a whole read, and whether that is more than it may.

    python3 -m tests.speed.instructions --binary target/release/airbyte-singer

Counted by valgrind's callgrind, of the bridge alone; so the figure hardly depends on the machine and
not at all on what else it does. A tap plays the same lines once, and four times: the difference is
what lines cost, without the start. Exit 1 when a shape costs more than its ceiling.
"""

import argparse
import dataclasses
import pathlib
import re
import shutil
import sys
import tempfile

from tests.speed import contenders, shapes
from tests.speed.measure import Contender, Play, run

#: Instructions for one record's line, at most. The goals: narrow 1 300, typical 4 500.
CEILINGS = {"narrow": 1_550, "typical": 3_800, "wide": 36_500, "verbose": 6_100, "listed": 20_500}
MB, COPIES = 2, 4


def counted(program: list[str], logs: pathlib.Path, calls: str = "/dev/null") -> list[str]:
    """A program under callgrind, whose count becomes a file among the logs; what it calls, another one."""
    return [
        "valgrind", "--tool=callgrind", "--trace-children=no", "--demangle=no",
        f"--callgrind-out-file={calls}", f"--log-file={logs}/%p", *program,
    ]


def collected(logs: pathlib.Path) -> int:
    """The count; children that are forked write logs without one."""
    words = "".join(log.read_text(errors="replace") for log in logs.iterdir())
    counts = re.findall(r"Collected : (\d+)", words)
    if len(counts) != 1:
        raise RuntimeError(f"callgrind gives {len(counts)} counts: {words[-1_000:]}")
    return int(counts[0])


def of_a_read(bridge: Contender, play: Play, records: int, folder: pathlib.Path) -> int:
    """The instructions of one read, which must bring all records."""
    logs, out = folder / "logs", folder / "out.jsonl"
    logs.mkdir()
    run(dataclasses.replace(bridge, argv=counted(bridge.argv, logs)), play, kept=out)
    count = collected(logs)
    shutil.rmtree(logs)
    told = out.read_bytes().count(b'{"type":"RECORD"')
    if told != records:
        raise RuntimeError(f"{told} of {records} records come out")
    return count


def of_a_line(binary: pathlib.Path, shape: str, folder: pathlib.Path) -> float:
    """The instructions that one more line costs."""
    made = shapes.write(shape, folder, MB)
    config = folder / "config.json"
    config.write_text("{}")
    bridge, once = contenders.ours(binary, config, made.airbyte), Play(made.lines, made.singer)
    few = of_a_read(bridge, once, made.records, folder)
    many = dataclasses.replace(once, copies=COPIES)
    more = of_a_read(bridge, many, COPIES * made.records, folder)
    return (more - few) / ((COPIES - 1) * made.records)


def main() -> int:
    """Print a line a shape; 1 when one costs too much."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    binary = parser.parse_args().binary.absolute()
    exceeded = False
    for shape, ceiling in CEILINGS.items():
        with tempfile.TemporaryDirectory(prefix="airbyte-singer-speed-") as folder:
            count = of_a_line(binary, shape, pathlib.Path(folder))
        exceeded |= count > ceiling
        verdict = "EXCEEDS" if count > ceiling else "within"
        print(f"{shape}: {count:,.0f} instructions a line, {verdict} its ceiling of {ceiling:,}")
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())

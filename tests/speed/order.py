"""The functions that a read of a tap runs, a line each, as a linker takes them to lay them side by side.

    python3 -m tests.speed.order --binary BINARY [SHAPE...]

What lies side by side is few pages, and what a process holds of its program is whole pages. The binary
must have its symbols; `.ci/release` makes it. Seen by valgrind's callgrind, on every shape if none is
named.
"""

import argparse
import dataclasses
import pathlib
import re
import tempfile

from tests.speed import contenders, shapes
from tests.speed.instructions import counted
from tests.speed.measure import Play, run

MB = 0.2
#: A function is named where it is met first; one that calls itself gets a number behind its name.
_NAMED = re.compile(r"^c?fn=\(\d+\) (\S+?)(?:'\d+)?$", re.MULTILINE)


def run_by(binary: pathlib.Path, shape: str, folder: pathlib.Path) -> dict[str, None]:
    """What a read runs, in the order of being met."""
    made, config = shapes.write(shape, folder, MB), folder / "config.json"
    config.write_text("{}")
    bridge = contenders.ours(binary, config, made.airbyte)
    program = counted(bridge.argv, folder, f"{folder}/%p.calls")
    run(dataclasses.replace(bridge, argv=program), Play(made.lines, made.singer))
    # The others are children that hadn't become a tap yet.
    calls = max(folder.glob("*.calls"), key=lambda path: path.stat().st_size)
    return dict.fromkeys(_NAMED.findall(calls.read_text()))


def main() -> None:
    """Print them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("shapes", metavar="SHAPE", nargs="*", default=list(shapes.SHAPES))
    arguments = parser.parse_args()
    binary = arguments.binary.absolute()
    met: dict[str, None] = {}
    for shape in arguments.shapes:
        with tempfile.TemporaryDirectory(prefix="airbyte-singer-order-") as folder:
            met |= run_by(binary, shape, pathlib.Path(folder))
    named = [name for name in met if not name.startswith("0x")]
    if not any("airbyte_singer" in name for name in named):
        raise RuntimeError(f"{binary} has no symbols")
    print("\n".join(named))


if __name__ == "__main__":
    main()

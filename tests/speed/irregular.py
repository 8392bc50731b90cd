"""What templates cost where nothing repeats: reading with them beside reading without, in instructions.

    python3 -m tests.speed.irregular --example target/release/examples/parse_lines

The example (`cargo build --release -p airbyte-singer-singer-protocol --example parse_lines`) reads a
file of every shape in both ways under valgrind's callgrind. Exit 1 when templates cost more than 1.15
times the generic scanner on an irregular shape. The regular ones stand there to compare with.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

from tests.speed import shapes
from tests.speed.instructions import collected, counted

CEILING = 1.15
MB = 2


def read(example: pathlib.Path, way: str, made: shapes.Output, logs: pathlib.Path) -> int:
    """The instructions of reading a file, all of whose records must be found."""
    logs.mkdir()
    argv = counted([str(example), str(made.lines), way], logs)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{example.name} {way}: {done.stderr.strip()}")
    if int(done.stdout) != made.records:
        raise SystemExit(f"{example.name} {way} finds {done.stdout.strip()} of {made.records} records")
    return collected(logs)


def main() -> int:
    """Print a line a shape; 1 when templates cost too much."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--example", type=pathlib.Path, required=True)
    example = parser.parse_args().example.absolute()
    exceeded = False
    for shape in shapes.SHAPES:
        with tempfile.TemporaryDirectory(prefix="airbyte-singer-speed-") as folder:
            made = shapes.write(shape, pathlib.Path(folder), MB)
            generic, templates = (
                read(example, way, made, pathlib.Path(folder) / way) for way in ("generic", "templates")
            )
        ratio, bound = templates / generic, shape in shapes.IRREGULAR
        exceeded |= bound and ratio > CEILING
        verdict = ("EXCEEDS" if ratio > CEILING else "within") + f" {CEILING}" if bound else "regular"
        print(
            f"{shape}: {generic / made.records:,.0f} instructions a line, with templates "
            f"{templates / made.records:,.0f}: {ratio:.2f} times, {verdict}"
        )
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())

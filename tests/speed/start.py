"""How long `spec` with a spec file takes to its first byte.

    python3 -m tests.speed.start --binary target/release/airbyte-singer [--runs 200]

Starts the binary again and again, in turn with `/bin/true`, which is what starting any
program costs here, and prints the median and the spread of both: from the start to the
first byte of stdout, and to the end. Slower than the limit is exit 1. Needs nothing but
the standard library.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

LIMIT_MS = 10.0


def once(argv: list[str]) -> tuple[float, float]:
    """Milliseconds from the start of a program to its first byte, and to its end."""
    reading, writing = os.pipe()
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, writing, 1),
    ]
    begun = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
    os.close(writing)
    os.read(reading, 1)
    first = time.perf_counter()
    while os.read(reading, 1 << 16):
        pass
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    ended = time.perf_counter()
    os.close(reading)
    if status:
        raise SystemExit(f"{argv[0]} exits with {status}")
    return (first - begun) * 1000, (ended - begun) * 1000


def told(label: str, times: list[float]) -> float:
    """Prints a row, and gives back the median."""
    times = sorted(times)
    tenths = statistics.quantiles(times, n=10)
    median = statistics.median(times)
    print(f"| {label} | {median:.2f} | {tenths[0]:.2f} … {tenths[-1]:.2f} | {times[0]:.2f} |")
    return median


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        spec = pathlib.Path(folder) / "spec.json"
        settings = {"host": {"type": "string"}, "password": {"type": "string", "airbyte_secret": True}}
        spec.write_text(json.dumps(
            {"connectionSpecification": {"type": "object", "properties": settings}}
        ))
        ours = [str(options.binary.absolute()), "spec", "--tap", "/bin/true", "--tap-spec", str(spec)]
        once(ours)
        runs = [(once(ours), once(["/bin/true"])) for _ in range(options.runs)]
    print(f"| {options.runs} runs, ms | median | 10 % … 90 % | least |\n|---|---|---|---|")
    first = told("`spec`, first byte", [ours[0] for ours, _ in runs])
    told("`spec`, end", [ours[1] for ours, _ in runs])
    told("`/bin/true`, end", [true[1] for _, true in runs])
    return int(first > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())

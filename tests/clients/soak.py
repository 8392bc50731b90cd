"""A long read: as many records as you like, memory that stays flat, counts that are exact.

    python3 -m tests.clients.soak --binary target/release/airbyte-singer --tap target/release/examples/tap-flood --records 5000000

The tap says so many records of two streams, with a STATE after every ten thousand; the bridge runs
with `--state-interval 1s`. Its memory is sampled every half second. What it writes is counted: RECORD
lines, and what the states' `sourceStats.recordCount` say. Prints one JSON report; exit 1 when a record
is missing or counted wrongly, or when memory grows after its first
tenth of the read (or its first three seconds).
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

#: Memory may grow by so many bytes after the first tenth: what the allocator holds on to.
SLACK = 4 << 20

#: So many samples at least are the time in which a process settles.
SETTLING = 6

#: Lines are told apart by their beginnings: fifty million are not parsed in Python.
RECORD = b'{"type":"RECORD"'
STATE = b'{"type":"STATE"'
COUNT = re.compile(rb'"sourceStats":\{"recordCount":(\d+)\.0\}')


class Memory(threading.Thread):
    """Samples what a process holds, every half second until it ends."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.status = pathlib.Path(f"/proc/{pid}/status")
        self.samples: list[int] = []

    def run(self) -> None:
        while True:
            try:
                text = self.status.read_text()
            except (FileNotFoundError, ProcessLookupError):
                return
            resident = re.search(r"VmRSS:\s+(\d+) kB", text)
            if resident is None:
                return
            self.samples.append(int(resident[1]) * 1024)
            time.sleep(0.5)


def count(pipe) -> tuple[int, int, int, int]:
    """RECORD lines, STATE lines, what the states count, and bytes."""
    records = states = counted = size = 0
    rest = b""
    while chunk := pipe.read(1 << 20):
        size += len(chunk)
        chunk = rest + chunk
        cut = chunk.rfind(b"\n") + 1
        chunk, rest = chunk[:cut], chunk[cut:]
        # At the beginning of a line: a JSON text holds no line break.
        records += chunk.count(b"\n" + RECORD) + chunk.startswith(RECORD)
        states += chunk.count(b"\n" + STATE) + chunk.startswith(STATE)
        counted += sum(map(int, COUNT.findall(chunk)))
    return records, states, counted, size


def soak(options: argparse.Namespace, folder: pathlib.Path) -> dict:
    """The read and what it cost."""
    config, catalog = folder / "config.json", folder / "catalog.json"
    config.write_text(json.dumps({"records": options.records}))
    binary, tap = options.binary.absolute(), options.tap.absolute()
    run = [binary, "--tap", tap, "--catalog-flag", "catalog"]
    discover = subprocess.run([*run, "discover", "--config", config], stdout=subprocess.PIPE, check=True)
    messages = map(json.loads, discover.stdout.splitlines())
    [found] = [message["catalog"] for message in messages if message["type"] == "CATALOG"]
    catalog.write_text(json.dumps({"streams": [
        {"stream": stream, "sync_mode": "incremental", "destination_sync_mode": "append"}
        for stream in found["streams"]
    ]}))
    begun = time.monotonic()
    read = [*run, "read", "--config", config, "--catalog", catalog, "--state-interval", "1s"]
    bridge = subprocess.Popen(read, stdout=subprocess.PIPE)
    memory = Memory(bridge.pid)
    memory.start()
    records, states, counted, size = count(bridge.stdout)
    code = bridge.wait()
    seconds = time.monotonic() - begun
    memory.join()
    settled = memory.samples[: max(SETTLING, len(memory.samples) // 10)]
    problems = []
    if code:
        problems.append(f"the read exits {code}")
    if records != options.records:
        problems.append(f"{records} RECORD lines")
    if counted != options.records:
        problems.append(f"the states count {counted} records")
    if max(memory.samples) > max(settled) + SLACK:
        problems.append("memory grows")
    return {
        "records": records,
        "counted by states": counted,
        "states": states,
        "MB written": size // 10**6,
        "seconds": round(seconds, 1),
        "records a second": round(records / seconds),
        "samples of memory": len(memory.samples),
        "MiB, most in the first tenth": round(max(settled) / 2**20, 1),
        "MiB, most in all": round(max(memory.samples) / 2**20, 1),
        "MiB, last": round(memory.samples[-1] / 2**20, 1),
        "problems": problems,
    }


def main() -> int:
    """Print the report; 1 when something is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--tap", type=pathlib.Path, required=True)
    parser.add_argument("--records", type=int, default=50_000_000)
    with tempfile.TemporaryDirectory(prefix="airbyte-singer-soak-") as folder:
        report = soak(parser.parse_args(), pathlib.Path(folder))
    json.dump(report, sys.stdout, indent=1)
    print()
    return 1 if report["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())

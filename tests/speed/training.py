"""What the released binary is laid out by: every way of reading, once, under counters.

    python3 -m tests.speed.training --binary BINARY

The binary is one with counters (`.ci/release` makes it and says where they go). Read are every shape in
both styles, the regular ones with half of their fields too; then what a command does at all: `spec`,
`check`, `discover`, records held against their schema, `convert messages`, and a source over HTTP in
the usual formats. What they count decides what is laid out as hot, and as cold what none of them ran: a
way of reading that is missing here is slower in the released binary. Any that fails ends this with its
words.
"""

import argparse
import contextlib
import csv
import dataclasses
import gzip
import http.server
import io
import json
import os
import pathlib
import subprocess
import tempfile
import threading
from collections.abc import Iterator

from tests.speed import contenders, shapes
from tests.speed.measure import HERE, Play, run

MB, ROWS = 1, 5_000
QUICKSTART = HERE.parents[1] / "fixtures" / "quickstart"
#: A file's ending, and the type that a server gives it.
TYPES = {".json": "application/json", ".jsonl": "application/x-ndjson", ".csv": "text/csv",
         ".gz": "application/gzip"}


def command(*argv: object) -> bytes:
    """What a command writes. It must end well."""
    # What is served here is never behind a proxy.
    variables = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    words = [str(word) for word in argv]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, env=variables, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace")[-1_000:]
        raise RuntimeError(f"{argv[1]} exits {done.returncode}: {said}")
    return done.stdout


def expect(records: int, told: bytes, what: str) -> None:
    """Every record must have come, or it wasn't that way of reading."""
    count = told.count(b'{"type":"RECORD"')
    if count != records:
        raise RuntimeError(f"{what}: {count} of {records} records come out")


def every_shape(binary: pathlib.Path, folder: pathlib.Path) -> None:
    """Reads of a tap's lines."""
    config = folder / "config.json"
    config.write_text("{}")
    for style in shapes.STYLES:
        for shape in shapes.SHAPES:
            made = shapes.write(shape, folder, MB, style)
            play = Play(made.lines, made.singer)
            ours = contenders.ours(binary, config, made.airbyte)
            contenders.verify(ours, play, folder)
            if shape in shapes.REGULAR:
                halved = made.airbyte.with_suffix(".half.json")
                shapes.configure(shape, halved, lambda number: number % 2 == 0)
                half = contenders.ours(binary, config, halved, "half")
                contenders.verify_dropped(half, play, halved, folder)
                run(dataclasses.replace(ours, argv=[*ours.argv, "--validate-records"]), play)
                told = command(binary, "convert", "messages", made.lines)
                expect(made.records, told, f"{shape}, converted")


def every_command(binary: pathlib.Path) -> None:
    """What the README begins with."""
    tap = ["--tap", binary.with_name("tap-sample"), "--config", QUICKSTART / "config.json"]
    for word in ("spec", "check", "discover"):
        command(binary, word, *(tap[:2] if word == "spec" else tap))
    command(binary, "read", *tap, "--catalog", QUICKSTART / "configured_catalog.json")


@contextlib.contextmanager
def served(folder: pathlib.Path) -> Iterator[str]:
    """A folder's files over HTTP: the address."""

    class Files(http.server.SimpleHTTPRequestHandler):
        extensions_map = TYPES

        def __init__(self, *request: object) -> None:
            super().__init__(*request, directory=str(folder))

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


def every_format(binary: pathlib.Path, folder: pathlib.Path) -> None:
    """Reads of a source over HTTP."""
    rows = [
        {"id": row, "name": f"somebody {row}", "price": row / 7, "at": "2026-01-02T03:04:05Z"}
        for row in range(ROWS)
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    table = io.StringIO()
    writer = csv.DictWriter(table, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    files = {
        "array.json": json.dumps(rows).encode(), "lines.jsonl": lines,
        "table.csv": table.getvalue().encode(), "packed.jsonl.gz": gzip.compress(lines),
    }
    for name, words in files.items():
        (folder / name).write_bytes(words)
    config, catalog = folder / "http.json", folder / "http.catalog.json"
    with served(folder) as address:
        config.write_text(json.dumps({
            "url": address,
            "streams": [{"name": name, "path": name, "primary_key": ["id"]} for name in files],
        }))
        source = ["--source", "http", "--config", config]
        command(binary, "check", *source)
        found = json.loads(command(binary, "discover", *source).splitlines()[-1])
        catalog.write_text(json.dumps({"streams": [
            {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
            for stream in found["catalog"]["streams"]
        ]}))
        told = command(binary, "read", *source, "--catalog", catalog)
        expect(ROWS * len(files), told, "http")


def main() -> None:
    """Read everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    binary = parser.parse_args().binary.resolve()
    with tempfile.TemporaryDirectory(prefix="airbyte-singer-training-") as folder:
        every_shape(binary, pathlib.Path(folder))
        every_command(binary)
        every_format(binary, pathlib.Path(folder))


if __name__ == "__main__":
    main()

"""What large catalogs, many streams and long records cost: our own CPU and memory.

    python3 -m tests.clients.scale --binary target/release/airbyte-singer

Writes a tap of 1,000 streams with 200 fields each into a temporary folder, runs
discover, reads, resumes and the converters on it, and prints a table: the CPU of our
process alone (user + system, without the tap), its peak memory, the size of what came
in. Then lines of tens of megabytes, one SCHEMA, STATE or catalog each, with the memory that
they take for each byte of theirs. Counts what came out; a wrong count, or a figure above its
limit, is exit 1.
Needs Linux (/proc) and nothing but the standard library.
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import sys
import tempfile
import time

STREAMS, FIELDS, ROWS = 1000, 200, 20
#: Length of one long record, and how many there are.
LONG, LONG_ROWS = 6_000_000, 60
#: How many columns and values stand in one long schema, and numbers in one long state.
COLUMNS, VALUES, NUMBERS = 2_000_000, 5_000_000, 25_000_000
#: The most memory for each byte of one line, and what the process takes without any, in MiB.
TIMES, EMPTY = 8, 16
#: The most memory that the catalog of a database may take, in MiB.
DATABASE = 100
TICKS = os.sysconf("SC_CLK_TCK")

#: The tap: it only copies files, so that what it costs is as good as nothing.
TAP = """#!/bin/sh
here=$(dirname "$0")
for arg; do
  case "$arg" in
    --help) echo "usage: tap [--config FILE] [--discover] [--catalog FILE] [--state FILE]"; exit 0 ;;
    --about) exit 2 ;;
    --discover) exec cat "$here/discover.json" ;;
  esac
done
exec cat "$here/sync.jsonl"
"""


class Bench:
    """A folder with a tap in it, and what was measured."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, pathlib.Path(folder)
        self.rows, self.wrong = [], []
        self.folder.mkdir(exist_ok=True)
        (self.folder / "config.json").write_text("{}")

    def tap(self, name, catalog, messages=()):
        """Writes a tap that discovers a catalog's text and says some lines."""
        home = self.folder / name
        home.mkdir(parents=True)
        (home / "discover.json").write_text(catalog)
        with (home / "sync.jsonl").open("w") as sync:
            for message in messages:
                sync.write(message if isinstance(message, str) else json.dumps(message))
                sync.write("\n")
        tap = home / "tap"
        tap.write_text(TAP)
        tap.chmod(0o755)
        return tap

    def run(self, label, args, source, limit_cpu=None, limit_peak=None, line=None):
        """Runs the binary, gives back the file with what it said, and notes what it cost.

        Where one `line` of so many bytes counts, the limit is a multiple of its length."""
        out = self.folder / "out.jsonl"
        with out.open("wb") as stdout:
            actions = [(os.POSIX_SPAWN_DUP2, stdout.fileno(), 1)]
            argv = [str(self.binary), *map(str, args)]
            pid = os.posix_spawn(self.binary, argv, os.environ, file_actions=actions)
            peak = 0.0
            while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
                # Not ru_maxrss: that begins with what this program has.
                peak = max(peak, highest(pid))
                time.sleep(0.005)
            # Its own time stands here until it is reaped; afterwards only the sum with the tap's
            # is known.
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            _, status = os.waitpid(pid, 0)
        cpu = (int(stat[11]) + int(stat[12])) / TICKS
        if line is not None:
            limit_peak = EMPTY + TIMES * line / 2**20
            label += f" ({max(0, peak - EMPTY) * 2**20 / line:.1f} times its length)"
        self.rows.append((label, source.stat().st_size / 1e6, out.stat().st_size / 1e6, cpu, peak))
        self.expect(status == 0, f"{label}: exit {os.waitstatus_to_exitcode(status)}")
        self.expect(limit_cpu is None or cpu <= limit_cpu, f"{label}: {cpu:.2f} s of CPU")
        self.expect(limit_peak is None or peak <= limit_peak, f"{label}: {peak:.0f} MiB")
        return out

    def expect(self, holds, complaint):
        if not holds:
            self.wrong.append(complaint)


def highest(pid):
    """The most memory that a process has had so far, in MiB."""
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def name(stream):
    return f"stream_{stream:04}"


def column(field):
    return f"column_{field:03}"


def properties():
    kinds = [
        {"type": ["null", "string"]},
        {"type": ["null", "integer"]},
        {"type": ["null", "number"], "multipleOf": 1e-38},
        {"type": ["null", "string"], "format": "date-time"},
    ]
    return {column(field): kinds[field % len(kinds)] for field in range(FIELDS)}


def plain_catalog():
    """An API tap's, printed prettily: 14 MB, half a million lines."""
    columns = {column(field): {"type": "string"} for field in range(FIELDS)}
    streams = [
        {
            "tap_stream_id": name(stream),
            "stream": name(stream),
            "key_properties": [column(0)],
            "schema": {"type": "object", "properties": columns},
            "metadata": [],
        }
        for stream in range(STREAMS)
    ]
    return json.dumps({"streams": streams}, indent=2)


def database_catalog():
    """A database tap's: each column with its metadata."""
    metadata = [
        {
            "breadcrumb": ["properties", column(field)],
            "metadata": {
                "inclusion": "available",
                "selected-by-default": True,
                "sql-datatype": "character varying",
            },
        }
        for field in range(FIELDS)
    ]
    streams = []
    for stream in range(STREAMS):
        own = {
            "table-key-properties": [column(0)],
            "valid-replication-keys": [column(3)],
            "replication-method": "INCREMENTAL",
            "replication-key": column(3),
            "schema-name": "public",
            "database-name": "shop",
            "row-count": ROWS,
        }
        streams.append(
            {
                "tap_stream_id": f"public-{name(stream)}",
                "stream": name(stream),
                "table_name": name(stream),
                "schema": {"type": "object", "properties": properties()},
                "metadata": [{"breadcrumb": [], "metadata": own}, *metadata],
            }
        )
    return json.dumps({"streams": streams})


def linked_catalog():
    """An API tap's with replication keys, whose streams share one state."""
    streams = [
        {
            "tap_stream_id": name(stream),
            "stream": name(stream),
            "replication_method": "INCREMENTAL",
            "replication_key": column(3),
            "key_properties": [column(0)],
            "schema": {"type": "object", "properties": properties()},
            "metadata": [],
        }
        for stream in range(STREAMS)
    ]
    return json.dumps({"streams": streams})


def sync(prefix="", rest=None):
    """Of each stream a SCHEMA, rows, and a STATE that holds all bookmarks so far."""
    bookmarks, shape = {}, {"type": "object", "properties": properties()}
    for stream in range(STREAMS):
        message = prefix + name(stream)
        yield {"type": "SCHEMA", "stream": message, "schema": shape, "key_properties": [column(0)]}
        for row in range(ROWS):
            record = {column(field): f"{row} {field}" for field in range(FIELDS)}
            yield {"type": "RECORD", "stream": message, "record": record}
        bookmarks[prefix + name(stream)] = {
            "replication_key": column(3),
            "replication_key_value": f"2026-11-{stream % 28 + 1:02}T00:00:00Z",
        }
        yield {"type": "STATE", "value": {"bookmarks": bookmarks, **(rest or {})}}


def configure(catalog, mode):
    streams = []
    for stream in catalog["streams"]:
        chosen = mode if mode in stream["supported_sync_modes"] else "full_refresh"
        one = {"stream": stream, "sync_mode": chosen, "destination_sync_mode": "append"}
        one["cursor_field"] = stream.get("default_cursor_field", [])
        streams.append(one)
    return {"streams": streams}


def said(path):
    """What a run said: the catalog, and counts of records, final states and last words."""
    catalog, records, states, complete = None, collections.Counter(), {}, 0
    with path.open("rb") as lines:
        for line in lines:
            if line.startswith(b'{"type":"RECORD"'):
                records[line[:90].partition(b'"stream":"')[2].partition(b'"')[0].decode()] += 1
                continue
            message = json.loads(line)
            if message["type"] == "CATALOG":
                catalog = message["catalog"]
            elif message["type"] == "STATE":
                state = message["state"]
                states[state["stream"]["stream_descriptor"]["name"]] = state
            elif message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
                complete += message["trace"]["stream_status"]["status"] == "COMPLETE"
    return catalog, records, states, complete


def reads(bench, kind, tap, prefix=""):
    """Discovers, reads, and resumes from what the read left."""
    config = ["--config", bench.folder / "config.json", "--tap", tap]
    source = tap.parent / "discover.json"
    limit = DATABASE if kind == "database" else None
    out = bench.run(f"discover, {kind}", ["discover", *config], source, 3, limit)
    catalog = said(out)[0]
    bench.expect(len(catalog["streams"]) == STREAMS, f"{kind}: {len(catalog['streams'])} streams")
    configured = bench.folder / "configured.json"
    configured.write_text(json.dumps(configure(catalog, "incremental")))
    args = ["read", *config, "--catalog", configured, "--tap-catalog", source]
    state = bench.folder / "state.json"
    for label in ("read", "resume"):
        out = bench.run(f"{label}, {kind}", args, tap.parent / "sync.jsonl")
        _, records, states, complete = said(out)
        counts = set(records.values())
        bench.expect(len(records) == STREAMS and counts == {ROWS}, f"{label}, {kind}: {counts}")
        bench.expect(len(states) == STREAMS, f"{label}, {kind}: {len(states)} states")
        bench.expect(complete == STREAMS, f"{label}, {kind}: {complete} streams are complete")
        state.write_text(json.dumps(list(states.values())))
        args += ["--state", state] if "--state" not in args else []
    messages = tap.parent / "sync.jsonl"
    out = bench.run(f"convert messages, {kind}", ["convert", "messages", messages], messages)
    bench.expect(len(said(out)[1]) == STREAMS, f"convert messages, {kind}: streams are missing")
    convert = ["convert", "catalog", "--from", "singer", source]
    bench.run(f"convert catalog --from singer, {kind}", convert, source)
    convert = ["convert", "catalog", "--from", "airbyte", "--singer-catalog", source, configured]
    bench.run(f"convert catalog --from airbyte, {kind}", convert, configured)
    convert = ["convert", "state", "--from", "airbyte", "--catalog", configured]
    convert += ["--singer-catalog", source, state]
    bench.run(f"convert state --from airbyte, {kind}", convert, state)


def long_records(bench):
    """Records of 6 MB: the memory is what a few lines take, however many there are."""
    entry = {"tap_stream_id": "long", "schema": {"properties": {"text": {"type": "string"}}}}
    text = "x" * LONG
    record = {"type": "RECORD", "stream": "long", "record": {"text": text}}
    tap = bench.tap("long", json.dumps({"streams": [entry]}), [record] * LONG_ROWS)
    config = ["--config", bench.folder / "config.json", "--tap", tap]
    catalog = said(bench.run("discover, one stream", ["discover", *config], tap))[0]
    configured = bench.folder / "configured.json"
    configured.write_text(json.dumps(configure(catalog, "full_refresh")))
    label, limit = "read, records of 6 MB", 16 + 3 * LONG / 1e6
    args = ["read", *config, "--catalog", configured]
    out = bench.run(label, args, tap.parent / "sync.jsonl", limit_peak=limit)
    expected = json.dumps({"text": text}).encode()
    with out.open("rb") as lines:
        rows = [expected in line for line in lines if line.startswith(b'{"type":"RECORD"')]
    bench.expect(rows == [True] * LONG_ROWS, f"{label}: bytes differ")


def long_lines(bench):
    """One line of tens of megabytes of each kind, in the shapes that cost most."""
    columns = ",".join(f'"c{n}":{{"type":"integer"}}' for n in range(COLUMNS))
    values = ",".join(f'"v{n}"' for n in range(VALUES))
    schemas = {
        "columns": f'{{"type":"object","properties":{{"id":{{}},{columns}}}}}',
        "a list of values": f'{{"type":"object","properties":{{"id":{{}},"v":{{"enum":[{values}]}}}}}}',
    }
    small = {"type": "object", "properties": {"id": {"type": "integer"}}}
    record = {"type": "RECORD", "stream": "s", "record": {"id": 1}}

    def tap(name, schema, messages, method="FULL_TABLE"):
        entry = {"tap_stream_id": "s", "key_properties": ["id"], "replication_method": method}
        entry = json.dumps({**entry, "replication_key": "id"})[:-1]
        return bench.tap(name, f'{{"streams":[{entry},"schema":{schema}}}]}}', messages)

    def read(label, tap, line, mode, rows, *more):
        config = ["--config", bench.folder / "config.json", "--tap", tap]
        stream = {"name": "s", "json_schema": small, "supported_sync_modes": [mode]}
        configured = bench.folder / "configured.json"
        configured.write_text(json.dumps(configure({"streams": [stream]}, mode)))
        args = ["read", *config, "--catalog", configured, *more]
        out = bench.run(label, args, tap.parent / "sync.jsonl", line=line)
        _, records, states, complete = said(out)
        bench.expect(records["s"] == rows, f"{label}: {records}")
        bench.expect((len(states), complete) == (1, 1), f"{label}: no state, or incomplete")

    for number, (what, schema) in enumerate(schemas.items()):
        line = f'{{"type":"SCHEMA","stream":"s","key_properties":["id"],"schema":{schema}}}'
        saying = tap(f"schema{number}", json.dumps(small), [line, record])
        read(f"read, a SCHEMA of {what}", saying, len(line), "full_refresh", 1)
        offering = tap(f"catalog{number}", schema, [record])
        source = offering.parent / "discover.json"
        length = source.stat().st_size
        args = ["discover", "--config", bench.folder / "config.json", "--tap", offering]
        catalog = said(bench.run(f"discover, a catalog of {what}", args, source, line=length))[0]
        bench.expect(len(catalog["streams"]) == 1, f"discover, {what}: no stream")
        read(f"read, a catalog of {what}", offering, length, "full_refresh", 1)

    zeros = "0," * NUMBERS
    shapes = {
        "one remainder": '{"type":"STATE","value":{"bookmarks":{"s":{"id":%d}},"seen":[%s0]}}',
        "one bookmark": '{"type":"STATE","value":{"bookmarks":{"s":{"id":%d,"seen":[%s0]}}}}',
    }
    for number, (what, shape) in enumerate(shapes.items()):
        messages = []
        for row in range(3):
            messages += [{**record, "record": {"id": row}}, shape % (row, zeros)]
        saying = tap(f"state{number}", json.dumps(small), messages, "INCREMENTAL")
        more = ["--state-interval", "0"]
        label = f"read, three STATEs of {what}"
        read(label, saying, len(messages[1]), "incremental", 3, *more)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=pathlib.Path, help="write the files here and keep them")
    parser.add_argument("--binary", required=True, type=pathlib.Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args.binary.resolve(), args.keep or folder)
        plain = bench.tap("plain", plain_catalog())
        config = ["--config", bench.folder / "config.json", "--tap", plain]
        bench.run("discover, plain", ["discover", *config], plain.parent / "discover.json", 1)
        reads(bench, "linked", bench.tap("linked", linked_catalog(), sync(rest={"shared": 1})))
        database = bench.tap("database", database_catalog(), sync("public-"))
        reads(bench, "database", database)
        long_records(bench)
        long_lines(bench)
        print("| | in, MB | out, MB | own CPU, s | peak, MiB |\n|---|---|---|---|---|")
        for label, size, out, cpu, peak in bench.rows:
            print(f"| {label} | {size:.1f} | {out:.1f} | {cpu:.2f} | {peak:.0f} |")
    for complaint in bench.wrong:
        print(f"WRONG {complaint}", file=sys.stderr)
    return 1 if bench.wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""What taps say, in the shapes that matter for speed: output of a tap, made up and repeatable.

    python3 -m tests.speed.shapes SHAPE... --folder FOLDER [--mb 32] [--style compact] [--seed 7]

Writes FOLDER/SHAPE.jsonl (a SCHEMA of each stream, RECORDs, a STATE now and then and at the end) and
beside it what a read of it needs: SHAPE.singer.json, the catalog that the tap discovers, and
SHAPE.airbyte.json, the configured one. The same arguments give the same bytes, and a longer file
begins with the bytes of a shorter one, up to its last STATE.

    narrow       ~250 B a line: seven fields
    typical      ~930 B: thirty fields, texts, times, decimals, nested objects, nulls
    wide         ~8.8 kB: 190 fields, long texts, arrays of objects

    verbose      ~2.5 kB: forty fields, most of their names longer than thirty letters
    listed       ~5 kB: six objects in a list, nineteen fields each, some of them objects and lists

    missing      typical, each key absent by chance
    reordered    typical, keys in another order each time
    nulls        typical, each value null by chance
    interleaved  eight streams of all widths, taking turns by chance
    growing      objects that get new keys as the file goes on, outside and nested
    mixed        all of these at once
"""

import argparse
import dataclasses
import datetime
import json
import pathlib
import random
from collections.abc import Callable, Iterator

from tests.speed import rows

#: So many records pass between two STATEs.
STATE_EVERY = 10_000
#: How singer-python writes JSON, and how taps do that care for size.
STYLES = {
    "spaced": {},
    "compact": {"separators": (",", ":"), "ensure_ascii": False},
}

Row = dict
Draw = Callable[[random.Random, int], Row]


@dataclasses.dataclass(frozen=True)
class Shape:
    """Streams by name, each with what draws its records, and how each record is bent."""

    streams: dict[str, Draw]
    bent: tuple[Callable[[random.Random, int, Row], Row], ...] = ()


def without_some(chance: random.Random, _: int, row: Row) -> Row:
    """One key in seven is absent."""
    return {key: value for key, value in row.items() if key in rows.KEYS or chance.random() > 1 / 7}


def in_any_order(chance: random.Random, _: int, row: Row) -> Row:
    """The keys in an order that no other record has."""
    keys = list(row)
    chance.shuffle(keys)
    return {key: row[key] for key in keys}


def with_nulls(chance: random.Random, _: int, row: Row) -> Row:
    """Three values in ten are null."""
    return {
        key: None if key not in rows.KEYS and chance.random() < 0.3 else value
        for key, value in row.items()
    }


def grown(chance: random.Random, number: int, row: Row) -> Row:
    """Every fifty records one more key, on top and in two nested objects, and then anew."""
    size = number % 5_000 // 50
    extra = {f"custom_{at:03}": chance.randrange(10**6) for at in range(size)}
    traits = {f"trait_{at}": rows.words(chance, 1) for at in range(size // 4)}
    return {**row, **extra, "traits": traits, "history": {"of": {"traits": dict(traits)}}}


_TYPICAL = {"customers": rows.typical}
_MANY = {
    f"{kind}_{number}": draw
    for kind, draw, count in (
        ("clicks", rows.narrow, 4), ("customers", rows.typical, 3), ("orders", rows.wide, 1)
    )
    for number in range(count)
}

REGULAR = {
    "narrow": Shape({"clicks": rows.narrow}),
    "typical": Shape(_TYPICAL),
    "wide": Shape({"orders": rows.wide}),
}
#: Regular too, and seen at taps of CRMs and shops.
LIFELIKE = {
    "verbose": Shape({"contacts": rows.verbose}),
    "listed": Shape({"orders": rows.listed}),
}
IRREGULAR = {
    "missing": Shape(_TYPICAL, (without_some,)),
    "reordered": Shape(_TYPICAL, (in_any_order,)),
    "nulls": Shape(_TYPICAL, (with_nulls,)),
    "interleaved": Shape(_MANY),
    "growing": Shape(_TYPICAL, (grown,)),
    "mixed": Shape(_MANY, (grown, without_some, with_nulls, in_any_order)),
}
SHAPES = {**REGULAR, **LIFELIKE, **IRREGULAR}


@dataclasses.dataclass(frozen=True)
class Output:
    """The files of one shape."""

    lines: pathlib.Path
    singer: pathlib.Path
    airbyte: pathlib.Path
    records: int
    size: int

    @property
    def line(self) -> float:
        """Bytes of a record's line, the few others spread over them."""
        return self.size / self.records


def schema(shape: Shape, stream: str) -> dict:
    """What the tap says of a stream: the fields of its first row, as it was drawn."""
    row = shape.streams[stream](random.Random(0), 0)
    return {"type": "object", "properties": {key: rows.kind(key, value) for key, value in row.items()}}


def messages(shape: Shape, seed: int, enough: Callable[[], bool]) -> Iterator[dict]:
    """What the tap says, until it is enough."""
    chance, number = random.Random(seed), 0
    names, bookmarks = list(shape.streams), {}
    now = datetime.datetime(2026, 11, 23, 8, tzinfo=datetime.UTC)
    for name in names:
        yield {
            "type": "SCHEMA", "stream": name, "schema": schema(shape, name),
            "key_properties": [rows.KEY], "bookmark_properties": [rows.CURSOR],
        }
    while not enough():
        name = chance.choice(names)
        row = shape.streams[name](chance, number)
        for bend in shape.bent:
            row = bend(chance, number, row)
        now += datetime.timedelta(microseconds=chance.randrange(2_000))
        extracted = now.isoformat(timespec="microseconds").replace("+00:00", "Z")
        yield {"type": "RECORD", "stream": name, "record": row, "time_extracted": extracted}
        number += 1
        bookmarks[name] = {
            "replication_key": rows.CURSOR, "replication_key_value": row[rows.CURSOR],
        }
        if number % STATE_EVERY == 0:
            yield {"type": "STATE", "value": {"bookmarks": bookmarks}}
    yield {"type": "STATE", "value": {"bookmarks": bookmarks}}


def write(name: str, folder: pathlib.Path, mb: float, style: str = "spaced", seed: int = 7) -> Output:
    """Write the files of one shape: so many megabytes, none of them for a tap without a record."""
    shape, records = SHAPES[name], 0
    paths = [folder / f"{name}.{end}" for end in ("jsonl", "singer.json", "airbyte.json")]
    with paths[0].open("wb") as out:
        for message in messages(shape, seed, lambda: out.tell() >= mb * 1e6):
            text = rows.written(json.dumps(message, **STYLES[style]))
            out.write(text.encode() + b"\n")
            records += message["type"] == "RECORD"
        size = out.tell()
    paths[1].write_text(json.dumps({"streams": [entry(shape, name) for name in shape.streams]}))
    configure(name, paths[2], lambda _: True)
    return Output(*paths, records, size)


def entry(shape: Shape, name: str) -> dict:
    """A stream in the tap's catalog."""
    return {
        "tap_stream_id": name,
        "stream": name,
        "schema": schema(shape, name),
        "key_properties": [rows.KEY],
        "metadata": [{
            "breadcrumb": [],
            "metadata": {
                "table-key-properties": [rows.KEY], "valid-replication-keys": [rows.CURSOR],
                "inclusion": "available", "selected": True,
            },
        }],
    }


def configure(name: str, path: pathlib.Path, chosen: Callable[[int], bool]) -> None:
    """Write the configured catalog: the fields whose number is chosen, and always key and cursor."""
    shape, streams = SHAPES[name], []
    for name in shape.streams:
        found = schema(shape, name)
        found["properties"] = {
            key: value
            for number, (key, value) in enumerate(found["properties"].items())
            if key in rows.KEYS or chosen(number)
        }
        streams.append({
            "stream": {
                "name": name, "json_schema": found,
                "supported_sync_modes": ["full_refresh", "incremental"],
                "source_defined_cursor": True, "default_cursor_field": [rows.CURSOR],
                "source_defined_primary_key": [[rows.KEY]],
            },
            "sync_mode": "incremental", "destination_sync_mode": "append",
            "cursor_field": [rows.CURSOR], "primary_key": [[rows.KEY]],
        })
    path.write_text(json.dumps({"streams": streams}))


def main() -> None:
    """Write the shapes that are asked for, and say what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shapes", nargs="+", choices=SHAPES, metavar="SHAPE")
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--mb", type=float, default=32)
    parser.add_argument("--style", choices=STYLES, default="spaced")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.shapes:
        made = write(name, options.folder, options.mb, options.style, options.seed)
        print(f"{made.lines}: {made.records} records, {made.line:.0f} bytes a line")


if __name__ == "__main__":
    main()

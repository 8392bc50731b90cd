"""What must be true of any source that reads the streams of a case, told as (what, problem)."""

import collections
from collections.abc import Iterator
from typing import Protocol

from tests.native.alike import difference
from tests.native.apis import Api
from tests.native.readings import Reading
from tests.native.streams import Case

#: A thing that was looked at, and what is wrong with it: nothing, as a rule.
Finding = tuple[str, str]


class Source(Protocol):
    """Ours or another."""

    name: str
    #: Whether its first incremental read brings rows that have no cursor.
    sees_rows_without_cursor: bool

    def read(self, incremental: bool, states: dict[str, dict] | None = None) -> Reading:
        """All streams, from the states on."""

    def told(self, rows: list) -> list:
        """How it writes rows."""


def reads(case: Case, api: Api, sources: list[Source]) -> Iterator[Finding]:
    """Full and incremental reads of all sources, then the server grows, and they go on."""
    before = case.rows(api)
    first = {}
    for source in sources:
        yield from held(source, "full", source.read(incremental=False), before)
        first[source.name] = reading = source.read(incremental=True)
        yield from held(source, "incremental", reading, beginning(case, source, before))
        yield from positions(case, source, "incremental", reading, before)
    api.grow()
    after = case.rows(api)
    for source in sources:
        reading = source.read(incremental=True, states=first[source.name].states)
        yield from held(source, "resumed", reading, going_on(case, before, after))
        yield from positions(case, source, "resumed", reading, after)


def held(source: Source, what: str, reading: Reading, wanted: dict[str, list]) -> Iterator[Finding]:
    """Every row once, and as the server has it."""
    told = {stream: source.told(rows) for stream, rows in wanted.items()}
    yield f"{source.name}, {what}: {counts(wanted)}", differences(reading.rows, told)


def differences(seen: dict[str, list], wanted: dict[str, list], often: bool = True) -> str:
    """What is wrong with the rows of some streams; each must have some."""
    found = []
    for stream, rows in wanted.items():
        problem = difference(seen.get(stream, []), rows, often)
        if problem or not rows:
            found.append(f"{stream}: {problem or 'the server has nothing that could be missed'}")
    return "; ".join(found + [f"{stream}: nobody asked" for stream in seen.keys() - wanted.keys()])


def counts(rows: dict[str, list]) -> str:
    """How many rows of each stream."""
    return ", ".join(f"{len(table)} {stream}" for stream, table in rows.items())


def positions(
    case: Case, source: Source, what: str, reading: Reading, rows: dict[str, list]
) -> Iterator[Finding]:
    """Every stream's state ends at the highest cursor that the server has."""
    found = []
    for stream, field in cursors(case).items():
        values = {row[field] for row in rows[stream] if row[field] is not None}
        reached, wanted = reading.position(stream, values), max(values)
        if reached != wanted:
            found.append(f"{stream} stands at {reached}, not {wanted}")
    yield f"{source.name}, {what}: the states stand at the last change", "; ".join(found)


def cursors(case: Case) -> dict[str, str]:
    """The cursor's field of every stream that has one."""
    return {one["name"]: one["cursor"]["field"] for one in case.streams if "cursor" in one}


def beginning(case: Case, source: Source, rows: dict[str, list]) -> dict[str, list]:
    """What a first incremental read brings."""
    if source.sees_rows_without_cursor:
        return rows
    fields = cursors(case)
    return {
        stream: [row for row in table if stream not in fields or row[fields[stream]] is not None]
        for stream, table in rows.items()
    }


def going_on(case: Case, before: dict[str, list], after: dict[str, list]) -> dict[str, list]:
    """What a read brings that goes on where one ended: all from the last cursor of each parent on."""
    wanted = {}
    for stream in case.streams:
        name = stream["name"]
        if "cursor" not in stream:
            wanted[name] = after[name]
            continue
        field, parent = stream["cursor"]["field"], stream.get("parent", {}).get("as")
        reached = collections.defaultdict(lambda: None)
        for row in before[name]:
            of = row.get(parent)
            reached[of] = max(reached[of], row[field], key=_or_least)
        wanted[name] = [
            row for row in after[name] if row[field] is not None
            and (reached[row.get(parent)] is None or row[field] >= reached[row.get(parent)])
        ]
    return wanted


def _or_least(value: object) -> tuple:
    """Nothing is less than anything."""
    return value is not None, value

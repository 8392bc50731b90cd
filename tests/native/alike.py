"""Whether rows are the same rows, to the last digit."""

import collections
import decimal
import json
from collections.abc import Iterable


def parsed(text: str | bytes):
    """A JSON document whose fractions keep all their digits."""
    return json.loads(text, parse_float=decimal.Decimal)


def told(rows: list) -> list:
    """Rows of this program as somebody reads them who is sent them as JSON."""
    return parsed(json.dumps(rows))


def canonical(row: object) -> str:
    """A parsed row as a text that only the same row has: fields in order, fractions by their value."""
    return json.dumps(row, sort_keys=True, ensure_ascii=False, default=_digits)


def _digits(fraction: decimal.Decimal) -> str:
    # A whole number stays another thing than a fraction of the same value.
    return f"#{fraction.normalize()}"


def without_nulls(rows: Iterable[dict]) -> list[dict]:
    """The rows as a source tells them that leaves fields out which are null."""
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def counted(rows: Iterable) -> collections.Counter:
    """How often each row is there."""
    return collections.Counter(map(canonical, rows))


def difference(seen: Iterable, wanted: Iterable, often: bool = True) -> str:
    """What is wrong with the rows that were seen, in a few words; nothing if they are the wanted ones.

    Without `often` a row may come more than once, but none that isn't wanted.
    """
    have, want = counted(seen), counted(wanted)
    missing = want - have if often else collections.Counter(want.keys() - have.keys())
    beyond = have - want if often else collections.Counter(have.keys() - want.keys())
    words = []
    for label, rows in (("missing", missing), ("too many", beyond)):
        if rows:
            words.append(f"{rows.total()} {label}, such as {min(rows)[:300]}")
    return "; ".join(words)

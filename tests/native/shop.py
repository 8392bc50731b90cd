"""The rows that the servers hold: a shop's, drawn by chance but always the same.

What trips a reader is in it: many rows with one cursor, rows without one, numbers that a double can't
hold, every kind of text, a key of two fields, and what changes while somebody has read half of it.
"""

import dataclasses
import datetime
import random

#: Every day of the shop is long past, so that nobody's clock cuts a window short.
OPENED = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
TOWNS = ("Århus", "Łódź", "São Paulo", "東京", "St. John's", "Ulm/Donau", "Nowhere & Elsewhere", "")
NAMES = ("Ærø", "Zoë", "O'Neill", 'the "one"', "back\\slash", "tab\tstop", "two\nlines", "🍰 Köln")
#: Whole numbers at the edges of what JSON readers keep.
POINTS = (0, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 9_007_199_254_740_993, None)
BALANCES = (0.1, -0.5, 1e-07, 2.5e300, 123456789.123456789, 1 / 3, 100.0, None)
STATES = ("open", "paid", "sent", "returned")
#: Every so many customers there is a keeper.
KEEPERS = 25
WAREHOUSES = ("Øst", "West", "a,b", "1")

Row = dict[str, object]
Rows = dict[str, list[Row]]


@dataclasses.dataclass(frozen=True)
class Size:
    """How many rows there are."""

    customers: int
    orders: int

    @property
    def stock(self) -> int:
        return self.customers // 8


FULL, QUICK = Size(5_000, 20_000), Size(400, 1_200)


def rows(size: Size) -> Rows:
    """All tables as they are at first."""
    chance = random.Random(41)
    return {
        "customers": [customer(chance, number, size) for number in range(1, size.customers + 1)],
        "orders": [order(chance, number, size) for number in range(1, size.orders + 1)],
        "stock": [stock(chance, number) for number in range(size.stock)],
    }


def customer(chance: random.Random, number: int, size: Size) -> Row:
    # Seven at a time have changed at once, and some nobody knows when.
    changed = None if number % 173 == 0 else moment(chance.randrange(size.customers // 7) * 601)
    return {
        "id": number,
        "name": f"{NAMES[number % len(NAMES)]} {number}",
        "town": chance.choice(TOWNS),
        "mail": None if number % 11 == 0 else f"c{number}@example.org",
        "points": chance.choice(POINTS),
        "balance": chance.choice(BALANCES),
        "keeper": int(number % KEEPERS == 0),
        "updated_at": changed,
    }


def order(chance: random.Random, number: int, size: Size) -> Row:
    changed = OPENED + datetime.timedelta(seconds=number // 3 * 97)
    anyone, keeper = chance.randint(1, size.customers), chance.randint(1, size.customers // KEEPERS)
    return {
        "id": number,
        # Those who keep something order more than others.
        "customer": anyone if number % 3 else keeper * KEEPERS,
        "day": changed.date().isoformat(),
        "state": chance.choice(STATES),
        "amount": chance.randrange(10**7) / 100,
        "updated_at": written(changed),
    }


def stock(chance: random.Random, number: int) -> Row:
    return {
        "warehouse": WAREHOUSES[number % len(WAREHOUSES)],
        "article": f"{chance.choice(NAMES)}-{number // len(WAREHOUSES)}",
        "pieces": chance.randrange(1000),
    }


def moment(seconds: int) -> str:
    """So many seconds after the shop opened."""
    return written(OPENED + datetime.timedelta(seconds=seconds))


def written(time: datetime.datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def later(table: list[Row]) -> list[Row]:
    """What happens to a table of things with `id` and `updated_at` until the next read.

    One row is new at the very moment of the last change that a reader may have seen, some are new after
    it, and some of the old ones have changed.
    """
    last = max(row["updated_at"] for row in table if row["updated_at"])
    highest = max(row["id"] for row in table)
    after = datetime.datetime.fromisoformat(last)
    times = [written(after + datetime.timedelta(hours=hours)) for hours in range(9)]
    fresh = [
        {**table[number], "id": highest + 1 + number, "updated_at": time}
        for number, time in enumerate(times)
    ]
    changed = [{**row, "updated_at": times[3]} for row in table[4:40:6]]
    return fresh + changed

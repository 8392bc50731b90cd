"""One record of each width, drawn by chance: what the shapes are made of."""

import random
import re
import string

#: Every row has these, and no shape takes them away.
KEY, CURSOR = "id", "updated_at"
KEYS = (KEY, CURSOR)

WORDS = (
    "harbour ledger copper willow signal market bridge ticket orchard lantern meadow parcel saddle "
    "timber valley window anchor barrel candle desert engine forest garden hammer island jacket"
).split()
#: Texts that are not plain ASCII, and such as need an escape.
FOREIGN = ("Köln", "Łódź", "Besançon", "Αθήνα", "Санкт-Петербург", "京都市", "서울", "crème 🍰", "Ærø")
ESCAPED = ('the "best" one', "first\nsecond", "a\tb", "D:\\data\\in", "1/2", "end\r\n")

_DAY = ("2021-03-04", "2022-07-19", "2023-01-30", "2024-11-05", "2025-12-24", "2026-06-01")


class Digits(str):
    """A number to be written with exactly these digits, as taps do that keep decimals.

    Python's `json` can't be told to; so it is a marked text, until `written` takes the marks away.
    """

    def __new__(cls, digits: str) -> "Digits":
        return str.__new__(cls, f"#{digits}#")


_MARKED = re.compile(r'"#([^"#]*)#"')


def written(text: str) -> str:
    """JSON in which the marked texts are numbers. No other text holds the mark."""
    return _MARKED.sub(r"\1", text)


def words(chance: random.Random, count: int) -> str:
    """Some words; now and then one that is foreign or needs an escape."""
    out = []
    for _ in range(count):
        odd = chance.random()
        of = FOREIGN if odd < 0.025 else ESCAPED if odd < 0.04 else WORDS
        out.append(chance.choice(of))
    return " ".join(out)


def hexadecimal(chance: random.Random, length: int) -> str:
    return f"{chance.getrandbits(4 * length):0{length}x}"


def money(chance: random.Random) -> Digits:
    return Digits(f"{chance.randrange(100_000)}.{chance.randrange(100):02}")


def moment(chance: random.Random, digits: int = 6) -> str:
    second = chance.randrange(86_400)
    fraction = f".{chance.randrange(10**digits):0{digits}}" if digits else ""
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return f"{chance.choice(_DAY)}T{clock}{fraction}Z"


def narrow(chance: random.Random, number: int) -> dict:
    """A click: ~250 bytes as a line."""
    return {
        KEY: 10**9 + number,
        CURSOR: moment(chance, 0),
        "page": "/" + chance.choice(WORDS) + "/" + chance.choice(WORDS),
        "visitor": hexadecimal(chance, 8),
        "took": Digits(f"{chance.random():.3f}"),
        "robot": chance.random() < 0.1,
        "campaign": None,
    }


def typical(chance: random.Random, number: int) -> dict:
    """A customer: ~930 bytes as a line."""
    first, last = words(chance, 1), chance.choice(WORDS).title()
    return {
        KEY: 10**9 + number,
        "guid": "-".join(hexadecimal(chance, length) for length in (8, 4, 4, 4, 12)),
        "mail": f"{last.lower()}{chance.randrange(10_000)}@example.org",
        "first_name": first,
        "last_name": last,
        "born_on": chance.choice(_DAY),
        "created_at": moment(chance),
        CURSOR: moment(chance),
        "deleted_at": None,
        "balance": money(chance),
        "limit": Digits(f"{chance.randrange(10**6)}.{chance.randrange(10**16):016}"),
        "rating": chance.random() * 5,
        "tiny": Digits("2.5e-07"),
        "visits": chance.randrange(50_000),
        "debt": -chance.randrange(10**6),
        "serial": chance.getrandbits(68),
        "active": chance.random() < 0.8,
        "verified": True,
        "language": chance.choice(("de", "fr", "el", "ja", "pt")),
        "currency": "CHF",
        "address": {
            "street": f"{words(chance, 1)} {chance.randrange(1, 200)}",
            "post_code": f"{chance.randrange(10**5):05}",
            "place": {"lat": chance.uniform(-90, 90), "lon": chance.uniform(-180, 180)},
        },
        "tags": [chance.choice(WORDS) for _ in range(3)],
        "remark": words(chance, 6) if chance.random() < 0.5 else None,
        "manager_id": None,
        "home": f"https://example.org/customers/{hexadecimal(chance, 8)}",
        "plan": "standard",
        "revision": 4,
    }


def wide(chance: random.Random, number: int) -> dict:
    """An order: ~8.8 kB as a line."""
    row = {KEY: 10**9 + number, CURSOR: moment(chance)}
    row |= {f"text_{at:02}": words(chance, chance.choice((1, 2, 5))) for at in range(64)}
    row |= {f"count_{at:02}": chance.randrange(-(10**9), 10**9) for at in range(22)}
    row |= {f"amount_{at:02}": money(chance) for at in range(22)}
    row |= {f"moment_{at:02}": moment(chance) for at in range(20)}
    row |= {f"unknown_{at:02}": None for at in range(28)}
    row |= {f"flag_{at:02}": chance.random() < 0.5 for at in range(26)}
    row["description"] = words(chance, 170)
    row["markup"] = f'<div class="text">{words(chance, 90)}</div>'
    row["positions"] = [
        {
            "article": "".join(chance.choices(string.ascii_uppercase, k=8)),
            "pieces": chance.randrange(1, 10),
            "price": money(chance),
            "name": words(chance, 2),
        }
        for _ in range(14)
    ]
    row["matrix"] = [[chance.random() for _ in range(4)] for _ in range(4)]
    return row


def verbose(chance: random.Random, number: int) -> dict:
    """A contact as CRMs know them: ~2.5 kB as a line, most of it names."""
    tools = ("analytics", "email", "social_media", "marketing_automation", "sales_pipeline")
    row = {KEY: 10**9 + number, CURSOR: moment(chance)}
    for tool in tools:
        row |= {
            f"hs_{tool}_source": chance.choice(WORDS),
            f"hs_{tool}_source_of_first_conversion": chance.choice(WORDS),
            f"hs_{tool}_number_of_interactions": chance.randrange(1_000),
            f"hs_{tool}_last_interaction_at": moment(chance, 3),
            f"hs_{tool}_is_opted_out_of_notifications": chance.random() < 0.2,
            f"hs_{tool}_annual_revenue_in_company_currency": money(chance),
            f"hs_{tool}_identifier_of_the_associated_campaign": None,
        }
    owner = {f"{tool}_responsible_team_member": words(chance, 2) for tool in tools}
    return {**row, "properties_of_the_current_owner": {"of_the_contact_itself": owner}}


def listed(chance: random.Random, number: int) -> dict:
    """An order as shops know them: ~5 kB as a line, most of it objects in a list."""

    def price() -> dict:
        return {
            name: {"amount": money(chance), "currency_code": "CHF"}
            for name in ("shop_money", "presentment_money")
        }

    def item() -> dict:
        return {
            "id": chance.randrange(10**13),
            "variant_id": chance.randrange(10**13),
            "title": words(chance, 3),
            "quantity": chance.randrange(1, 5),
            "sku": hexadecimal(chance, 10),
            "variant_title": words(chance, 1) if chance.random() < 0.5 else None,
            "vendor": chance.choice(WORDS),
            "fulfillment_service": "manual",
            "product_id": chance.randrange(10**13),
            "requires_shipping": True,
            "taxable": chance.random() < 0.9,
            "gift_card": False,
            "grams": chance.randrange(5_000),
            "price": money(chance),
            "price_set": price(),
            "total_discount_set": price(),
            "fulfillment_status": None,
            "properties": [],
            "tax_lines": [
                {"title": name, "price": money(chance), "rate": Digits("0.081")}
                for name in ("VAT", "city")
            ],
        }

    row = {KEY: 10**9 + number, CURSOR: moment(chance, 0), "name": f"no. {number}"}
    return {**row, "total_price": money(chance), "line_items": [item() for _ in range(6)]}


def kind(key: str, value: object) -> dict:
    """The JSON Schema that a tap gives for a field."""
    match value:
        case bool():
            return {"type": ["null", "boolean"]}
        case int():
            return {"type": ["null", "integer"]}
        case float() | Digits():
            return {"type": ["null", "number"]}
        case dict():
            properties = {name: kind(name, inner) for name, inner in value.items()}
            return {"type": ["null", "object"], "properties": properties}
        case list():
            return {"type": ["null", "array"], "items": kind(key, value[0]) if value else {}}
    if key.endswith("_at") or key.startswith("moment"):
        return {"type": ["null", "string"], "format": "date-time"}
    return {"type": ["null", "string"]}

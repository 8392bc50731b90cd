"""Fill a DynamoDB endpoint, or count a table: `python3 -m tests.clients.seeds.dynamodb URL seed | count TABLE`."""


from tests.clients.seeds.moto import command

NUMBERS = ["7.5", "1e-10", "-0", "12345678901234567890123456789.123456789", "99999999999999999999"]


def item(number: int) -> dict:
    """One reading with every attribute type that DynamoDB has."""
    return {
        "station": {"S": f"Größe {number % 12}"},
        "taken": {"N": str(number)},
        "value": {"N": NUMBERS[number % len(NUMBERS)]},
        "raw": {"B": bytes([0, 255, number % 256])},
        "valid": {"BOOL": number % 2 == 0},
        "gone": {"NULL": True},
        "labels": {"SS": ["a", f"b{number % 3}"]},
        "levels": {"NS": ["1", "2.50"]},
        "nested": {"M": {"list": {"L": [{"N": "1"}, {"NULL": True}, {"M": {"k": {"S": "😀"}}}]}}},
    }


def create(client, table: str, keys: dict[str, str]) -> None:
    """A table whose first key is the hash and whose second, if any, the range."""
    kinds = ["HASH", "RANGE"]
    client.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": k, "KeyType": kinds[i]} for i, k in enumerate(keys)],
        AttributeDefinitions=[{"AttributeName": k, "AttributeType": t} for k, t in keys.items()],
        BillingMode="PAY_PER_REQUEST",
    )


def seed(client) -> None:
    """Three tables: with a key of two parts, with one of one part, and with no rows."""
    create(client, "readings", {"station": "S", "taken": "N"})
    for number in range(400):
        client.put_item(TableName="readings", Item=item(number))
    create(client, "odd.name-1", {"id": "S"})
    for number in range(3):
        client.put_item(TableName="odd.name-1", Item={"id": {"S": f"i{number}"}})
    create(client, "nothing", {"id": "S"})


def count(client, table: str) -> int:
    """How many items a full scan counts."""
    pages = client.get_paginator("scan").paginate(TableName=table, Select="COUNT")
    return sum(page["Count"] for page in pages)


if __name__ == "__main__":
    command("dynamodb", seed, count)

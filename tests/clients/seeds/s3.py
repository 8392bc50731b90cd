"""Fill a bucket of an S3 endpoint, or count a table: `python3 -m tests.clients.seeds.s3 URL seed | count TABLE`."""

import csv
import io

from tests.clients.seeds.moto import command

BUCKET = "warehouse"
WORDS = ["plain", "Größe µ", 'quoted "word"', "a, comma", "😀", "two\nlines"]
#: Objects of each table, and their rows.
TABLES = {"stations": {"a": 40, "b/c": 20}, "orders": {"Odd name-1": 3}}


def rows(begin: int, end: int) -> str:
    """A CSV file of a few columns."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "name", "height", "opened"])
    for number in range(begin, end):
        writer.writerow([number, WORDS[number % len(WORDS)], number * 1.5, "2026-01-02"])
    return out.getvalue()


def seed(client) -> None:
    """A bucket with a folder for each table."""
    client.create_bucket(Bucket=BUCKET)
    for table, objects in TABLES.items():
        begin = 0
        for name, size in objects.items():
            body = rows(begin, begin + size).encode()
            client.put_object(Bucket=BUCKET, Key=f"{table}/{name}.csv", Body=body)
            begin += size


def count(client, table: str) -> int:
    """How many rows the objects of a table hold."""
    total = 0
    for found in client.list_objects_v2(Bucket=BUCKET, Prefix=f"{table}/")["Contents"]:
        body = client.get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read().decode()
        total += sum(1 for _ in csv.reader(io.StringIO(body))) - 1
    return total


if __name__ == "__main__":
    command("s3", seed, count)

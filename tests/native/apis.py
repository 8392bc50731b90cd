"""Real HTTP APIs on loopback: Datasette, localstripe and json-server, each filled with a shop.

Each takes a free port of 127.0.0.1, lives in a temporary folder and is ended by the handle it was
started with.
"""

import contextlib
import json
import pathlib
import sqlite3
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import ClassVar

from tests.clients.environments import environment
from tests.clients.servers.server import HOST, Server
from tests.native import shop
from tests.native.alike import parsed, told
from tests.native.npm import installed

HERE = pathlib.Path(__file__).parent
#: What the servers ask for that ask for anything.
TOKEN = "Sesame-41.open_9~x"
KEY = "sk_test_Sesame41open9"
CREATE = """
create table customers (
    id integer primary key, name text, town text, mail text, points integer, balance real,
    keeper integer, updated_at text
);
create table orders (
    id integer primary key, customer integer references customers(id), day text, state text,
    amount real, updated_at text
);
create table stock (
    warehouse text, article text, pieces integer, primary key (warehouse, article)
);
create index customers_updated_at on customers(updated_at);
create index orders_updated_at on orders(updated_at);
create index orders_customer on orders(customer);
"""


class Api(Server):
    """A server that speaks HTTP and JSON."""

    #: What it is called in tables.
    title = ""
    #: Headers without which it answers nothing.
    headers: ClassVar[dict[str, str]] = {}

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}/"

    def ask(self, path: str, query: dict | None = None, form: dict | None = None):
        """Ask for a path below `url`, or for a whole address: the document and the headers."""
        address = urllib.parse.urljoin(self.url, path)
        if query:
            address += "?" + urllib.parse.urlencode(query)
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(address, body, self.headers)
        with urllib.request.urlopen(request) as answer:
            return parsed(answer.read()), answer.headers

    def send(self, path: str, document: object, method: str = "POST"):
        """Send a document, and get one."""
        headers = {**self.headers, "Content-Type": "application/json"}
        body = json.dumps(document, default=float).encode()
        address = urllib.parse.urljoin(self.url, path)
        request = urllib.request.Request(address, body, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return parsed(answer.read())

    def answers(self) -> bool:
        """Whether anybody is there, whatever they say."""
        try:
            urllib.request.urlopen(self.url).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def rows(self, table: str) -> list:
        """What a table holds now, by the shortest way to it that there is, as JSON tells it."""
        raise NotImplementedError

    def grow(self) -> None:
        """Change it as a shop changes between two reads."""
        raise NotImplementedError


class Datasette(Api):
    """Datasette over a SQLite file, behind a token: next_url, Link pages, filters."""

    title = "Datasette"
    headers: ClassVar[dict[str, str]] = {"Authorization": f"Bearer {TOKEN}"}
    #: What of its settings isn't the same for all.
    settings: ClassVar[dict[str, dict]] = {
        "allow": {"id": "reader"},
        "plugins": {
            "datasette-auth-tokens": {
                "tokens": [{"token": TOKEN, "actor": {"id": "reader"}}],
                # Who can't send a header may name it in the query.
                "param": "_auth_token",
            },
        },
    }

    def __init__(self, envs: pathlib.Path, size: shop.Size) -> None:
        super().__init__()
        self.program = environment(envs, "native-datasette").with_name("datasette")
        self.size, self.file = size, self.folder / "shop.db"

    def start(self) -> None:
        with self._opened() as file:
            file.execute("pragma journal_mode = wal")
            file.executescript(CREATE)
            for table, rows in shop.rows(self.size).items():
                self._write(file, table, rows)
        settings = self.folder / "metadata.json"
        settings.write_text(json.dumps(self.settings))
        self.launch([
            str(self.program), "serve", str(self.file), "--host", HOST, "--port", str(self.port),
            "--metadata", str(settings), "--setting", "sql_time_limit_ms", "60000",
            "--setting", "suggest_facets", "off",
        ])
        self.wait_for(self.answers)

    def seed(self) -> None:
        """Its file was there before it."""

    def rows(self, table: str) -> list:
        return told(self._held(table))

    def grow(self) -> None:
        with self._opened() as file:
            for table in ("customers", "orders"):
                self._write(file, table, shop.later(self._held(table)))

    def _held(self, table: str) -> list[shop.Row]:
        with self._opened() as file:
            file.row_factory = sqlite3.Row
            return [dict(row) for row in file.execute(f"select * from {table}")]

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self.file, timeout=60)) as file, file:
            yield file

    @staticmethod
    def _write(file: sqlite3.Connection, table: str, rows: list[shop.Row]) -> None:
        names = ", ".join(rows[0])
        places = ", ".join(f":{name}" for name in rows[0])
        file.executemany(f"insert or replace into {table} ({names}) values ({places})", rows)


class DatasetteGraphQl(Datasette):
    """The same with GraphQL, open to everybody: the plugin asks for its tables as a stranger."""

    title = "Datasette, GraphQL"
    headers: ClassVar[dict[str, str]] = {}
    settings: ClassVar[dict[str, dict]] = {
        "plugins": {"datasette-graphql": {"time_limit_ms": 60_000, "num_queries_limit": 1_000}},
    }

    def rows(self, table: str) -> list:
        return [
            {name: value for name, value in row.items() if name != "customer"}
            for row in super().rows(table)
        ]


class LocalStripe(Api):
    """localstripe: the pages of Stripe, and what has happened as its events."""

    title = "localstripe"
    headers: ClassVar[dict[str, str]] = {"Authorization": f"Bearer {KEY}"}
    #: Its own command listens on all interfaces, and it keeps what it holds in one file for everybody.
    program = """
import sys, aiohttp.web, localstripe.resources, localstripe.server
localstripe.resources.Store.dump_to_disk = lambda _: None
aiohttp.web.run_app(localstripe.server.app, host=sys.argv[1], port=int(sys.argv[2]), access_log=None)
"""

    def __init__(self, envs: pathlib.Path, size: shop.Size) -> None:
        super().__init__()
        self.python = environment(envs, "native-localstripe")
        self.customers = size.customers // 8

    def start(self) -> None:
        self.launch([str(self.python), "-c", self.program, HOST, str(self.port)])
        self.wait_for(self.answers)

    def seed(self) -> None:
        for number in range(self.customers):
            if number == self.customers // 2:
                # Its clock counts seconds, and not everything shall have happened at once.
                time.sleep(1.1)
            self._customer(number)
            if number % 9 == 0:
                self._product(number)

    def rows(self, table: str) -> list:
        """All on one page: its pages are as long as one asks for, and tax ids have none."""
        if table == "tax_ids":
            found = [self.ask(f"v1/customers/{row['id']}/tax_ids") for row in self.rows("customers")]
            return [row for document, _ in found for row in document["data"]]
        document, _ = self.ask(f"v1/{table}", {"limit": 10**9})
        return document["data"]

    def grow(self) -> None:
        # The new things happen later.
        time.sleep(1.1)
        for number in range(self.customers, self.customers + 12):
            self._customer(number)

    def _customer(self, number: int) -> None:
        name = shop.NAMES[number % len(shop.NAMES)]
        customer, _ = self.ask("v1/customers", form={
            "name": f"{name} {number}", "email": f"c{number}@example.org",
            "metadata[note]": "" if number % 3 else name, "metadata[number]": number,
        })
        if number % 20 == 0:
            for last in range(3):
                self.ask(f"v1/customers/{customer['id']}/tax_ids", form={
                    "type": "eu_vat", "value": f"DE{100_000_000 + number * 10 + last}",
                })

    def _product(self, number: int) -> None:
        product, _ = self.ask("v1/products", form={"name": f"Article {number}", "type": "service"})
        for interval in ("month", "year"):
            self.ask("v1/plans", form={
                "product": product["id"], "amount": number * 7 + 1, "currency": "eur",
                "interval": interval, "nickname": f"{shop.NAMES[number % 8]} a {interval}",
            })


class JsonServer(Api):
    """json-server over a JSON file: numbered pages, Link headers, children below their parents."""

    title = "json-server"

    def __init__(self, envs: pathlib.Path, size: shop.Size) -> None:
        super().__init__()
        self.program = installed(HERE / "json-server", envs) / "json-server"
        self.size, self.file = size, self.folder / "shop.json"

    def start(self) -> None:
        # What a double can't hold, JavaScript can't.
        tables = {"towns": [
            {"id": number, "name": name} for number, name in enumerate(shop.TOWNS, 1)
        ]}
        rows = shop.rows(self.size)
        for table in ("customers", "orders"):
            tables[table] = [{**row, "townId": row["id"] % 9} for row in rows[table]]
        for row in tables["customers"]:
            del row["points"], row["balance"]
        self.file.write_text(json.dumps(tables))
        self.launch([
            str(self.program), "--host", HOST, "--port", str(self.port), "--quiet", str(self.file),
        ])
        self.wait_for(self.answers)

    def seed(self) -> None:
        """Its file was there before it."""

    def rows(self, table: str) -> list:
        """All on one page."""
        return self.ask(table)[0]

    def grow(self) -> None:
        known = {row["id"] for row in self.rows("orders")}
        for row in shop.later(self.rows("orders")):
            at = f"orders/{row['id']}" if row["id"] in known else "orders"
            self.send(at, row, "PUT" if row["id"] in known else "POST")


#: What there is, by the words that name it on a command line.
APIS: dict[str, Callable[[pathlib.Path, shop.Size], Api]] = {
    "datasette": Datasette,
    "graphql": DatasetteGraphQl,
    "localstripe": LocalStripe,
    "json-server": JsonServer,
}

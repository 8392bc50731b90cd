"""What is read from each API: streams as the config of the source `http` has them, and their rows.

The same settings are what Airbyte's runner is told (`manifest.py`), so that both read the same thing.
"""

import dataclasses
from collections.abc import Callable

from tests.native.apis import KEY, TOKEN, Api
from tests.native.plain import ORDERS

#: The rows of a stream as the server itself tells them.
Wanted = Callable[[Api], list]


@dataclasses.dataclass(frozen=True)
class Case:
    """Streams of one API that are read together."""

    name: str
    #: As in `APIS`.
    api: str
    streams: list[dict]
    #: Where a stream's rows aren't those of the table that is called as it is.
    wanted: dict[str, Wanted] = dataclasses.field(default_factory=dict)
    auth: dict | None = None
    #: What of `auth` a stranger has otherwise.
    stranger: dict | None = None

    def config(self, api: Api, workers: int = 4) -> dict:
        """What our source is told."""
        auth = {"auth": self.auth} if self.auth else {}
        return {"url": api.url, **auth, "workers": workers, "streams": self.streams}

    def rows(self, api: Api) -> dict[str, list]:
        """What the server holds now, by stream."""
        names = [stream["name"] for stream in self.streams]
        return {
            name: self.wanted[name](api) if name in self.wanted else api.rows(name) for name in names
        }


def datasette(name: str, shape: str, pages: dict, records: dict, **more) -> dict:
    """A table of Datasette."""
    return {
        "name": name, "path": f"shop/{name}.json", "query": {"_shape": shape, "_size": "100"},
        **records, "primary_key": ["id"], "pages": pages, **more,
    }


NEXT_URL = ("objects", {"type": "next_url", "pointer": "/next_url"}, {"records": "/rows"})
LINK = ("array", {"type": "link"}, {})
UPDATED = {"cursor": {"field": "updated_at", "query": "updated_at__gte"}}
LAST_ID = {"type": "cursor", "query": "starting_after", "last_record": "id", "more": "/has_more"}


def numbered(size: int) -> dict:
    """Pages as json-server counts them."""
    return {"type": "number", "query": "_page", "size_query": "_limit", "size": size}


def keepers(api: Api) -> list:
    return [row for row in api.rows("customers") if row["keeper"] == 1]


def orders_of_keepers(api: Api) -> list:
    of = {row["id"] for row in keepers(api)}
    return [row for row in api.rows("orders") if row["customer"] in of]


def orders_of_towns(api: Api) -> list:
    of = {row["id"] for row in api.rows("towns")}
    return [row for row in api.rows("orders") if row["townId"] in of]


def stripe(name: str, **more) -> dict:
    """A list of localstripe's, on pages of thirty."""
    return {
        "name": name, "path": f"v1/{name}", "query": {"limit": "30"}, "records": "/data",
        "primary_key": ["id"], "pages": LAST_ID, **more,
    }


CASES = [
    Case(
        "Datasette, next_url", "datasette",
        [
            datasette("customers", *NEXT_URL, **UPDATED),
            datasette("orders", *NEXT_URL, **UPDATED),
            {**datasette("stock", *NEXT_URL), "primary_key": ["warehouse", "article"]},
        ],
        auth={"type": "bearer", "token": TOKEN},
        stranger={"token": "wrong"},
    ),
    Case(
        "Datasette, Link", "datasette",
        [datasette("customers", *LINK, **UPDATED), datasette("orders", *LINK, **UPDATED)],
        # The addresses of next pages have the key already.
        auth={"type": "api_key", "name": "_auth_token", "key": TOKEN, "sent_in": "query"},
        stranger={"key": "wrong"},
    ),
    Case(
        "Datasette, children", "datasette",
        [
            {
                **datasette("keepers", *NEXT_URL), "path": "shop/customers.json",
                "query": {"_shape": "objects", "keeper": "1"},
            },
            {
                **datasette("orders_of_keepers", *NEXT_URL), "path": "shop/orders.json",
                "query": {"_shape": "objects", "customer": "{customer}"},
                "parent": {"stream": "keepers", "field": "id", "as": "customer"}, **UPDATED,
            },
        ],
        {"keepers": keepers, "orders_of_keepers": orders_of_keepers},
        auth={"type": "bearer", "token": TOKEN},
        stranger={"token": "wrong"},
    ),
    Case(
        "Datasette, GraphQL", "graphql",
        [{
            "name": "orders", "path": "graphql", "records": "/data/orders/nodes", "primary_key": ["id"],
            "cursor": {"field": "updated_at", "query": "since"},
            "graphql": {"query": ORDERS, "page_info": "/data/orders/pageInfo"},
        }],
    ),
    Case(
        "localstripe", "localstripe",
        [
            stripe("customers"), stripe("products"), stripe("plans"),
            stripe("events", cursor={"field": "created", "query": "created[gte]"}),
            {
                "name": "tax_ids", "path": "v1/customers/{customer}/tax_ids", "records": "/data",
                "primary_key": ["id"], "parent": {"stream": "customers", "field": "id", "as": "customer"},
            },
        ],
        auth={"type": "basic", "username": KEY, "password": ""},
        stranger={"username": "nobody"},
    ),
    Case(
        "json-server", "json-server",
        [
            {"name": "towns", "path": "towns", "primary_key": ["id"]},
            {"name": "customers", "path": "customers", "primary_key": ["id"], "pages": numbered(100)},
            {
                "name": "orders", "path": "orders", "primary_key": ["id"], "pages": {"type": "link"},
                "query": {"_page": "1", "_limit": "100", "_sort": "updated_at"},
                "cursor": {"field": "updated_at", "query": "updated_at_gte"},
            },
            {
                "name": "orders_of_towns", "path": "towns/{town}/orders", "primary_key": ["id"],
                "pages": numbered(100), "parent": {"stream": "towns", "field": "id", "as": "town"},
            },
        ],
        {"orders_of_towns": orders_of_towns},
    ),
]

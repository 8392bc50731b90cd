"""Whether the servers answer as the other checks here believe: read page by page by nothing clever.

    python3 -m tests.native.plain --envs FOLDER [--quick] [--only datasette ...]

Starts one server after the other, turns the pages of every table with nothing but the standard library,
and holds the rows against what the server holds, before and after it grew; exit 1 when they differ.
"""

import argparse
import pathlib
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

from tests.native import shop
from tests.native.alike import difference
from tests.native.apis import (
    APIS,
    Api,
    Datasette,
    DatasetteGraphQl,
    JsonServer,
    LocalStripe,
)

#: Pages of orders as Relay has them, from some moment on. To whom an order belongs would be another
#: query for each.
ORDERS = """query ($after: String, $since: String) {
  orders(first: 100, after: $after, sort: updated_at, filter: {updated_at: {gte: $since}}) {
    nodes { id day state amount updated_at }
    pageInfo { hasNextPage endCursor }
  }
}"""


def pages(api: Api, path: str, query: dict, records: str | None, following: Callable) -> Iterator:
    """Every row of every page: `following` tells of an answer and its headers which page is the next."""
    address, parameters = path, query
    while address:
        document, headers = api.ask(address, parameters)
        rows = document[records] if records else document
        yield from rows
        address, parameters = following(address, parameters, document, headers)


def linked(_address, _parameters, _document, headers) -> tuple:
    """The next page as a Link header names it."""
    found = re.search(r'<([^>]+)>; *rel="next"', headers.get("Link") or "")
    return (found[1] if found else None), None


def named(_address, _parameters, document, _headers) -> tuple:
    """The next page as Datasette's documents name it."""
    return document["next_url"], None


def after_last(address, parameters, document, _headers) -> tuple:
    """The next page as Stripe has it: behind the last row of this one."""
    if not document["has_more"]:
        return None, None
    return address, {**parameters, "starting_after": document["data"][-1]["id"]}


def relay(api: Api, query: str, field: str) -> Iterator:
    """Every node of every page of a GraphQL connection."""
    after = None
    while True:
        answer = api.send("graphql", {"query": query, "variables": {"after": after}})
        connection = answer["data"][field]
        yield from connection["nodes"]
        if not connection["pageInfo"]["hasNextPage"]:
            return
        after = connection["pageInfo"]["endCursor"]


def plainly(api: Api) -> Iterator[tuple[str, str]]:
    """Every table read page by page, before and after it grew: what is wrong with each."""
    for moment in ("at first", "grown"):
        for table, way, rows in paged(api):
            wanted = api.rows(table)
            wrong = difference(rows, wanted) if wanted else "nothing is there"
            yield f"{moment}, {table} by {way}: {len(wanted)} rows", wrong
        api.grow()
    if api.headers:
        stranger = urllib.request.Request(api.url)
        try:
            urllib.request.urlopen(stranger).close()
            yield "a stranger", "is answered"
        except urllib.error.HTTPError as answer:
            yield f"a stranger: {answer.code}", ""


def paged(api: Api) -> Iterator[tuple[str, str, Iterator]]:
    """The tables of an API by name, the way from page to page, and the rows that it brings."""
    match api:
        case DatasetteGraphQl():
            yield "orders", "GraphQL", relay(api, ORDERS, "orders")
        case Datasette():
            for table in ("customers", "orders", "stock"):
                path, query = f"shop/{table}.json", {"_size": 500}
                yield table, "next_url", pages(api, path, {**query, "_shape": "objects"}, "rows", named)
                yield table, "Link", pages(api, path, {**query, "_shape": "array"}, None, linked)
        case LocalStripe():
            for table in ("customers", "products", "plans", "events"):
                yield table, "id", pages(api, f"v1/{table}", {"limit": 30}, "data", after_last)
        case JsonServer():
            for table in ("towns", "customers", "orders"):
                yield table, "Link", pages(api, table, {"_page": 1, "_limit": 500}, None, linked)


def main() -> int:
    """Print what was found of each table; 1 when anything differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--envs", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true", help="few rows")
    parser.add_argument("--only", nargs="+", choices=APIS, default=list(APIS))
    options = parser.parse_args()
    envs = options.envs.absolute()
    envs.mkdir(parents=True, exist_ok=True)
    wrong = 0
    for name in options.only:
        with APIS[name](envs, shop.QUICK if options.quick else shop.FULL) as api:
            for what, problem in plainly(api):
                print(f"{'FAIL' if problem else 'ok  '} {api.title}, {what} {problem}", flush=True)
                wrong += bool(problem)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

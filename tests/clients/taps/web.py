"""Taps that read an API over HTTP."""

import json

from tests.clients.servers import sites
from tests.clients.servers.server import Server
from tests.clients.servers.web import Web
from tests.clients.taps.tap import Tap


def _bearer(token: str) -> str:
    return json.dumps({"Authorization": f"Bearer {token}"})


def _rest(server: Server) -> dict:
    """tap-rest-api takes its schemas from a folder."""
    folder = server.folder / "schema"
    folder.mkdir(exist_ok=True)
    for name, rows in server.site.streams.items():
        kinds = {key: {"type": ["null", _kind(value)]} for key, value in rows[1].items()}
        text = json.dumps({"type": "object", "properties": kinds})
        (folder / f"{name}.json").write_text(text)
    return {
        "url": f"{server.url}/api/{{resource}}?page={{current_page_one_base}}",
        "urls": {name: f"{server.url}/api/{name}?page={{current_page_one_base}}"
                 for name in server.site.streams},
        "streams": ",".join(server.site.streams),
        "schema_dir": str(folder),
        "record_list_level": "rows[*]",
        "items_per_page": sites.PAGE,
        "index_key": "id",
        "start_index": 0,
        "http_headers": _bearer(sites.TOKEN),
    }


def _kind(value: object) -> str:
    return {bool: "boolean", int: "integer", float: "number"}.get(type(value), "string")


def _elsewhere(server: Server) -> dict[str, str]:
    """tap-pypistats asks no proxy; its address is put right as Python starts."""
    words = f"""
import importlib.util

if importlib.util.find_spec("tap_pypistats"):
    import tap_pypistats.tap

    tap_pypistats.tap.BASE_URL = "{server.url}/api"
"""
    (server.folder / "sitecustomize.py").write_text(words)
    return {"PYTHONPATH": str(server.folder)}


TAPS = (
    Tap(
        name="tap-rest-api-msdk",
        source="REST API",
        executable="tap-rest-api-msdk",
        built_with="singer-sdk",
        server=lambda _: Web(sites.Rest),
        config=lambda server: {
            "api_url": f"{server.url}/api",
            "auth_method": "bearer_token",
            "bearer_token": sites.TOKEN,
            "next_page_token_path": "$.next_page",
            "pagination_next_page_param": "page",
            "records_path": "$.rows[*]",
            "streams": [
                {"name": name, "path": f"/{name}", "primary_keys": ["id"]}
                for name in server.site.streams
            ],
        },
        bad_config=lambda config: {**config, "bearer_token": "Sesame-41.close_9~x"},
    ),
    Tap(
        name="tap-rest-api",
        source="REST API",
        executable="tap-rest-api",
        built_with="singer-python",
        server=lambda _: Web(sites.Rest),
        config=_rest,
        bad_config=lambda config: {**config, "http_headers": _bearer("Sesame-41.close_9~x")},
        remark="parses its command line itself; schemas come from a folder",
    ),
    Tap(
        name="tap-feed",
        source="RSS",
        executable="tap-feed",
        built_with="singer-sdk",
        server=lambda _: Web(sites.Feeds),
        config=lambda server: {
            "feed_urls": [server.url + path for path in sites.Feeds.counts],
            "feed_fields": ["title"],
            "feed_entry_fields": ["id", "title", "link"],
            "feed_entry_replication_key": "published",
        },
        bad_config=lambda config: {**config, "feed_urls": [f"{config['feed_urls'][0]}.gone"]},
    ),
    Tap(
        name="tap-gitlab",
        source="REST API",
        executable="tap-gitlab",
        built_with="singer-python",
        server=lambda _: Web(sites.GitLab),
        config=lambda server: {
            "private_token": sites.TOKEN,
            "start_date": "2026-01-01T00:00:00Z",
            "projects": " ".join(server.site.projects),
            "groups": " ".join(server.site.groups),
        },
        bad_config=lambda config: {**config, "private_token": "Sesame-41.close_9~x"},
        variables=lambda server: server.as_proxy(),
        remark="parents and children; knows one address, and reaches us as its proxy",
    ),
    Tap(
        name="tap-exchangeratesapi",
        source="REST API",
        executable="tap-exchangeratesapi",
        built_with="singer-python",
        server=lambda _: Web(sites.Rates),
        config=lambda server: {"base": "EUR", "start_date": server.site.begin.isoformat()},
        bad_config=lambda config: {**config, "base": "ZZZ"},
        variables=lambda server: server.as_proxy(),
        remark="has no discovery and takes no catalog; a state of its own shape",
    ),
    Tap(
        name="tap-pypistats",
        source="REST API",
        executable="tap-pypistats",
        server=lambda _: Web(sites.Downloads),
        config=lambda server: {"packages": list(server.site.packages)},
        bad_config=lambda config: {**config, "packages": ["nowhere"]},
        variables=_elsewhere,
        remark="takes nothing but a config: no discovery, no catalog, no state",
    ),
)

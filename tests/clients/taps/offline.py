"""Taps whose other side is out in the world: asked for their spec, and discovered.

Most have their schemas with them. Some ask their service first; of those a
discovery that fails with a sentence is all that can be shown here.
"""

from collections.abc import Callable

from tests.clients.servers.server import HOST
from tests.clients.taps.tap import Tap

#: Nobody listens there, so that whatever would go out fails at once.
NOWHERE = f"http://{HOST}:9"
START = "2026-01-01T00:00:00Z"
UNREACHABLE = {
    "HTTPS_PROXY": NOWHERE,
    "https_proxy": NOWHERE,
    "HTTP_PROXY": NOWHERE,
    "http_proxy": NOWHERE,
    "NO_PROXY": "",
    "no_proxy": "",
}


def _without(setting: str) -> Callable[[dict], dict]:
    """A config that lacks a setting which the tap requires."""
    return lambda config: {key: value for key, value in config.items() if key != setting}


def _tap(name: str, config: dict, bad: Callable[[dict], dict] | None, **more: object) -> Tap:
    return Tap(
        name=name,
        server=None,
        config=lambda _: config,
        bad_config=bad or (lambda _: {}),
        variables=lambda _: UNREACHABLE,
        **more,
    )


TAPS = (
    _tap(
        "meltanolabs-tap-github",
        {"auth_token": "gho_3kFz9Qp", "repositories": ["house/shop"], "start_date": START},
        lambda config: {**config, "repositories": 7},
        executable="tap-github",
        built_with="singer-sdk",
    ),
    _tap(
        "meltano-tap-facebook",
        {"access_token": "EAA3kFz9Qp", "account_id": "1234567", "start_date": START},
        _without("access_token"),
        executable="tap-facebook",
        built_with="singer-sdk",
    ),
    _tap(
        "tap-openproject",
        {"api_key": "3kFz9Qp-41", "base_url": "https://example.org/api/v3"},
        _without("api_key"),
        executable="tap-openproject",
        built_with="singer-sdk",
    ),
    _tap(
        "tap-stackexchange",
        {"site": "stackoverflow", "tags": ["meltano"]},
        lambda config: {**config, "tags": 7},
        executable="tap-stackexchange",
        built_with="singer-sdk",
    ),
    _tap(
        "tap-fabdb",
        {"api_key": "3kFz9Qp-41"},
        None,
        executable="tap-fabdb",
        built_with="singer-sdk",
        remark="an SDK of 2021",
    ),
    _tap(
        "tap-slack",
        {"token": "xoxb-3kFz9Qp", "start_date": START},
        _without("token"),
        executable="tap-slack",
        built_with="singer-python",
    ),
    _tap(
        "tap-github",
        {"access_token": "gho_3kFz9Qp", "repository": "house/shop", "start_date": START},
        _without("access_token"),
        executable="tap-github",
        built_with="singer-python",
        asks_before=True,
        remark="asks its service first, so its discovery fails with a sentence",
    ),
    _tap(
        "tap-salesforce",
        {
            "refresh_token": "5Aep3kFz9Qp",
            "client_id": "3MVG9",
            "client_secret": "3kFz9Qp-41",
            "start_date": START,
            "api_type": "REST",
            "select_fields_by_default": "true",
        },
        _without("client_secret"),
        executable="tap-salesforce",
        built_with="singer-python",
        asks_before=True,
        remark="asks its service first, so its discovery fails with a sentence",
    ),
)

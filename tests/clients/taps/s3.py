"""Taps that read CSV files from S3, which moto plays."""

import json
import pathlib

from tests.clients.environments import environment
from tests.clients.servers.moto import Moto
from tests.clients.servers.server import HOST, Server
from tests.clients.taps.tap import Tap

BUCKET = "warehouse"
TABLES = ("stations", "orders")


def _bucket(envs: pathlib.Path) -> Moto:
    return Moto(environment(envs, "moto"), seed="s3")


def _url(server: Server) -> str:
    return f"http://{HOST}:{server.port}"


def _account(server: Server) -> dict:
    """What boto3 needs; a call that goes elsewhere is refused by our server at once."""
    return {
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": _url(server),
        "AWS_MAX_ATTEMPTS": "1",
        "HTTPS_PROXY": _url(server),
        "https_proxy": _url(server),
        "NO_PROXY": HOST,
        "no_proxy": HOST,
    }


def _tables(**more: object) -> list[dict]:
    return [
        {
            "table_name": name,
            "search_prefix": f"{name}/",
            "search_pattern": "\\.csv$",
            "key_properties": ["id"],
            "delimiter": ",",
            **more,
        }
        for name in TABLES
    ]


def _gone(config: dict) -> dict:
    return {**config, "bucket": "no-such-warehouse"}


TAPS = (
    Tap(
        name="pipelinewise-tap-s3-csv",
        source="S3 (moto)",
        executable="tap-s3-csv",
        built_with="pipelinewise-singer-python",
        server=_bucket,
        config=lambda server: {
            "start_date": "2020-01-01T00:00:00Z",
            "bucket": BUCKET,
            "aws_access_key_id": "nobody",
            "aws_secret_access_key": "Nothing/41+open",
            "aws_endpoint_url": _url(server),
            "tables": _tables(),
        },
        bad_config=_gone,
        variables=_account,
        remark="lists `--catalog` and obeys `--properties` alone",
    ),
    Tap(
        name="tap-s3-csv",
        source="S3 (moto)",
        executable="tap-s3-csv",
        built_with="singer-python",
        server=_bucket,
        config=lambda _: {
            "start_date": "2020-01-01T00:00:00Z",
            "bucket": BUCKET,
            "account_id": "123456789012",
            "external_id": "outside",
            "role_name": "reader",
            "tables": json.dumps(_tables(date_overrides=[])),
        },
        bad_config=_gone,
        variables=_account,
    ),
)

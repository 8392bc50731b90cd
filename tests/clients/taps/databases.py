"""Taps that read databases."""

from tests.clients.environments import environment
from tests.clients.servers.databases import MariaDb, Postgres
from tests.clients.servers.moto import Moto
from tests.clients.servers.server import HOST, Server
from tests.clients.taps.tap import Tap

#: DuckDB through PyAirbyte.
_DOUBLES = {"every_edge": "a double of 1e308 overflows its DECIMAL(38, 9)"}


def _account(server: Server) -> dict:
    return {
        "host": HOST,
        "port": server.port,
        "user": server.account,
        "password": server.password,
    }


def _database(server: Server) -> dict:
    """The seeded schemas of PostgreSQL, as taps of singer-python's family are told of them."""
    return {
        **_account(server),
        "dbname": server.database,
        "filter_schemas": "public,desk,Back Office,ledger",
    }


def _wrong_password(config: dict) -> dict:
    return {**config, "password": "Wr0ng/&%41 password+8"}


def _without_region(config: dict) -> dict:
    return {key: value for key, value in config.items() if key != "region_name"}


TAPS = (
    Tap(
        name="tap-postgres",
        source="PostgreSQL",
        package="meltanolabs-tap-postgres",
        built_with="singer-sdk",
        executable="tap-postgres",
        server=lambda _: Postgres(),
        config=lambda server: {
            **_account(server),
            "database": server.database,
            "filter_schemas": ["public", "desk", "Back Office", "ledger"],
        },
        bad_config=_wrong_password,
        streams={
            "desk-users": {"name": "desk_users"},
            # With a cursor of its own a stream is incremental for PyAirbyte too.
            "desk-order_lines": {"cursor": "updated_at"},
            "ledger-entries": {"cursor": "updated_at"},
        },
        renamed={("desk", "desk_users"): ("desk", "users")},
        beyond_duckdb=_DOUBLES,
        least_cuts=21,
    ),
    Tap(
        name="tap-mysql",
        source="MariaDB",
        package="pipelinewise-tap-mysql",
        built_with="pipelinewise-singer-python",
        executable="tap-mysql",
        server=lambda _: MariaDb(),
        config=lambda server: {**_account(server), "filter_dbs": "front,back"},
        bad_config=_wrong_password,
        streams={
            "back-users": {"name": "back_users"},
            "back-entries": {"cursor": "updated_at"},
        },
        renamed={("back", "back_users"): ("back", "users")},
        beyond_duckdb={
            **_DOUBLES,
            "odd_times": "the tap writes `34 days, 22:59:59` where it declared a time",
        },
        least_cuts=21,
    ),
    Tap(
        name="pipelinewise-tap-postgres",
        source="PostgreSQL",
        built_with="pipelinewise-singer-python",
        executable="tap-postgres",
        # It fails on a time with a zone and a fraction.
        server=lambda _: Postgres("update public.every_edge set a_timetz = null"),
        config=_database,
        bad_config=_wrong_password,
        streams={
            "desk-users": {"name": "desk_users"},
            "desk-order_lines": {"cursor": "updated_at"},
            "ledger-entries": {"cursor": "updated_at"},
        },
        renamed={("desk", "desk_users"): ("desk", "users")},
        beyond_duckdb=_DOUBLES,
        least_cuts=21,
    ),
    Tap(
        name="singer-io-tap-postgres",
        source="PostgreSQL",
        package="tap-postgres",
        built_with="singer-python",
        executable="tap-postgres",
        server=lambda _: Postgres(),
        config=_database,
        bad_config=_wrong_password,
        streams={
            "house-desk-users": {"name": "desk_users"},
            "house-desk-order_lines": {"cursor": "updated_at"},
            "house-ledger-entries": {"cursor": "updated_at"},
        },
        renamed={("desk", "desk_users"): ("desk", "users")},
        beyond_duckdb=_DOUBLES,
        least_cuts=21,
    ),
    Tap(
        name="singer-io-tap-mysql",
        source="MariaDB",
        package="tap-mysql",
        built_with="singer-python",
        executable="tap-mysql",
        # It fails on the last moment of the year 9999, which it rounds into the next.
        server=lambda _: MariaDb("drop table front.every_edge"),
        config=lambda server: {
            **_account(server), "port": str(server.port), "filter_dbs": "front,back"
        },
        bad_config=_wrong_password,
        streams={
            "back-users": {"name": "back_users"},
            "back-entries": {"cursor": "updated_at"},
        },
        renamed={("back", "back_users"): ("back", "users")},
        beyond_duckdb={},
        least_cuts=21,
    ),
    Tap(
        name="tap-dynamodb",
        source="DynamoDB (moto)",
        built_with="singer-python",
        executable="tap-dynamodb",
        server=lambda envs: Moto(environment(envs, "moto")),
        config=lambda _: {
            "account_id": "123456789012",
            "external_id": "outside",
            "role_name": "reader",
            "region_name": "us-east-1",
            "use_local_dynamo": "true",
        },
        bad_config=_without_region,
        streams={},
        renamed={},
        beyond_duckdb={},
        least_cuts=2,
        variables=lambda server: {
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            # The tap knows one address, localhost:8000. As its proxy our server
            # answers there from a free port, and the tap stays as it is.
            "HTTP_PROXY": f"http://{HOST}:{server.port}",
            "http_proxy": f"http://{HOST}:{server.port}",
            "NO_PROXY": "",
            "no_proxy": "",
        },
    ),
)

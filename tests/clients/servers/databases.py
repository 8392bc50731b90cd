"""PostgreSQL and MariaDB as Debian packages them."""

import json
import os
import pathlib
import shutil

from tests.clients.servers.server import HOST, Server, run

SEEDS = pathlib.Path(__file__).parents[1] / "seeds"


class Postgres(Server):
    """PostgreSQL as Debian packages it."""

    user = "postgres"
    database = "house"
    account = "keeper"
    seed_file = "postgres.sql"
    #: With characters that a URL, JSON and a shell would each write differently.
    password = 'Sesame/&%41 "open"+9'

    def __init__(self, after_seed: str = "") -> None:
        super().__init__(after_seed)
        homes = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        if not homes:
            raise RuntimeError("PostgreSQL is not installed")
        self.bin = homes[-1]

    def start(self) -> None:
        self.own_folder()
        data = self.folder / "data"
        secret = self.folder / "secret"
        secret.write_text(self.password)
        run(
            [str(self.bin / "initdb"), "-D", str(data), "-A", "scram-sha-256", "-U", self.account,
             "--pwfile", str(secret), "-E", "UTF8", "--locale=C.UTF-8"],
            cwd=self.folder,
            **self.as_user(),
        )
        settings = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            **self.more_settings(),
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        self.launch([str(self.bin / "postgres"), "-D", str(data), *options])
        self.wait_for(lambda: self.sql("select 1", database="postgres", quiet=True))

    def more_settings(self) -> dict[str, str]:
        """What a kind of server adds to the settings."""
        return {}

    def seed(self) -> None:
        self.sql(f"create database {self.database}", database="postgres")
        self.sql((SEEDS / self.seed_file).read_text())
        self.sql(self.after_seed)

    def client(self, database: str | None = None) -> list[str]:
        """The program that takes SQL on its stdin; `PGPASSWORD` must hold the password."""
        return [str(self.bin / "psql"), "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", HOST,
                "-p", str(self.port), "-U", self.account, "-d", database or self.database]

    def sql(self, text: str, database: str | None = None, quiet: bool = False) -> str:
        """Run SQL as the account that the tap uses."""
        argv = self.client(database)
        environment = {**os.environ, "PGPASSWORD": self.password}
        return run(argv, text, quiet, env=environment).strip()

    def count(self, namespace: str | None, name: str) -> int:
        return int(self.sql(f"select count(*) from {self._table(namespace, name)}"))

    def count_again(self, namespace: str | None, name: str, cursor: str) -> int:
        table, column = self._table(namespace, name), self._quote(cursor)
        return int(self.sql(
            f"select count(*) from {table} where {column} >= (select max({column}) from {table})"
        ))

    def _table(self, namespace: str | None, name: str) -> str:
        return f"{self._quote(namespace or 'public')}.{self._quote(name)}"

    @staticmethod
    def _quote(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'


class PostgresLog(Postgres):
    """PostgreSQL whose log tells what changed, with a replication slot for the tap."""

    seed_file = "postgres_log.sql"

    def __init__(self, slot: str) -> None:
        super().__init__()
        self.slot = slot

    def more_settings(self) -> dict[str, str]:
        settings = {"wal_level": "logical"}
        # Minor releases of 2026 load no plugin that isn't named, older ones don't know the setting.
        known = run([str(self.bin / "postgres"), "--describe-config"], **self.as_user())
        if "output_plugin_libraries" in known:
            settings["output_plugin_libraries"] = "wal2json"
        return settings

    def seed(self) -> None:
        super().seed()
        # It begins here: what happens from now on can be read from it.
        self.sql(f"select pg_create_logical_replication_slot('{self.slot}', 'wal2json')")

    def table(self, namespace: str, name: str) -> list[dict]:
        """All rows of a table."""
        rows = self.sql(f"select to_jsonb(t) from {self._table(namespace, name)} as t")
        return [json.loads(row) for row in rows.splitlines()]

    def copy_slot(self, name: str, copy: str) -> None:
        """Make the slot `copy` stand where `name` stands, whether or not there is one."""
        self.sql(
            f"select pg_drop_replication_slot(slot_name) from pg_replication_slots"
            f" where slot_name = '{copy}';"
            f"select pg_copy_logical_replication_slot('{name}', '{copy}')"
        )

    def confirmed(self, name: str) -> int:
        """The position up to which the server may forget what the slot would have told."""
        return int(self.sql(
            f"select confirmed_flush_lsn - '0/0' from pg_replication_slots"
            f" where slot_name = '{name}'"
        ))


class MariaDb(Server):
    """MariaDB as Debian packages it."""

    user = "mysql"
    account = "keeper"
    password = 'Sesame/&%41 "open"+9'

    def start(self) -> None:
        self.own_folder()
        data = self.folder / "data"
        run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db",
             "--auth-root-authentication-method=normal"],
            cwd=self.folder,
            **self.as_user(),
        )
        self.launch(
            [_program("mariadbd"), "--no-defaults", f"--datadir={data}",
             f"--socket={self._socket()}", f"--port={self.port}", f"--bind-address={HOST}",
             f"--pid-file={self.folder / 'pid'}", "--character-set-server=utf8mb4",
             "--default-time-zone=+00:00"]
        )
        self.wait_for(lambda: self.sql("select 1", quiet=True))

    def seed(self) -> None:
        self.sql(
            f"create user {self.account}@'{HOST}' identified by '{self.password}';"
            f"grant all on *.* to {self.account}@'{HOST}';"
        )
        self.sql((SEEDS / "mysql.sql").read_text())
        self.sql(self.after_seed)

    def sql(self, text: str, quiet: bool = False) -> str:
        """Run SQL as the server's own root, through its socket."""
        argv = ["mariadb", "--no-defaults", "-N", "-B", "-u", "root",
                f"--socket={self._socket()}", "--default-character-set=utf8mb4"]
        return run(argv, text, quiet).strip()

    def count(self, namespace: str | None, name: str) -> int:
        return int(self.sql(f"select count(*) from {self._table(namespace, name)}"))

    def count_again(self, namespace: str | None, name: str, cursor: str) -> int:
        table, column = self._table(namespace, name), self._quote(cursor)
        return int(self.sql(
            f"select count(*) from {table} where {column} >= (select max({column}) from {table})"
        ))

    def _socket(self) -> pathlib.Path:
        return self.folder / "sock"

    def _table(self, namespace: str | None, name: str) -> str:
        return f"{self._quote(namespace or '')}.{self._quote(name)}"

    @staticmethod
    def _quote(name: str) -> str:
        return "`" + name.replace("`", "``") + "`"


def _program(name: str) -> str:
    """A server program, which Debian keeps out of a plain user's PATH."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if not found:
        raise RuntimeError(f"{name} is not installed")
    return found

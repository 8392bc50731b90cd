"""Real servers on loopback for real taps: started, seeded, asked and stopped by us.

Each server takes a free port of 127.0.0.1 and a temporary folder of its own that
goes away with it. As root it runs as the user its package made for it. Only
processes started here are ended, by the handle they were started with.
"""

import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).parent
HOST = "127.0.0.1"
#: How long a server may take until it answers.
PATIENCE_SECONDS = 60


def free_port() -> int:
    """A port of loopback that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Server:
    """A server process with a folder, a port and a way to ask it for its rows."""

    #: The system user that runs it when we are root; None: whoever we are.
    user: str | None = None

    def __init__(self, after_seed: str = "") -> None:
        """`after_seed` is SQL that takes out of the seed what a tap is known to fail on."""
        self.after_seed = after_seed
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="airbyte-singer-server-"))
        self.folder.chmod(0o755)
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Server":
        try:
            self.start()
            self.seed()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process and wait until it answers."""
        raise NotImplementedError

    def seed(self) -> None:
        """Fill it."""
        raise NotImplementedError

    def count(self, namespace: str | None, name: str) -> int:
        """The rows that the server itself counts."""
        raise NotImplementedError

    def count_again(self, namespace: str | None, name: str, cursor: str) -> int:
        """The rows at the highest cursor value: what an inclusive bookmark brings again."""
        raise NotImplementedError

    def stop(self) -> None:
        """End the process that `launch` started and remove the folder."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT if self.user == "postgres" else signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def as_user(self) -> dict:
        """Arguments of subprocess that drop root's rights to the server's own user."""
        if self.user is None or os.geteuid() != 0:
            return {}
        entry = pwd.getpwnam(self.user)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def own_folder(self) -> None:
        """Give the folder to the user that the server runs as."""
        if self.as_user():
            shutil.chown(self.folder, self.user)

    def launch(self, argv: list[str], **more: object) -> None:
        """Start the server with its words in a log inside its folder."""
        log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            **self.as_user(),
            **more,
        )

    def wait_for(self, answers) -> None:
        """Poll until the server answers; tell its last words when it does not."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                break
            if answers():
                return
            time.sleep(0.2)
        words = (self.folder / "log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{type(self).__name__} does not answer:\n{words}")


def run(argv: list[str], text: str = "", quiet: bool = False, **more) -> str:
    """Run a client program and return what it printed; its failure is ours."""
    done = subprocess.run(argv, input=text, text=True, capture_output=True, check=False, **more)
    if done.returncode and not quiet:
        raise RuntimeError(f"{pathlib.Path(argv[0]).name} failed: {done.stderr[-2000:]}")
    return done.stdout if done.returncode == 0 else ""


class Postgres(Server):
    """PostgreSQL as Debian packages it."""

    user = "postgres"
    database = "house"
    account = "keeper"
    seed_file = "seed_postgres.sql"
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
        self.sql((HERE / self.seed_file).read_text())
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

    seed_file = "seed_postgres_log.sql"

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
        self.sql((HERE / "seed_mysql.sql").read_text())
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


class Moto(Server):
    """AWS as moto plays it; `python` is that of an environment with moto, `program` fills it."""

    def __init__(self, python: pathlib.Path, seed: str = "seed_dynamodb.py") -> None:
        super().__init__()
        self.python = python
        self.program = HERE / seed

    def start(self) -> None:
        program = self.python.with_name("moto_server")
        self.launch([str(program), "-H", HOST, "-p", str(self.port)])
        self.wait_for(self._answers)

    def _answers(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), 1).close()
        except OSError:
            return False
        return True

    def seed(self) -> None:
        self._ask("seed")

    def count(self, namespace: str | None, name: str) -> int:
        return int(self._ask("count", name))

    def _ask(self, *words: str) -> str:
        url = f"http://{HOST}:{self.port}"
        return run([str(self.python), str(self.program), url, *words])


def _program(name: str) -> str:
    """A server program, which Debian keeps out of a plain user's PATH."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if not found:
        raise RuntimeError(f"{name} is not installed")
    return found

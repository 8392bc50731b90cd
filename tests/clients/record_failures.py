"""Records how real taps and the libraries under them fail: `fixtures/failures`.

    python3 -m tests.clients.record_failures --envs FOLDER [NAME ...]

Each recording is what the program wrote to stderr, below a head that says where it comes from and how
the program ended. What a reader is to make of it (`failure_type`, `message`) is not known here: a
test adds it when it is blessed, and a person looks at it.
"""

import argparse
import concurrent.futures
import dataclasses
import http.server
import json
import os
import pathlib
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from tests.clients.environments import environment
from tests.clients.servers.databases import MariaDb, Postgres
from tests.clients.servers.moto import Moto
from tests.clients.servers.server import HOST, free_port
from tests.clients.taps import TAPS

FIXTURES = pathlib.Path(__file__).parents[2] / "fixtures" / "failures"
LIMIT_SECONDS = 240
NOWHERE = "db.example.invalid"


class Faulty(http.server.ThreadingHTTPServer):
    """An HTTP server that does one thing, and always the same."""

    daemon_threads = True

    def __init__(self, fault: str) -> None:
        super().__init__((HOST, 0), _Answer)
        self.fault = fault
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """Faults are its business."""


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """The server's fault."""
        fault = self.server.fault
        if fault == "reset":
            linger = b"\1\0\0\0\0\0\0\0"
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        elif fault == "hangs up":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault == "silent":
            time.sleep(LIMIT_SECONDS)
        else:
            body = b"<html>no</html>" if fault == "200" else b'{"message": "no"}'
            self.send_response(int(fault))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Deaf:
    """A port on which connecting takes for ever: its queue is full and nobody empties it."""

    def __init__(self) -> None:
        self.listener = socket.socket()
        self.listener.bind((HOST, 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.waiting = [socket.socket() for _ in range(4)]
        for one in self.waiting:
            one.setblocking(False)
            one.connect_ex((HOST, self.port))


@dataclasses.dataclass
class Case:
    """One failure: who fails, and how it is brought about."""

    name: str
    origin: str
    argv: list[str]
    config: dict | None = None
    variables: dict[str, str] = dataclasses.field(default_factory=dict)
    memory: int | None = None
    files: dict[str, str] = dataclasses.field(default_factory=dict)

    def record(self, clean: "Cleaner") -> None:
        """Run it and write down what it said."""
        with tempfile.TemporaryDirectory() as folder:
            argv = list(self.argv)
            for name, text in self.files.items():
                (pathlib.Path(folder) / name).write_text(text)
            if self.config is not None:
                path = pathlib.Path(folder) / "config.json"
                path.write_text(json.dumps(self.config))
                argv = [word if word != "CONFIG" else str(path) for word in argv]
            done = subprocess.run(
                argv,
                cwd=folder,
                env={"PATH": os.environ["PATH"], "HOME": folder, **self.variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=LIMIT_SECONDS,
                check=False,
                preexec_fn=self._limit if self.memory else None,
            )
            text = clean(done.stderr.decode(errors="replace"), folder)
            origin = clean(self.origin, folder)
        code = done.returncode
        ended = f"code {code}" if code >= 0 else f"signal {-code}"
        if code == 0:
            print(f"{self.name}: did not fail", file=sys.stderr)
            return
        head = f"# origin: {origin}\n# ended: {ended}\n"
        (FIXTURES / f"{self.name}.txt").write_text(f"{head}---\n{text}")

    def _limit(self) -> None:
        resource.setrlimit(resource.RLIMIT_AS, (self.memory, self.memory))


class Cleaner:
    """Takes out of a recording what is this machine's."""

    def __init__(self, envs: pathlib.Path, ports: list[int]) -> None:
        self.rules = [
            (rf"{re.escape(str(envs))}/[^/\s\"']+", "/venv"),
            (r"/[^\s\"']*/lib/python3\.(\d+)(?!/site-packages)", r"/usr/lib/python3.\1"),
            (rf"\b({'|'.join(map(str, ports))})\b", "8080"),
            (r"0x[0-9a-f]{8,}", "0x7f0000000000"),
        ]

    def __call__(self, text: str, folder: str) -> str:
        text = text.replace(folder, "/work")
        for pattern, new in self.rules:
            text = re.sub(pattern, new, text)
        return text


def snippets(
    envs: pathlib.Path, urls: dict[str, str], dead: int, deaf: int, postgres: Postgres
) -> list[Case]:
    """Libraries as taps use them, and what Python itself says."""
    http_python = str(environment(envs, "tap-rest-api"))
    pg_python = str(environment(envs, "singer-io-tap-postgres"))
    my_python = str(environment(envs, "singer-io-tap-mysql"))
    get = "import requests; requests.get({!r}, timeout=1).raise_for_status()".format
    log = "import singer; log = singer.get_logger()\n"
    tunnel = "psycopg2.connect(host={!r}, port={}, user={!r}, password={!r}, dbname={!r})".format
    account = (HOST, postgres.port, postgres.account, postgres.password, "postgres")
    cases = {
        "requests-connect-timeout": (http_python, get(f"http://{HOST}:{deaf}/")),
        "requests-read-timeout": (http_python, get(urls["silent"])),
        "requests-refused": (http_python, get(f"http://{HOST}:{dead}/")),
        "requests-reset": (http_python, get(urls["reset"])),
        "requests-hangs-up": (http_python, get(urls["hangs up"])),
        "requests-no-such-host": (http_python, get("http://api.example.invalid/")),
        "requests-not-tls": (http_python, get(urls["200"].replace("http", "https"))),
        "requests-no-scheme": (http_python, "import requests; requests.get('api.example.com/v1')"),
        "requests-401": (http_python, get(urls["401"])),
        "requests-404": (http_python, get(urls["404"])),
        "requests-410": (http_python, get(urls["410"])),
        "requests-429": (http_python, get(urls["429"])),
        "requests-500": (http_python, get(urls["500"])),
        "requests-502": (http_python, get(urls["502"])),
        "requests-not-json": (http_python, f"import requests; requests.get({urls['200']!r}).json()"),
        "urllib-403": (http_python, f"import urllib.request as u; u.urlopen({urls['403']!r})"),
        "urllib-no-such-host": (http_python, "import urllib.request as u; u.urlopen('http://api.example.invalid')"),
        "socket-no-such-host": (http_python, "import socket; socket.create_connection(('api.example.invalid', 80))"),
        "socket-timeout": (http_python, f"import socket; s = socket.create_connection(('{HOST}', {postgres.port})); s.settimeout(.2); s.recv(1)"),
        "psycopg2-no-such-host": (pg_python, f"import psycopg2; psycopg2.connect(host='{NOWHERE}', dbname='x')"),
        "psycopg2-refused": (pg_python, f"import psycopg2; psycopg2.connect(host='{HOST}', port={dead}, dbname='x')"),
        "psycopg2-connect-timeout": (pg_python, f"import psycopg2; psycopg2.connect(host='{HOST}', port={deaf}, dbname='x', connect_timeout=2)"),
        "psycopg2-wrong-password": (pg_python, f"import psycopg2; {tunnel(*account[:3], 'wrong', 'postgres')}"),
        "psycopg2-no-such-database": (pg_python, f"import psycopg2; {tunnel(*account[:4], 'nowhere')}"),
        "psycopg2-no-such-table": (pg_python, f"import psycopg2; {tunnel(*account)}.cursor().execute('select * from nothing')"),
        "psycopg2-no-ssl": (pg_python, f"import psycopg2; psycopg2.connect(host='{HOST}', port={postgres.port}, sslmode='require', user='x', dbname='x')"),
        "psycopg2-statement-timeout": (pg_python, f"import psycopg2; c = {tunnel(*account)}.cursor(); c.execute('set statement_timeout=50'); c.execute('select pg_sleep(9)')"),
        "psycopg2-terminated": (pg_python, f"import psycopg2; c = {tunnel(*account)}.cursor(); c.execute('select pg_terminate_backend(pg_backend_pid())')"),
        "psycopg2-denied": (pg_python, f"import psycopg2; c = {tunnel(*account)}.cursor(); c.execute('create role nobody; set role nobody; select * from pg_authid')"),
        "pymysql-no-such-host": (my_python, f"import pymysql; pymysql.connect(host='{NOWHERE}')"),
        "pymysql-refused": (my_python, f"import pymysql; pymysql.connect(host='{HOST}', port={dead})"),
        "pymysql-timeout": (my_python, f"import pymysql; pymysql.connect(host='{HOST}', port={deaf}, connect_timeout=1)"),
        "disk-full": (http_python, "with open('/dev/full', 'w') as f: f.write('x' * 99999)"),
        "no-such-file": (http_python, "open('/nowhere/key.pem')"),
        "out-of-memory": (http_python, "rows = ['x' * (1 << 60)]"),
        "killed-by-the-kernel": (http_python, "import os; os.kill(os.getpid(), 9)"),
        "segfault": (http_python, "import faulthandler, ctypes; faulthandler.enable(); ctypes.string_at(0)"),
        "module-pkg-resources": (http_python, "import sys; sys.path[:] = sys.path[:2]\nimport pkg_resources"),
        "module-missing": (http_python, "import singer_encodings.csv"),
        "module-moved": (http_python, "from collections import Mapping"),
        "library-missing": (http_python, "import ctypes; ctypes.CDLL('libpq.so.99')"),
        "recursion": (http_python, "def f(n): return f(n + 1)\nf(0)"),
        "chain-specific-then-vague": (http_python, "try:\n    {}['token']\nexcept KeyError as e:\n    raise RuntimeError('Sync failed') from e"),
        "chain-wordless": (http_python, "try:\n    raise ValueError('the start date is later than the end date')\nexcept ValueError:\n    raise Exception"),
        "chain-during-handling": (http_python, f"import requests\ntry:\n    requests.get('http://{HOST}:{dead}/')\nexcept Exception:\n    raise Exception('request failed')"),
        "wordless": (http_python, "raise AssertionError"),
        "many-lines": (http_python, "raise ValueError('\\n  \\nthe schema is wrong:\\n  - orders\\n  - people\\n')"),
        "group": (http_python, "raise ExceptionGroup('2 streams failed', [ConnectionResetError(104, 'Connection reset by peer'), KeyError('id')])"),
        "note": (http_python, "e = PermissionError('the report is not shared with this account')\ne.add_note('stream: orders')\nraise e"),
        "critical-and-traceback": (http_python, log + "try:\n    raise ConnectionRefusedError(111, 'Connection refused')\nexcept Exception as e:\n    log.critical(e)\n    raise"),
        "logged-exception": (http_python, log + "try:\n    {}['token']\nexcept Exception:\n    log.exception('reading orders failed')\n    raise SystemExit(1)"),
        "argparse": (http_python, "import argparse; p = argparse.ArgumentParser('tap-x'); p.add_argument('--config', required=True); p.parse_args([])"),
        "exit-words": (http_python, "import sys; sys.exit('Error: no account has this id')"),
        "interrupted-by-itself": (http_python, "raise KeyboardInterrupt"),
        "backoff-gives-up": (http_python, "import backoff, logging, requests\nlogging.basicConfig()\n@backoff.on_exception(backoff.constant, Exception, interval=.01, max_tries=3)\ndef fetch(): requests.get('" + urls["503"] + "').raise_for_status()\nfetch()"),
    }
    found = [
        Case(name, f"Python 3.11, `{' '.join(code.split())[:90]}`".replace(str(dead), "8080"), [python, "-c", code],
             memory=1 << 30 if name == "out-of-memory" else None)
        for name, (python, code) in cases.items()
    ]
    old = shutil.which("python3.8")
    if old:
        code = "import ast, sys\nmatch sys.argv:\n    case []: pass"
        found.append(Case("syntax-of-a-newer-python", "Python 3.8, a `match` statement", [old, "-c", code]))
    return found


def taps(envs: pathlib.Path, urls: dict[str, str], dead: int, servers: dict) -> list[Case]:
    """Real taps against servers that fail, or with settings that do."""
    gone = f"http://{HOST}:{dead}"
    https = urls["401"].replace("http:", "https:")

    schema = {"type": "object", "properties": {"id": {"type": "integer"}}}

    def sdk(url: str) -> dict:
        stream = {"name": "rows", "path": "/rows", "primary_keys": ["id"], "schema": schema}
        return {"api_url": url, "streams": [stream], "backoff_type": "header", "backoff_param": "x"}

    def legacy(url: str) -> dict:
        return {"url": url + "/{resource}", "urls": {"rows": url + "/rows"}, "streams": "rows",
                "schema_dir": ".", "items_per_page": 5, "index_key": "id", "start_index": 0}

    json_log = """
version: 1
formatters: {json: {(): singer_sdk.logging.StructuredFormatter}}
handlers: {default: {class: logging.StreamHandler, formatter: json, stream: ext://sys.stderr}}
root: {level: INFO, handlers: [default]}
"""

    found = []

    def add(name: str, tap: str, config: dict | None, *words: str, files: dict | None = None,
            **variables: str) -> None:
        program = environment(envs, tap).with_name(TAPS[tap].executable)
        config_words = [] if config is None else ["--config", "CONFIG"]
        origin = f"{TAPS[tap].on_pypi()}, {TAPS[tap].family()}"
        found.append(Case(name, origin, [str(program), *config_words, *words], config, variables,
                          files=files or {}))

    for fault in ("400", "401", "403", "404", "429", "503", "200", "reset"):
        add(f"sdk-{fault}", "tap-rest-api-msdk", sdk(urls[fault]))
    add("sdk-refused", "tap-rest-api-msdk", sdk(gone))
    add("sdk-no-such-host", "tap-rest-api-msdk", sdk("http://api.example.invalid"))
    add("sdk-not-tls", "tap-rest-api-msdk", sdk(https))
    postgres = TAPS["tap-postgres"]
    refused = postgres.bad_config(postgres.config(servers["postgres"]))
    add("sdk-json-log", "tap-postgres", refused, files={"log.yaml": json_log},
        SINGER_SDK_LOG_CONFIG="log.yaml")
    catalog = {"streams": [{"tap_stream_id": "rows", "stream": "rows", "schema": schema,
        "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}]}
    files = {"rows.json": json.dumps(schema), "catalog.json": json.dumps(catalog)}
    add("rest-nothing-selected", "tap-rest-api", legacy(urls["401"]), "--catalog", "catalog.json",
        files=files)
    gitlab = {"private_token": "t", "start_date": "2026-01-01T00:00:00Z", "projects": "1", "groups": ""}
    add("gitlab-no-such-host", "tap-gitlab", gitlab)
    add("gitlab-proxy-refused", "tap-gitlab", gitlab, HTTPS_PROXY=gone)
    add("gitlab-proxy-501", "tap-gitlab", gitlab, HTTPS_PROXY=urls["403"])
    add("feed-refused", "tap-feed", {"feed_urls": [gone], "feed_fields": ["title"],
        "feed_entry_fields": ["id"], "feed_entry_replication_key": "published"})
    add("exchangerates-no-such-host", "tap-exchangeratesapi", {"base": "EUR", "start_date": "2026-11-20"})
    add("github-missing-settings", "tap-github", {}, "--discover")
    add("github-no-such-host", "tap-github", {"access_token": "t", "repository": "a/b", "start_date": "2026-01-01T00:00:00Z"}, "--discover")
    add("sdk-github-no-repository", "meltanolabs-tap-github", {}, "--discover")
    add("salesforce-missing-settings", "tap-salesforce", {}, "--discover")
    add("slack-missing-settings", "tap-slack", {}, "--discover")
    add("facebook-missing-settings", "meltano-tap-facebook", {})
    add("openproject-missing-settings", "tap-openproject", {})
    add("stackexchange-wrong-type", "tap-stackexchange", {"filter": "x", "site": "x", "tags": ["a"], "start_date": "2026-01-01"})
    add("mysql-missing-settings", "tap-mysql", {}, "--discover")
    add("sdk-config-is-gone", "tap-rest-api-msdk", None, "--config", "/nowhere/config.json")
    add("singer-config-is-gone", "tap-github", None, "--config", "/nowhere/config.json")
    add("singer-no-arguments", "tap-github", None)
    add("sdk-no-arguments", "tap-rest-api-msdk", None)
    add("sdk-unknown-flag", "tap-rest-api-msdk", None, "--nonsense")
    for name in ("tap-postgres", "pipelinewise-tap-postgres", "singer-io-tap-postgres", "tap-mysql", "singer-io-tap-mysql"):
        tap = TAPS[name]
        server = servers["mysql" if "mysql" in name else "postgres"]
        config = tap.config(server)
        add(f"{name}-wrong-password", name, tap.bad_config(config), "--discover")
        add(f"{name}-refused", name, {**config, "port": type(config["port"])(dead)}, "--discover")
        add(f"{name}-no-such-host", name, {**config, "host": NOWHERE}, "--discover")
        key = "database" if "database" in config else "dbname"
        if key in config:
            add(f"{name}-no-such-database", name, {**config, key: "nowhere"}, "--discover")
    dynamo = TAPS["tap-dynamodb"]
    add("dynamodb-no-region", "tap-dynamodb", dynamo.bad_config(dynamo.config(servers["moto"])), "--discover")
    add("dynamodb-refused", "tap-dynamodb", dynamo.config(servers["moto"]), "--discover",
        AWS_ACCESS_KEY_ID="n", AWS_SECRET_ACCESS_KEY="n", AWS_MAX_ATTEMPTS="1")
    for name in ("tap-s3-csv", "pipelinewise-tap-s3-csv"):
        config = TAPS[name].config(servers["moto"])
        variables = TAPS[name].variables(servers["moto"])
        add(f"{name}-no-such-bucket", name, TAPS[name].bad_config(config), "--discover", **variables)
        add(f"{name}-no-credentials", name, config, "--discover", AWS_EC2_METADATA_DISABLED="true",
            AWS_ENDPOINT_URL=variables["AWS_ENDPOINT_URL"])
    return found


def main() -> int:
    """Record all failures, or those that are named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--envs", type=pathlib.Path, required=True)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    envs = options.envs.absolute()
    FIXTURES.mkdir(parents=True, exist_ok=True)
    faults = ("200", "400", "401", "403", "404", "410", "429", "500", "502", "503", "reset", "hangs up", "silent")
    webs = {fault: Faulty(fault) for fault in faults}
    urls = {fault: web.url for fault, web in webs.items()}
    dead, deaf = free_port(), Deaf()
    moto = Moto(environment(envs, "moto"), seed="s3")
    with Postgres() as postgres, MariaDb() as mysql, moto:
        servers = {"postgres": postgres, "mysql": mysql, "moto": moto}
        cases = snippets(envs, urls, dead, deaf.port, postgres) + taps(envs, urls, dead, servers)
        if options.names:
            cases = [case for case in cases if case.name in options.names]
        ports = [int(url.rsplit(":", 1)[1]) for url in urls.values()]
        clean = Cleaner(envs, [*ports, dead, deaf.port, postgres.port, mysql.port, moto.port])
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            waiting = {pool.submit(case.record, clean): case.name for case in cases}
            for done in concurrent.futures.as_completed(waiting):
                if done.exception():
                    print(f"{waiting[done]}: {done.exception()!r}"[:300], file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

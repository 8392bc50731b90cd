"""A real tap whose refresh tokens serve once: tap-helpscout, against a Help Scout of our own.

    python3 -m tests.clients.rotation --binary EXECUTABLE --tap TAP [--pyairbyte PYTHON]

The tap asks for a new refresh token in every run, also in `--discover`, and writes it
into its config file; the old one is refused from then on. So a check and a read only
succeed if each run of the tap is given what the one before wrote, and the next command
only if the platform stores what CONTROL tells it. Help Scout stands behind a proxy on
127.0.0.1 under a certificate that is made for the test. With `--pyairbyte` a check runs
under PyAirbyte too. Prints one JSON report; exit 1 when something is wrong.
"""

import argparse
import http.server
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.parse

HOST = "api.helpscout.net"
USERS = [{"id": n, "updatedAt": f"2026-01-{n:02}T00:00:00Z"} for n in range(1, 26)]
CHECK = """
import airbyte, json, sys
config = json.load(open(sys.argv[2]))
source = airbyte.get_source(
    "source-helpscout", config=config, local_executable=sys.argv[1], install_if_missing=False
)
source.check()
"""


class HelpScout(http.server.BaseHTTPRequestHandler):
    """The proxy, and behind CONNECT the host that it stands for."""

    protocol_version = "HTTP/1.1"
    context: ssl.SSLContext
    lock = threading.Lock()
    number = 1
    refused = 0

    def do_CONNECT(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = False  # the client asks in HTTP/1.0
        self.connection = self.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", 0)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        token = urllib.parse.parse_qs(body)["refresh_token"][0]
        cls = type(self)
        with cls.lock:
            if token != f"refresh-token-{cls.number}":
                cls.refused += 1
                return self.answer(401, {"error": "invalid_grant"})
            cls.number += 1
            number = cls.number
        tokens = {f"{kind}_token": f"{kind}-token-{number}" for kind in ("refresh", "access")}
        self.answer(200, {**tokens, "expires_in": 3600})

    def do_GET(self) -> None:
        if self.headers["Authorization"] != f"Bearer access-token-{self.number}":
            return self.answer(401, {"error": "expired"})
        name = urllib.parse.urlsplit(self.path).path.rsplit("/", 1)[-1]
        rows = USERS if name == "users" else []
        page = {"size": 50, "totalElements": len(rows), "totalPages": 1, "number": 1}
        self.answer(200, {"_embedded": {name: rows}, "page": page})

    def answer(self, status: int, body: dict) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def certificate(folder: pathlib.Path) -> pathlib.Path:
    pem = folder / "host.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj".split()
    command += [f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    command += ["-keyout", str(pem), "-out", str(folder / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    pem.write_text(pem.read_text() + (folder / "cert.pem").read_text())
    return pem


def run(command: list[str], environment: dict) -> subprocess.CompletedProcess:
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True, type=pathlib.Path)
    parser.add_argument("--tap", required=True, type=pathlib.Path)
    parser.add_argument("--pyairbyte", help="a Python that has PyAirbyte")
    options = parser.parse_args()
    problems: list[str] = []
    stored: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        HelpScout.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        HelpScout.context.load_cert_chain(certificate(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), HelpScout)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = {
            **os.environ,
            "AIRBYTE_SINGER_TAP": str(options.tap.absolute()),
            "HTTPS_PROXY": f"http://127.0.0.1:{server.server_port}",
            "REQUESTS_CA_BUNDLE": str(folder / "cert.pem"),
        }
        config = folder / "config.json"
        settings = {"client_id": "client", "client_secret": "hush-hush", "user_agent": "test",
                    "start_date": "2026-01-01T00:00:00Z", "refresh_token": "refresh-token-1"}
        config.write_text(json.dumps(settings))

        def play(*arguments: str) -> list[dict]:
            """A command as a platform runs it: what CONTROL says is the config from then on."""
            command = [str(options.binary), *arguments, "--config", str(config)]
            done = run(command, environment)
            messages = [json.loads(line) for line in done.stdout.splitlines()]
            if done.returncode != 0 or done.stderr:
                problems.append(f"{arguments[0]}: exit code {done.returncode}, {done.stderr!r}")
            for message in messages:
                if message["type"] == "CONTROL":
                    config.write_text(json.dumps(message["control"]["connectorConfig"]["config"]))
                    stored.append(json.loads(config.read_text())["refresh_token"])
                elif "fresh-token-" in str(message) or "access-token-" in str(message):
                    problems.append(f"{arguments[0]}: a token in {message['type']}")
            return messages

        def last(messages: list[dict], kind: str) -> dict:
            if messages[-1]["type"] != kind:
                raise SystemExit(f"no {kind}, but {messages[-1]}")
            return messages[-1]

        checked = last(play("check"), "CONNECTION_STATUS")["connectionStatus"]
        if checked["status"] != "SUCCEEDED":
            problems.append(f"check: {checked}")
        streams = last(play("discover"), "CATALOG")["catalog"]["streams"]
        users = next(stream for stream in streams if stream["name"] == "users")
        catalog = folder / "catalog.json"
        chosen = {"stream": users, "sync_mode": "incremental", "destination_sync_mode": "append"}
        catalog.write_text(json.dumps({"streams": [chosen]}))
        rows = []
        for _ in range(2):
            messages = play("read", "--catalog", str(catalog))
            rows.append(sum(message["type"] == "RECORD" for message in messages))
        if rows != [len(USERS)] * 2:
            problems.append(f"rows: {rows}")
        if options.pyairbyte:
            environment.update(AIRBYTE_OFFLINE_MODE="1", DO_NOT_TRACK="1", AIRBYTE_PROJECT_DIR=name)
            command = [options.pyairbyte, "-c", CHECK, str(options.binary.absolute()), str(config)]
            done = run(command, environment)
            if done.returncode != 0:
                problems.append(f"PyAirbyte: {done.stderr.splitlines()[-1:]}")
        server.shutdown()
    if HelpScout.refused:
        problems.append(f"{HelpScout.refused} tokens were used twice")
    report = {"stored": stored, "rows": rows, "given": HelpScout.number, "problems": problems}
    print(json.dumps(report, indent=2))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

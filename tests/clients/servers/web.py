"""A web server of ours on loopback, for taps that read an API.

Taps whose address can be set are given ours. Those that know one address only are
given ours as their proxy, and a certificate for the name that they ask for: the tap
stays as it is, and nothing leaves the machine.
"""

import dataclasses
import functools
import http.server
import json
import ssl
import sys
import threading
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from tests.clients.servers.server import HOST, Server, run


@dataclasses.dataclass(frozen=True)
class Request:
    """What a site is asked."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a site answers."""

    body: str
    status: int = 200
    headers: dict[str, str] = dataclasses.field(default_factory=dict)


def as_json(value: object, status: int = 200, **headers: str) -> Answer:
    """An answer of JSON; header names are given with underscores."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    text = json.dumps(value, ensure_ascii=False)
    return Answer(text, status, {"Content-Type": "application/json; charset=utf-8", **named})


class Site:
    """What a web server says, and what it holds; a site is written as a subclass."""

    #: Names that it answers for by TLS, as a proxy.
    names: tuple[str, ...] = ()

    def answer(self, request: Request) -> Answer:
        """The answer to a GET."""
        raise NotImplementedError

    def count(self, name: str) -> int:
        """The rows of a stream."""
        raise NotImplementedError

    def count_again(self, name: str, cursor: str) -> int:
        """The rows of a stream that a resumed read brings again."""
        raise NotImplementedError


class Web(Server):
    """Serves a site from a thread of this process."""

    def __init__(self, site: Callable[["Web"], Site]) -> None:
        super().__init__()
        self.site = site(self)
        self.certificate = self.folder / "certificate.pem"
        self.http: _Listener | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        handler = functools.partial(_Handler, self.site, self._tls())
        self.http = _Listener((HOST, self.port), handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def seed(self) -> None:
        pass

    def stop(self) -> None:
        if self.http:
            self.http.shutdown()
            self.http.server_close()
        super().stop()

    def count(self, namespace: str | None, name: str) -> int:
        return self.site.count(name)

    def count_again(self, namespace: str | None, name: str, cursor: str) -> int:
        return self.site.count_again(name, cursor)

    def as_proxy(self) -> dict[str, str]:
        """Variables that make a Python program ask us, whatever address it knows."""
        return {
            "HTTPS_PROXY": self.url,
            "https_proxy": self.url,
            "NO_PROXY": "",
            "no_proxy": "",
            "REQUESTS_CA_BUNDLE": str(self.certificate),
            "SSL_CERT_FILE": str(self.certificate),
        }

    def _tls(self) -> ssl.SSLContext | None:
        """A certificate of our own for the site's names."""
        if not self.site.names:
            return None
        key = self.folder / "key.pem"
        names = ",".join(f"DNS:{name}" for name in self.site.names)
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", "/CN=loopback", "-addext", f"subjectAltName={names}",
             "-keyout", str(key), "-out", str(self.certificate)])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        return context


class _Listener(http.server.ThreadingHTTPServer):
    """Takes it quietly that a tap is stopped in the middle of a request."""

    daemon_threads = True

    def handle_error(self, *request: object) -> None:
        if not isinstance(sys.exception(), (ConnectionError, ssl.SSLError)):
            super().handle_error(*request)


class _Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def __init__(self, site: Site, tls: ssl.SSLContext | None, *more: object) -> None:
        self.site, self.tls = site, tls
        super().__init__(*more)

    def do_GET(self) -> None:
        """Ask the site."""
        url = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.site.answer(Request(url.path, query, headers))
        body = answer.body.encode()
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self) -> None:
        """Be the host that the client wants to reach through us."""
        if not self.tls or self.path.split(":")[0] not in self.site.names:
            self.send_error(502)
            return
        self.send_response(200)
        self.end_headers()
        self.connection = self.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", self.rbufsize)
        self.wfile = self.connection.makefile("wb", 0)
        self.close_connection = False
        while not self.close_connection:
            self.handle_one_request()

    def log_message(self, *_: object) -> None:
        """Nothing: the tap's own words are what counts."""

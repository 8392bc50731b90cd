"""AWS as moto plays it."""

import pathlib
import socket

from tests.clients.servers.server import HOST, Server, run


class Moto(Server):
    """AWS as moto plays it; `python` is that of an environment with moto, `seed` the module that fills it."""

    def __init__(self, python: pathlib.Path, seed: str = "dynamodb") -> None:
        super().__init__()
        self.python = python
        self.filler = f"tests.clients.seeds.{seed}"

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
        return run([str(self.python), "-m", self.filler, url, *words])

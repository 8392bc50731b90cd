"""What a real tap is to these checks."""

import dataclasses
import pathlib
from collections.abc import Callable

from tests.clients.environments import environment, version
from tests.clients.servers.server import Server


@dataclasses.dataclass(frozen=True)
class Tap:
    """A tap that is installed from its lock file and reads from a server of ours, if any."""

    #: The lock is `locks/{name}.txt`, and its environment is called so.
    name: str
    executable: str
    #: None for a tap whose other side is out in the world: it is only asked and discovered.
    server: Callable[[pathlib.Path], Server] | None
    config: Callable[[Server], dict]
    #: The same config with something in it that must fail.
    bad_config: Callable[[dict], dict]
    #: What the profile says of the tap's streams.
    streams: dict[str, dict] = dataclasses.field(default_factory=dict)
    #: (namespace, name) that the profile made, and what the server calls it.
    renamed: dict[tuple[str | None, str], tuple[str | None, str]] = dataclasses.field(
        default_factory=dict
    )
    #: Streams by name that PyAirbyte's DuckDB cannot hold, whoever reads them, and why.
    beyond_duckdb: dict[str, str] = dataclasses.field(default_factory=dict)
    #: Fewer distinct cuts than this are a failure.
    least_cuts: int = 1
    #: Variables that the tap needs, from its server.
    variables: Callable[[Server], dict] = lambda _: {}
    #: Its name on PyPI, where that is not ours.
    package: str | None = None
    #: What it is built with: `singer-sdk`, `singer-python`, … as its lock names it; None: nothing.
    built_with: str | None = None
    #: Whether its discovery asks a service that isn't there.
    asks_before: bool = False
    #: What it reads from, in the reader's words.
    source: str = ""
    #: A word to the reader of the table.
    remark: str = ""

    def install(self, envs: pathlib.Path) -> pathlib.Path:
        """The tap's executable, installed when it is missing."""
        return environment(envs, self.name).with_name(self.executable)

    def on_pypi(self) -> str:
        """Package and version."""
        package = self.package or self.name
        return f"{package} {version(self.name, package)}"

    def family(self) -> str:
        """What it is built with, and that one's version."""
        if not self.built_with:
            return "hand-written"
        return f"{self.built_with} {version(self.name, self.built_with)}"

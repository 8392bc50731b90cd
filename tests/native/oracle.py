"""Airbyte's own runner of declared sources, `source-declarative-manifest`, over the same streams."""

import json
import pathlib

from tests.clients.environments import environment, version
from tests.native.alike import without_nulls
from tests.native.apis import Api
from tests.native.manifest import manifest
from tests.native.readings import Reading, read
from tests.native.streams import Case

ENVIRONMENT = "native-oracle"


class Oracle:
    """The runner over one case."""

    name = f"airbyte-cdk {version(ENVIRONMENT, 'airbyte-cdk')}"
    #: It asks from some moment on even the first time.
    sees_rows_without_cursor = False

    def __init__(self, envs: pathlib.Path, folder: pathlib.Path, case: Case, api: Api) -> None:
        self.program = environment(envs, ENVIRONMENT).with_name("source-declarative-manifest")
        self.folder, self.case = folder, case
        self.config = case.config(api)

    def read(self, incremental: bool, states: dict[str, dict] | None = None) -> Reading:
        """All streams; those with a cursor incrementally when asked to."""
        config = self._file("config", {
            "__injected_declarative_manifest": manifest(self.config, incremental)
        })
        catalog = self._file("catalog", {
            "streams": [_configured(stream, incremental) for stream in self.case.streams]
        })
        argv = [str(self.program), "read", "--config", config, "--catalog", catalog]
        if states:
            argv += ["--state", self._file("state", list(states.values()))]
        return read(argv, self.folder / "oracle.jsonl")

    @staticmethod
    def told(rows: list) -> list:
        """Rows as it writes them: it leaves out what is null."""
        return without_nulls(rows)

    def _file(self, name: str, content: object) -> str:
        path = self.folder / f"oracle-{name}.json"
        path.write_text(json.dumps(content, default=float))
        return str(path)


def _configured(stream: dict, incremental: bool) -> dict:
    cursor = incremental and "cursor" in stream
    return {
        "stream": {
            "name": stream["name"],
            "json_schema": {},
            "supported_sync_modes": ["full_refresh", "incremental"],
        },
        "sync_mode": "incremental" if cursor else "full_refresh",
        "destination_sync_mode": "append",
    }

"""Our own source `http` over the streams of a case, each of its outputs judged by the official models."""

import json
import os
import pathlib
import subprocess

from tests.clients.checks.catalogs import catalog_in, configure
from tests.clients.environments import environment
from tests.native.apis import Api
from tests.native.readings import Reading, read, run
from tests.native.streams import Case


class Native:
    """The binary over one case."""

    name = "airbyte-singer"
    sees_rows_without_cursor = True

    def __init__(
        self, binary: pathlib.Path, envs: pathlib.Path, folder: pathlib.Path, case: Case, api: Api
    ) -> None:
        self.binary, self.folder = binary.absolute(), folder
        self.judge = environment(envs, "validate")
        self.config = case.config(api)
        #: What the official models and rules found wrong.
        self.problems: list[str] = []
        self.workers(4)
        self.catalog = catalog_in(self.asked("discover"))
        for incremental in (False, True):
            self._file(_catalog(incremental), configure(self.catalog, incremental))

    def workers(self, number: int) -> None:
        """How many slices are read at a time from now on."""
        self.config["workers"] = number
        self.configured = self._file("config", self.config)

    def asked(self, command: str, *checks: str, **other: object) -> pathlib.Path:
        """The answer to a command that needs nothing but a config, or one with other settings."""
        output = self.folder / f"{command}.jsonl"
        config = self._file("other", {**self.config, **other})
        code = run(self._argv(command, "--config", config), output, self.variables()).code
        self._judge(command, output, code, list(checks))
        return output

    def read(
        self, incremental: bool, states: dict[str, dict] | None = None, judged: bool = True
    ) -> Reading:
        """All streams; those with a cursor incrementally when asked to."""
        catalog = str(self.folder / f"{_catalog(incremental)}.json")
        output, checks = self.folder / "read.jsonl", ["--catalog", catalog, "--records"]
        state = ["--state", self._file("state", list(states.values()))] if states else []
        reading = read(self.reading(incremental, state), output, self.variables())
        if judged:
            self._judge("read", output, 0, [*checks, *state])
        return reading

    def reading(self, incremental: bool, words: list[str]) -> list[str]:
        """The command line of a read."""
        catalog = str(self.folder / f"{_catalog(incremental)}.json")
        return self._argv("read", "--config", self.configured, "--catalog", catalog, *words)

    @staticmethod
    def told(rows: list) -> list:
        """Rows as it writes them: as they are."""
        return rows

    @staticmethod
    def variables() -> dict[str, str]:
        """The environment that makes the binary this source, for whoever starts it."""
        own = {k: v for k, v in os.environ.items() if not k.startswith("AIRBYTE_SINGER_")}
        return {**own, "AIRBYTE_SINGER_SOURCE": "http"}

    def _argv(self, command: str, *words: str) -> list[str]:
        return [str(self.binary), command, *words]

    def _judge(self, command: str, output: pathlib.Path, code: int, checks: list[str]) -> None:
        argv = [str(self.judge), "-m", "tests.clients.checks.validate", str(output), "--command", command,
                "--exit-code", str(code), "--stderr", str(output.with_suffix(".stderr")), *checks]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if not done.stdout:
            raise RuntimeError(f"validate.py: {done.stderr[-1000:]}")
        self.problems += [f"{command}: {said}" for said in json.loads(done.stdout)["problems"]]

    def _file(self, name: str, content: object) -> str:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(content, default=_number))
        return str(path)


def _catalog(incremental: bool) -> str:
    return "incremental" if incremental else "full"


def _number(value: object) -> float:
    return float(value)

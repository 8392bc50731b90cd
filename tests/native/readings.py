"""A source's read as another process, what came of it and what it cost."""

import dataclasses
import json
import os
import pathlib
import subprocess
import time

from tests.native.alike import parsed


@dataclasses.dataclass
class Ran:
    """How a process ended, and the seconds that it took."""

    code: int
    wall: float
    #: User and system time, with those of its children.
    cpu: float


@dataclasses.dataclass
class Reading:
    """What a read brought."""

    #: The data of its records by stream, in order.
    rows: dict[str, list]
    #: The last state of each stream.
    states: dict[str, dict]
    ran: Ran

    def position(self, stream: str, values: set) -> object:
        """The highest of some cursor values that the stream's last state names."""
        named = set(map(str, _leaves(self.states[stream]["stream"]["stream_state"])))
        return max((value for value in values if str(value) in named), default=None)


def run(argv: list[str], output: pathlib.Path, variables: dict | None = None) -> Ran:
    """Run a program with its stdout in a file and its stderr in one beside it."""
    begun = time.perf_counter()
    with output.open("wb") as stdout, output.with_suffix(".stderr").open("wb") as stderr:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=variables
        )
        # Of the process and of all children that it has waited for.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begun
    return Ran(process.returncode, wall, usage.ru_utime + usage.ru_stime)


def read(argv: list[str], output: pathlib.Path, variables: dict | None = None) -> Reading:
    """Run a program that reads to its end; its failure is ours."""
    ran = run(argv, output, variables)
    if ran.code:
        said = output.with_suffix(".stderr").read_text(errors="replace")[-1000:]
        name = pathlib.Path(argv[0]).name
        raise RuntimeError(f"{name} exits {ran.code}: {said}{_errors(output)}")
    rows, states = collected(output)
    return Reading(rows, states, ran)


def collected(output: pathlib.Path) -> tuple[dict[str, list], dict[str, dict]]:
    """The rows of an output by stream, and the last state of each."""
    rows, states = {}, {}
    with output.open("rb") as lines:
        for message in map(parsed, lines):
            if message["type"] == "RECORD":
                record = message["record"]
                rows.setdefault(record["stream"], []).append(record["data"])
            elif message["type"] == "STATE":
                state = message["state"]
                states[state["stream"]["stream_descriptor"]["name"]] = state
    return rows, states


def _leaves(value: object):
    """Everything in a document that isn't made of parts."""
    match value:
        case dict():
            for part in value.values():
                yield from _leaves(part)
        case list():
            for part in value:
                yield from _leaves(part)
        case _:
            yield value


def _errors(output: pathlib.Path) -> str:
    """What an output's traces of errors say."""
    traces = [json.loads(line).get("trace", {}) for line in output.read_bytes().splitlines()]
    errors = [trace["error"] for trace in traces if trace.get("type") == "ERROR"]
    return "\n".join(f"{e['message']} ({e.get('internal_message')})" for e in errors)[:2000]

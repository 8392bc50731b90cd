"""Judge the stdout of an Airbyte source by the official models and by what clients demand.

    python3 -m tests.clients.checks.validate OUTPUT --command read --catalog CONFIGURED --records --exit-code 0

Every line goes through `airbyte-protocol-models-pdv2` (0.18.0) in strict mode
and through the rules of the modules beside this one. Problems that
`exceptions.toml` covers are subtracted and named with their reason. Prints one
JSON report; exit 1 when a problem is left.
"""

import argparse
import json
import pathlib
import sys
from typing import Any

import pydantic
from airbyte_protocol.models import AirbyteStateMessage, ConfiguredAirbyteCatalog

from tests.clients.rules.catalog import check_catalog
from tests.clients.rules.envelope import read_message
from tests.clients.rules.read import Read, is_milliseconds, label
from tests.clients.rules.spec import check_spec, leaks, secrets_of
from tests.clients.rules.verdict import EXCEPTIONS, Verdict, load_exceptions

ANYWHERE = {"LOG", "TRACE", "CONTROL"}
ALLOWED = {
    "spec": {"SPEC"},
    "check": {"CONNECTION_STATUS"},
    "discover": {"CATALOG"},
    "read": {"RECORD", "STATE"},
}
ANSWER = {"spec": "SPEC", "check": "CONNECTION_STATUS", "discover": "CATALOG"}
TRACES = {
    "ERROR": "error",
    "ESTIMATE": "estimate",
    "STREAM_STATUS": "stream_status",
    "ANALYTICS": "analytics",
}


class Judge:
    """Takes a command's output message by message."""

    def __init__(self, options: argparse.Namespace, verdict: Verdict) -> None:
        self.options = options
        self.verdict = verdict
        configured = load_configured(options.catalog) if options.catalog else None
        self.read = Read(configured, options.records, verdict)
        self.secrets = load_secrets(options)
        self.errors = 0
        self.check_status: str | None = None

    def message(self, message: dict, text: str) -> None:
        """Judge one message by its type."""
        kind, verdict = message["type"], self.verdict
        verdict.counts[kind] += 1
        if kind not in ALLOWED[self.options.command] | ANYWHERE:
            verdict.problem(f"{self.options.command}: a message of type {kind}")
            return
        if kind in ("LOG", "TRACE", "CONNECTION_STATUS") and self.secrets:
            if leaks(text, self.secrets) or leaks(strings(message), self.secrets):
                verdict.problem(f"{kind}: holds a secret of the config")
        if kind == "RECORD":
            self.read.record(message["record"])
        elif kind == "STATE":
            self.read.state(message["state"], text)
        elif kind == "TRACE":
            self.trace(message["trace"])
        elif kind == "CATALOG":
            check_catalog(message["catalog"], verdict)
        elif kind == "SPEC":
            check_spec(message["spec"], verdict.line, verdict)
        elif kind == "CONNECTION_STATUS":
            self.connection_status(message["connectionStatus"])
        elif kind == "CONTROL" and verdict.counts[ANSWER.get(self.options.command, "")]:
            verdict.problem("CONTROL after the answer, where clients no longer listen")
        elif kind == "LOG" and not message["log"]["message"].strip():
            verdict.problem("LOG: empty message")

    def trace(self, trace: dict) -> None:
        """A TRACE of any kind."""
        kind = trace["type"]
        self.verdict.counts[f"TRACE {kind}"] += 1
        if TRACES[kind] not in trace:
            self.verdict.problem(f"TRACE {kind} without {TRACES[kind]}")
            return
        if not is_milliseconds(trace["emitted_at"]):
            self.verdict.problem(f"TRACE {kind}: emitted_at is not in milliseconds")
        if kind == "STREAM_STATUS":
            self.verdict.counts[f"STATUS {trace['stream_status']['status']}"] += 1
            self.read.status(trace["stream_status"])
        elif kind == "ERROR":
            self.errors += 1
            for field in ("message", "internal_message", "failure_type"):
                if not trace["error"].get(field):
                    self.verdict.problem(f"TRACE ERROR without {field}")
            if "\n" in trace["error"].get("message", ""):
                self.verdict.problem("TRACE ERROR: the user's message is no single sentence")

    def connection_status(self, status: dict) -> None:
        """The answer of a check."""
        self.check_status = status["status"]
        if status["status"] == "FAILED":
            said = status.get("message", "")
            if len(said.split()) < 3 or "\n" in said or "Traceback" in said:
                self.verdict.problem("CONNECTION_STATUS FAILED without a sentence")

    def finish(self) -> None:
        """What can only be judged at the end."""
        self.verdict.line = 0
        command, code = self.options.command, self.options.exit_code
        answer = ANSWER.get(command)
        if answer:
            given = self.verdict.counts[answer]
            if given > 1 or (given == 0 and not code):
                self.verdict.problem(f"{command}: {given} messages of type {answer}, not one")
            if given and code:
                self.verdict.problem(f"{command}: {answer} with exit code {code}")
        else:
            self.read.finish(code)
        if code == 0 and self.errors:
            self.verdict.problem("TRACE ERROR, but the exit code is 0")
        if code and not self.errors:
            self.verdict.problem(f"exit code {code} without a TRACE ERROR")
        expected = self.options.expect_status
        if expected and self.check_status != expected:
            self.verdict.problem(f"check: status is {self.check_status}, expected {expected}")


def strings(value: Any) -> str:
    """All strings of a message, as a reader sees them once the JSON is decoded."""
    if isinstance(value, dict):
        return "\n".join(strings(v) for v in value.values())
    if isinstance(value, list):
        return "\n".join(strings(v) for v in value)
    return value if isinstance(value, str) else ""


def load_configured(path: pathlib.Path) -> dict:
    """The configured catalog, after the official model has accepted it."""
    configured = json.loads(path.read_text())
    ConfiguredAirbyteCatalog.model_validate(configured)
    return configured


def load_secrets(options: argparse.Namespace) -> set[str]:
    """The values of the config that the spec (stdout of `spec`) calls secret."""
    if not (options.config and options.spec):
        return set()
    for line in options.spec.read_text().splitlines():
        message = json.loads(line)
        if message["type"] == "SPEC":
            config = json.loads(options.config.read_text())
            return secrets_of(message["spec"]["connectionSpecification"], config)
    raise ValueError("no SPEC in the file given as --spec")


def judge(options: argparse.Namespace) -> dict:
    """Read the whole output and report on it."""
    verdict = Verdict()
    judge_of_lines = Judge(options, verdict)
    if options.state:
        for state in json.loads(options.state.read_text()):
            try:
                AirbyteStateMessage.model_validate(state)
            except pydantic.ValidationError:
                verdict.problem("the state that was handed in is none")
    with options.output.open("rb") as lines:
        for verdict.line, raw in enumerate(lines, 1):
            read = read_message(raw, verdict)
            if read is not None:
                judge_of_lines.message(*read)
    judge_of_lines.finish()
    if options.stderr and options.stderr.read_bytes():
        verdict.problem("stderr is not empty")
    problems, excepted = verdict.report(load_exceptions(options.exceptions), options.source)
    streams = judge_of_lines.read.streams
    return {
        "command": options.command,
        "counts": dict(verdict.counts),
        "secrets": len(judge_of_lines.secrets),
        "records": {label(k): s.records for k, s in streams.items()},
        "states": {label(k): s.states for k, s in streams.items()},
        "problems": problems,
        "excepted": excepted,
    }


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", type=pathlib.Path, help="file with the source's stdout")
    parser.add_argument("--command", choices=list(ALLOWED), required=True)
    parser.add_argument("--catalog", type=pathlib.Path, help="configured catalog given to read")
    parser.add_argument("--state", type=pathlib.Path, help="state file given to read")
    parser.add_argument("--config", type=pathlib.Path, help="config, to look for its secrets")
    parser.add_argument("--spec", type=pathlib.Path, help="stdout of spec, which marks secrets")
    parser.add_argument("--stderr", type=pathlib.Path, help="the source's stderr: must be empty")
    parser.add_argument("--exit-code", type=int, help="how the source ended")
    parser.add_argument("--records", action="store_true", help="data against its json_schema")
    parser.add_argument("--expect-status", choices=["SUCCEEDED", "FAILED"], help="for check")
    parser.add_argument("--source", help="name of the source, for its own exceptions")
    parser.add_argument("--exceptions", type=pathlib.Path, default=EXCEPTIONS)
    return parser.parse_args()


def main() -> int:
    """Print the report; 1 when a problem is left."""
    report = judge(arguments())
    json.dump(report, sys.stdout, indent=1, ensure_ascii=False)
    print()
    return 1 if report["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())

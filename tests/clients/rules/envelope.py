"""One line of a source's stdout: is it a message, the whole message and nothing but it?

The official pydantic models decide in strict JSON mode; the rest are demands of
clients that the models don't make: no nulls, no unknown fields, no second payload.
"""

import json
from collections.abc import Iterator
from typing import Any

import pydantic
from airbyte_protocol.models import AirbyteMessage

from tests.clients.rules.verdict import Verdict

#: From this length on the platform warns of a large record.
LONGEST_LINE = 20_000_000

#: The payload key of every message type that a source may write.
PAYLOADS = {
    "RECORD": "record",
    "STATE": "state",
    "LOG": "log",
    "SPEC": "spec",
    "CONNECTION_STATUS": "connectionStatus",
    "CATALOG": "catalog",
    "TRACE": "trace",
    "CONTROL": "control",
}

#: Keys below which the content is the source's own and may hold nulls.
FREE = {"data", "json_schema", "stream_state", "shared_state", "connectionSpecification", "config"}

#: Models that are open by design: a state and a config may have any fields.
OPEN_MODELS = {"AirbyteStateBlob", "Config"}


def read_message(raw: bytes, verdict: Verdict) -> tuple[dict, str] | None:
    """The parsed message and its text, or None when the line is no message at all."""
    if not raw.endswith(b"\n"):
        verdict.problem("line without a newline at its end")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        verdict.problem("line is not UTF-8")
        return None
    if not text.strip():
        verdict.problem("empty line")
        return None
    if len(text) >= LONGEST_LINE:
        verdict.problem("line of 20 000 000 characters or more")
    try:
        message = json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        verdict.problem("line is not JSON")
        return None
    if not isinstance(message, dict):
        verdict.problem("line is JSON, but no object")
        return None
    try:
        model = AirbyteMessage.model_validate_json(text, strict=True)
    except pydantic.ValidationError as error:
        where = sorted(
            {f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in error.errors()}
        )
        verdict.problem(f"model refuses the message: {', '.join(where[:4])}")
        return None
    _check_envelope(message, model, verdict)
    payload = PAYLOADS.get(message["type"])
    if payload is None or not isinstance(message.get(payload), dict):
        verdict.problem(f"{message['type']}: no payload")
        return None
    return message, text


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _check_envelope(message: dict, model: AirbyteMessage, verdict: Verdict) -> None:
    kind = message["type"]
    others = [p for t, p in PAYLOADS.items() if t != kind and p in message]
    if others:
        verdict.problem(f"{kind}: carries the payload of another type: {', '.join(others)}")
    for path in _nulls(message, ""):
        verdict.problem(f"{kind}: null at {path}")
    for path in _unknown_fields(model, ""):
        verdict.problem(f"{kind}: field that protocol 0.18 does not know: {path}")


def _nulls(value: Any, path: str) -> Iterator[str]:
    """Paths of explicit nulls outside the source's own content."""
    if isinstance(value, dict):
        for key, inner in value.items():
            below = f"{path}.{key}" if path else key
            if inner is None:
                yield below
            elif key not in FREE:
                yield from _nulls(inner, below)
    elif isinstance(value, list):
        for inner in value:
            yield from _nulls(inner, f"{path}[]")


def _unknown_fields(model: Any, path: str) -> Iterator[str]:
    """Paths of fields that no model knows, at every depth the models reach."""
    if isinstance(model, pydantic.BaseModel):
        if type(model).__name__ not in OPEN_MODELS:
            for key in model.model_extra or {}:
                yield f"{path}.{key}".lstrip(".")
        for key in type(model).model_fields:
            yield from _unknown_fields(getattr(model, key), f"{path}.{key}")
    elif isinstance(model, list):
        for inner in model:
            yield from _unknown_fields(inner, f"{path}[]")

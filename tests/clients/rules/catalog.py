"""Rules for CATALOG: what the platform and PyAirbyte need to find in a stream."""

from collections.abc import Iterator
from typing import Any

import jsonschema

from tests.clients.rules.verdict import Verdict

AIRBYTE_TYPES = {
    "timestamp_with_timezone": ("string", "date-time"),
    "timestamp_without_timezone": ("string", "date-time"),
    "time_with_timezone": ("string", "time"),
    "time_without_timezone": ("string", "time"),
    "integer": ("number", None),
    "big_integer": ("string", None),
    "big_number": ("string", None),
}
SCALARS = {"string", "number", "integer", "boolean", "null"}
FORBIDDEN = ("$ref", "allOf", "not")
#: Bounds that floats break: 1e22 is no multiple of 0.01 to a float.
BOUNDS = ("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def check_catalog(catalog: dict, verdict: Verdict) -> None:
    """Every rule over every stream."""
    streams = catalog["streams"]
    if not streams:
        verdict.problem("catalog: no streams")
    seen = set()
    for stream in streams:
        name = stream_label(stream)
        if name in seen:
            verdict.problem(f"catalog {name}: declared twice")
        seen.add(name)
        _check_schema(name, stream["json_schema"], verdict)
        _check_keys(name, stream, verdict)
        _check_modes(name, stream, verdict)


def stream_label(stream: dict) -> str:
    """`namespace.name`, or the name alone; absent and empty namespaces are one."""
    namespace = stream.get("namespace")
    return f"{namespace}.{stream['name']}" if namespace else stream["name"]


def types_of(schema: Any) -> set[str]:
    """The types a schema names; empty when it names none."""
    kind = schema.get("type", []) if isinstance(schema, dict) else []
    return {kind} if isinstance(kind, str) else set(kind)


def nodes(schema: Any, path: str = "") -> Iterator[tuple[str, dict]]:
    """Every schema inside a schema with its path, the outermost included."""
    if not isinstance(schema, dict):
        return
    yield path or "/", schema
    for key in ("properties", "patternProperties", "definitions", "$defs"):
        for name, inner in (schema.get(key) or {}).items():
            yield from nodes(inner, f"{path}/{key}/{name}")
    for key in ("allOf", "anyOf", "oneOf", "items"):
        held = schema.get(key)
        for index, inner in enumerate(held if isinstance(held, list) else [held]):
            yield from nodes(inner, f"{path}/{key}/{index}")
    for key in ("additionalProperties", "not", "if", "then", "else", "contains"):
        yield from nodes(schema.get(key), f"{path}/{key}")


def _check_schema(name: str, schema: dict, verdict: Verdict) -> None:
    if "object" not in types_of(schema):
        verdict.problem(f"catalog {name}: json_schema is not of type object")
    if not isinstance(schema.get("properties"), dict):
        verdict.problem(f"catalog {name}: json_schema has no properties")
    try:
        jsonschema.Draft7Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        place = "/".join(map(str, error.absolute_path))
        verdict.problem(f"catalog {name}: no valid Draft 7 schema at {place}")
        return
    for path, node in nodes(schema):
        for key in FORBIDDEN:
            if key in node:
                verdict.problem(f"catalog {name}: {key} at {path}")
        for key in BOUNDS:
            if key in node:
                verdict.problem(f"catalog {name}: {key} at {path}")
        if node.get("additionalProperties") is False:
            verdict.problem(f"catalog {name}: additionalProperties false at {path}")
        _check_airbyte_type(name, path, node, verdict)


def _check_airbyte_type(name: str, path: str, node: dict, verdict: Verdict) -> None:
    marked, held = node.get("airbyte_type"), node.get("format")
    if marked is None:
        if held in ("date-time", "time"):
            verdict.problem(f"catalog {name}: format {held} without airbyte_type at {path}")
        return
    if marked not in AIRBYTE_TYPES:
        verdict.problem(f"catalog {name}: unknown airbyte_type at {path}")
        return
    kind, wanted = AIRBYTE_TYPES[marked]
    if kind not in types_of(node) or (wanted and held != wanted):
        verdict.problem(f"catalog {name}: airbyte_type {marked} does not fit at {path}")


def _find(schema: Any, path: list[str]) -> dict | None:
    for key in path:
        properties = schema.get("properties") if isinstance(schema, dict) else None
        schema = (properties or {}).get(key)
    return schema if isinstance(schema, dict) else None


def _check_keys(name: str, stream: dict, verdict: Verdict) -> None:
    schema = stream["json_schema"]
    keys = stream.get("source_defined_primary_key", [])
    if keys and len({tuple(k) for k in keys}) != len(keys):
        verdict.problem(f"catalog {name}: a part of the primary key is named twice")
    for key in keys:
        node = _find(schema, key)
        label = ".".join(key)
        if node is None:
            verdict.problem(f"catalog {name}: primary key {label} is not in the schema")
        elif not types_of(node) <= SCALARS:
            verdict.problem(f"catalog {name}: primary key {label} is not scalar")
        if len(key) != 1:
            verdict.problem(f"catalog {name}: primary key {label} is nested")
    cursor = stream.get("default_cursor_field")
    if cursor and _find(schema, cursor) is None:
        verdict.problem(f"catalog {name}: cursor {'.'.join(cursor)} is not in the schema")


def _check_modes(name: str, stream: dict, verdict: Verdict) -> None:
    modes = stream.get("supported_sync_modes") or []
    if "full_refresh" not in modes:
        verdict.problem(f"catalog {name}: full_refresh is not offered")
    if len(set(modes)) != len(modes):
        verdict.problem(f"catalog {name}: a sync mode is named twice")
    if "incremental" in modes and not stream.get("default_cursor_field"):
        if stream.get("source_defined_cursor"):
            verdict.problem(f"catalog {name}: source-defined cursor that is not named")
        else:
            verdict.problem(f"catalog {name}: incremental, the user must choose a cursor")
    if "incremental" not in modes and stream.get("source_defined_cursor"):
        verdict.problem(f"catalog {name}: source-defined cursor, but no incremental mode")

"""Rules for SPEC, and for the secrets that a spec marks."""

import base64
import json
import re
import urllib.parse
from typing import Any

import jsonschema

from tests.clients.rules.catalog import nodes, types_of
from tests.clients.rules.verdict import Verdict

PROTOCOL_VERSION = "0.18.0"
#: A message comes too late for a platform that reads only the first lines.
FIRST_LINES = 10
FORBIDDEN = ("$ref", "anyOf", "allOf", "not")
SECRET_NAME = re.compile(r"password|secret|token|api_?key|private_?key", re.IGNORECASE)
#: Where a secret is to be had, or stands in an answer, is none.
PLACE_OF_SECRET = re.compile(r"_(url|uri|path)$", re.IGNORECASE)


def check_spec(spec: dict, line: int, verdict: Verdict) -> None:
    """Every rule over the payload of a SPEC seen at `line`."""
    if line > FIRST_LINES:
        verdict.problem(f"spec: SPEC is not among the first {FIRST_LINES} lines")
    if spec.get("protocol_version") != PROTOCOL_VERSION:
        verdict.problem(f"spec: protocol_version is not {PROTOCOL_VERSION}")
    if not re.match(r"https?://[^/\s]+", spec.get("documentationUrl", "")):
        verdict.problem("spec: documentationUrl is missing or no URL")
    settings = spec["connectionSpecification"]
    if settings.get("type") != "object" or not isinstance(settings.get("properties"), dict):
        verdict.problem("spec: connectionSpecification is no object with properties")
        return
    try:
        jsonschema.Draft7Validator.check_schema(settings)
    except jsonschema.SchemaError as error:
        place = "/".join(map(str, error.absolute_path))
        verdict.problem(f"spec: no valid Draft 7 schema at {place}")
        return
    for missing in set(settings.get("required", [])) - set(settings["properties"]):
        verdict.problem(f"spec: required setting {missing} is not among the properties")
    for path, node in nodes(settings):
        for key in FORBIDDEN:
            if key in node:
                verdict.problem(f"spec: {key} at {path}")
        if node.get("additionalProperties") is False:
            verdict.problem(f"spec: additionalProperties false at {path}")
        name = path.rsplit("/", 1)[-1]
        named = SECRET_NAME.search(name) and not PLACE_OF_SECRET.search(name)
        if "string" in types_of(node) and named:
            # Names of files and of modes are no secrets although they speak of one.
            if not node.get("airbyte_secret") and "enum" not in node:
                verdict.problem(f"spec: {name} is not marked airbyte_secret")


def secrets_of(spec: dict, config: Any) -> set[str]:
    """The values of 4 characters and more that stand under `airbyte_secret` in a config."""
    found: set[str] = set()

    def gather(value: Any) -> None:
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            for inner in value:
                gather(inner)
        elif value is not None and not isinstance(value, bool) and len(str(value)) >= 4:
            found.add(str(value))

    def walk(schema: Any, value: Any) -> None:
        if not isinstance(schema, dict):
            return
        if schema.get("airbyte_secret") is True:
            gather(value)
        if isinstance(value, dict):
            for key, inner in (schema.get("properties") or {}).items():
                if key in value:
                    walk(inner, value[key])
        for key in ("oneOf", "anyOf", "allOf"):
            for inner in schema.get(key) or []:
                walk(inner, value)
        if isinstance(value, list):
            for item in value:
                walk(schema.get("items"), item)

    walk(spec, config)
    return found


def disguises(secret: str) -> set[str]:
    """The dresses in which a secret may leak: as it is, escaped, quoted, encoded."""
    raw = secret.encode()
    quoted = urllib.parse.quote(secret, safe="")
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        quoted,
        quoted.replace("%", "%25"),
        re.sub(r"%[0-9A-F]{2}", lambda m: m.group().lower(), quoted),
        urllib.parse.quote_plus(secret),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }


def leaks(text: str, secrets: set[str]) -> bool:
    """Whether a secret stands in a text in any dress; short ones count as whole tokens only."""
    for secret in secrets:
        for dress in disguises(secret):
            if len(secret) >= 8 and dress in text:
                return True
            if len(secret) < 8 and re.search(rf"(?<!\w){re.escape(dress)}(?!\w)", text):
                return True
    return False

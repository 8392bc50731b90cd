"""From a discovered catalog to a configured one, and from a run's output to its states."""

import json
import pathlib
from collections.abc import Iterable

Key = tuple[str | None, str]


def key_of(stream: dict) -> Key:
    """Namespace and name of a stream or a descriptor; an empty namespace is none."""
    return stream.get("namespace") or None, stream["name"]


def label(key: Key) -> str:
    """The key as validate.py writes it."""
    return f"{key[0]}.{key[1]}" if key[0] else key[1]


def catalog_in(output: pathlib.Path) -> dict:
    """The catalog in the stdout of `discover`."""
    for message in messages(output):
        if message["type"] == "CATALOG":
            return message["catalog"]
    raise ValueError("no CATALOG in the output of discover")


def messages(output: pathlib.Path) -> Iterable[dict]:
    """The messages of an output, in order."""
    with output.open("rb") as lines:
        for line in lines:
            yield json.loads(line)


def cursor_of(stream: dict) -> str | None:
    """The cursor that a user would choose: the source's own, else `updated_at` where it is."""
    if "incremental" not in stream["supported_sync_modes"]:
        return None
    own = stream.get("default_cursor_field")
    if own:
        return own[0]
    return "updated_at" if "updated_at" in stream["json_schema"]["properties"] else None


def configure(catalog: dict, incremental: bool, generation: int = 1) -> dict:
    """A configured catalog of all streams, as the platform writes one."""
    streams = []
    for stream in catalog["streams"]:
        cursor = cursor_of(stream) if incremental else None
        key = stream.get("source_defined_primary_key", [])
        if cursor is None:
            kept = generation
            destination = "overwrite"
        else:
            kept = 0
            destination = "append_dedup" if key else "append"
        streams.append(
            {
                "stream": stream,
                "sync_mode": "incremental" if cursor else "full_refresh",
                "destination_sync_mode": destination,
                "cursor_field": [cursor] if cursor else [],
                "primary_key": key,
                "generation_id": generation,
                "minimum_generation_id": kept,
                "sync_id": generation,
            }
        )
    return {"streams": streams}


def last_states(output: pathlib.Path) -> list[dict]:
    """What the platform hands to the next sync: the last STATE of every stream."""
    held: dict[Key | None, dict] = {}
    for message in messages(output):
        if message["type"] == "STATE":
            keep_state(held, message["state"])
    return list(held.values())


def keep_state(held: dict, state: dict) -> None:
    """Put a STATE in the place of that stream's former one; GLOBAL has one place for all."""
    stored = {key: value for key, value in state.items() if key != "sourceStats"}
    if state["type"] == "STREAM":
        held[key_of(state["stream"]["stream_descriptor"])] = stored
    else:
        held[None] = stored

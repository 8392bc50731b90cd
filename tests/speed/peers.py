#!/usr/bin/env python3
"""What others would write to turn a tap's output into Airbyte messages, in Python.

    peers.py orjson        < TAP     a loop over orjson, the fastest that Python has
    peers.py singer-python < TAP     the same over the library that taps are written with
    peers.py old-cdk TAP             the Singer source of Airbyte's CDK, as its connectors used it
"""

import shlex
import sys
import time
from collections.abc import Callable


def envelope(kind: str, stream: str, record: object, state: object) -> dict | None:
    """A message for Airbyte; SCHEMA and the like have none."""
    match kind:
        case "RECORD":
            now = time.time_ns() // 1_000_000
            return {"type": "RECORD", "record": {"stream": stream, "data": record, "emitted_at": now}}
        case "STATE":
            return {"type": "STATE", "state": {"type": "LEGACY", "data": state}}
    return None


def loop(translate: Callable[[bytes], bytes | None]) -> None:
    """Each line of stdin, translated, to stdout."""
    write = sys.stdout.buffer.write
    for line in sys.stdin.buffer:
        out = translate(line)
        if out is not None:
            write(out)


def with_orjson() -> None:
    import orjson

    def translate(line: bytes) -> bytes | None:
        said = orjson.loads(line)
        told = envelope(said["type"], said.get("stream"), said.get("record"), said.get("value"))
        return told and orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)

    loop(translate)


def with_singer_python() -> None:
    import simplejson
    import singer

    def translate(line: bytes) -> bytes | None:
        said = singer.parse_message(line)
        told = None
        if isinstance(said, singer.RecordMessage):
            told = envelope("RECORD", said.stream, said.record, None)
        elif isinstance(said, singer.StateMessage):
            told = envelope("STATE", "", None, said.value)
        return told and simplejson.dumps(told).encode() + b"\n"

    loop(translate)


def with_old_cdk(tap: str) -> None:
    import logging

    from airbyte_cdk.sources.singer import SingerHelper

    for message in SingerHelper.read(logging.getLogger(), shlex.quote(tap)):
        print(message.json(exclude_unset=True))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["orjson"]:
            with_orjson()
        case ["singer-python"]:
            with_singer_python()
        case ["old-cdk", tap]:
            with_old_cdk(tap)
        case _:
            sys.exit(__doc__)

"""Rules over the order and the counts of a whole `read`."""

import collections
import json
import re
from collections.abc import Iterable
from typing import Any

import jsonschema

from tests.clients.rules.verdict import Verdict

#: What may follow a status; None: nothing was said of the stream yet.
NEXT_STATUS = {
    None: {"STARTED", "INCOMPLETE"},
    "STARTED": {"RUNNING", "COMPLETE", "INCOMPLETE"},
    "RUNNING": {"RUNNING", "COMPLETE", "INCOMPLETE"},
    "COMPLETE": set(),
    "INCOMPLETE": set(),
}
LAST = {"COMPLETE", "INCOMPLETE"}
RECORD_COUNT = re.compile(r'"recordCount"\s*:\s*([^,}\s]+)')

Key = tuple[str | None, str]


def is_milliseconds(value: Any) -> bool:
    """Whether a number is an epoch in milliseconds (2001 to 5138), not in seconds."""
    return isinstance(value, int) and 10**12 <= value < 10**14


def descriptor(owner: dict) -> Key:
    """Namespace and name; absent, null and empty namespaces are one."""
    return owner.get("namespace") or None, owner["name"]


def label(key: Key) -> str:
    """The key as a person writes it."""
    return f"{key[0]}.{key[1]}" if key[0] else key[1]


class Stream:
    """What was seen of one stream so far."""

    def __init__(self) -> None:
        self.statuses: list[str] = []
        self.records = 0
        self.since_state = 0
        self.states = 0
        self.last_state: str | None = None

    @property
    def status(self) -> str | None:
        """The last status, if any."""
        return self.statuses[-1] if self.statuses else None


class Read:
    """The rules of a read; feed it every message, then call `finish`."""

    def __init__(self, configured: dict | None, with_records: bool, verdict: Verdict) -> None:
        self.verdict = verdict
        self.configured: dict[Key, dict] | None = None
        if configured is not None:
            self.configured = {descriptor(s["stream"]): s for s in configured["streams"]}
        self.streams: dict[Key, Stream] = collections.defaultdict(Stream)
        self.state_types: set[str] = set()
        self.since_global = 0
        self.last_global: str | None = None
        self._validators = self._build_validators() if with_records else {}

    def _build_validators(self) -> dict[Key, Any]:
        if self.configured is None:
            raise ValueError("records can only be validated against a configured catalog")
        # 5.0 is an integer to JSON Schema, and none to a destination's column.
        strict = jsonschema.Draft7Validator.TYPE_CHECKER.redefine(
            "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
        )
        validator = jsonschema.validators.extend(jsonschema.Draft7Validator, type_checker=strict)
        return {k: validator(s["stream"]["json_schema"]) for k, s in self.configured.items()}

    def _known(self, kind: str, key: Key) -> bool:
        if self.configured is None or key in self.configured:
            return True
        self.verdict.problem(f"{kind} of {label(key)}, which is not configured")
        return False

    def record(self, record: dict) -> None:
        """A RECORD."""
        key = record.get("namespace") or None, record["stream"]
        if not record["data"]:
            self.verdict.problem(f"RECORD of {label(key)}: empty data")
        if not is_milliseconds(record["emitted_at"]):
            self.verdict.problem(f"RECORD of {label(key)}: emitted_at is not in milliseconds")
        if not self._known("RECORD", key):
            return
        stream = self.streams[key]
        if stream.status != "RUNNING":
            self.verdict.problem(f"RECORD of {label(key)} while its status is {stream.status}")
        stream.records += 1
        stream.since_state += 1
        self.since_global += 1
        self._check_data(key, record["data"])

    def _check_data(self, key: Key, data: dict) -> None:
        validator = self._validators.get(key)
        for error in validator.iter_errors(data) if validator else ():
            # Columns by name, places in lists without their number, and never a value.
            place = ".".join("[]" if isinstance(p, int) else p for p in error.absolute_path)
            rule = f"{error.validator} {json.dumps(error.validator_value)[:80]}"
            self.verdict.problem(f"RECORD of {label(key)}: {place} breaks {rule}")
        if self.configured is None:
            return
        chosen = self.configured[key]
        key_paths = chosen.get("primary_key") or []
        if chosen.get("destination_sync_mode") == "append_dedup" and key_paths:
            if all(data.get(path[0]) is None for path in key_paths):
                self.verdict.problem(f"RECORD of {label(key)}: the whole primary key is null")

    def state(self, state: dict, text: str) -> None:
        """A STATE and the text of its line."""
        kind = state.get("type")
        self.state_types.add(str(kind))
        if kind == "STREAM":
            covered = self._stream_state(state)
        elif kind == "GLOBAL":
            covered = self._global_state(state)
        else:
            self.verdict.problem(f"STATE of type {kind}")
            return
        if covered is None:
            return
        counted = (state.get("sourceStats") or {}).get("recordCount")
        written = RECORD_COUNT.findall(text)
        if counted is None:
            self.verdict.problem("STATE without sourceStats.recordCount")
        elif counted != covered:
            self.verdict.problem(
                f"STATE: recordCount is {counted}, but {covered} records came since the last"
            )
        elif not re.fullmatch(r"\d+\.\d+", written[-1]):
            self.verdict.problem("STATE: recordCount without a decimal point")

    def _stream_state(self, state: dict) -> int | None:
        held = state.get("stream")
        if not isinstance(held, dict):
            self.verdict.problem("STATE of type STREAM without stream")
            return None
        key = descriptor(held["stream_descriptor"])
        if not self._known("STATE", key):
            return None
        stream = self.streams[key]
        if stream.status in LAST:
            self.verdict.problem(f"STATE of {label(key)} after {stream.status}")
        if not held.get("stream_state"):
            self.verdict.problem(f"STATE of {label(key)} without content")
        content = json.dumps(held.get("stream_state"), sort_keys=True)
        if content == stream.last_state and stream.since_state:
            self.verdict.problem(f"STATE of {label(key)} repeats itself with records in between")
        covered, stream.since_state = stream.since_state, 0
        stream.last_state = content
        stream.states += 1
        return covered

    def _global_state(self, state: dict) -> int | None:
        held = state.get("global")
        if not isinstance(held, dict):
            self.verdict.problem("STATE of type GLOBAL without global")
            return None
        for part in held["stream_states"]:
            self._known("STATE", descriptor(part["stream_descriptor"]))
        content = json.dumps(held, sort_keys=True)
        if content == self.last_global and self.since_global:
            self.verdict.problem("STATE of type GLOBAL repeats itself with records in between")
        self.last_global = content
        for key in set(self.streams) | set(self.configured or ()):
            self.streams[key].since_state = 0
            self.streams[key].states += 1
        covered, self.since_global = self.since_global, 0
        return covered

    def status(self, told: dict) -> None:
        """A STREAM_STATUS."""
        key, status = descriptor(told["stream_descriptor"]), told["status"]
        if not self._known("STREAM_STATUS", key):
            return
        stream = self.streams[key]
        if status not in NEXT_STATUS[stream.status]:
            self.verdict.problem(f"STREAM_STATUS of {label(key)}: {stream.status} to {status}")
        if status == stream.status == "RUNNING" and not told.get("reasons"):
            self.verdict.problem(f"STREAM_STATUS of {label(key)}: RUNNING again without a reason")
        stream.statuses.append(status)

    def finish(self, exit_code: int | None) -> None:
        """What can only be judged at the end."""
        if len(self.state_types) > 1:
            self.verdict.problem(f"STATE: several types in one run: {sorted(self.state_types)}")
        keys: Iterable[Key] = self.streams if self.configured is None else self.configured
        spoken = any(self.streams[key].statuses for key in list(keys))
        for key in list(keys):
            # A command that failed before it began owes no statuses; one that began owes all.
            if spoken or exit_code in (0, None):
                self._finish_stream(key, exit_code)
        complete = [self.streams[key].status == "COMPLETE" for key in list(keys)]
        if exit_code not in (0, None) and complete and all(complete):
            self.verdict.problem(f"every stream is COMPLETE, but the exit code is {exit_code}")

    def _finish_stream(self, key: Key, exit_code: int | None) -> None:
        stream, name = self.streams[key], label(key)
        if stream.status not in LAST:
            self.verdict.problem(f"stream {name}: ends as {stream.status}")
        if exit_code == 0 and stream.status == "INCOMPLETE":
            self.verdict.problem(f"stream {name}: INCOMPLETE, but the exit code is 0")
        if "RUNNING" in stream.statuses and not stream.records:
            self.verdict.problem(f"stream {name}: RUNNING without a record")
        if stream.status == "COMPLETE":
            if not stream.states:
                self.verdict.problem(f"stream {name}: COMPLETE without a state")
            if stream.since_state:
                self.verdict.problem(f"stream {name}: no state after its last records")

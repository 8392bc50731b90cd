"""The checks find what they are made for: a right output passes, each fault is named."""

import argparse
import collections
import copy
import json
import pathlib
import tempfile
import unittest

from tests.clients import table
from tests.clients.checks import cut
from tests.clients.checks.validate import judge
from tests.clients.rules.catalog import check_catalog
from tests.clients.rules.spec import check_spec, leaks, secrets_of
from tests.clients.rules.verdict import EXCEPTIONS, Verdict, load_exceptions
from tests.clients.taps import TAPS

NOW = 1_790_000_000_000
STREAM = {
    "name": "users",
    "namespace": "desk",
    "json_schema": {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "note": {"type": ["null", "string"]}},
    },
    "supported_sync_modes": ["full_refresh"],
    "source_defined_primary_key": [["id"]],
}
WHO = {"name": "users", "namespace": "desk"}


def status(kind: str) -> dict:
    told = {"stream_descriptor": WHO, "status": kind}
    return {
        "type": "TRACE",
        "trace": {"type": "STREAM_STATUS", "emitted_at": NOW, "stream_status": told},
    }


def record(**data: object) -> dict:
    held = {"stream": "users", "namespace": "desk", "data": data, "emitted_at": NOW}
    return {"type": "RECORD", "record": held}


def state(position: int, count: float) -> dict:
    held = {"stream_descriptor": WHO, "stream_state": {"position": position}}
    counted = {"recordCount": count}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": held, "sourceStats": counted}}


def error() -> dict:
    told = {"message": "It broke.", "internal_message": "why", "failure_type": "system_error"}
    return {"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": NOW, "error": told}}


def good_read() -> list[dict]:
    return [
        status("STARTED"), status("RUNNING"), record(id=1, note="a"), record(id=2), state(1, 2.0),
        status("COMPLETE"),
    ]


class Validate(unittest.TestCase):
    """Whole outputs through the whole validator."""

    def judged(self, output: list, command: str = "read", code: int = 0, config=None) -> str:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            lines = [m if isinstance(m, str) else json.dumps(m) for m in output]
            (folder / "out").write_text("".join(line + "\n" for line in lines))
            chosen = {
                "stream": STREAM, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"
            }
            (folder / "catalog").write_text(json.dumps({"streams": [chosen]}))
            (folder / "spec").write_text(json.dumps({"type": "SPEC", "spec": SPEC}))
            (folder / "config").write_text(json.dumps(config or {}))
            read = command == "read"
            report = judge(argparse.Namespace(
                output=folder / "out", command=command, records=read, exit_code=code,
                catalog=folder / "catalog" if read else None, state=None, stderr=None,
                config=folder / "config", spec=folder / "spec", expect_status=None, source=None,
                exceptions=EXCEPTIONS,
            ))
        return "\n".join(report["problems"])

    def test_a_right_read_passes(self) -> None:
        self.assertEqual(self.judged(good_read()), "")

    def test_faults_of_a_read_are_named(self) -> None:
        right = good_read()
        faults = {
            "while its status is STARTED": [right[0], *right[2:]],
            "recordCount is 2.0, but 1": [*right[:3], *right[4:]],
            "without a decimal point": [*right[:4], state(1, 2), right[5]],
            "no state after its last records": [*right[:5], record(id=3), right[5]],
            "repeats itself": [*right[:5], record(id=3), state(1, 1.0), right[5]],
            "ends as RUNNING": right[:5],
            "COMPLETE to COMPLETE": [*right, right[5]],
            "COMPLETE without a state": [right[0], right[5]],
            "RUNNING without a record": [right[0], right[1], state(1, 0.0), right[5]],
            "empty data": [*right[:2], record(), *right[4:]],
            "id breaks type": [*right[:3], record(id=2.0), *right[4:]],
            "TRACE ERROR, but the exit code is 0": [error(), *right],
            "line is not JSON": [*right, "NaN words"],
            "is JSON, but no object": [*right, "42"],
            "empty line": [*right, ""],
            "null at trace": [{"type": "LOG", "log": {"level": "INFO", "message": "x"},
                               "trace": None}, *right],
            "does not know: log.extra": [{"type": "LOG", "log": {"level": "INFO", "message": "x",
                                                               "extra": 1}}, *right],
            "model refuses": [{"type": "LOG", "log": {"level": "LOUD", "message": "x"}}, *right],
            "a message of type SPEC": [{"type": "SPEC", "spec": SPEC}, *right],
        }
        for wanted, output in faults.items():
            with self.subTest(wanted):
                self.assertIn(wanted, self.judged(output))

    def test_a_stream_that_is_not_configured(self) -> None:
        stranger = record(id=1)
        stranger["record"]["stream"] = "strangers"
        self.assertIn("not configured", self.judged([*good_read(), stranger]))

    def test_exit_codes(self) -> None:
        self.assertIn("without a TRACE ERROR", self.judged(good_read(), code=1))
        self.assertIn("every stream is COMPLETE", self.judged([error(), *good_read()], code=1))
        broken = [*good_read()[:-1], error(), status("INCOMPLETE")]
        self.assertEqual(self.judged(broken, code=1), "")
        self.assertEqual(self.judged([error()], code=1), "")

    def test_check(self) -> None:
        failed = {"type": "CONNECTION_STATUS",
                  "connectionStatus": {"status": "FAILED", "message": "The password is wrong."}}
        self.assertEqual(self.judged([failed], "check"), "")
        self.assertIn("with exit code 1", self.judged([error(), failed], "check", 1))
        failed["connectionStatus"]["message"] = "no"
        self.assertIn("without a sentence", self.judged([failed], "check"))
        self.assertIn("0 messages", self.judged([], "check"))

    def test_a_secret_in_any_dress(self) -> None:
        config = {"password": 'p"w/d é1234'}
        for said in ('p"w/d é1234', "p%22w%2Fd%20%C3%A91234", "cCJ3L2Qgw6kxMjM0"):
            log = {"type": "LOG", "log": {"level": "INFO", "message": f"to {said}@host"}}
            with self.subTest(said):
                self.assertIn("secret", self.judged([log, *good_read()], config=config))


SPEC = {
    "protocol_version": "0.18.0",
    "documentationUrl": "https://example.com/docs",
    "connectionSpecification": {
        "type": "object",
        "properties": {"password": {"type": "string", "airbyte_secret": True}},
    },
}


class Rules(unittest.TestCase):
    """Catalogs, specs, secrets and exceptions."""

    def found(self, check, payload: dict, *more: object) -> str:
        verdict = Verdict()
        check(payload, *more, verdict)
        return "\n".join(verdict.report([], None)[0])

    def test_faults_of_a_catalog_are_named(self) -> None:
        self.assertEqual(self.found(check_catalog, {"streams": [STREAM]}), "")
        faults = {
            "no properties": {"json_schema": {"type": "object"}},
            "not of type object": {"json_schema": {"type": "array", "properties": {}}},
            "primary key nowhere": {"source_defined_primary_key": [["nowhere"]]},
            "cursor nowhere": {"default_cursor_field": ["nowhere"]},
            "full_refresh is not offered": {"supported_sync_modes": ["incremental"]},
            "the user must choose": {"supported_sync_modes": ["full_refresh", "incremental"]},
            "no valid Draft 7": {"json_schema": {"type": "object", "properties": {"id": {
                "type": "none"}}}},
        }
        for wanted, change in faults.items():
            with self.subTest(wanted):
                self.assertIn(wanted, self.found(check_catalog, {"streams": [{**STREAM, **change}]}))
        self.assertIn("declared twice", self.found(check_catalog, {"streams": [STREAM, STREAM]}))

    def test_faults_of_a_property_are_named(self) -> None:
        faults = {
            "$ref at": {"$ref": "#/definitions/x"},
            "multipleOf at": {"type": "number", "multipleOf": 0.01},
            "additionalProperties false": {"type": "object", "additionalProperties": False},
            "without airbyte_type": {"type": "string", "format": "date-time"},
            "does not fit": {"type": "string", "airbyte_type": "integer"},
        }
        for wanted, schema in faults.items():
            stream = copy.deepcopy(STREAM)
            stream["json_schema"]["properties"]["extra"] = schema
            with self.subTest(wanted):
                self.assertIn(wanted, self.found(check_catalog, {"streams": [stream]}))

    def test_faults_of_a_spec_are_named(self) -> None:
        self.assertEqual(self.found(check_spec, SPEC, 1), "")
        self.assertIn("first 10 lines", self.found(check_spec, SPEC, 11))
        bare = copy.deepcopy(SPEC)
        del bare["connectionSpecification"]["properties"]["password"]["airbyte_secret"]
        self.assertIn("not marked", self.found(check_spec, bare, 1))
        self.assertIn("documentationUrl", self.found(check_spec, {**SPEC, "documentationUrl": ""}, 1))

    def test_where_a_secret_is_to_be_had_is_none(self) -> None:
        for name, demanded in (("access_token", True), ("access_token_url", False), ("token_path", False)):
            spec = {"connectionSpecification": {"type": "object", "properties": {name: {"type": "string"}}}}
            verdict = Verdict()
            check_spec(spec, 1, verdict)
            problems, _ = verdict.report([], None)
            self.assertEqual(any("airbyte_secret" in problem for problem in problems), demanded, name)

    def test_secrets(self) -> None:
        settings = SPEC["connectionSpecification"]
        self.assertEqual(secrets_of(settings, {"password": "abcd", "user": "me"}), {"abcd"})
        self.assertFalse(leaks("abcde", {"abcd"}), "a short one counts as a whole token only")
        self.assertTrue(leaks("say abcd!", {"abcd"}))

    def test_exceptions_are_for_their_source_only(self) -> None:
        verdict = Verdict()
        verdict.problem("it is so")
        exception = {"problem": "it is .*", "reason": "because", "source": "one"}
        self.assertEqual(verdict.report([exception], "one")[0], [])
        self.assertEqual(len(verdict.report([exception], "other")[0]), 1)
        self.assertTrue(load_exceptions(EXCEPTIONS))


class Table(unittest.TestCase):
    """The page of the real taps says what failed, and what passed only where all of it did."""

    def test_commands(self) -> None:
        steps = {"spec": True, "check": True, "check, bad config": False, "full read": True}
        self.assertEqual(table.commands(steps), "spec, read; **failed: check, bad config**")

    def test_every_tap_is_pinned(self) -> None:
        for tap in TAPS.values():
            self.assertIn(" ", tap.on_pypi())
            self.assertTrue(tap.family())
            self.assertEqual(bool(tap.server), bool(tap.source), tap.name)


class Resuming(unittest.TestCase):
    """What counts as a lost row."""

    def test_keyed_and_keyless_rows(self) -> None:
        held = collections.Counter(["a", "b"])
        self.assertEqual(cut.lost(held, ["a", "b", "c"], True), 1)
        self.assertEqual(cut.lost(held, ["a", "a", "b"], True), 0)
        self.assertEqual(cut.lost(held, ["a", "a", "b"], False), 1)


if __name__ == "__main__":
    unittest.main()

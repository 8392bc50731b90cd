"""The measuring, measured: what it must tell apart, and which faults it must find."""

import json
import pathlib
import tempfile
import unittest

from tests.speed import contenders, shapes
from tests.speed.measure import Contender, Play, run
from tests.speed.rounds import Spread

#: A tap that burns CPU and notes it, as tap.sh does.
BURNING = """#!/bin/bash
trap 'times >>"$SPEED_TIMES"' EXIT
for ((turn = 0; turn < 200000; turn++)); do :; done
"""
#: Envelopes rewritten, records left alone: enough to pass for a bridge.
TRANSLATING = 's/"record": /"data":/; s/, "time_extracted"/,"emitted_at":0,"x"/'


class Folder(unittest.TestCase):
    """Tests with a folder of their own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="airbyte-singer-speed-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def play(self, shape: str, mb: float = 0.1) -> Play:
        made = shapes.write(shape, self.folder, mb)
        return Play(made.lines, made.singer)


class Shapes(Folder):
    def test_the_same_bytes_each_time_and_more_of_the_same(self) -> None:
        for shape in shapes.SHAPES:
            first = self.play(shape).lines.read_bytes()
            self.assertEqual(first, self.play(shape).lines.read_bytes(), shape)
            longer = self.play(shape, 0.2).lines.read_bytes()
            records = first[: first.rindex(b"\n", 0, -1)]
            self.assertEqual(records, longer[: len(records)], shape)

    def test_lines_are_messages_and_numbers_keep_their_digits(self) -> None:
        for style in shapes.STYLES:
            for shape in shapes.SHAPES:
                made = shapes.write(shape, self.folder, 0.1, style)
                said = made.lines.read_bytes().splitlines()
                kinds = [json.loads(line)["type"] for line in said]
                self.assertEqual(kinds.count("RECORD"), made.records, shape)
                self.assertEqual((kinds[0], kinds[-1]), ("SCHEMA", "STATE"), shape)
                self.assertNotIn(b"#", made.lines.read_bytes(), shape)
        typical = shapes.write("typical", self.folder, 0.1).lines.read_text()
        self.assertRegex(typical, r'"limit": \d+\.\d{16}, ')

    def test_a_catalog_with_half_of_the_fields_has_key_and_cursor(self) -> None:
        path = self.folder / "half.json"
        shapes.configure("typical", path, lambda number: number % 2 == 1)
        [stream] = json.loads(path.read_text())["streams"]
        kept = stream["stream"]["json_schema"]["properties"]
        self.assertIn("id", kept)
        self.assertIn("updated_at", kept)
        self.assertLess(len(kept), 18)


class Measuring(Folder):
    def test_the_taps_own_time_is_not_the_contenders(self) -> None:
        tap = self.folder / "tap"
        tap.write_text(BURNING)
        tap.chmod(0o755)
        play = Play(tap, tap, tap=tap)
        cost = run(Contender("shell", ["sh", "-c", "{tap}; true"], runs_tap=True), play)
        self.assertGreater(cost.tap, 0.02)
        self.assertLess(cost.own, cost.tap / 4)

    def test_a_contender_that_fails_is_an_error(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "broken exits 3"):
            run(Contender("broken", ["sh", "-c", "cat >/dev/null; exit 3"]), self.play("narrow"))

    def test_ratios_are_taken_inside_a_round(self) -> None:
        ratio = Spread([2.0, 20.0, 6.0]) / Spread([1.0, 10.0, 2.0])
        self.assertEqual((ratio.values, str(ratio)), ([2.0, 2.0, 3.0], "2.00 (2.00–3.00)"))


class Verifying(Folder):
    def verify(self, name: str, script: str) -> None:
        contenders.verify(Contender(name, ["sed", script]), self.play("typical"), self.folder)

    def test_honest_work_passes(self) -> None:
        self.verify(contenders.CAT, "")
        self.verify("somebody", "")
        self.verify(contenders.OURS, TRANSLATING)

    def test_a_record_that_is_missing(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "somebody writes 105 of 106 records"):
            self.verify("somebody", "9d")

    def test_a_state_that_is_missing(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "somebody writes no STATE"):
            self.verify("somebody", "$d")

    def test_a_copy_that_differs(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "cat copies something else"):
            self.verify(contenders.CAT, "9s/true/false/")

    def test_a_record_of_ours_that_is_changed(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "airbyte-singer changes a record"):
            self.verify(contenders.OURS, TRANSLATING + '; 9s/"revision": 4/"revision": 4.0/')


if __name__ == "__main__":
    unittest.main()

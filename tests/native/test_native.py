"""The checks themselves: they must see what is wrong with a read, or with a page. Needs no server.

    python3 -m tests.native.test_native
"""

import contextlib
import io
import pathlib
import tempfile
import unittest

from tests.native.alike import difference, parsed, told
from tests.native.laws import beginning, going_on, held, positions
from tests.native.manifest import manifest
from tests.native.readings import Ran, Reading
from tests.native.streams import CASES, Case
from tests.native.tutorial import Shell, blocks, follow

ORDERS = {
    "name": "orders", "path": "orders", "primary_key": ["id"],
    "cursor": {"field": "at", "query": "since"},
}
CASE = Case("a case", "datasette", [ORDERS])
CHILDREN = Case("children", "datasette", [{**ORDERS, "parent": {"as": "of"}}])


class Everything:
    """A source that writes rows as they are."""

    name = "everything"
    sees_rows_without_cursor = True

    def told(self, rows: list) -> list:
        return rows


class FromSomeMomentOn(Everything):
    """One that can't read without a cursor."""

    sees_rows_without_cursor = False


def row(number: int, at: str | None = "a", **more: object) -> dict:
    return {"id": number, "at": at, **more}


def reading(rows: list, state: object = None) -> Reading:
    states = {"orders": {"stream": {"stream_state": state}}}
    return Reading({"orders": rows}, states, Ran(0, 1.0, 1.0))


def problems(findings) -> list[str]:
    return [problem for _, problem in findings if problem]


class Rows(unittest.TestCase):
    """Rows are the same or they are not."""

    def test_the_same_in_another_order(self) -> None:
        self.assertEqual(difference([{"a": 1, "b": None}, {"a": 2}], [{"a": 2}, {"b": None, "a": 1}]), "")

    def test_each_difference(self) -> None:
        wanted = [row(1), row(2)]
        for seen in (
            [row(1)], [row(1), row(2), row(2)], [row(1), row(2), row(3)], [row(1), row(2, None)],
            [row(1), {"id": 2}], [row(1), row("2")], [], wanted[:1] * 2,
        ):
            self.assertNotEqual(difference(seen, wanted), "", seen)

    def test_twice_is_well_where_that_may_be_but_nothing_else(self) -> None:
        self.assertEqual(difference([row(1), row(1), row(2)], [row(1), row(2)], often=False), "")
        self.assertNotEqual(difference([row(1), row(1)], [row(1), row(2)], often=False), "")
        self.assertNotEqual(difference([row(1), row(3)], [row(1)], often=False), "")

    def test_every_digit(self) -> None:
        for seen, wanted, same in (
            ("1e-07", "0.0000001", True), ("0.1", "0.10", True), ("1e2", "100.0", True),
            ("0.1", "0.1000000000000000055511151231257827", False), ("1", "1.0", False),
            ("9007199254740993", "9007199254740992", False), ("1", '"1"', False), ("1", "true", False),
        ):
            found = difference([parsed(seen)], [parsed(wanted)])
            self.assertEqual(found == "", same, (seen, wanted))

    def test_rows_of_ours_are_read_as_those_of_a_server(self) -> None:
        self.assertEqual(difference(parsed("[0.1, 1e300]"), told([0.1, 1e300])), "")


class Laws(unittest.TestCase):
    """What a read must be."""

    def test_a_lost_row_a_stranger_and_a_stream_that_nobody_asked_for(self) -> None:
        wanted = {"orders": [row(1), row(2)]}
        self.assertEqual(problems(held(Everything(), "", reading([row(2), row(1)]), wanted)), [])
        for wrong in (reading([row(1)]), reading([row(1), row(2), row(2)])):
            self.assertEqual(len(problems(held(Everything(), "", wrong, wanted))), 1)
        other = reading([row(1), row(2)])
        other.rows["others"] = [row(1)]
        self.assertEqual(len(problems(held(Everything(), "", other, wanted))), 1)

    def test_a_server_without_rows_proves_nothing(self) -> None:
        self.assertEqual(len(problems(held(Everything(), "", reading([]), {"orders": []}))), 1)

    def test_the_state_stands_at_the_last_change(self) -> None:
        rows = {"orders": [row(1, "a"), row(2, "c"), row(3, None), row(4, "b")]}
        for state, wrong in (
            ({"cursor": "c"}, 0), ({"slices": [{"at": "a"}, {"at": "c"}]}, 0),
            ({"cursor": "b"}, 1), ({}, 1), ({"c": "a"}, 1),
        ):
            found = problems(positions(CASE, Everything(), "", reading([], state), rows))
            self.assertEqual(len(found), wrong, state)

    def test_who_starts_at_some_moment_sees_no_row_without_one(self) -> None:
        rows = {"orders": [row(1, None), row(2)]}
        self.assertEqual(beginning(CASE, Everything(), rows), rows)
        self.assertEqual(beginning(CASE, FromSomeMomentOn(), rows), {"orders": [row(2)]})

    def test_who_goes_on_sees_the_last_moment_again(self) -> None:
        before = [row(1, "a"), row(2, "b"), row(3, None)]
        after = [*before, row(4, "b"), row(5, "c"), row(1, "d")]
        wanted = going_on(CASE, {"orders": before}, {"orders": after})
        self.assertEqual(wanted, {"orders": [row(2, "b"), row(4, "b"), row(5, "c"), row(1, "d")]})

    def test_each_parent_has_a_moment_of_its_own(self) -> None:
        before = [row(1, "a", of=1), row(2, "c", of=2)]
        after = [*before, row(3, "b", of=1), row(4, "b", of=2), row(5, "a", of=3)]
        wanted = going_on(CHILDREN, {"orders": before}, {"orders": after})
        self.assertEqual([row["id"] for row in wanted["orders"]], [1, 2, 3, 5])


class Manifests(unittest.TestCase):
    """Both are told of the same streams."""

    def test_every_setting_is_known_to_the_translation(self) -> None:
        known = {
            "name", "path", "query", "records", "primary_key", "pages", "cursor", "parent", "graphql",
        }
        for case in CASES:
            self.assertEqual({name for one in case.streams for name in one} - known, set())
            config = {"url": "http://127.0.0.1/", "streams": case.streams}
            made = manifest({**config, **({"auth": case.auth} if case.auth else {})}, True)
            self.assertEqual(
                [one["name"] for one in made["streams"] if "incremental_sync" in one],
                [one["name"] for one in case.streams if "cursor" in one],
            )


class Tutorial(unittest.TestCase):
    """A page is followed to the letter."""

    def followed(self, page: str) -> str:
        with tempfile.TemporaryDirectory() as name:
            shell = Shell(pathlib.Path(name), {})
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    return follow(page, shell, pathlib.Path(name), 0)
            finally:
                shell.close()

    def test_what_is_shown_must_be_printed(self) -> None:
        self.assertEqual(self.followed(fenced("text a.txt", "x") + SHOWN), "")
        self.assertIn("prints", self.followed(fenced("text a.txt", "y") + SHOWN))
        self.assertIn("prints", self.followed(fenced("sh", "echo x")))

    def test_a_page_that_shows_nothing_proves_nothing(self) -> None:
        self.assertIn("shows nothing", self.followed(fenced("sh", "true")))

    def test_a_command_must_succeed(self) -> None:
        for command in ("false\ntrue", "false | true", "cat nowhere 2> /dev/null"):
            with self.assertRaises(RuntimeError):
                self.followed(fenced("sh", command))

    def test_no_block_is_passed_over(self) -> None:
        self.assertIn("nobody knows", self.followed(fenced("rust", "fn main() {}")))
        self.assertEqual([block.line for block in blocks("a\n" + SHOWN)], [2, 5])


def fenced(kind: str, text: str) -> str:
    return f"```{kind}\n{text}\n```\n"


SHOWN = fenced("sh", "cat a.txt") + fenced("text", "x")


if __name__ == "__main__":
    unittest.main()

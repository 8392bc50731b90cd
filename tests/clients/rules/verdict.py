"""What a check found: problems, and the exceptions that were subtracted from them."""

import collections
import pathlib
import re
import tomllib

EXCEPTIONS = pathlib.Path(__file__).with_name("exceptions.toml")


class Verdict:
    """Collects problems, each with the first line it was seen on and how often."""

    def __init__(self) -> None:
        self.line = 0
        self.counts: collections.Counter[str] = collections.Counter()
        self._times: collections.Counter[str] = collections.Counter()
        self._first: dict[str, int] = {}

    def problem(self, text: str) -> None:
        """Note a problem at the current line (line 0: at the end)."""
        self._times[text] += 1
        self._first.setdefault(text, self.line)

    def report(self, exceptions: list[dict], source: str | None) -> tuple[list[str], list[dict]]:
        """The problems that no exception covers, and the exceptions used with their counts."""
        left, used = [], collections.Counter()
        for text, times in self._times.items():
            index = next(
                (i for i, e in enumerate(exceptions) if _covers(e, text, source)), None
            )
            if index is None:
                where = f"line {self._first[text]}: " if self._first[text] else ""
                left.append(f"{where}{text}" + (f" [{times} times]" if times > 1 else ""))
            else:
                used[index] += times
        named = [{"times": n, "reason": exceptions[i]["reason"]} for i, n in used.items()]
        return left, named


def _covers(exception: dict, text: str, source: str | None) -> bool:
    """Whether the exception is for this source and its pattern is the whole problem."""
    if "source" in exception and exception["source"] != source:
        return False
    return re.fullmatch(exception["problem"], text) is not None


def load_exceptions(path: pathlib.Path) -> list[dict]:
    """Read the exceptions; one without a reason is refused."""
    entries = tomllib.loads(path.read_text())["exception"]
    for entry in entries:
        if not entry.get("reason") or not entry.get("problem"):
            raise ValueError(f"{path.name}: an exception needs both `problem` and `reason`")
        unknown = set(entry) - {"problem", "reason", "source"}
        if unknown:
            raise ValueError(f"{path.name}: unknown keys {sorted(unknown)}")
    return entries

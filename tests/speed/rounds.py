"""Contenders in turn, one round after the other, and what the rounds say together.

Whatever else the machine does at the moment hits all contenders of a round alike; so figures are
compared inside a round, and of the comparisons the median is taken.
"""

import dataclasses
import statistics
import sys

from tests.speed.measure import Contender, Cost, Play, run


@dataclasses.dataclass(frozen=True)
class Spread:
    """What several rounds gave for one figure."""

    values: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __truediv__(self, other: "Spread") -> "Spread":
        """Round by round."""
        return Spread([one / two for one, two in zip(self.values, other.values, strict=True)])

    def __str__(self) -> str:
        """The median, and in brackets the least and the most."""
        return f"{_short(self.median)} ({_short(min(self.values))}–{_short(max(self.values))})"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


@dataclasses.dataclass(frozen=True)
class Run:
    """A contender, what is played to it, and what is played to learn what its start costs."""

    contender: Contender
    play: Play
    silence: Play | None = None


class Rounds:
    """What some runs cost, each in every round."""

    def __init__(self, label: str, runs: list[Run], count: int) -> None:
        self._sizes = {each.contender.name: each.play.size for each in runs}
        self._costs: dict[str, list[Cost]] = {name: [] for name in self._sizes}
        # One round more: the first one only warms up.
        for number in range(count + 1):
            for each in runs:
                progress(f"{label}: round {number} of {count}, {each.contender.name}")
                cost = run(each.contender, each.play)
                if each.silence:
                    cost = dataclasses.replace(
                        cost, own=cost.own - run(each.contender, each.silence).own
                    )
                if number:
                    self._costs[each.contender.name].append(cost)
        progress("")

    def own(self, name: str) -> Spread:
        """A contender's own CPU in seconds for a gigabyte of the tap's."""
        return Spread([cost.own * 1e9 / self._sizes[name] for cost in self._costs[name]])

    def speed(self, name: str) -> Spread:
        """Megabytes of the tap's that come through in a second."""
        return Spread([self._sizes[name] / 1e6 / cost.wall for cost in self._costs[name]])

    def peak(self, name: str) -> Spread:
        """The most memory that it has held, in MiB."""
        return Spread([cost.peak for cost in self._costs[name]])


def progress(words: str) -> None:
    """On a terminal, what is going on."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{words}")
        sys.stderr.flush()

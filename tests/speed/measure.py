"""One run of one contender between a tap and a sink, and what it cost."""

import contextlib
import dataclasses
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import BinaryIO

HERE = pathlib.Path(__file__).resolve().parent
#: How a shell's `times` tells minutes and seconds.
_SPENT = re.compile(r"(\d+)m([\d.]+)s")


@dataclasses.dataclass(frozen=True)
class Contender:
    """A program that stands between a tap and a sink."""

    name: str
    argv: list[str]
    #: Whether it starts the tap itself; otherwise it reads the tap's output from stdin.
    runs_tap: bool = False
    #: Whether it is given the long input, and its start-up counts as its own. The others are slow,
    #: so that they get less to do, and what they need to start is taken off.
    fast: bool = False


@dataclasses.dataclass(frozen=True)
class Play:
    """What the tap says in a run."""

    lines: pathlib.Path
    catalog: pathlib.Path
    copies: int = 1
    #: The tap; by default the one that only copies.
    tap: pathlib.Path = HERE / "tap.sh"
    #: More variables for the tap.
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def size(self) -> int:
        """Bytes that the tap writes, where it only copies."""
        return self.lines.stat().st_size * self.copies


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a run cost. Times in seconds, memory in MiB."""

    #: From before the first process to the end of the sink.
    wall: float
    #: User and system time of the contender: without the tap, without the sink.
    own: float
    #: The same of the tap, where the contender runs it.
    tap: float
    #: The most that the contender's first process has held.
    peak: float


def run(contender: Contender, play: Play, kept: pathlib.Path | None = None) -> Cost:
    """One run into a sink that throws away, or into a file that is kept."""
    with tempfile.TemporaryDirectory(prefix="airbyte-singer-speed-") as folder:
        times, words = pathlib.Path(folder) / "times", pathlib.Path(folder) / "stderr"
        times.touch()
        variables = {
            **os.environ,
            "SPEED_LINES": str(play.lines),
            "SPEED_CATALOG": str(play.catalog),
            "SPEED_COPIES": str(play.copies),
            "SPEED_TIMES": str(times),
            **dict(play.variables),
        }
        argv = [word.replace("{tap}", str(play.tap)) for word in contender.argv]
        begun = time.perf_counter()
        with words.open("wb") as stderr, _sink(kept) as into:
            tap, source = None, subprocess.DEVNULL
            if not contender.runs_tap:
                tap = subprocess.Popen([play.tap], stdout=subprocess.PIPE, env=variables)
                source = tap.stdout
            process = subprocess.Popen(argv, stdin=source, stdout=into, stderr=stderr, env=variables)
            into.close()
            if tap:
                tap.stdout.close()
            peak = _Peak(process.pid)
            # Of the process and of all children that it has waited for.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - begun
        # The tap of a contender that fails has nobody to write to, and ends.
        tap_exits = tap.wait() if tap else 0
        if process.returncode:
            said = words.read_text(errors="replace")[-1000:]
            raise RuntimeError(f"{contender.name} exits {process.returncode}: {said}")
        if tap_exits:
            raise RuntimeError(f"the tap of {contender.name} exits {tap_exits}")
        of_tap = spent(times.read_text()) if contender.runs_tap else 0.0
        return Cost(wall, usage.ru_utime + usage.ru_stime - of_tap, of_tap, peak.most())


def spent(times: str) -> float:
    """The seconds that the tap's processes noted, each as `times` tells them."""
    return sum(60 * int(minutes) + float(seconds) for minutes, seconds in _SPENT.findall(times))


@contextlib.contextmanager
def _sink(kept: pathlib.Path | None) -> Iterator[BinaryIO]:
    """Where a contender writes to: `cat`, which throws away, or a file. It has ended afterwards."""
    if kept:
        with kept.open("wb") as file:
            yield file
        return
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as cat:
        yield cat.stdin


class _Peak(threading.Thread):
    """Watches the most memory that a process has held, until it ends.

    What `wait4` tells of it would begin with the memory of this program.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status, self._kib = pathlib.Path(f"/proc/{pid}/status"), 0
        self.start()

    def run(self) -> None:
        while True:
            try:
                found = re.search(r"VmHWM:\s+(\d+) kB", self._status.read_text())
            except OSError:
                return
            # A process that has ended but isn't waited for has no memory any more.
            if not found:
                return
            self._kib = max(self._kib, int(found[1]))
            time.sleep(0.005)

    def most(self) -> float:
        """In MiB."""
        self.join()
        return self._kib / 1024

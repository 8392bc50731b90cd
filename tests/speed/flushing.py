"""What the bridge costs beside a Python tap that flushes after every record."""

import dataclasses
import pathlib

from tests.clients.environments import environment
from tests.speed import shapes
from tests.speed.measure import HERE, Contender, Play, run
from tests.speed.rounds import Spread, progress


@dataclasses.dataclass(frozen=True)
class Found:
    """Microseconds of CPU for a record, and hundredths."""

    ours: Spread
    tap: Spread
    share: Spread


def measure(
    binary: pathlib.Path, config: pathlib.Path, envs: pathlib.Path, made: shapes.Output,
    records: int, rounds: int,
) -> Found:
    """Each round a read of so many records, and one of none, which is taken off: what is left is what
    records cost, without the starts of tap and bridge."""
    python = environment(envs, "speed-singer")
    bridge = Contender(
        "airbyte-singer",
        [
            str(binary), "read", "--tap", str(python), "--tap-arg", str(HERE / "flush_tap.py"),
            "--config", str(config), "--catalog", str(made.airbyte),
        ],
        runs_tap=True,
    )
    out = config.with_name("flushed.jsonl")
    run(bridge, _play(made, records), kept=out)
    told = out.read_bytes().count(b'{"type":"RECORD"')
    out.unlink()
    if told != records:
        raise RuntimeError(f"{told} of {records} records come out")
    ours, tap = [], []
    for number in range(rounds):
        progress(f"flushing: round {number + 1} of {rounds}")
        full, none = run(bridge, _play(made, records)), run(bridge, _play(made, 0))
        ours.append((full.own - none.own) * 1e6 / records)
        tap.append((full.tap - none.tap) * 1e6 / records)
    progress("")
    hundredths = [100 * one / other for one, other in zip(ours, tap, strict=True)]
    return Found(Spread(ours), Spread(tap), Spread(hundredths))


def _play(made: shapes.Output, records: int) -> Play:
    return Play(made.lines, made.singer, variables=(("SPEED_RECORDS", str(records)),))

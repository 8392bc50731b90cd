"""Reads that end too early, and what the next one brings: rows may come twice, never not at all."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator

from tests.native.alike import parsed
from tests.native.apis import Api
from tests.native.laws import Finding, differences
from tests.native.native import Native
from tests.native.streams import Case

#: So many reads of a case are killed.
KILLS = 5


def after_every_state(native: Native, incremental: bool, least: int) -> Finding:
    """`cut.py`: what a platform holds that was cut off behind each state, and what resuming brings.

    Fewer different cuts than `least` are a problem.
    """
    mode = "incremental" if incremental else "full"
    words = native.reading(incremental, [])
    argv = [sys.executable, "-m", "tests.clients.checks.cut", words[0], *words[2:], "--built-in",
            "--least", str(least)]
    done = subprocess.run(
        argv, capture_output=True, text=True, check=False, env=native.variables()
    )
    if not done.stdout:
        return f"cut behind every state, {mode}", done.stderr[-1000:]
    report = json.loads(done.stdout)
    cuts = f"cut behind every state, {mode}: {report.get('cuts')} cuts of {report.get('states')} states"
    return cuts, "; ".join(report["problems"])


def killed(native: Native, case: Case, api: Api) -> Iterator[Finding]:
    """Reads that are killed behind one of their states."""
    wanted = case.rows(api)
    states = len(list(_states(native)))
    chance = random.Random(7)
    for number in sorted(chance.sample(range(1, states + 1), min(KILLS, states))):
        rows, held = _until(native, number)
        resumed = native.read(incremental=True, states=held, judged=False)
        seen = {name: rows.get(name, []) + resumed.rows.get(name, []) for name in wanted}
        yield f"killed behind state {number} of {states}", differences(seen, wanted, often=False)


def _states(native: Native) -> Iterator[dict]:
    for message in _messages(native):
        if message["type"] == "STATE":
            yield message


def _messages(native: Native) -> Iterator[dict]:
    """The messages of a read as they come; it is killed when nobody wants more."""
    argv = native.reading(True, [])
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=native.variables()
    )
    try:
        yield from map(parsed, process.stdout)
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def _until(native: Native, number: int) -> tuple[dict[str, list], dict[str, dict]]:
    """What is committed of a read that is killed behind its nth state.

    Each stream's rows as far as its own last state reaches, since nobody else vouches for them.
    """
    rows, pending, held = {}, {}, {}
    for message in _messages(native):
        if message["type"] == "RECORD":
            record = message["record"]
            pending.setdefault(record["stream"], []).append(record["data"])
        elif message["type"] == "STATE":
            state = message["state"]
            stream = state["stream"]["stream_descriptor"]["name"]
            held[stream] = state
            rows.setdefault(stream, []).extend(pending.pop(stream, []))
            number -= 1
            if not number:
                break
    return rows, held

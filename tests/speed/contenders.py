"""Who competes, and whether each of them does its work."""

import json
import pathlib
import re
import shutil
import subprocess

from tests.clients.environments import environment, lock
from tests.speed.measure import HERE, Contender, Play, run

CAT, OURS = "cat", "airbyte-singer"
#: A record's own bytes, as the tap writes them and as we do.
_SAID = re.compile(rb'"record": ?(.*), ?"time_extracted"')
_TOLD = re.compile(rb'"data":(.*),"emitted_at":')


def copying() -> Contender:
    """What costs least: a program that copies, without looking. With tap and sink, cat|cat|cat."""
    return Contender(CAT, ["cat"], fast=True)


def ours(
    binary: pathlib.Path, config: pathlib.Path, catalog: pathlib.Path, name: str = OURS
) -> Contender:
    """The bridge with a configured catalog, discovery and all."""
    files = ["--config", str(config), "--catalog", str(catalog)]
    argv = [str(binary), "read", "--tap", "{tap}", *files]
    return Contender(name, argv, runs_tap=True, fast=True)


def peers(envs: pathlib.Path | None) -> tuple[list[Contender], list[str]]:
    """Those that are there, and why the others are not."""
    there, missing = [], []
    if shutil.which("jq"):
        there.append(Contender("jq -c .", ["jq", "-c", "."]))
    else:
        missing.append("jq isn't installed")
    script = str(HERE / "peers.py")
    wanted = {
        "orjson loop": ("speed-singer", ["orjson"], False),
        "singer-python loop": ("speed-singer", ["singer-python"], False),
        "Airbyte's old CDK": ("speed-old-cdk", ["old-cdk", "{tap}"], True),
    }
    for name, (env, argv, runs_tap) in wanted.items():
        if envs is None:
            missing.append(f"{name} needs --envs")
            continue
        try:
            python = environment(envs, env)
        except (RuntimeError, FileNotFoundError) as reason:
            missing.append(f"{name}: {str(reason).strip().splitlines()[-1]}")
            continue
        there.append(Contender(name, [str(python), script, *argv], runs_tap=runs_tap))
    return there, missing


def versions(envs: pathlib.Path | None) -> list[str]:
    """What was measured, with its version."""
    found = []
    for program in ("cat", "jq"):
        if shutil.which(program):
            words = subprocess.check_output([program, "--version"], text=True)
            found.append(words.splitlines()[0])
    for env in ("speed-singer", "speed-old-cdk") if envs else ():
        pinned = lock(env).read_text()
        found += re.findall(r"^(?:singer-python|orjson|airbyte-cdk)==\S+", pinned, re.MULTILINE)
    return found


def verify(contender: Contender, play: Play, folder: pathlib.Path) -> None:
    """Hold what a contender writes to what the tap said: every line JSON, every record there.

    Our own records must have the tap's bytes.
    """
    told = _told(contender, play, folder)
    said = play.lines.read_bytes().splitlines() * play.copies
    if contender.name == CAT:
        _demand(told == said, contender, "copies something else")
        return
    records = [found[1] for found in map(_SAID.search, said) if found]
    kinds = [json.loads(line)["type"] for line in told]
    count = kinds.count("RECORD")
    _demand(count == len(records), contender, f"writes {count} of {len(records)} records")
    _demand("STATE" in kinds, contender, "writes no STATE")
    if contender.name == OURS:
        written = [found[1] for found in map(_TOLD.search, told) if found]
        _demand(written == records, contender, "changes a record")


def verify_dropped(
    contender: Contender, play: Play, catalog: pathlib.Path, folder: pathlib.Path
) -> None:
    """Every record must be there, with the fields of a configured catalog of one stream."""
    [stream] = json.loads(catalog.read_text())["streams"]
    kept = set(stream["stream"]["json_schema"]["properties"])
    told = [json.loads(line) for line in _told(contender, play, folder)]
    rows = [message["record"]["data"] for message in told if message["type"] == "RECORD"]
    said = [json.loads(line) for line in play.lines.read_bytes().splitlines()]
    wanted = [
        {key: value for key, value in message["record"].items() if key in kept}
        for message in said
        if message["type"] == "RECORD"
    ]
    _demand(rows == wanted * play.copies, contender, "keeps other fields")


def _told(contender: Contender, play: Play, folder: pathlib.Path) -> list[bytes]:
    """The lines that a contender writes."""
    out = folder / "told.jsonl"
    run(contender, play, kept=out)
    lines = out.read_bytes().splitlines()
    out.unlink()
    return lines


def _demand(holds: bool, contender: Contender, otherwise: str) -> None:
    if not holds:
        raise RuntimeError(f"{contender.name} {otherwise}")

"""Run the real taps one after another, and write docs/taps.md from what happened.

    python3 -m tests.clients.table --binary target/debug/airbyte-singer --envs FOLDER --reports FOLDER [NAME...]

Each tap is run by live.py, which leaves a report; names limit the run to those taps,
and `--run none` runs nothing. The document is made from all reports that are there.
`--check` leaves it alone and says whether it would change. There are no times in it.
"""

import argparse
import json
import pathlib
import subprocess
import sys

from tests.clients.environments import PYTHON
from tests.clients.taps import TAPS
from tests.clients.taps.tap import Tap

HERE = pathlib.Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "taps.md"
#: Beginnings of the steps' names, and what the table calls them.
COMMANDS = {
    "spec": "spec",
    "check": "check",
    "discover": "discover",
    "full read": "read",
    "incremental read": "incremental",
    "resumed read": "resume",
    "PyAirbyte": "PyAirbyte",
    "resume at every cut": "cuts",
}
INTRODUCTION = """\
# Taps that were run

Made by `tests/clients/table.py`; don't edit it. Every tap is as PyPI has it, pinned in
`tests/clients/locks/NAME.txt`. Of each, every message went through `validate.py` (the official
models and what clients demand), every count was held to the server's own, and the
second read was made from the states of the first. To run one:
`python3 -m tests.clients.live NAME --binary target/debug/airbyte-singer`; to make this page again:
`python3 -m tests.clients.table --binary target/debug/airbyte-singer --envs ENVS --reports REPORTS`.
"""
LIVE = """
## Live

Against servers on loopback. *Second read*: records that a resume brings, by an inclusive bookmark or
because the tap has none. *Cuts*: moments of the run at which it was cut off and resumed without
losing a row.

| tap | package | built with | reads from | commands | streams | rows | second read | cuts | remarks |
|---|---|---|---|---|---:|---:|---:|---:|---|
"""
FAR = """
## Asked and discovered

Their service is out in the world. Schemas that a tap has with it are discovered; a tap that asks its
service first must fail with a sentence.

| tap | package | built with | commands | streams | remarks |
|---|---|---|---|---:|---|
"""


def run(options: argparse.Namespace) -> bool:
    """Run the taps that are asked for; whether all of them passed."""
    passed = True
    for name in options.names or TAPS:
        argv = [sys.executable, "-m", "tests.clients.live", name, "--binary", options.binary,
                "--report", options.reports / f"{name}.json"]
        if options.envs:
            argv += ["--envs", options.envs]
        passed &= subprocess.run([str(word) for word in argv], check=False).returncode == 0
    return passed


def document(reports: pathlib.Path) -> str:
    """The page, from all reports that are there."""
    live, far = [], []
    for name, tap in sorted(TAPS.items()):
        path = reports / f"{name}.json"
        if path.exists():
            report = json.loads(path.read_text())
            (live if tap.server else far).append(row(tap, report))
    text = INTRODUCTION + f"The taps ran on Python {PYTHON}.\n" + LIVE + "".join(live)
    return text + FAR + "".join(far) + (HERE / "taps" / "broken.md").read_text()


def row(tap: Tap, report: dict) -> str:
    """A tap's line."""
    cells = [tap.name, tap.on_pypi(), tap.family()]
    figures = ["streams"]
    if tap.server:
        cells.append(tap.source)
        figures += ["rows", "rows_resumed", "cuts"]
    cells.append(commands(report["steps"]))
    cells += [str(report.get(figure, "")) for figure in figures]
    return f"| {' | '.join([*cells, tap.remark])} |\n"


def commands(steps: dict[str, bool]) -> str:
    """The commands whose steps all passed, and the steps that failed."""
    begun = {
        command: [passed for step, passed in steps.items() if step.startswith(start)]
        for start, command in COMMANDS.items()
    }
    good = [command for command, passed in begun.items() if passed and all(passed)]
    failed = [step for step, passed in steps.items() if not passed]
    return ", ".join(good) + (f"; **failed: {', '.join(failed)}**" if failed else "")


def main() -> int:
    """Run, and write or compare the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[[], *TAPS], metavar="NAME")
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--envs", type=pathlib.Path, help="keep Python environments here")
    parser.add_argument("--reports", type=pathlib.Path, required=True, help="keep reports here")
    parser.add_argument("--run", choices=["asked", "none"], default="asked")
    parser.add_argument("--check", action="store_true", help="compare the page, don't write it")
    options = parser.parse_args()
    passed = options.run == "none" or run(options)
    text = document(options.reports)
    if options.check:
        same = DOCUMENT.exists() and DOCUMENT.read_text() == text
        print(f"{DOCUMENT.name} {'is as the reports say' if same else 'differs from the reports'}")
        return 0 if passed and same else 1
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(text)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())

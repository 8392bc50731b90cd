"""How fast the bridge is, beside others: prints the tables of docs/speed.md.

    python3 -m tests.speed.run --binary target/release/airbyte-singer [--envs FOLDER] [--rounds 5] [--only TABLE...]

Every run is a whole process between a tap and a sink, `TAP | CONTENDER | cat > /dev/null`; the tap
prints a file. Before anything is measured, what each contender writes is held against what the tap
said: every record must be there, and ours must have the tap's bytes.

--envs is where Python environments of the peers are kept, and made with uv when they are missing;
without it they are left out. --quick only shows that everything works: its figures mean nothing.
Needs Linux (/proc), bash, and some 100 MB in the folder for temporary files (TMPDIR=/dev/shm).
"""

import argparse
import dataclasses
import datetime
import os
import pathlib
import platform
import tempfile

from tests.speed import contenders, flushing, shapes
from tests.speed.contenders import CAT, OURS
from tests.speed.measure import Play
from tests.speed.rounds import Rounds, Run, progress


@dataclasses.dataclass(frozen=True)
class Setting:
    """What all tables share."""

    binary: pathlib.Path
    envs: pathlib.Path | None
    folder: pathlib.Path
    rounds: int
    #: Megabytes of a file, and how often the fast contenders are played it.
    mb: float
    copies: int
    #: Records of the tap that flushes.
    flushed: int

    @property
    def config(self) -> pathlib.Path:
        path = self.folder / "config.json"
        path.write_text("{}")
        return path

    def output(self, shape: str, style: str = "spaced", mb: float | None = None) -> shapes.Output:
        """The files of a shape."""
        wanted = self.mb if mb is None else mb
        folder = self.folder / f"{style}-{wanted}"
        folder.mkdir(exist_ok=True)
        return shapes.write(shape, folder, wanted, style)


def against_others(setting: Setting) -> list[str]:
    """Everybody, on the regular shapes."""
    peers, missing = contenders.peers(setting.envs)
    columns = {}
    for shape in shapes.REGULAR:
        made, silent = setting.output(shape), setting.output(shape, mb=0)
        ours = contenders.ours(setting.binary, setting.config, made.airbyte)
        runs = []
        for one in (contenders.copying(), ours, *peers):
            progress(f"{shape}: verifying {one.name}")
            once = Play(made.lines, made.singer)
            contenders.verify(one, once, setting.folder)
            if one.fast:
                runs.append(Run(one, dataclasses.replace(once, copies=setting.copies)))
            else:
                runs.append(Run(one, once, Play(silent.lines, silent.singer)))
        heading = f"{shape}, {made.line:.0f} B"
        columns[heading] = Rounds(shape, runs, setting.rounds)
        made.lines.unlink()
    names = [CAT, OURS, *(peer.name for peer in peers)]
    lines = ["Own CPU in seconds for a gigabyte of the tap's output: median (least–most).", ""]
    lines += table("own CPU, s/GB", columns, {
        name: lambda at, name=name: at.own(name) for name in names
    })
    lines += ["", "The same as ratios, taken inside each round.", ""]
    lines += table("how many times", columns, {
        "airbyte-singer to cat": lambda at: at.own(OURS) / at.own(CAT),
        **{
            f"{peer.name} to airbyte-singer": lambda at, name=peer.name: at.own(name) / at.own(OURS)
            for peer in peers
        },
    })
    if missing:
        lines += ["", "Left out: " + "; ".join(missing) + "."]
    return lines


def every_shape(setting: Setting) -> list[str]:
    """Us beside the copying cat, on every shape there is."""
    rows = {}
    for style in shapes.STYLES:
        for shape in shapes.SHAPES if style == "spaced" else shapes.REGULAR:
            made = setting.output(shape, style)
            play = Play(made.lines, made.singer, copies=setting.copies)
            ours = contenders.ours(setting.binary, setting.config, made.airbyte)
            contenders.verify(ours, dataclasses.replace(play, copies=1), setting.folder)
            label = f"{shape}, {style}, {made.line:.0f} B"
            runs = [Run(contenders.copying(), play), Run(ours, play)]
            rows[label] = Rounds(label, runs, setting.rounds)
            made.lines.unlink()
    return turned("shape, style, bytes a line", rows, {
        "own CPU, s/GB": lambda at: at.own(OURS),
        "to cat's": lambda at: at.own(OURS) / at.own(CAT),
        "throughput, MB/s": lambda at: at.speed(OURS),
        "to cat\\|cat\\|cat's": lambda at: at.speed(OURS) / at.speed(CAT),
        "peak, MiB": lambda at: at.peak(OURS),
    })


def half_of_the_fields(setting: Setting) -> list[str]:
    """Every second field deselected, though the tap sends it, beside none."""
    rows = {}
    for shape in shapes.REGULAR:
        made = setting.output(shape)
        halved = made.airbyte.with_suffix(".half.json")
        shapes.configure(shape, halved, lambda number: number % 2 == 0)
        play = Play(made.lines, made.singer, copies=setting.copies)
        whole = contenders.ours(setting.binary, setting.config, made.airbyte)
        half = contenders.ours(setting.binary, setting.config, halved, "half")
        contenders.verify_dropped(half, dataclasses.replace(play, copies=1), halved, setting.folder)
        rows[shape] = Rounds(shape, [Run(whole, play), Run(half, play)], setting.rounds)
        made.lines.unlink()
    return turned("shape", rows, {
        "all fields, s/GB": lambda at: at.own(OURS),
        "half of them, s/GB": lambda at: at.own("half"),
        "how many times": lambda at: at.own("half") / at.own(OURS),
    })


def a_flushing_tap(setting: Setting) -> list[str]:
    """What one wake-up per record costs."""
    if setting.envs is None:
        return ["Left out: it needs --envs."]
    made = setting.output("typical", mb=2)
    found = flushing.measure(
        setting.binary, setting.config, setting.envs, made, setting.flushed, setting.rounds
    )
    return [
        "| | |",
        "|---|---|",
        f"| own CPU, µs a record | {found.ours} |",
        f"| the tap's, µs a record | {found.tap} |",
        f"| ours in hundredths of the tap's | {found.share} |",
    ]


TABLES = {
    "others": ("Beside others", against_others),
    "shapes": ("Every shape", every_shape),
    "fields": ("Half of the fields dropped", half_of_the_fields),
    "flushing": ("A tap that flushes", a_flushing_tap),
}


def table(corner: str, columns: dict, rows: dict) -> list[str]:
    """A Markdown table: a column for each measurement, a row for each question asked of it."""
    lines = [f"| {corner} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, ask in rows.items():
        lines.append(f"| {name} | " + " | ".join(str(ask(at)) for at in columns.values()) + " |")
    return lines


def turned(corner: str, rows: dict, columns: dict) -> list[str]:
    """The same with a row for each measurement."""
    lines = [f"| {corner} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, at in rows.items():
        lines.append(f"| {name} | " + " | ".join(str(ask(at)) for ask in columns.values()) + " |")
    return lines


def machine(setting: Setting) -> str:
    """When and on what it was measured."""
    words = [
        f"{datetime.datetime.now(datetime.UTC).date()}", f"{os.cpu_count()} cores, {platform.machine()}",
        f"Linux {platform.release().split('-')[0]}", f"Python {platform.python_version()}",
        *contenders.versions(setting.envs), f"{setting.rounds} rounds",
    ]
    return ", ".join(words)


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--envs", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    size = {"mb": 1, "copies": 2, "flushed": 2_000} if options.quick else {
        "mb": 32, "copies": 16, "flushed": 150_000
    }
    rounds = 1 if options.quick else options.rounds
    envs = options.envs and options.envs.absolute()
    with tempfile.TemporaryDirectory(prefix="airbyte-singer-speed-") as folder:
        setting = Setting(options.binary.absolute(), envs, pathlib.Path(folder), rounds, **size)
        print(f"Measured: {machine(setting)}.")
        for name in options.only:
            title, make = TABLES[name]
            print(f"\n### {title}\n", *make(setting), sep="\n", flush=True)


if __name__ == "__main__":
    main()

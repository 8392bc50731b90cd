"""A folder of files for taps that read files: what is in it is known because we wrote it.

Each writer fills a folder and says of every stream how many rows it wrote, and how
many of them a tap that was there before brings again.
"""

import csv
import dataclasses
import json
import os
import pathlib
import struct
import zipfile
from collections.abc import Callable, Iterable
from xml.sax.saxutils import escape

from tests.clients.servers.server import Server

#: When the older and the newer files of a stream were last changed, in seconds of the epoch.
OLDER, NEWER = 1_700_000_000, 1_750_000_000
#: The number that dBase has for the code page of its strings.
CP1252 = 3
WORDS = ["plain", "Größe \u00b5", 'quoted "word"', "a, comma", "😀", "back\\slash", ""]


@dataclasses.dataclass(frozen=True)
class Rows:
    """Rows of a stream, and how many of them a resumed read brings again."""

    rows: int
    again: int


class Files(Server):
    """A folder and nothing else; no process, no port."""

    def __init__(self, write: Callable[[pathlib.Path], dict[str, Rows]]) -> None:
        super().__init__()
        self.write = write
        self.streams: dict[str, Rows] = {}

    def start(self) -> None:
        pass

    def seed(self) -> None:
        self.streams = self.write(self.folder)

    def count(self, namespace: str | None, name: str) -> int:
        return self.streams[name].rows

    def count_again(self, namespace: str | None, name: str, cursor: str) -> int:
        return self.streams[name].again


def reading(number: int) -> dict:
    """One row of the files that hold readings."""
    return {
        "id": number,
        "station": WORDS[number % len(WORDS)],
        "value": number / 8,
        "valid": number % 2 == 0,
        "taken": f"2026-03-{number % 28 + 1:02}T10:00:00Z",
        "nested": {"list": [1, None, {"k": "😀"}], "text": "line\nbreak"},
        "gone": None,
    }


def jsonl(folder: pathlib.Path) -> dict[str, Rows]:
    """Two files of one stream; a resumed read reads all of them once for each in the state."""
    for name, numbers, changed in (("a", range(40), OLDER), ("b", range(40, 60), NEWER)):
        lines = [json.dumps(reading(number), ensure_ascii=False) + "\n" for number in numbers]
        _file(folder / f"{name}.jsonl", "".join(lines), changed)
    return {"readings": Rows(60, 120)}


def json_files(folder: pathlib.Path) -> dict[str, Rows]:
    """Lists of readings in two files; the tap declares no cursor, so they come again."""
    for name, numbers, changed in (("a", range(25), OLDER), ("b", range(25, 35), NEWER)):
        rows = [reading(number) for number in numbers]
        _file(folder / f"{name}.json", json.dumps(rows, ensure_ascii=False), changed)
    return {"readings": Rows(35, 35)}


def singer_files(folder: pathlib.Path) -> dict[str, Rows]:
    """Singer messages as another tap wrote them, states among them."""
    schema = {"type": "object", "properties": {
        "id": {"type": "integer"}, "station": {"type": ["null", "string"]},
        "value": {"type": "number"}, "valid": {"type": "boolean"},
        "taken": {"type": "string", "format": "date-time"},
        "nested": {"type": "object"}, "gone": {},
    }}
    lines = [{"type": "SCHEMA", "stream": "readings", "schema": schema, "key_properties": ["id"]}]
    for number in range(30):
        lines.append({"type": "RECORD", "stream": "readings", "record": reading(number)})
        if number % 10 == 9:
            lines.append({"type": "STATE", "value": {"bookmarks": {"readings": {"id": number}}}})
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    _file(folder / "readings.singer", text, OLDER)
    return {"readings": Rows(30, 30)}


def spreadsheets(folder: pathlib.Path) -> dict[str, Rows]:
    """A CSV file and a workbook of one sheet."""
    _csv(folder / "stations.csv", 30, OLDER)
    rows = [[number, WORDS[number % len(WORDS)] or "-", number / 4] for number in range(20)]
    _workbook(folder / "book.xlsx", "Sheet One", [["Id", "Wörd", "Value (€)"], *rows])
    os.utime(folder / "book.xlsx", (NEWER, NEWER))
    return {"stations": Rows(30, 0), "book": Rows(20, 0)}


def dbf_files(folder: pathlib.Path) -> dict[str, Rows]:
    """Two dBase tables, one of them empty."""
    rows = [
        f"{number:>6}{WORDS[number % 2]:<12.12}{number / 8:>10.3f}{'TF'[number % 2]}202603{number % 28 + 1:02}"
        for number in range(30)
    ]
    _dbf(folder / "readings.dbf", rows)
    _dbf(folder / "nothing.dbf", [])
    return {"readings": Rows(30, 30), "nothing": Rows(0, 0)}


def nothing_but_days(_: pathlib.Path) -> dict[str, Rows]:
    """For the tap that makes up a calendar: the days of its config."""
    return {"calendar": Rows(60, 60)}


def _file(path: pathlib.Path, text: str, changed: int) -> None:
    """A text file that was last changed at a given time."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (changed, changed))


def _csv(path: pathlib.Path, rows: int, changed: int) -> None:
    """Stations as CSV, with everything that has to be quoted."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "name", "height", "opened"])
        for number in range(rows):
            height = number * 1.5
            writer.writerow([number, WORDS[number % len(WORDS)] or "-", height, "2026-01-02"])
    os.utime(path, (changed, changed))


def _dbf(path: pathlib.Path, rows: list[str]) -> None:
    """A dBase III table of five columns; each row is its fields in a fixed width."""
    columns = [("ID", "N", 6, 0), ("STATION", "C", 12, 0), ("VALUE", "N", 10, 3),
               ("VALID", "L", 1, 0), ("TAKEN", "D", 8, 0)]
    width = 1 + sum(length for _, _, length, _ in columns)
    head = struct.pack("<B3BIHH17xB2x", 3, 126, 3, 1, len(rows), 33 + 32 * len(columns), width, CP1252)
    for name, kind, length, decimals in columns:
        head += struct.pack("<11sc4xBB14x", name.encode(), kind.encode(), length, decimals)
    body = b"".join(b" " + row.encode("cp1252", "replace") for row in rows)
    path.write_bytes(head + b"\r" + body + b"\x1a")


def _workbook(path: pathlib.Path, sheet: str, rows: Iterable[list]) -> None:
    """The least that an Excel workbook with one sheet of numbers and strings must hold."""
    office = "http://schemas.openxmlformats.org"
    main = f'xmlns="{office}/spreadsheetml/2006/main"'
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    relations = f"{office}/officeDocument/2006/relationships"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{office}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>'
        f'<Override PartName="/xl/sheet.xml" ContentType="{kinds}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{office}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{relations}"><sheets>'
        f'<sheet name="{escape(sheet)}" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{office}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{relations}/worksheet" Target="sheet.xml"/></Relationships>',
        "xl/sheet.xml": f"<worksheet {main}><sheetData>{''.join(map(_row, rows))}</sheetData></worksheet>",
    }
    with zipfile.ZipFile(path, "w") as book:
        for name, text in parts.items():
            book.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')


def _row(cells: list) -> str:
    """A row of a sheet."""
    return "<row>" + "".join(map(_cell, cells)) + "</row>"


def _cell(value: str | float) -> str:
    """A cell of a sheet: a string within the sheet itself, or a number."""
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"

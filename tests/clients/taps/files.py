"""Taps that read files, or nothing at all."""

from tests.clients.servers.files import (
    Files,
    dbf_files,
    json_files,
    jsonl,
    nothing_but_days,
    singer_files,
    spreadsheets,
)
from tests.clients.taps.tap import Tap

TAPS = (
    Tap(
        name="tap-jsonl",
        source="files",
        executable="tap-jsonl",
        built_with="singer-sdk",
        server=lambda _: Files(jsonl),
        config=lambda server: {
            "path": f"{server.folder}/*.jsonl",
            "stream_name": "readings",
            "primary_keys": ["id"],
        },
        bad_config=lambda config: {**config, "primary_keys": "id"},
        remark="resumed, it reads every file once for each file that its state names",
    ),
    Tap(
        name="tap-jsonfile",
        source="files",
        executable="tap-jsonfile",
        built_with="singer-sdk",
        server=lambda _: Files(json_files),
        config=lambda server: {"paths": [f"{server.folder}/*.json"], "stream_name": "readings"},
        bad_config=lambda config: {**config, "paths": 7},
    ),
    Tap(
        name="tap-dbf",
        source="files",
        executable="tap-dbf",
        built_with="singer-sdk",
        server=lambda _: Files(dbf_files),
        config=lambda server: {"path": f"{server.folder}/*.dbf"},
        bad_config=lambda config: {"path": f"{config['path']}.nothing"},
    ),
    Tap(
        name="tap-spreadsheets",
        source="files",
        executable="tap-spreadsheets",
        built_with="singer-sdk",
        server=lambda _: Files(spreadsheets),
        config=lambda server: {
            "files": [
                {
                    "path": f"{server.folder}/stations.csv",
                    "format": "csv",
                    "table_name": "stations",
                    "primary_keys": ["id"],
                },
                {
                    "path": f"{server.folder}/book.xlsx",
                    "format": "excel",
                    "table_name": "book",
                    "worksheet": "Sheet One",
                    "primary_keys": ["id"],
                },
            ]
        },
        bad_config=lambda config: {"files": "none"},
    ),
    Tap(
        name="tap-singer-jsonl",
        source="files",
        executable="tap-singer-jsonl",
        server=lambda _: Files(singer_files),
        config=lambda server: {
            "source": "local",
            "local": {"folders": [str(server.folder)], "recursive": True},
            "add_record_metadata": True,
        },
        bad_config=lambda config: {**config, "source": "nowhere"},
        remark="its main loop and command line are its own; hands on what another tap wrote",
    ),
    Tap(
        name="tap-dimdate",
        source="nothing",
        executable="tap-dimdate",
        built_with="singer-sdk",
        server=lambda _: Files(nothing_but_days),
        config=lambda _: {"start_date": "2026-01-01", "end_date": "2026-03-01"},
        bad_config=lambda config: {**config, "start_date": "yesterday"},
        remark="needs nothing: makes a calendar up",
    ),
)

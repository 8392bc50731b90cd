"""A source under PyAirbyte: spec, check, discover, read into DuckDB, read again from its states.

    python3 -m tests.clients.checks.pyairbyte EXECUTABLE --config CONFIG --expect EXPECTED.json

EXPECTED maps each stream's name to `rows` (the source's own count), `again` (the
records that a second read from the states may bring) and `rows_again` (the rows of
the table after it); `null` there asks nothing. Prints one JSON report; exit 1 when
a step fails or a number differs. No network is used.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback


def settle(folder: pathlib.Path) -> int:
    """Keep PyAirbyte quiet, offline and inside a folder; return the real stdout.

    It prints its progress to stdout, which is to hold nothing but the report.
    """
    os.environ.update(
        AIRBYTE_LOGGING_ROOT=str(folder / "logs"),
        AIRBYTE_OFFLINE_MODE="1",
        AIRBYTE_PROJECT_DIR=str(folder),
        CI="1",
        DO_NOT_TRACK="1",
        NO_LIVE_PROGRESS="1",
    )
    real = os.dup(1)
    os.dup2(2, 1)
    return real


class Session:
    """One source, one DuckDB file, and what was seen."""

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path) -> None:
        import airbyte
        from airbyte.caches import DuckDBCache

        self.problems: list[str] = []
        self.without = set(options.without)
        self.between: pathlib.Path | None = options.between
        self.expected = json.loads(options.expect.read_text())
        self.source = airbyte.get_source(
            options.name,
            config=json.loads(options.config.read_text()),
            local_executable=options.executable.absolute(),
            install_if_missing=False,
        )
        self.cache = DuckDBCache(db_path=folder / "cache.duckdb")

    def run(self) -> dict:
        """All steps in a client's order."""
        settings = sorted(self.source.config_spec.get("properties", {}))
        self.source.validate_config()
        self.source.check()
        streams = self.source.get_available_streams()
        if set(streams) != set(self.expected) | self.without:
            differing = sorted(set(streams) ^ (set(self.expected) | self.without))
            self.problems.append(f"discover: streams differ from what is expected: {differing}")
        self.source.select_streams(sorted(self.expected))
        first = self.read("rows", "rows", "first read")
        if self.between:
            program = json.loads(self.between.read_text())
            subprocess.run(program["argv"], input=program["input"], text=True, check=True)
        second = self.read("again", "rows_again", "second read")
        return {
            "settings": settings,
            "streams": len(self.expected),
            "first": first,
            "second": second,
            "problems": self.problems,
        }

    def read(self, records_key: str, rows_key: str, step: str) -> dict:
        """One read into the same cache, its records and its tables held to the expectation."""
        result = self.source.read(cache=self.cache)
        # Per stream PyAirbyte counts only in its progress tracker.
        records = dict(result._progress_tracker.stream_read_counts)
        rows = {name: len(result[name]) for name in self.expected if name in result}
        for name, wanted in self.expected.items():
            self.compare(f"{step} of {name}: records", records.get(name, 0), wanted[records_key])
            self.compare(f"{step} of {name}: rows of the table", rows.get(name), wanted[rows_key])
        total = sum(records.values())
        self.compare(f"{step}: processed records", result.processed_records, total)
        return {"records": total, "rows": sum(rows.values())}

    def compare(self, what: str, seen: int | None, wanted: int | None) -> None:
        """A difference is a problem; an expectation of null is none."""
        if wanted is not None and seen != wanted:
            self.problems.append(f"{what}: {seen}, expected {wanted}")


def main() -> int:
    """Print the report; 1 when anything differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("executable", type=pathlib.Path)
    parser.add_argument("--config", type=pathlib.Path, required=True)
    parser.add_argument("--expect", type=pathlib.Path, required=True)
    parser.add_argument("--without", nargs="*", default=[], help="streams to leave unselected")
    parser.add_argument("--between", type=pathlib.Path, help="JSON: a program's `argv` and `input`, run after the first read")
    parser.add_argument("--name", default="source-under-test")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="airbyte-singer-pyairbyte-") as folder:
        real = settle(pathlib.Path(folder))
        try:
            report = Session(options, pathlib.Path(folder)).run()
        except Exception as error:  # noqa: BLE001  (whatever it raises is what the report says)
            traceback.print_exc()
            said = " ".join(str(error).split())[-1500:]
            report = {"problems": [f"{type(error).__name__}: {said}"]}
    os.write(real, (json.dumps(report, indent=1, ensure_ascii=False) + "\n").encode())
    return 1 if report["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())

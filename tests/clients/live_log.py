"""A PostgreSQL tap that reads the server's log, end to end: changes, deletes, cuts.

    python3 -m tests.clients.live_log pipelinewise-tap-postgres --binary target/debug/airbyte-singer

Starts PostgreSQL with a log that can be read, gives the tap a replication slot, and
reads: everything, then exactly what was changed since, then a table that came later
and one that is wanted in full again. Every read goes through validate.py, every count
is held to what was done on the server. Then PyAirbyte with changes between its two
reads. Then a resume at the cuts of the first read and of the second: what was
committed there and what the resume brings, applied by key with its deletes, must give
the server's tables. The slot is first put back to where that read had left it: a tap
that had confirmed more than was committed would lose rows here.
"""

import argparse
import contextlib
import copy
import dataclasses
import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile

from tests.clients.checks.catalogs import (
    Key,
    catalog_in,
    configure,
    keep_state,
    key_of,
    last_states,
    messages,
)
from tests.clients.checks.cut import Cut
from tests.clients.environments import environment
from tests.clients.live import Failed, Live
from tests.clients.servers.databases import PostgresLog
from tests.clients.taps import TAPS
from tests.clients.taps.tap import Tap

#: The streams read from the log, and what of their rows every tap writes alike.
LOGGED = {
    "people": ["id", "name"],
    "order_lines": ["order_no", "line_no", "article", "amount"],
    "notes": ["at", "body"],
    "later": ["id", "word"],
    "Mixed-Name": ["id", "größe"],
}
#: Made after the second read, while the log streams before it go on.
NEWCOMER = "newcomer"
#: SQL, and how many inserts and updates and how many deletes it makes of each stream.
CHANGES = """
insert into shop.people (id, name) values (1001, 'new'), (1002, 'brief');
update shop.people set credit = 99.5 where id <= 3;
delete from shop.people where id in (5, 1002);
insert into shop.later values (1, 'one');
update shop.order_lines set amount = amount + 1000 where order_no = 4;
delete from shop.order_lines where order_no = 5;
insert into shop.notes values (21, 'a note more');
delete from shop.notes where at = 3;
alter table shop.people add column nick text;
insert into shop.people (id, name, nick) values (1003, 'with a nick', 'n');
begin;
update shop.people set name = 'once' where id = 10;
insert into shop.later values (2, 'two');
update shop.people set name = 'twice' where id = 10;
commit;
begin;
update shop.people set name = 'never' where id = 11;
rollback;
insert into shop.steady values (41, 'body 41', '2026-03-03');
insert into shop.pages values (11, 'page 11');
"""
CHANGED = {"people": (8, 2), "order_lines": (3, 3), "notes": (1, 1), "later": (2, 0)}
#: More of it, after the second read.
MORE = """
create table shop.newcomer (id integer primary key, word text);
insert into shop.newcomer values (1, 'here'), (2, 'too');
update shop.people set name = 'thrice' where id = 10;
delete from shop.later where id = 1;
"""
#: What PyAirbyte's second read is to find; each key is changed once.
BETWEEN = """
insert into shop.later values (11, 'eleven'), (12, 'twelve');
update shop.people set name = 'four' where id = 4;
delete from shop.people where id = 6;
"""
#: Cuts of each read that are tried, the first and the last among them, and lagging ones.
EVEN, LAGGING = 6, 2


@dataclasses.dataclass(frozen=True)
class LogTap:
    """What a tap of `TAPS` needs to read the log."""

    #: The replication slot that it looks for.
    slot: str
    config: dict
    #: How its ids begin.
    prefix: str = "shop-"


LOG_TAPS = {
    "pipelinewise-tap-postgres": LogTap(
        slot="pipelinewise_house",
        config={"filter_schemas": "shop", "debug_lsn": "true", "logical_poll_total_seconds": 1},
    ),
    "singer-io-tap-postgres": LogTap(
        slot="stitch",
        config={
            "filter_schemas": "shop", "debug_lsn": "true", "logical_poll_total_seconds": 1,
            "wal2json_message_format": "2",
        },
        prefix="house-shop-",
    ),
    "tap-postgres": LogTap(
        slot="meltano",
        config={
            "filter_schemas": ["shop"], "replication_slot_name": "meltano",
            "replication_idle_exit_seconds": 1, "log_based_single_connection": True,
            "auto_bootstrap_log_based": True,
        },
    ),
}


def with_log(tap: Tap, log: LogTap) -> Tap:
    """The tap as it reads the log."""
    logged = [*LOGGED, NEWCOMER]
    streams = {f"{log.prefix}{name}": {"replication_method": "LOG_BASED"} for name in logged}
    streams[f"{log.prefix}steady"] = {"cursor": "updated_at"}
    return dataclasses.replace(
        tap,
        server=lambda _: PostgresLog(log.slot),
        config=lambda server: {**tap.config(server), **log.config},
        streams=streams,
        renamed={},
        beyond_duckdb={},
    )


class Run:
    """What one read wrote: its records by stream, and its STATEs with their places."""

    def __init__(self, output: pathlib.Path) -> None:
        self.records: dict[str, list[dict]] = {}
        self.states: list[tuple[dict, dict[Key, int]]] = []
        keys: dict[str, Key] = {}
        for message in messages(output):
            if message["type"] == "RECORD":
                record = message["record"]
                keys[record["stream"]] = record.get("namespace") or None, record["stream"]
                self.records.setdefault(record["stream"], []).append(record["data"])
            elif message["type"] == "STATE":
                before = {keys[name]: len(held) for name, held in self.records.items()}
                self.states.append((message["state"], before))

    def until(self, counts: dict[str, int]) -> "Run":
        """The run as far as its records were committed."""
        cut = copy.copy(self)
        cut.records = {name: held[: counts.get(name, 0)] for name, held in self.records.items()}
        return cut

    def changes(self, name: str) -> tuple[int, int]:
        """How many records of a stream say that a row is there, and how many that it went."""
        gone = sum(bool(data.get("_sdc_deleted_at")) for data in self.records.get(name, []))
        return len(self.records.get(name, [])) - gone, gone


def applied(records: list[dict], key: list[str], columns: list[str]) -> dict[str, list]:
    """The table that records make, in their order; without a key the whole row is one."""
    table = {}
    for data in records:
        row = [data.get(column) for column in columns]
        name = json.dumps([data.get(part) for part in key] if key else row)
        if data.get("_sdc_deleted_at"):
            table.pop(name, None)
        else:
            table[name] = row
    return table


class LiveLog(Live):
    """One tap that reads the log."""

    server: PostgresLog

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path) -> None:
        super().__init__(options, folder)
        self.log = LOG_TAPS[self.name]
        self.tap = with_log(TAPS[self.name], self.log)

    def run(self) -> bool:
        with contextlib.ExitStack() as held:
            self.server = held.enter_context(self.tap.server(self.envs))
            try:
                self.prepare()
                self.offers()
                self.reads()
                self.newcomer()
                self.cuts()
                self.pyairbyte()
            except Failed as failure:
                self.note("stopped", False, str(failure), 0.0)
        return all(passed for _, passed, _, _ in self.rows)

    def offers(self) -> None:
        """discover shows what the log will add; check never touches the slot."""
        self.spec = self.step("spec", "spec")
        self.secret = ["--config", self.config, "--spec", self.spec]
        before = self.server.confirmed(self.log.slot)
        self.step("check", "check", ["--config", self.config],
                  [*self.secret, "--expect-status", "SUCCEEDED"])
        self.compare("check leaves the slot alone", self.server.confirmed(self.log.slot), before)
        self.discover("discover")
        for name in LOGGED:
            stream = self.stream(name)
            columns = stream["json_schema"]["properties"]
            seen = (
                stream["supported_sync_modes"], stream.get("source_defined_cursor"),
                stream.get("default_cursor_field"), "_sdc_deleted_at" in columns, "_sdc_lsn" in columns,
            )
            self.compare(f"{name} is offered from the log", seen,
                         (["full_refresh", "incremental"], True, ["_sdc_lsn"], True, True))

    def discover(self, step: str) -> None:
        output = self.step(step, "discover", ["--config", self.config], self.secret)
        self.catalog = catalog_in(output)

    def stream(self, name: str) -> dict:
        return next(stream for stream in self.catalog["streams"] if stream["name"] == name)

    def read(self, step: str, states: list[dict], catalog: dict) -> Run:
        """One read from these states, judged."""
        configured = self.write(f"{step}.catalog.json", catalog)
        state = self.write(f"{step}.state.json", states)
        words = ["--config", self.config, "--catalog", configured, "--state", state]
        self.output = self.step(step, "read", [*words, "--state-interval", "0"],
                                [*self.secret, "--catalog", configured, "--state", state, "--records"])
        return Run(self.output)

    def reads(self) -> None:
        """All rows, then the changes and nothing else, then nothing new."""
        self.wanted = configure(self.catalog, incremental=True)
        self.first = self.read("first read", [], self.wanted)
        self.states = last_states(self.output)
        counts = {name: len(self.first.records.get(name, [])) for name in self.tables()}
        self.compare("first read: counts", counts, {n: self.server.count("shop", n) for n in counts})
        self.server.copy_slot(self.log.slot, "after_first")
        self.server.sql(CHANGES)
        # A column is new to the platform too: until it has discovered it, it is not asked for.
        self.discover("discover the new column")
        wanted = configure(self.catalog, incremental=True)
        self.second = self.read("changes", self.states, wanted)
        self.later_states = last_states(self.output)
        seen = {name: self.second.changes(name) for name in LOGGED}
        self.compare("changes: what was done", seen, {n: CHANGED.get(n, (0, 0)) for n in LOGGED})
        nicks = [data.get("nick") for data in self.second.records["people"]]
        self.compare("changes: the new column", nicks.count("n"), 1)
        self.holds("changes: the tables", [self.first, self.second])
        self.server.copy_slot(self.log.slot, "after_second")
        third = self.read("nothing new", self.later_states, self.wanted)
        again = {name: sum(third.changes(name)) for name in LOGGED}
        print(f"  a resume brings the last position again: {again}")
        few = all(count <= sum(self.second.changes(name)) for name, count in again.items())
        self.note("nothing new: no more than the last changes", few, f"{sum(again.values())} records", 0.0)
        self.holds("nothing new: the tables", [self.first, self.second, third])
        self.third, self.third_states = third, last_states(self.output)

    def newcomer(self) -> None:
        """A table added later is read in full while the others go on; one is wanted in full again."""
        self.server.sql(MORE)
        self.discover("discover the newcomer")
        wanted = configure(self.catalog, incremental=True, generation=2)
        fourth = self.read("a stream added", self.third_states, wanted)
        self.compare("a stream added: its rows", fourth.changes(NEWCOMER), (2, 0))
        seen = {name: fourth.changes(name) for name in ("later", "Mixed-Name")}
        gone = seen["later"][1], seen["Mixed-Name"][1]
        self.compare("a stream added: deletes of the others", gone, (1, 0))
        self.holds("a stream added: the tables", [self.first, self.second, self.third, fourth])
        states = last_states(self.output)
        for configured in wanted["streams"]:
            if configured["stream"]["name"] == "order_lines":
                configured.update(sync_mode="full_refresh", destination_sync_mode="overwrite",
                                  cursor_field=[], minimum_generation_id=2)
        fifth = self.read("one in full", states, wanted)
        self.compare("one in full: its rows", fifth.changes("order_lines"),
                     (self.server.count("shop", "order_lines"), 0))

    def cuts(self) -> None:
        """A resume at cuts of the first read and of the second."""
        catalog = self.write("cuts.catalog.json", self.wanted)
        chance = random.Random(20)
        problems: list[str] = []
        tried = 0
        for step, run, base, earlier, slot in (
            ("first read", self.first, [], [], "after_first"),
            ("changes", self.second, self.states, [self.first], "after_second"),
        ):
            for name, cut in self.chosen(run, chance):
                self.server.copy_slot(slot, self.log.slot)
                held: dict = {}
                for state in [*base, *cut.states]:
                    keep_state(held, state)
                state = self.write("cut.state.json", list(held.values()))
                output, errors = self.folder / "cut.jsonl", self.folder / "cut.stderr"
                with output.open("wb") as stdout, errors.open("wb") as stderr:
                    code = subprocess.run(
                        [str(self.link), "read", "--config", self.config, "--catalog", catalog,
                         "--state", state],
                        stdout=stdout, stderr=stderr, check=False, env=self.variables_for(True),
                    ).returncode
                tried += 1
                if code:
                    problems.append(f"{step}, {name}: the resume exits {code}")
                    continue
                committed = {key[1]: count for key, count in cut.rows.items()}
                runs = [*earlier, run.until(committed), Run(output)]
                problems += [f"{step}, {name}: {found}" for found in self.differences(runs)]
        self.note("resume at every cut", not problems, f"{tried} cuts, {self.summary(problems)}", 0.0)

    def chosen(self, run: "Run", chance: random.Random) -> list[tuple[str, Cut]]:
        """Cuts spread over a read, and ones where each stream was committed to another place."""
        streams = [key_of(configured["stream"]) for configured in self.wanted["streams"]]
        last = len(run.states) - 1
        even = sorted({round(i * last / (EVEN - 1)) for i in range(EVEN)})
        found = [("nothing committed", Cut(run, dict.fromkeys(streams, -1)))]
        found += [(f"state {i + 1}", Cut(run, dict.fromkeys(streams, i))) for i in even]
        for number in range(LAGGING):
            end = chance.randint(0, last)
            ends = {stream: chance.randint(-1, end) for stream in streams}
            found.append((f"lagging {number + 1}", Cut(run, ends)))
        distinct: dict[str, tuple[str, Cut]] = {}
        for name, cut in found:
            distinct.setdefault(cut.name, (name, cut))
        return list(distinct.values())

    def tables(self) -> list[str]:
        """The tables of the schema that are in the catalog."""
        return [stream["name"] for stream in self.catalog["streams"]]

    def holds(self, step: str, runs: list["Run"]) -> None:
        """What the runs wrote, applied in order, is what the server holds."""
        found = self.differences(runs)
        self.note(step, not found, self.summary(found), 0.0)

    def differences(self, runs: list["Run"]) -> list[str]:
        """Rows that are missing, too many or other than the server's, by stream; never their values."""
        found = []
        for name, columns in LOGGED.items():
            key = [part[0] for part in self.stream(name).get("source_defined_primary_key") or []]
            records = [data for run in runs for data in run.records.get(name, [])]
            table, server = applied(records, key, columns), {}
            for row in self.server.table("shop", name):
                server.update(applied([row], key, columns))
            missing, extra = set(server) - set(table), set(table) - set(server)
            other = [row for row in set(server) & set(table) if server[row] != table[row]]
            if missing or extra or other:
                found.append(f"{name}: {len(missing)} rows are missing, {len(extra)} too many, {len(other)} other")
        return found

    def pyairbyte(self) -> None:
        """PyAirbyte reads all, then the changes that were made in between; its tables keep what went."""
        begin = {name: self.server.count("shop", name) for name in self.tables()}
        # Nobody but the log says which rows of `later` are new: two more, one changed, one gone.
        again = {"later": 2, "people": 2, "pages": begin["pages"], "steady": 1}
        expected = {
            name: {"rows": rows, "again": again.get(name, 0), "rows_again": rows + 2 * (name == "later")}
            for name, rows in begin.items()
        }
        wanted = self.write("expected.json", expected)
        program = self.write("between.json", {"argv": self.server.client(), "input": BETWEEN})
        argv = [environment(self.envs, "pyairbyte"), "-m", "tests.clients.checks.pyairbyte", self.link,
                "--config", self.config, "--expect", wanted, "--name", self.link.name, "--between", program]
        self.variables = {**self.variables, "PGPASSWORD": self.server.password}
        report = self.client("PyAirbyte, with changes in between", argv)
        print(f"  first read {report.get('first')}, second read {report.get('second')}")


def main() -> int:
    """Run one tap; 0 when everything passed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=LOG_TAPS)
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--envs", type=pathlib.Path, help="keep Python environments here")
    options = parser.parse_args()
    # So that servers are stopped and folders removed when we are asked to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="airbyte-singer-live-") as folder:
        live = LiveLog(options, pathlib.Path(folder))
        passed = live.run()
        live.table()
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())

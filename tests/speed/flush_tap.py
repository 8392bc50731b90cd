#!/usr/bin/env python3
"""A tap as most are, at full speed: it writes with singer-python, which flushes after every record.

Says $SPEED_RECORDS records, the first thousand of $SPEED_LINES over and over. Its CPU goes to the end
of $SPEED_TIMES, as a shell's `times` tells it.
"""

import datetime
import itertools
import json
import os
import pathlib
import resource
import sys


def sync() -> None:
    import singer

    with open(os.environ["SPEED_LINES"], encoding="utf-8") as lines:
        said = [json.loads(line) for line in itertools.islice(lines, 1_001)]
    stream = said[0]["stream"]
    rows = [message["record"] for message in said if message["type"] == "RECORD"]
    singer.write_schema(stream, said[0]["schema"], said[0]["key_properties"])
    for number in range(int(os.environ["SPEED_RECORDS"])):
        now = datetime.datetime.now(datetime.UTC)
        singer.write_record(stream, rows[number % len(rows)], time_extracted=now)
        if number % 10_000 == 9_999:
            singer.write_state({"bookmarks": {stream: {"id": number}}})
    singer.write_state({"bookmarks": {stream: {"id": 0}}})


if "--help" in sys.argv:
    print("usage: tap [--config FILE] [--discover] [--catalog FILE] [--state FILE]")
elif "--about" in sys.argv:
    sys.exit(2)
elif "--discover" in sys.argv:
    print(pathlib.Path(os.environ["SPEED_CATALOG"]).read_text())
else:
    sync()
    used = resource.getrusage(resource.RUSAGE_SELF)
    with open(os.environ["SPEED_TIMES"], "a", encoding="ascii") as times:
        times.write(f"0m{used.ru_utime:.6f}s 0m{used.ru_stime:.6f}s\n")

#!/usr/bin/env bash
# PyAirbyte 0.71.3: a read that says TRACE ERROR and INCOMPLETE, and exits with 0, is a success.
#
# The protocol's ERROR trace and the stream status INCOMPLETE say that rows are missing. PyAirbyte looks
# at the exit code alone: the read returns without an exception, and the row that came is in the cache.
# A source must therefore exit with another code than 0 behind an ERROR trace.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'airbyte==0.71.3'
cat >"$work/source-plants" <<'PY'
#!/usr/bin/env python3
import json
import sys
import time


def say(kind, key, value):
    print(json.dumps({"type": kind, key: value}), flush=True)


def trace(kind, key, value):
    say("TRACE", "trace", {"type": kind, "emitted_at": time.time() * 1000, key: value})


stream = {"name": "plants", "json_schema": {"type": "object", "properties": {"id": {"type": "integer"}}},
          "supported_sync_modes": ["full_refresh"]}
command = sys.argv[1]
if command == "spec":
    say("SPEC", "spec", {"connectionSpecification": {"type": "object", "properties": {}}})
elif command == "check":
    say("CONNECTION_STATUS", "connectionStatus", {"status": "SUCCEEDED"})
elif command == "discover":
    say("CATALOG", "catalog", {"streams": [stream]})
else:
    status = {"stream_descriptor": {"name": "plants"}, "status": "STARTED"}
    trace("STREAM_STATUS", "stream_status", status)
    say("RECORD", "record", {"stream": "plants", "data": {"id": 1}, "emitted_at": int(time.time() * 1000)})
    trace("STREAM_STATUS", "stream_status", {**status, "status": "INCOMPLETE"})
    trace("ERROR", "error", {"message": "the second row could not be read", "failure_type": "system_error"})
PY
chmod +x "$work/source-plants"
seen=$(cd "$work" && AIRBYTE_OFFLINE_MODE=1 DO_NOT_TRACK=1 "$work/venv/bin/python" - "$work/source-plants" 2>"$work/log" <<'PY' | tail -1
import sys

import airbyte

source = airbyte.get_source("source-plants", config={}, local_executable=sys.argv[1])
source.select_all_streams()
try:
    result = source.read(cache=airbyte.new_local_cache("plants"))
    print("no exception, rows", len(list(result["plants"])))
except Exception as error:
    print("exception", type(error).__name__)
PY
)
echo "PyAirbyte 0.71.3, a read with TRACE ERROR and exit code 0: $seen"
[ "$seen" = 'no exception, rows 1' ] || {
    echo "changed: this is no longer what was seen"
    tail -5 "$work/log"
    exit 1
}

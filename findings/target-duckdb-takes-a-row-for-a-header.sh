#!/usr/bin/env bash
# target-duckdb 0.8.0 with duckdb 1.4.3: of a batch whose columns are all texts the first row is lost.
#
# The target writes a batch into a CSV file without a header and loads it by COPY, which guesses whether
# the first line is one. Where every column is a text nothing tells a row from a header. The target exits
# with 0 and writes the state that covers the row. With an integer column beside it every row arrives.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    'target-duckdb==0.8.0' 'duckdb==1.4.3' 'setuptools<80'
printf '{"filepath": "%s/d.duckdb", "default_target_schema": "main", "primary_key_required": false}' "$work" \
    >"$work/config.json"

python3 - >"$work/messages" <<'PY'
import json

text, whole = {"type": ["null", "string"]}, {"type": ["null", "integer"]}
for stream, properties, record in [
    ("texts", {"name": text, "town": text}, lambda n: {"name": f"name {n}", "town": f"town {n}"}),
    ("mixed", {"name": text, "size": whole}, lambda n: {"name": f"name {n}", "size": n}),
]:
    schema = {"type": "object", "properties": properties}
    print(json.dumps({"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": []}))
    for n in range(1, 5):
        print(json.dumps({"type": "RECORD", "stream": stream, "record": record(n)}))
print(json.dumps({"type": "STATE", "value": {"bookmarks": {"texts": {"n": 4}}}}))
PY
state=$("$work/venv/bin/target-duckdb" --config "$work/config.json" <"$work/messages" 2>"$work/log" | tail -1)
seen=$("$work/venv/bin/python" - "$work/d.duckdb" <<'PY'
import sys

import duckdb

with duckdb.connect(sys.argv[1], read_only=True) as connection:
    texts = [row[0] for row in connection.execute('select name from main.texts order by 1').fetchall()]
    mixed = [row[0] for row in connection.execute('select name from main.mixed order by 1').fetchall()]
print(f"texts {len(texts)} of 4 rows, mixed {len(mixed)} of 4 rows")
PY
)
echo "target-duckdb 0.8.0, duckdb 1.4.3: $seen; state: $state"
[ "$seen" = 'texts 3 of 4 rows, mixed 4 of 4 rows' ] && [ -n "$state" ] || {
    echo "changed: this is no longer what was seen"
    exit 1
}

#!/usr/bin/env bash
# target-jsonl 0.1.4: a STATE is written to stdout only if no RECORD follows it.
#
# Singer targets write a STATE to stdout once the records before it are stored. This target keeps one
# STATE, and each later RECORD clears it. A tap whose last message is a RECORD therefore gets no state
# at all, although every row is in the file, and the target exits with 0. Two runs show it: the same
# messages without, and with, a last STATE.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'target-jsonl==0.1.4' 'setuptools<80'
printf '{"destination_path": "%s", "do_timestamp_file": false}' "$work" >"$work/config.json"

messages() {
    echo '{"type":"SCHEMA","stream":"plants","schema":{"type":"object","properties":{"id":{"type":"integer"}}},"key_properties":["id"]}'
    echo '{"type":"RECORD","stream":"plants","record":{"id":1}}'
    echo '{"type":"STATE","value":{"bookmarks":{"plants":{"id":1}}}}'
    echo '{"type":"RECORD","stream":"plants","record":{"id":2}}'
}
last() { echo '{"type":"STATE","value":{"bookmarks":{"plants":{"id":2}}}}'; }

without=$(messages | "$work/venv/bin/target-jsonl" --config "$work/config.json")
rows=$(wc -l <"$work/plants.jsonl")
with=$({ messages; last; } | "$work/venv/bin/target-jsonl" --config "$work/config.json")

echo "target-jsonl 0.1.4, a RECORD is last: rows $rows, state on stdout: '${without}'"
echo "target-jsonl 0.1.4, a STATE is last: state on stdout: '${with}'"
[ "$rows" = 2 ] && [ -z "$without" ] && [ "$with" = '{"bookmarks": {"plants": {"id": 2}}}' ] || {
    echo "changed: this is no longer what was seen"
    exit 1
}

#!/usr/bin/env bash
# singer-sdk 0.54.9 (here in meltanolabs-target-csv 0.5.0): a fraction in a STATE fails the whole run.
#
# Numbers of messages are read as decimals, and the state is written without a rule for decimals. The
# rows are stored, then the run ends with a TypeError, exit code 1, and no state comes out: a tap whose
# bookmark is 1.5 reads everything again each time. With 15 the same run is fine.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    'meltanolabs-target-csv==0.5.0' 'singer-sdk==0.54.9' 'setuptools<80'

run() {
    mkdir -p "$work/out$1"
    printf '{"output_path": "%s"}' "$work/out$1" >"$work/config.json"
    {
        echo '{"type":"SCHEMA","stream":"plants","schema":{"type":"object","properties":{"id":{"type":"integer"}}},"key_properties":["id"]}'
        echo '{"type":"RECORD","stream":"plants","record":{"id":1}}'
        echo "{\"type\":\"STATE\",\"value\":{\"bookmarks\":{\"plants\":{\"height\":$1}}}}"
    } | "$work/venv/bin/target-csv" --config "$work/config.json" >"$work/state" 2>"$work/log" && code=0 || code=$?
    rows=$(tail -n +2 "$work/out$1/plants.csv" | wc -l)
    echo "exit $code, rows $rows, state '$(cat "$work/state")'"
}

whole=$(run 15)
fraction=$(run 1.5)
reason=$(grep -c 'Decimal is not JSON serializable' "$work/log" || true)
echo "singer-sdk 0.54.9, bookmark 15: $whole"
echo "singer-sdk 0.54.9, bookmark 1.5: $fraction"
[ "$whole" = "exit 0, rows 1, state '{\"bookmarks\": {\"plants\": {\"height\": 15}}}'" ] &&
    [ "$fraction" = "exit 1, rows 1, state ''" ] && [ "$reason" -gt 0 ] || {
    echo "changed: this is no longer what was seen"
    tail -3 "$work/log"
    exit 1
}

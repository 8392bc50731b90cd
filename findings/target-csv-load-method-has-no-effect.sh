#!/usr/bin/env bash
# meltanolabs-target-csv 0.5.0: `load_method: append-only` replaces the file of the run before.
#
# `--about` lists the setting `load_method` with append-only as its default. The file of a stream is
# nevertheless opened for writing from its beginning in each run: after two runs with one row each the
# file holds the second row alone, and both runs exit with 0. A stream that only sends its SCHEMA in
# the second run loses its rows too.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    'meltanolabs-target-csv==0.5.0' 'singer-sdk==0.54.9' 'setuptools<80'
target="$work/venv/bin/target-csv"
mkdir "$work/out"
printf '{"output_path": "%s", "load_method": "append-only"}' "$work/out" >"$work/config.json"

schema='{"type":"SCHEMA","stream":"plants","schema":{"type":"object","properties":{"id":{"type":"integer"}}},"key_properties":["id"]}'
row() { printf '%s\n{"type":"RECORD","stream":"plants","record":{"id":%s}}\n' "$schema" "$1"; }

row 1 | "$target" --config "$work/config.json" 2>"$work/log1"
after_one=$(tail -n +2 "$work/out/plants.csv" | tr -d '\r' | tr '\n' ' ')
row 2 | "$target" --config "$work/config.json" 2>"$work/log2"
after_two=$(tail -n +2 "$work/out/plants.csv" | tr -d '\r' | tr '\n' ' ')
offered=$("$target" --about --format json 2>/dev/null |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["settings"]["properties"]["load_method"]["default"])')

echo "meltanolabs-target-csv 0.5.0: load_method by default: $offered; rows after run 1: $after_one; after run 2: $after_two"
[ "$offered" = append-only ] && [ "$after_one" = '1 ' ] && [ "$after_two" = '2 ' ] || {
    echo "changed: this is no longer what was seen"
    exit 1
}

#!/usr/bin/env bash
# singer-sdk 0.54.9: a BATCH file in parquet is called `.parquet.gz` and is no gzip; one in JSON lines is
# a gzip whatever `compression` says.
#
# A reader that goes by the name, or by `encoding.compression` of the BATCH message, fails on both. Only
# the first bytes of the file tell: `PAR1` for parquet, 1f 8b for gzip.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    'singer-sdk[parquet]==0.54.9' 'pyarrow==22.0.0' 'setuptools<80'
cat >"$work/tap.py" <<'PY'
from singer_sdk import Stream, Tap
from singer_sdk import typing as th


class Plants(Stream):
    name = "plants"
    schema = th.PropertiesList(th.Property("id", th.IntegerType)).to_dict()

    def get_records(self, context):
        yield from ({"id": n} for n in range(3))


class TapPlants(Tap):
    name = "tap-plants"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self):
        return [Plants(self)]


TapPlants.cli()
PY

run() { # FORMAT COMPRESSION
    local root="$work/$1-$2"
    mkdir "$root"
    printf '{"batch_config": {"encoding": {"format": "%s", "compression": "%s"}, "storage": {"root": "file://%s"}}}' \
        "$1" "$2" "$root" >"$work/config.json"
    "$work/venv/bin/python" "$work/tap.py" --config "$work/config.json" >"$work/out" 2>"$work/log"
    local file
    file=$(find "$root" -type f | head -1)
    echo "${file#"$root"/} $(head -c 4 "$file" | od -An -tx1 | tr -d ' ')" | sed -E 's/^.*plants[^.]*\./NAME./'
}

parquet=$(run parquet gzip)
lines=$(run jsonl none)
echo "singer-sdk 0.54.9, parquet with compression gzip: name and first bytes: $parquet"
echo "singer-sdk 0.54.9, jsonl with compression none: name and first bytes: $lines"
case "$parquet/$lines" in
*'.parquet.gz 50415231'/*' 1f8b'*) ;;
*)
    echo "changed: this is no longer what was seen"
    exit 1
    ;;
esac

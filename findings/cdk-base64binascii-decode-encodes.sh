#!/usr/bin/env bash
# airbyte-cdk 7.39.1: the template filter `base64binascii_decode` of low-code manifests encodes.
#
# Manifests decode a text from base64 by a filter of that name. What it gives is the text encoded once
# more, beside `base64decode`, which decodes. A manifest that used it sends a doubly encoded value.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'airbyte-cdk==7.39.1'
seen=$("$work/venv/bin/python" - <<'PY'
from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString


def result(filter_name: str) -> str:
    template = "{{ 'cGxhbnQ=' | %s }}" % filter_name
    return str(InterpolatedString.create(template, parameters={}).eval({}))


print(result("base64decode"), result("base64binascii_decode"))
PY
)
echo "airbyte-cdk 7.39.1, 'cGxhbnQ=' by base64decode and by base64binascii_decode: $seen"
[ "$seen" = 'plant Y0d4aGJuUT0=' ] || {
    echo "changed: this is no longer what was seen"
    exit 1
}

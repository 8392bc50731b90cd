"""Prints the forms in which Python programs print a secret: `python3 forms.py > forms.jsonl`."""

import base64
import json
import re
from urllib.parse import quote, quote_plus

SECRET = "s3cr3t/wörd+\"q'8=Zk:42"
encoded = SECRET.encode()
basic = base64.b64encode(b"anna:" + encoded).decode()
document = json.dumps({"pw": SECRET, "user": "anna"})
lower = re.sub("%..", lambda code: code[0].lower(), quote(SECRET, safe=""))

FORMS = {
    "raw": SECRET,
    "URL-encoded": quote(SECRET, safe=""),
    "URL-encoded, lower case": lower,
    "URL-encoded path": quote(SECRET),
    "form": quote_plus(SECRET),
    "URL-encoded twice": quote(quote(SECRET, safe=""), safe=""),
    "JSON": json.dumps(SECRET, ensure_ascii=False)[1:-1],
    "JSON in ASCII": json.dumps(SECRET)[1:-1],
    "JSON in JSON": json.dumps(json.dumps(SECRET))[3:-3],
    "repr": repr(SECRET)[1:-1],
    "ascii": ascii(SECRET)[1:-1],
    "repr of bytes": repr(encoded)[2:-1],
    "repr of JSON": repr(json.dumps(SECRET))[2:-2],
    "base64": base64.b64encode(encoded).decode(),
    "base64url": base64.urlsafe_b64encode(encoded).decode().rstrip("="),
    "basic": basic,
    "base64 of JSON": base64.b64encode(document.encode()).decode(),
    "hex": encoded.hex(),
    "hex, upper case": encoded.hex().upper(),
}

for how, form in FORMS.items():
    print(json.dumps({"how": how, "form": form}, ensure_ascii=False))

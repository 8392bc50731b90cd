"""Hold the dependencies to deny.toml with nothing but `cargo metadata`.

Checks the licence expression, the ban list and the source of every package in
the resolved graph. `cargo deny` does the same and more; building it takes
minutes, so CI runs this. Prints one line per violation; exit 1 if there is any.
"""

import json
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOKEN = re.compile(r"\(|\)|[A-Za-z0-9.+-]+")


def satisfied(expression: str, allowed: set[str]) -> bool:
    """Whether the allowed licences are enough for an SPDX expression (`/` is the old OR)."""
    tokens = TOKEN.findall(expression.replace("/", " OR "))

    def either() -> bool:
        held = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            held = both() or held
        return held

    def both() -> bool:
        held = term()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            held = term() and held
        return held

    def term() -> bool:
        token = tokens.pop(0)
        if token == "(":
            held = either()
            if tokens.pop(0) != ")":
                raise ValueError("unbalanced licence expression")
            return held
        if tokens and tokens[0] == "WITH":
            tokens.pop(0)
            token += " WITH " + tokens.pop(0)
        return token in allowed

    held = either()
    if tokens:
        raise ValueError("licence expression goes on after its end")
    return held


def violations(metadata: dict, rules: dict) -> list[str]:
    """What the resolved graph does that deny.toml forbids, one sentence each."""
    allowed = set(rules["licenses"]["allow"])
    excepted = {one["crate"]: set(one["allow"]) for one in rules["licenses"].get("exceptions", [])}
    banned = {ban["crate"]: ban["reason"] for ban in rules["bans"]["deny"]}
    found = []
    for package in metadata["packages"]:
        name = f"{package['name']} {package['version']}"
        expression = package["license"]
        try:
            enough = allowed | excepted.get(package["name"], set())
            if not expression or not satisfied(expression, enough):
                found.append(f"{name}: licence {expression} is not allowed")
        except (ValueError, IndexError):
            found.append(f"{name}: licence {expression} cannot be read")
        if package["name"] in banned:
            found.append(f"{name}: banned: {banned[package['name']]}")
        source = package["source"]
        if source is not None and not source.startswith("registry+"):
            found.append(f"{name}: comes from {source.split('+')[0]}, not from the registry")
        for dependency in package["dependencies"] if source is None else []:
            if dependency["req"] == "*" and dependency.get("path") is None:
                found.append(f"{name}: {dependency['name']} is asked for in any version")
    return found


def main() -> int:
    """Read the graph and the rules, print what is wrong."""
    rules = tomllib.loads((ROOT / "deny.toml").read_text())
    metadata = json.loads(
        subprocess.run(
            ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"],
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
    )
    found = violations(metadata, rules)
    for line in found:
        print(line)
    print(f"{len(metadata['packages'])} packages, {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

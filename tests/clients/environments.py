"""The Python environments of taps and clients: made from a lock, kept in a folder.

    python3 -m tests.clients.environments NAME --envs FOLDER

makes the one that `locks/NAME.txt` pins where it is missing, and prints its Python.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys

LOCKS = pathlib.Path(__file__).with_name("locks")
PYTHON = "3.11"


def environment(envs: pathlib.Path, name: str) -> pathlib.Path:
    """The Python of a virtual environment with the locked packages, made when it is missing."""
    folder = envs / name
    python, done = folder / "bin" / "python", folder / "complete"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        uv("venv", "--python", PYTHON, str(folder))
        uv("pip", "install", "--python", str(python), "--no-deps", "-r", str(lock(name)))
        done.touch()
    return python


def lock(name: str) -> pathlib.Path:
    """The file that pins every package of an environment."""
    return LOCKS / f"{name}.txt"


def uv(*words: str) -> None:
    """Run uv; when it fails, its own words are the error."""
    done = subprocess.run(["uv", "-q", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"uv {words[0]} failed: {done.stderr[-2000:]}")


def version(name: str, package: str) -> str:
    """The version that an environment's lock pins a package to."""
    found = re.search(rf"^{re.escape(package)}==(\S+)", lock(name).read_text(), re.MULTILINE)
    if not found:
        raise RuntimeError(f"the lock of {name} does not name {package}")
    return found[1]


def main() -> int:
    """Make one environment."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=sorted(path.stem for path in LOCKS.glob("*.txt")))
    parser.add_argument("--envs", type=pathlib.Path, required=True)
    options = parser.parse_args()
    envs = options.envs.absolute()
    envs.mkdir(parents=True, exist_ok=True)
    print(environment(envs, options.name))
    return 0


if __name__ == "__main__":
    sys.exit(main())

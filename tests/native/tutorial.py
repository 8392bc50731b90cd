"""The tutorial, followed to the letter: every block of docs/native/tutorial.md, in an empty folder.

    python3 -m tests.native.tutorial --envs FOLDER [--target FOLDER]

A block with a file's name becomes that file. A block of `sh` is typed into one shell, and what it prints
must be the block of `text` behind it. Only three words are changed: where this checkout is, a free port,
and where cargo keeps what it built.
"""

import argparse
import contextlib
import dataclasses
import itertools
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from tests.clients.environments import environment
from tests.clients.servers.server import HOST, PATIENCE_SECONDS, free_port

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
PAGE = ROOT / "docs" / "native" / "tutorial.md"
EXAMPLE = ROOT / "adapters" / "sdk" / "examples" / "datasette.rs"
#: What a shell says when a block is over.
OVER = "-- that was a block --"


@dataclasses.dataclass
class Block:
    """A fenced block of a page."""

    kind: str
    file: str
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    """Every fenced block, in its order."""
    found: list[Block] = []
    inside = False
    for number, line in enumerate(page.splitlines(), 1):
        if line.startswith("```"):
            inside = not inside
            if inside:
                kind, _, file = line[3:].partition(" ")
                found.append(Block(kind, file, "", number))
        elif inside:
            found[-1].text += f"{line}\n"
    return found


class Shell:
    """A shell that is typed into, block by block."""

    def __init__(self, folder: pathlib.Path, variables: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            ["bash", "-euo", "pipefail"], cwd=folder, env={**os.environ, **variables}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )

    def type(self, text: str) -> str:
        """What a block prints; an error when it fails."""
        self.process.stdin.write(f"{text}echo '{OVER}'\n")
        self.process.stdin.flush()
        printed = ""
        for line in self.process.stdout:
            if line == f"{OVER}\n":
                return printed
            printed += line
        raise RuntimeError(f"exit code {self.process.wait()} after:\n{printed}")

    def close(self) -> None:
        """Leave it, and what it left running."""
        self.process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()
        self.process.stdout.close()


def wait_for(port: int) -> None:
    """Wait until somebody listens, as a reader does who looks at the screen."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("Datasette does not answer")


def follow(page: str, shell: Shell, folder: pathlib.Path, port: int) -> str:
    """Do what the page says; what is wrong with it, or nothing."""
    shown = 0
    found = blocks(page)
    for block, behind in itertools.pairwise([*found, Block("", "", "", 0)]):
        print(f"line {block.line}: {block.kind} {block.file}", flush=True)
        if block.file:
            path = folder / block.file
            path.write_text(block.text)
            if path.name == "Cargo.toml":
                # The versions that everything else here is tested with, and no others.
                shutil.copy(ROOT / "Cargo.lock", path.parent)
        elif block.kind == "sh":
            printed = shell.type(block.text)
            if "datasette serve" in block.text:
                wait_for(port)
            wanted = behind.text if behind.kind == "text" else ""
            shown += bool(wanted)
            if printed != wanted:
                return f"line {block.line} prints\n{printed}instead of\n{wanted}"
        elif block.kind != "text":
            return f"line {block.line}: nobody knows what to do with this block"
    return "" if shown else "it shows nothing that could be wrong"


def profile_of(checkout: pathlib.Path, folder: pathlib.Path) -> None:
    """Have cargo build in a folder as in the checkout, so that what was built there serves here."""
    _, _, profile = (checkout / "Cargo.toml").read_text().partition("\n[profile.dev]\n")
    (folder / ".cargo").mkdir()
    (folder / ".cargo" / "config.toml").write_text(f"[profile.dev]\n{profile}")


def program() -> str:
    """The example as the tutorial shows it: without its first comment and what is for tests."""
    _, _, text = EXAMPLE.read_text().partition("\n\n")
    return text.partition("\n/// What the tests")[0]


def main() -> int:
    """Print each block as its turn comes; 1 when one doesn't do what the page says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--envs", type=pathlib.Path, required=True)
    parser.add_argument("--target", type=pathlib.Path, help="where cargo keeps what it built")
    options = parser.parse_args()
    datasette = environment(options.envs.absolute(), "native-datasette").parent
    page = PAGE.read_text()
    shown = [block.text for block in blocks(page) if block.kind == "rust"]
    if shown != [program()]:
        print("FAIL the page doesn't show the example as it is")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder, port = pathlib.Path(name), free_port()
        page = page.replace("../airbyte-singer/adapters", str(ROOT / "adapters"))
        page = page.replace("8001", str(port))
        if options.target:
            options.target.mkdir(parents=True, exist_ok=True)
            (folder / "target").symlink_to(options.target.absolute())
            profile_of(ROOT, folder)
        variables = {
            "PATH": f"{datasette}{os.pathsep}{os.environ['PATH']}",
            "NO_PROXY": HOST, "no_proxy": HOST,
        }
        shell = Shell(folder, variables)
        try:
            wrong = follow(page, shell, folder, port)
        except RuntimeError as error:
            wrong = str(error)
        finally:
            shell.close()
    print(f"FAIL {wrong}" if wrong else "ok   the tutorial")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())

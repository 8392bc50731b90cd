"""Real servers on loopback for real taps: started, seeded, asked and stopped by us.

Each server takes a free port of 127.0.0.1 and a temporary folder of its own that
goes away with it. As root it runs as the user its package made for it. Only
processes started here are ended, by the handle they were started with.
"""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable

HOST = "127.0.0.1"
#: How long a server may take until it answers.
PATIENCE_SECONDS = 60


def free_port() -> int:
    """A port of loopback that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Server:
    """A server process with a folder, a port and a way to ask it for its rows."""

    #: The system user that runs it when we are root; None: whoever we are.
    user: str | None = None

    def __init__(self, after_seed: str = "") -> None:
        """`after_seed` is SQL that takes out of the seed what a tap is known to fail on."""
        self.after_seed = after_seed
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="airbyte-singer-server-"))
        self.folder.chmod(0o755)
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Server":
        try:
            self.start()
            self.seed()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process and wait until it answers."""
        raise NotImplementedError

    def seed(self) -> None:
        """Fill it."""
        raise NotImplementedError

    def count(self, namespace: str | None, name: str) -> int:
        """The rows that the server itself counts."""
        raise NotImplementedError

    def count_again(self, namespace: str | None, name: str, cursor: str) -> int:
        """The rows at the highest cursor value: what an inclusive bookmark brings again."""
        raise NotImplementedError

    def stop(self) -> None:
        """End the process that `launch` started and remove the folder."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT if self.user == "postgres" else signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def as_user(self) -> dict:
        """Arguments of subprocess that drop root's rights to the server's own user."""
        if self.user is None or os.geteuid() != 0:
            return {}
        entry = pwd.getpwnam(self.user)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def own_folder(self) -> None:
        """Give the folder to the user that the server runs as."""
        if self.as_user():
            shutil.chown(self.folder, self.user)

    def launch(self, argv: list[str], **more: object) -> None:
        """Start the server with its words in a log inside its folder."""
        log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            **self.as_user(),
            **more,
        )

    def wait_for(self, answers: Callable[[], object]) -> None:
        """Poll until the server answers; tell its last words when it does not."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                break
            if answers():
                return
            time.sleep(0.2)
        words = (self.folder / "log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{type(self).__name__} does not answer:\n{words}")


def run(argv: list[str], text: str = "", quiet: bool = False, **more) -> str:
    """Run a client program and return what it printed; its failure is ours."""
    done = subprocess.run(argv, input=text, text=True, capture_output=True, check=False, **more)
    if done.returncode and not quiet:
        raise RuntimeError(f"{pathlib.Path(argv[0]).name} failed: {done.stderr[-2000:]}")
    return done.stdout if done.returncode == 0 else ""

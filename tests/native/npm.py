"""Programs of npm, installed from a lock as the Python ones are."""

import pathlib
import shutil
import subprocess


def installed(lock: pathlib.Path, envs: pathlib.Path) -> pathlib.Path:
    """Where the executables of a folder with a package.json and its lock are; made when missing."""
    folder = envs / f"native-{lock.name}"
    done = folder / "complete"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(lock, folder)
        # No program of a package runs while it is installed.
        argv = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        made = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
        if made.returncode:
            raise RuntimeError(f"npm ci failed: {made.stderr[-2000:]}")
        done.touch()
    return folder / "node_modules" / ".bin"

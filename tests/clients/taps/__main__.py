"""Installs a real tap where it is missing, and prints its executable.

    python3 -m tests.clients.taps NAME --envs FOLDER
"""

import argparse
import pathlib
import sys

from tests.clients.taps import TAPS


def main() -> int:
    """Install one tap."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=TAPS)
    parser.add_argument("--envs", type=pathlib.Path, required=True)
    options = parser.parse_args()
    envs = options.envs.absolute()
    envs.mkdir(parents=True, exist_ok=True)
    print(TAPS[options.name].install(envs))
    return 0


if __name__ == "__main__":
    sys.exit(main())

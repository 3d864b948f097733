"""Uploads whose server is killed in the middle: a platform of its own, killed and started again."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support import free_port

import lepton_ai.uploading as uploading
from lepton_ai import ModelRepository, UnavailableError, VersionNotFoundError
from lepton_ai.platform_process import platform_command

SIZE = 48 << 20


class Platform:
    """The local platform of a home of its own."""

    def __init__(self, home: Path) -> None:
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LEPTON_HTTP": f"127.0.0.1:{free_port()}", "LEPTON_GRPC": "off"}
        self.start()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*platform_command(), *arguments], env=self.environment, capture_output=True, text=True, check=True)

    def start(self) -> None:
        started = json.loads(self.run("start", "--json").stdout)
        self.url, self.pid, self.data = started["url"], started["pid"], Path(started["dataDirectory"])

    def kill(self) -> None:
        """kill -9 of all of it."""
        for pid in self._processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        while self._processes():
            time.sleep(0.02)

    def _processes(self) -> list[int]:
        wanted = f"HOME={self.environment['HOME']}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and wanted in (entry / "environ").read_bytes().split(b"\0") and b"\nState:\tZ" not in (entry / "status").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
        return found


@pytest.fixture
def own_platform(tmp_path: Path) -> Iterator[Platform]:
    platform = Platform(tmp_path)
    try:
        yield platform
    finally:
        platform.run("stop")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A rule class with a large file."""
    directory = tmp_path / "model"
    directory.mkdir()
    (directory / "weights.bin").write_bytes(np.random.default_rng().bytes(SIZE))
    (directory / "model.py").write_text("class Rules:\n    def predict(self, x):\n        return x\n")
    tensor = {"datatype": "FP32", "shape": [-1, 4]}
    descriptor = {
        "schema": 1, "format": "python", "entry": "model.py", "options": {"class": "Rules", "module": "model.py"},
        "signature": {"inputs": [{"name": "x", **tensor}], "outputs": [{"name": "output", **tensor}]},
        "environment": {"python": f"{sys.version_info.major}.{sys.version_info.minor}", "requirements": [f"numpy=={np.__version__}"]},
    }  # fmt: skip
    (directory / "lepton-model.json").write_text(json.dumps(descriptor))
    return directory


def when_a_third_is_sent(monkeypatch, event):
    """Calls `event` once in the middle of the upload."""
    put = uploading.Management.put_blob
    state = {"sent": 0, "happened": False}

    def put_blob(self, digest, file, size, offset, advance):
        def count(amount):
            advance(amount)
            state["sent"] += amount
            if state["sent"] > SIZE / 3 and not state["happened"]:
                state["happened"] = True
                event()

        put(self, digest, file, size, offset, count)

    monkeypatch.setattr(uploading.Management, "put_blob", put_blob)
    return state


def partial(platform: Platform) -> int:
    return sum(each.stat().st_size for each in (platform.data / "uploads").iterdir())


def is_whole(platform: Platform, repository: ModelRepository, model: Path) -> None:
    assert [each.version for each in repository.versions()] == ["v1"]
    platform.run("fsck")
    assert partial(platform) == 0
    target = repository.download("v1", model.parent / "back")
    assert (target / "weights.bin").read_bytes() == (model / "weights.bin").read_bytes()


def test_it_goes_on_by_itself_when_the_server_is_back(own_platform, model, monkeypatch):
    repository = ModelRepository("large", own_platform.url, create=True)

    def event():
        own_platform.kill()
        own_platform.start()

    state = when_a_third_is_sent(monkeypatch, event)
    repository.save_model(model, "v1")
    assert state["happened"] and state["sent"] < SIZE + (16 << 20), "only what was on its way is sent again"
    is_whole(own_platform, repository, model)


def test_it_is_an_error_while_the_server_is_away_and_the_next_save_goes_on(own_platform, model, monkeypatch, capsys):
    repository = ModelRepository("large", own_platform.url, create=True)
    with monkeypatch.context() as patched:
        patched.setattr(uploading, "_WAITS", (0.1, 0.1))
        when_a_third_is_sent(patched, own_platform.kill)
        with pytest.raises(UnavailableError, match=r"went away in the middle of the upload of weights\.bin .*save again when it is back"):
            repository.save_model(model, "v1")
    there = partial(own_platform)
    assert SIZE / 5 < there < SIZE
    own_platform.start()
    own_platform.run("fsck")
    with pytest.raises(VersionNotFoundError):
        repository.version("v1")
    capsys.readouterr()
    repository.save_model(model, "v1")
    sent = float(re.search(r"\(([\d.]+) MiB sent\)", capsys.readouterr().out).group(1))
    assert abs(sent - (SIZE - there) / 2**20) < 0.2
    is_whole(own_platform, repository, model)


def test_bytes_of_another_file_are_thrown_away_and_it_is_sent_anew(own_platform, model):
    repository = ModelRepository("large", own_platform.url, create=True)
    digest = next(each.digest for each in uploading.hash_directory(model) if each.path == "weights.bin")
    (own_platform.data / "uploads" / digest.removeprefix("sha256:")).write_bytes(bytes(2 << 20))
    repository.save_model(model, "v1")
    is_whole(own_platform, repository, model)

"""A real `lepton-ai serve` that has imported a Triton-style directory, on free loopback ports."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_SECONDS = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PlatformServer:
    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="lepton-conformance-"))
        self.http = f"127.0.0.1:{free_port()}"
        self.grpc = f"127.0.0.1:{free_port()}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        models = self.directory / "models"
        subprocess.run(["sh", str(ROOT / "scripts/node.sh"), str(ROOT / "test/conformance/make-models.ts"), str(models)], check=True)
        (self.directory / "tmp").mkdir()
        with open(self.directory / "serve.log", "wb") as log:
            self.process = subprocess.Popen(
                [str(ROOT / "bin/lepton-ai"), "serve", "--data-dir", str(self.directory / "data"), "--http", self.http, "--grpc", self.grpc, "--model-repository", str(models)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "TMPDIR": str(self.directory / "tmp")},
            )
        self._until_ready(sorted(path.name for path in models.iterdir()))

    def _until_ready(self, models: list[str]) -> None:
        """As Triton's users wait: when the server says that it is ready, every model of the directory is."""
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self._answers("/v2/health/ready"):
            assert self.process is not None
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"not ready; the server said:\n{self.log()}")
            time.sleep(0.05)
        paths = [f"/v2/models/{model}/ready" for model in models] + [f"/v2/models/scale/versions/{version}/ready" for version in (1, 2, 3)]
        missing = [path for path in paths if not self._answers(path)]
        if missing:
            raise RuntimeError(f"the server is ready, but not {missing}; it said:\n{self.log()}")

    def _answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.http}{path}", timeout=5) as response:
                return response.status == 200
        except OSError:
            return False

    def log(self) -> str:
        return (self.directory / "serve.log").read_text(errors="replace")[-4000:]

    def gateway_log(self) -> str:
        return (self.directory / "data" / "logs" / "gateway.log").read_text(errors="replace")

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

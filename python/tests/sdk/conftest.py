"""A real platform for the SDK's tests, started once: a home of its own, free ports."""

import os
import subprocess
from collections.abc import Iterator

import pytest
from support import free_port


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its URL. The SDK starts it itself, as for a user who names none."""
    home = tmp_path_factory.mktemp("home")
    given = {"HOME": str(home), "LEPTON_HTTP": f"127.0.0.1:{free_port()}", "LEPTON_GRPC": f"127.0.0.1:{free_port()}", "LEPTON_USER": "ada"}
    before = {name: os.environ.get(name) for name in (*given, "LEPTON_URL", "XDG_STATE_HOME", "XDG_DATA_HOME", "LEPTON_DATA_DIR")}
    for name in before:
        os.environ.pop(name, None)
    os.environ.update(given)
    from lepton_ai import connect
    from lepton_ai.platform_process import platform_command

    try:
        yield connect()
    finally:
        subprocess.run([*platform_command(), "stop"], check=True, capture_output=True)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value

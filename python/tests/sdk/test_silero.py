"""examples/python/silero_torch_and_onnx.py: the same speech found through PyTorch and through ONNX."""

from __future__ import annotations

import subprocess
from typing import Any

import numpy as np
import pytest
from support import load_example

from lepton_ai import Client, Deployer

pytestmark = pytest.mark.framework


@pytest.fixture(scope="module")
def example() -> Any:
    for framework in ("torch", "onnx"):
        pytest.importorskip(framework)
    return load_example("silero_torch_and_onnx")


def test_torchscript_and_onnx_find_the_same_speech(platform, example, tmp_path):
    try:
        files = example.fetch(tmp_path)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"{example.PACKAGE} cannot be fetched: {error}")
    sound = example.clip()
    example.publish(files, sound)
    with Client() as client:
        probabilities = {version: example.listen(client, version, sound) for version in example.VERSIONS}
    torch, onnx = (probabilities[version] >= 0.5 for version in example.VERSIONS)
    np.testing.assert_allclose(probabilities["torch"], probabilities["onnx"], atol=1e-3)
    assert np.mean(torch == onnx) > 0.995
    truth = example.true_speech(len(torch))
    assert 0.3 < truth.mean() < 0.8 and np.mean(torch == truth) > 0.9 and np.mean(onnx == truth) > 0.9
    Deployer("tester").undeploy(example.SERVICE)

"""Silero VAD (is somebody speaking?) through PyTorch and through ONNX, side by side in one service, on 31 s of speech over music.

    pip install 'lepton-ai[torch,onnx]' && python silero_torch_and_onnx.py

Both files come from the package `silero-vad` of PyPI (MIT), which is fetched, not installed. The TorchScript file keeps its state in
itself, so that two callers would disturb each other: what is saved is its network with the state as input and output, the ONNX file's
own contract. Each caller carries its state from window to window.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import wave
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lepton_ai import Client, Deployer, ModelRepository

PACKAGE = "silero-vad==6.2.3"
SERVICE = "silero-vad"
VERSIONS = ("torch", "onnx")
CLIP = Path(__file__).resolve().parents[1] / "silero-vad"
RATE, WINDOW, CONTEXT = 16_000, 512, 64
SECONDS = WINDOW / RATE


class Network(torch.nn.Module):
    """The TorchScript file's networks without their memory. input FP32[n, 64 old + 512 new], state FP32[2, n, 128], sr INT64."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        silero = torch.jit.load(str(file), map_location="cpu")
        self.at_16_kHz, self.at_8_kHz = silero._model, silero._model_8k

    def forward(self, input: torch.Tensor, state: torch.Tensor, sr: int) -> dict[str, torch.Tensor]:
        output, new = self.at_16_kHz(input, state) if sr == 16000 else self.at_8_kHz(input, state)
        return {"output": output, "stateN": new}


def fetch(folder: Path) -> dict[str, Path]:
    """The TorchScript and the ONNX file of the package."""
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--dest", str(folder), PACKAGE], check=True)
    with zipfile.ZipFile(next(folder.glob("silero_vad-*.whl"))) as wheel:
        return {"torch": Path(wheel.extract("silero_vad/data/silero_vad.jit", folder)), "onnx": Path(wheel.extract("silero_vad/data/silero_vad.onnx", folder))}


def clip() -> Any:
    """FP32[samples] in [-1, 1)."""
    with wave.open(str(CLIP / "clip.wav")) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / 32_768


def publish(files: dict[str, Path], sound: Any) -> None:
    """Both as versions of one repository, in one service."""
    # Not the beginning: silence would tell nothing apart.
    example = {"input": sound[None, 2 * RATE : 2 * RATE + CONTEXT + WINDOW], "state": np.zeros((2, 1, 128), np.float32), "sr": np.int64(RATE)}
    repository, deployer = ModelRepository(SERVICE, create=True), Deployer("silero")
    import onnx

    for version, model in (("torch", Network(files["torch"])), ("onnx", onnx.load(str(files["onnx"])))):
        repository.save_model(model, version, example_inputs=example)
        deployer.deploy_model(repository, version, service_name=SERVICE)


def listen(client: Client, version: str, sound: Any) -> Any:
    """The probability of speech in each window, FP32[windows]."""
    probabilities, state, context = [], np.zeros((2, 1, 128), np.float32), np.zeros(CONTEXT, np.float32)
    for at in range(0, len(sound) - WINDOW + 1, WINDOW):
        window = np.concatenate([context, sound[at : at + WINDOW]])
        answer = client.infer(SERVICE, {"input": window[None], "state": state, "sr": np.int64(RATE)}, version=version)
        state, context = answer["stateN"], window[-CONTEXT:]
        probabilities.append(answer["output"].item())
    return np.array(probabilities, np.float32)


def true_speech(count: int) -> Any:
    """Which windows are speech for more than a half, BOOL[windows]."""
    starts = np.arange(count) * SECONDS
    segments = json.loads((CLIP / "clip.truth.json").read_text())["segments"]
    return sum(np.clip(np.minimum(starts + SECONDS, each["endSeconds"]) - np.maximum(starts, each["startSeconds"]), 0, None) for each in segments) > SECONDS / 2


def segments(speech: Any) -> list[tuple[float, float]]:
    """Stretches of windows that are speech, in seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], speech, [0]])))
    return [(start * SECONDS, end * SECONDS) for start, end in edges.reshape(-1, 2)]


def main() -> None:
    sound = clip()
    with tempfile.TemporaryDirectory() as folder:
        publish(fetch(Path(folder)), sound)
    with Client() as client:
        probabilities = {version: listen(client, version, sound) for version in VERSIONS}
    truth = true_speech(len(probabilities["onnx"]))
    speech = {**{version: probabilities[version] >= 0.5 for version in VERSIONS}, "truth": truth}
    for name, found in speech.items():
        print(f"\n{name}: {found.sum() * SECONDS:.1f} s of speech, right in {(found == truth).mean():.1%} of {len(truth)} windows")
        print("  " + "  ".join(f"{start:.2f}–{end:.2f}" for start, end in segments(found)))
    same = speech["torch"] == speech["onnx"]
    print(f"\ntorch and onnx agree in {same.sum()} of {len(same)} windows ({same.mean():.1%}); their probabilities differ by at most {np.abs(probabilities['torch'] - probabilities['onnx']).max():.1e}")


if __name__ == "__main__":
    main()

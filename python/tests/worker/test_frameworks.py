"""Big frameworks through their adapters, whichever are in this environment. Run by `pytest -m framework`."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import Worker, floats, spec
from test_adapters import run, texts, write

from lepton_ai_worker.errors import LeptonError
from lepton_ai_worker.load import LoadFailure, LoadRequest, load_version
from lepton_ai_worker.scan import scan_directory
from lepton_ai_worker.tensors import Tensor, from_array

pytestmark = pytest.mark.framework
X = np.random.default_rng(0).random((5, 4), dtype=np.float32)


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch")


@pytest.fixture(scope="module")
def tensorflow() -> Any:
    return pytest.importorskip("tensorflow")


def test_torchscript(torch: Any, tmp_path: Path) -> None:
    class Module(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(4, 3)

        def forward(self, x, scale: int, flag: bool = False):
            y = self.linear(x) * scale
            return y, (y.argmax(dim=1), y.to(torch.bfloat16))

    module = Module().eval()
    torch.jit.script(module).save(str(tmp_path / "m.pt"))
    outputs = [spec("y", shape=(-1, 3)), spec("top", "INT64", (-1,)), spec("b", "BF16", (-1, 3))]
    write(tmp_path, "torchscript", "m.pt", [spec("x"), spec("scale", "INT64", ())], outputs)
    got = run(tmp_path, x=X, scale=np.int64(2))
    with torch.no_grad():
        y, (top, _) = module(torch.from_numpy(X), 2)
    np.testing.assert_allclose(got["y"], y.numpy(), rtol=1e-6)
    assert got["top"].tolist() == top.tolist() and got["b"].dtype == np.uint16
    assert scan_directory(tmp_path, "torchscript")["ok"]
    model = load_version(LoadRequest(tmp_path)).model
    with pytest.raises(LeptonError, match="takes one number"):
        model.run([from_array("x", X), Tensor("scale", "INT64", np.array([1, 2]))], ["y"])
    with pytest.raises(LeptonError) as refusal:
        model.run([from_array("x", X[:, :2]), Tensor("scale", "INT64", np.array(1))], ["y"])
    assert refusal.value.code == "MODEL_ERROR" and "RuntimeError" in refusal.value.message


def test_torchscript_untyped_identity_and_named_outputs(torch: Any, tmp_path: Path) -> None:
    class Identity(torch.nn.Module):
        def forward(self, x):
            return x

        @torch.jit.export
        def named(self, x):
            return {"a": x, "b": x + 1}

    torch.jit.script(Identity()).save(str(tmp_path / "m.pt"))
    write(tmp_path, "torchscript", "m.pt", [spec("x", shape=(-1,), untyped=True)], [spec("y", shape=(-1,), untyped=True)])
    for datatype, code in (("FP32", "f4"), ("INT8", "i1"), ("BOOL", "?"), ("FP16", "f2"), ("INT64", "i8")):
        model = load_version(LoadRequest(tmp_path)).model
        [output] = model.run([Tensor("x", datatype, np.zeros((1, 2, 1), code))], ["y"])
        assert (output.datatype, output.array.shape) == (datatype, (1, 2, 1))
    [output] = model.run([Tensor("x", "BF16", np.array([0x3F80], np.uint16))], ["y"])
    assert (output.datatype, output.array.tolist()) == ("BF16", [0x3F80])
    with pytest.raises(LeptonError, match="no tensors of text"):
        model.run([Tensor("x", "BYTES", texts("a"))], ["y"])
    write(tmp_path, "torchscript", "m.pt", [spec("x")], [spec("b"), spec("a")], call="named")
    np.testing.assert_array_equal(run(tmp_path, x=X)["b"], X + 1)


def test_torch_export(torch: Any, tmp_path: Path) -> None:
    class Module(torch.nn.Module):
        def forward(self, x):
            return x.cumsum(1)

    write(tmp_path, "torch-export", "m.pt2", [spec("x")], [spec("y")])
    if not hasattr(torch, "export"):
        (tmp_path / "m.pt2").write_bytes(b"")
        with pytest.raises(LoadFailure, match=r"cannot load \.pt2 programs: torch.export needs torch 2\.1"):
            load_version(LoadRequest(tmp_path))
        return
    program = torch.export.export(Module(), (torch.from_numpy(X),), dynamic_shapes={"x": {0: torch.export.Dim("batch")}})
    torch.export.save(program, str(tmp_path / "m.pt2"))
    np.testing.assert_allclose(run(tmp_path, x=X)["y"], X.cumsum(1), rtol=1e-6)
    assert scan_directory(tmp_path, "torch-export")["ok"]


def test_tensorflow(tensorflow: Any, tmp_path: Path) -> None:
    class Module(tensorflow.Module):
        @tensorflow.function(input_signature=[tensorflow.TensorSpec([None, 4], tensorflow.float32, "x"), tensorflow.TensorSpec([None], tensorflow.string, "t")])
        def __call__(self, x, t):
            return {"y": x * 2, "long": tensorflow.strings.join([t, "!"])}

    tensorflow.saved_model.save(Module(), str(tmp_path / "saved"))
    inputs, outputs = [spec("x"), spec("t", "BYTES", (-1,))], [spec("y"), spec("long", "BYTES", (-1,))]
    write(tmp_path, "tensorflow", "saved", inputs, outputs)
    got = run(tmp_path, x=X[:2], t=texts("a", b"\xff"))
    np.testing.assert_array_equal(got["y"], X[:2] * 2)
    assert got["long"].tolist() == [b"a!", b"\xff!"]
    write(tmp_path, "tensorflow", "saved", inputs, [spec("z")])
    with pytest.raises(LoadFailure, match="has no output z, only"):
        load_version(LoadRequest(tmp_path))
    write(tmp_path, "tensorflow", "saved", inputs, outputs, signature="other")
    with pytest.raises(LoadFailure, match="'other' is none of the SavedModel's: serving_default"):
        load_version(LoadRequest(tmp_path))


def test_keras(tensorflow: Any, tmp_path: Path) -> None:
    import keras

    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    model = keras.Model([right, left], [keras.layers.Dense(2)(left), keras.layers.Add()([left, right])])
    model.save(tmp_path / "m.keras")
    write(tmp_path, "keras", "m.keras", [spec("left"), spec("right")], [spec("a", shape=(-1, 2)), spec("b")])
    got = run(tmp_path, left=X, right=X * 3)
    wanted = model.predict([X * 3, X], verbose=0)
    for name, value in zip("ab", wanted):
        np.testing.assert_allclose(got[name], value, rtol=1e-5)
    assert scan_directory(tmp_path, "keras")["ok"]
    unsafe = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x)])
    unsafe.save(tmp_path / "m.keras")
    with pytest.raises(LoadFailure, match=r"(?i)lambda|unsafe|safe mode"):
        load_version(LoadRequest(tmp_path))


def test_a_torch_worker_over_its_socket(torch: Any, tmp_path: Path, start: Callable[..., Worker]) -> None:
    module = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU()).eval()
    torch.jit.script(module).save(str(tmp_path / "m.pt"))
    worker = start(write(tmp_path, "torchscript", "m.pt", [spec("x")], [spec("y")]))
    status = worker.settled()
    assert status["phase"] == "ready" and status["profile"]["batchable"], status
    begun = time.monotonic()
    [first, second] = worker.dial().infer({"x": floats([1, 2, 3, 4])}, {"x": X})
    assert time.monotonic() - begun < 1 and second["y"].shape == (5, 4)
    with torch.no_grad():
        np.testing.assert_allclose(first["y"], module(torch.tensor([[1.0, 2, 3, 4]])).numpy(), rtol=1e-5)

"""Formats behind one interface: answers equal the live object's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from harness import artefact, spec
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from lepton_ai_worker.adapters import load, open_model
from lepton_ai_worker.adapters.common import tensor_of
from lepton_ai_worker.descriptor import read_descriptor
from lepton_ai_worker.errors import LeptonError
from lepton_ai_worker.load import LoadFailure, LoadRequest, load_version
from lepton_ai_worker.signature import TensorSpec
from lepton_ai_worker.tensors import Tensor, from_array

RANDOM = np.random.default_rng(0)
X = RANDOM.random((50, 4))
Y = np.where(X.sum(axis=1) > 2, "high", "low")


def texts(*values: bytes | str) -> Any:
    array = np.empty(len(values), dtype=object)
    array[:] = [value.encode() if isinstance(value, str) else value for value in values]
    return array


def write(directory: Path, format_name: str, entry: str, inputs: list[Any], outputs: list[Any], **options: Any) -> Path:
    value = {"schema": 1, "format": format_name, "entry": entry, "signature": {"inputs": inputs, "outputs": outputs}, "options": options}
    (directory / "lepton-model.json").write_text(json.dumps(value))
    return directory


def run(directory: Path, outputs: list[str] | None = None, **arrays: Any) -> dict[str, Any]:
    descriptor = read_descriptor(directory)
    model = load_version(LoadRequest(directory)).model
    inputs = [from_array(name, np.asarray(array)) for name, array in arrays.items()]
    names = outputs or list(descriptor.signature.output_names)
    return {tensor.name: tensor.array for tensor in model.run(inputs, names)}


def estimator(directory: Path, model: Any, inputs: list[Any], outputs: list[Any], **options: Any) -> Path:
    joblib.dump(model, directory / "m.joblib")
    return write(directory, "sklearn", "m.joblib", inputs, outputs, **options)


def test_sklearn_methods_and_labels(tmp_path: Path) -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    estimator(tmp_path, model, [spec("x", "FP64")], [spec("label", "BYTES", (-1,)), spec("p", "FP64", (-1, 2))], methods={"label": "predict", "p": "predict_proba"})
    got = run(tmp_path, x=X)
    assert got["label"].tolist() == [label.encode() for label in model.predict(X)]
    np.testing.assert_array_equal(got["p"], model.predict_proba(X))
    assert list(run(tmp_path, ["p"], x=X[:3])) == ["p"]
    version = load_version(LoadRequest(tmp_path))
    assert version.profile.batchable, version.profile.batchable_reason
    assert isinstance(load(tmp_path, read_descriptor(tmp_path)), type(model))


def test_sklearn_text_columns_sparse_and_jobs(tmp_path: Path) -> None:
    words = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(["good day", "bad night", "so good", "bad"], [1, 0, 1, 0])
    estimator(tmp_path, words, [spec("t", "BYTES", (-1,))], [spec("y", "INT64", (-1,))], text=True)
    assert run(tmp_path, t=texts("good", "bad night"))["y"].tolist() == words.predict(["good", "bad night"]).tolist() == [1, 0]
    with pytest.raises(LeptonError, match="not UTF-8"):
        run(tmp_path, t=texts(b"\xff"))
    encoder = OneHotEncoder(handle_unknown="ignore").fit(np.array([["a", "x"], ["b", "y"]], dtype=object))
    estimator(tmp_path, encoder, [spec("c", "BYTES", (-1, 2))], [spec("y", "FP64", (-1, 4))], text=True, method="transform")
    assert run(tmp_path, c=texts("a", "y").reshape(1, 2))["y"].tolist() == [[1, 0, 0, 1]]
    sums = LinearRegression().fit(X, X @ [1, 2, 3, 4])
    estimator(tmp_path, sums, [spec("a", "FP64", (-1,)), spec("b", "FP64", (-1, 3))], [spec("y", "FP64", (-1,))])
    np.testing.assert_allclose(run(tmp_path, a=X[:, 0], b=X[:, 1:])["y"], X @ [1, 2, 3, 4])
    with pytest.raises(LeptonError, match="different numbers of rows: a 1, b 2"):
        run(tmp_path, a=X[:1, 0], b=X[:2, 1:])
    forest = RandomForestClassifier(3, n_jobs=-1).fit(X, Y)
    estimator(tmp_path, forest, [spec("x", "FP64")], [spec("y", "BYTES", (-1,))])
    assert open_model(tmp_path, read_descriptor(tmp_path), 1)._calls["y"][1].__self__.n_jobs == 1


def test_sklearn_does_what_outputs_share_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forest's label is made from its probabilities, and steps that change their input in place must not see it twice."""
    model = make_pipeline(StandardScaler(copy=False), StandardScaler(copy=False), RandomForestClassifier(5, random_state=0)).fit(X.copy(), Y)
    label, probabilities = model.predict(X.copy()), model.predict_proba(X.copy())
    outputs = {"label": spec("label", "BYTES", (-1,)), "p": spec("p", "FP64", (-1, 2))}
    estimator(tmp_path, model, [spec("x", "FP64")], list(outputs.values()), methods={"label": "predict", "p": "predict_proba"})
    calls: list[str] = []
    for owner, name in ((StandardScaler, "transform"), (RandomForestClassifier, "predict_proba")):
        original = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda self, table, original=original, name=name: calls.append(name) or original(self, table))
    loaded = open_model(tmp_path, read_descriptor(tmp_path), 1)
    for names in (["label", "p"], ["p", "label"]):
        calls.clear()
        got = loaded.run({"x": from_array("x", X.copy())}, names)
        assert got["label"].array.tolist() == [each.encode() for each in label]
        np.testing.assert_array_equal(got["p"].array, probabilities)
        assert sorted(calls) == ["predict_proba", "transform", "transform"]


def test_sklearn_says_what_is_wrong(tmp_path: Path) -> None:
    estimator(tmp_path, LinearRegression().fit(X, X[:, 0]), [spec("x", "FP64")], [spec("y", "FP64", (-1,))], method="predict_proba")
    with pytest.raises(LoadFailure, match="comes from method 'predict_proba', which LinearRegression lacks; it has predict"):
        load_version(LoadRequest(tmp_path))
    (tmp_path / "m.joblib").write_bytes(b"no model")
    with pytest.raises(LoadFailure):
        load_version(LoadRequest(tmp_path))


def test_lightgbm_and_xgboost(tmp_path: Path) -> None:
    pytest.importorskip("xgboost")
    lightgbm = pytest.importorskip("lightgbm")
    import xgboost

    target = (Y == "high").astype(int)
    booster = lightgbm.LGBMClassifier(n_estimators=5, min_child_samples=2, verbose=-1).fit(X, Y)
    booster.booster_.save_model(str(tmp_path / "m.txt"))
    for method, shape in (("predict", (-1,)), ("predict_proba", (-1, 2))):
        write(tmp_path, "lightgbm", "m.txt", [spec("x", "FP64")], [spec("y", "BYTES" if method == "predict" else "FP64", shape)], method=method, classes=booster.classes_.tolist())
        wanted = getattr(booster, method)(X)
        got = run(tmp_path, x=X)["y"]
        assert np.array_equal(got, [label.encode() for label in wanted] if method == "predict" else wanted)
    model = xgboost.XGBClassifier(n_estimators=5).fit(X, target)
    for file in ("m.json", "m.ubj"):
        model.save_model(tmp_path / file)
        write(tmp_path, "xgboost", file, [spec("x", "FP64")], [spec("y", "FP32", (-1, 2))], **{"class": "XGBClassifier", "method": "predict_proba"})
        np.testing.assert_array_equal(run(tmp_path, x=X)["y"], model.predict_proba(X))
        write(tmp_path, "xgboost", file, [spec("x", "FP64")], [spec("y", "FP32", (-1,))])
        np.testing.assert_allclose(run(tmp_path, x=X)["y"], model.predict_proba(X)[:, 1], rtol=1e-6)
    (tmp_path / "m.json").write_bytes(b"\x80\x04.")
    write(tmp_path, "xgboost", "m.json", [spec("x", "FP64")], [spec("y", "FP32", (-1,))])
    with pytest.raises(LoadFailure, match="neither JSON nor UBJSON"):
        load_version(LoadRequest(tmp_path))


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("def predict(self, a, b):\n        return a - b", {}),
        ("def predict(self, b, a):\n        return a - b", {}),
        ("def predict(self, b, extra=1, a=None):\n        return a - b", {}),
        ("def predict(self, *, a, b):\n        return a - b", {"inputs": "dict"}),
        ("def predict(self, inputs):\n        return {'y': inputs['a'] - inputs['b'], 'more': 1}", {}),
        ("def predict(self, request):\n        return [list(row) for row in request['a'] - request['b']]", {}),
    ],
)
def test_python_classes_get_their_inputs(tmp_path: Path, method: str, options: dict[str, Any]) -> None:
    artefact(tmp_path, f"class Model:\n    {method}\n", [spec("a"), spec("b")], options={"class": "Model", **options})
    if "*" in method:
        with pytest.raises(LoadFailure, match="takes 1 positional argument"):
            run(tmp_path, a=X, b=X)
        return
    got = run(tmp_path, a=X[:2].astype("f4"), b=np.ones((2, 4), "f4"))["y"]
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, X[:2].astype("f4") - 1)


def test_python_classes_load_files_and_modules_beside_them(tmp_path: Path) -> None:
    code = tmp_path / "code"
    artefact(tmp_path, "")
    code.mkdir()
    (code / "helper_of_rules.py").write_text("def double(text):\n    return text * 2\n")
    (code / "rules.py").write_text(
        "import helper_of_rules\nclass Rules:\n    def load(self, directory):\n        self.word = open(directory + '/word').read()\n"
        "    def predict(self, text):\n        return [self.word if each == 'x' else helper_of_rules.double(each) for each in text], len(text)\n"
    )
    (tmp_path / "word").write_text("Wörter")
    write(tmp_path, "python", "code/rules.py", [spec("text", "BYTES", (-1,))], [spec("y", "BYTES", (-1,)), spec("n", "INT32", ())], **{"class": "Rules", "text": True})
    got = run(tmp_path, text=texts("x", "ab"))
    assert got["y"].tolist() == ["Wörter".encode(), b"abab"] and got["n"].shape == () and int(got["n"]) == 2
    assert not list(code.glob("__pycache__"))


def test_bfloat16_and_numbers_without_a_dtype(tmp_path: Path) -> None:
    artefact(tmp_path, "class Model:\n    def predict(self, x):\n        assert x.dtype == 'f4'\n        return x * 2\n", [spec("x", "BF16", (-1,))], [spec("y", "BF16", (-1,))])
    model = load_version(LoadRequest(tmp_path)).model
    [output] = model.run([Tensor("x", "BF16", np.array([0x3F80, 0x4000], np.uint16))], ["y"])
    assert (output.datatype, output.array.tolist()) == ("BF16", [0x4000, 0x4080])
    for datatype, value, wanted in (("FP32", 1.5, 1.5), ("FP32", [1, 2], [1, 2]), ("INT64", [1, 2], [1, 2]), ("BOOL", [True], [True]), ("INT8", [127], [127]), ("BYTES", "a", b"a"), ("BYTES", ["a", b"b"], [b"a", b"b"]), ("FP32", np.array([1, 2.5], dtype=object), [1, 2.5]), ("BYTES", np.array(["a"]), [b"a"])):
        assert tensor_of(TensorSpec("y", datatype, (-1,)), value).array.tolist() == wanted
    for datatype, bad in (("INT64", [1.5]), ("INT8", [300]), ("BOOL", [1]), ("FP32", ["a"]), ("FP32", None), ("FP32", [1j]), ("BYTES", [1]), ("FP32", {"a": 1})):
        with pytest.raises(LeptonError) as refusal:
            tensor_of(TensorSpec("y", datatype, (-1,)), bad)
        assert refusal.value.code == "MODEL_ERROR"


def test_a_framework_that_is_not_there_is_said(tmp_path: Path) -> None:
    for name, entry in (("tensorflow", "saved"), ("keras", "m.keras"), ("torchscript", "m.pt"), ("torch-export", "m.pt2")):
        (tmp_path / entry).write_bytes(b"")
        write(tmp_path, name, entry, [spec("x")], [spec("y")])
        package = {"torchscript": "torch", "torch-export": "torch"}.get(name, name)
        try:
            __import__(package)
        except ImportError:
            with pytest.raises(LoadFailure, match=f"{name} models need {'tensorflow' if name == 'keras' else package}, which this environment cannot import"):
                load_version(LoadRequest(tmp_path))

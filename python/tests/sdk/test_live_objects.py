"""Live objects of many kinds: written twice with the same bytes, loaded as a worker loads them, asked as the live object was."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Optional

import numpy as np
import pytest

from lepton_ai import InvalidArgumentError, ModelInvalidError
from lepton_ai.formats.files import load_back
from lepton_ai.saving import Wishes, write_artefact
from lepton_ai.uploading import hash_directory
from lepton_ai_worker.load import LoadRequest, load_version
from lepton_ai_worker.scan import scan_directory
from lepton_ai_worker.tensors import from_array, readable

RANDOM = np.random.default_rng(7)
X, Y = RANDOM.random((3, 4), dtype=np.float32), RANDOM.random((3, 2), dtype=np.float32)
IDS = np.array([[1, 2, 3], [4, 5, 6]])
TEXT = np.array(["a", "zz"], dtype=object)


class Saved:
    """An artefact that was written twice."""

    def __init__(self, folder: Path, model: Any, examples: Any = None, **wishes: Any) -> None:
        self.folders = [folder / "first", folder / "second"]
        for each in self.folders:
            each.mkdir()
            self.artefact = write_artefact(model, each, Wishes(example_inputs=examples, **wishes))
        first, second = ([(file.path, file.digest) for file in hash_directory(each)] for each in self.folders)
        assert sorted(first) == sorted(second)
        assert scan_directory(self.folders[0], self.artefact.format)["ok"]
        self.model = load_version(LoadRequest(self.folders[0])).model

    def ask(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        outputs = self.model.run([from_array(name, np.asarray(value)) for name, value in inputs.items()], self.model.signature.output_names)
        return {each.name: readable(each, text=True) for each in outputs}

    def answers(self, inputs: Mapping[str, Any], **expected: Any) -> Saved:
        got = self.ask(inputs)
        assert set(got) == set(expected)
        for name, value in expected.items():
            value = value.detach() if hasattr(value, "detach") else value
            value = np.asarray(value)
            if value.dtype.kind in "OSU":
                assert got[name].tolist() == [each.decode() if isinstance(each, bytes) else each for each in value.tolist()]
            else:
                np.testing.assert_allclose(got[name], value, rtol=1e-4, atol=1e-5)
        return self

    def back(self) -> Any:
        return load_back(self.folders[0])


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes an empty folder, another one each time."""

    def make() -> Path:
        return tmp_path_factory.mktemp("live")

    return make


@pytest.fixture
def own_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of rules that uses a module beside it and the package that it is in."""
    files = {
        "helpers_of_rules.py": "import json\ndef double(x):\n    return x * 2\n",
        "rules_package/__init__.py": "", "rules_package/units.py": "from helpers_of_rules import double\ndef quadruple(x):\n    return double(double(x))\n",
        "rules_package/rules.py": "from .units import quadruple\nclass Rules:\n    def predict(self, x):\n        from . import units\n        return quadruple(x) + units.quadruple(x)\n",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "source" / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path / "source"))
    import importlib

    return importlib.import_module("rules_package.rules")


class Threshold:
    def __init__(self, limit: float) -> None:
        self.limit, self.names, self.table = limit, {"high": ("a", 1)}, np.arange(4.0)

    def predict(self, x):
        return {"above": x > self.limit, "sum": x @ self.table + self.names["high"][1]}


class FromFile:
    def load(self, directory):
        self.factor = float((Path(directory) / "data/factor.txt").read_text())

    def predict(self, x):
        return x * self.factor


class Counting:
    def __init__(self) -> None:
        self.count = 0

    def predict(self, x):
        self.count += 1
        return x + self.count


def test_a_classes_own_modules_go_with_it(own_modules, tmp_path):
    saved = Saved(tmp_path, own_modules.Rules(), X).answers({"x": X}, output=X * 8)
    assert {file.path for file in hash_directory(saved.folders[0])} >= {"model.py", "helpers_of_rules.py", "rules_package/units.py"}


def test_an_object_keeps_the_attributes_that_are_data(tmp_path):
    expected = Threshold(0.5).predict(X)
    saved = Saved(tmp_path, Threshold(0.5), X).answers({"x": X}, **expected)
    np.testing.assert_array_equal(saved.back().predict(X)["above"], expected["above"])
    unclear = Threshold(0.5)
    unclear.names = {"file": sys.stdin}
    with pytest.raises(ModelInvalidError, match=r"__init__ wants limit; attribute names\['file'\] is a .*Read it in load"):
        write_artefact(unclear, tmp_path, Wishes(X))


def test_an_object_that_loads_its_files_need_not_be_loaded_to_be_saved(tmp_path):
    (tmp_path / "factor").write_text("3")
    model = FromFile()
    model.files = {"data/factor.txt": tmp_path / "factor"}
    Saved(tmp_path, model, X).answers({"x": X}, output=X * 3)


def test_a_model_that_keeps_state_is_refused(tmp_path):
    with pytest.raises(ModelInvalidError, match="answers the same example otherwise the second time"):
        write_artefact(Counting(), tmp_path, Wishes(X))


def test_estimators_take_the_examples_name_and_width_of_floats(tmp_path):
    linear = pytest.importorskip("sklearn.linear_model").LogisticRegression().fit(RANDOM.random((40, 4)), np.arange(40) % 2)
    saved = Saved(tmp_path, linear, {"x": X}).answers({"x": X}, label=linear.predict(X), probabilities=linear.predict_proba(X))
    assert [(each.name, each.datatype, each.shape) for each in saved.model.signature.inputs] == [("x", "FP32", (-1, 4))]


@pytest.mark.framework
def test_pipelines_over_a_dataframe_take_its_columns(tmp_path):
    pandas, compose, linear, pipeline, preprocessing = (pytest.importorskip(name) for name in ("pandas", "sklearn.compose", "sklearn.linear_model", "sklearn.pipeline", "sklearn.preprocessing"))
    frame = pandas.DataFrame({"age": RANDOM.random(40) * 50, "city": RANDOM.choice(["a", "b"], 40), "rooms": RANDOM.integers(1, 5, 40)})
    columns = compose.ColumnTransformer([("numbers", preprocessing.StandardScaler(), ["age", "rooms"]), ("names", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["city"])])
    model = pipeline.make_pipeline(columns, linear.LogisticRegression()).fit(frame, np.arange(40) % 2)
    some = frame.head(3)
    saved = Saved(tmp_path, model, some).answers({name: some[name].to_numpy(object if name == "city" else None) for name in frame}, label=model.predict(some), probabilities=model.predict_proba(some))
    assert [(each.name, each.datatype) for each in saved.model.signature.inputs] == [("age", "FP64"), ("city", "BYTES"), ("rooms", "INT64")]
    with pytest.raises(ModelInvalidError, match="give example_inputs=, some rows of the columns age, city, rooms"):
        write_artefact(model, tmp_path, Wishes())


@dataclasses.dataclass
class Answer:
    logits: Any
    hidden: Optional[Any] = None


@pytest.mark.framework
def test_torch_modules_are_called_as_they_want(folder):
    torch = pytest.importorskip("torch")
    x, y = torch.from_numpy(X), torch.from_numpy(Y)

    class Gap(torch.nn.Module):
        def forward(self, x, mask: Optional[torch.Tensor] = None, scale: float = 1.0):
            return x * scale if mask is None else x * mask

    class Only(torch.nn.Module):
        def forward(self, x, *, scale):
            return x * scale

    class Batch(torch.nn.Module):
        def forward(self, batch: dict[str, torch.Tensor]):
            return batch["a"].sum(1) + batch["b"].sum(1)

    class Fields(torch.nn.Module):
        def forward(self, x):
            return Answer(x * 2)

    class Nested(torch.nn.Module):
        def forward(self, x):
            return x + 1, (x.sum(1), x.long())

    class Untraceable(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.ModuleList([torch.nn.Linear(4, 4) for _ in range(12)])

        def forward(self, x):
            return sum([layer(x) for layer in self.layers])

    half, scale = np.full((3, 1), 0.5, np.float32), np.float64(2)
    Saved(folder(), Gap(), {"x": X, "scale": scale}).answers({"x": X, "scale": scale}, output=x * 2)
    Saved(folder(), Gap(), {"mask": half, "x": X}).answers({"x": X, "mask": half}, output=x / 2)
    for format in (None, "torch-export"):
        Saved(folder(), Only(), {"x": X, "scale": half}, format=format).answers({"x": X, "scale": half}, output=x / 2)
        Saved(folder(), Batch(), {"a": X, "b": Y}, format=format).answers({"a": X, "b": Y}, output=x.sum(1) + y.sum(1))
    Saved(folder(), Fields(), X).answers({"x": X}, logits=x * 2)
    Saved(folder(), Nested(), None).answers({"x": X}, output_0=x + 1, output_1=x.sum(1), output_2=x.long())
    module = Untraceable()
    Saved(folder(), module, X).answers({"x": X}, output=module(x))
    Saved(folder(), torch.compile(torch.nn.Softmax(dim=1)), X).answers({"input": X}, output=x.softmax(1))
    embedding = torch.nn.Embedding(10, 3)
    Saved(folder(), embedding, IDS).answers({"input": IDS}, output=embedding(torch.from_numpy(IDS)))
    narrow = torch.nn.Linear(4, 2).bfloat16()
    Saved(folder(), narrow, x.bfloat16()).answers({"input": np.asarray(X, pytest.importorskip("ml_dtypes").bfloat16)}, output=narrow(x.bfloat16()).float())


@pytest.mark.framework
def test_tf_modules_serve_the_function_that_is_meant(folder):
    tf = pytest.importorskip("tensorflow")

    class Several(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
        def score(self, x):
            return {"score": tf.reduce_sum(x, 1)}

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
        def embed(self, x):
            return {"embedding": x * 2}

    class Plain(tf.Module):
        def __call__(self, a, b):
            return {"sum": a + b}

    class Words(tf.Module):
        def __init__(self):
            super().__init__()
            self.table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2]), -1)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def __call__(self, text):
            return {"id": self.table.lookup(text), "upper": tf.strings.upper(text)}

    Saved(folder(), Plain(), {"b": X, "a": X * 3}).answers({"a": X * 3, "b": X}, sum=X * 4)
    Saved(folder(), Words()).answers({"text": TEXT}, id=[1, -1], upper=np.array(["A", "ZZ"], dtype=object))
    several = Several()
    Saved(folder(), several, signature="embed").answers({"x": X}, embedding=X * 2)
    with pytest.raises(ModelInvalidError, match="served with signature=, one of 'embed', 'score'"):
        write_artefact(several, folder(), Wishes(X))
    with pytest.raises(InvalidArgumentError, match="'other' is no function of the Several; it has embed, score"):
        write_artefact(several, folder(), Wishes(X, signature="other"))
    directory = folder() / "saved"
    tf.saved_model.save(several, str(directory), signatures={"one": several.score, "two": several.embed})
    for model in (directory, tf.saved_model.load(str(directory))):
        Saved(folder(), model, signature="two").answers({"x": X}, embedding=X * 2)
        with pytest.raises(ModelInvalidError, match="one of 'one', 'two'"):
            write_artefact(model, folder(), Wishes())


@pytest.mark.framework
def test_keras_models_keep_their_names_or_become_saved_models(folder):
    tf, keras = pytest.importorskip("tensorflow"), pytest.importorskip("keras")
    layers = keras.layers

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x, training=False):
            return self.dense(x)

    class Two(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, a, b):
            return {"sum": self.dense(a) + b}

    left, right = keras.Input((4,), name="left"), keras.Input((2,), name="right")
    joined = layers.Concatenate()([layers.Dense(3)(left), right])
    functional = keras.Model([left, right], [layers.Dense(1, name="price")(joined), layers.Dense(3, name="kind")(joined)])
    price, kind = functional([X, Y])
    by_name = keras.Model({"a": left, "b": right}, {"joined": joined})
    for format in (None, "tensorflow"):
        Saved(folder(), functional, {"right": Y, "left": X}, format=format).answers({"left": X, "right": Y}, price=price, kind=kind)
        Saved(folder(), by_name, format=format).answers({"a": X, "b": Y}, joined=by_name({"a": X, "b": Y})["joined"])
    sequential = keras.Sequential([layers.Dense(3), layers.Dense(2)])
    called = sequential(X)
    Saved(folder(), sequential, {"x": X}).answers({"x": X[:1]}, output=called[:1])
    own = Own()
    saved = Saved(folder(), own, X).answers({"x": X}, output=own(X))
    assert saved.artefact.format == "tensorflow" and "does not hold the code of Own" in saved.artefact.notes[0]
    two = Two()
    Saved(folder(), two, {"a": X, "b": Y}).answers({"a": X, "b": Y}, sum=two(X, Y)["sum"])
    doubling = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x * 2)])
    assert Saved(folder(), doubling).answers({"input": X}, output=X * 2).artefact.format == "tensorflow"
    words = layers.TextVectorization(output_sequence_length=3)
    words.adapt(["a b c", "b c d"])
    model = keras.Sequential([keras.Input((), dtype="string"), words, layers.Embedding(10, 4), layers.Flatten(), layers.Dense(1)])
    Saved(folder(), model, TEXT).answers({"input": TEXT}, output=model(tf.constant(TEXT)))

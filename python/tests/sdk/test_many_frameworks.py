"""examples/python/five_frameworks.py through a real platform, and further formats in the same service."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support import load_example

from lepton_ai import Client, Deployer, ModelRepository

pytestmark = pytest.mark.framework
Ask = Callable[[Any], Any]


@pytest.fixture(scope="module")
def digits() -> tuple[Any, Any]:
    datasets = pytest.importorskip("sklearn.datasets")
    x, y = datasets.load_digits(return_X_y=True)
    return x.astype(np.float32), y


@pytest.fixture(scope="module")
def example() -> Any:
    for framework in ("torch", "tensorflow", "keras", "onnx"):
        pytest.importorskip(framework)
    return load_example("five_frameworks")


@pytest.fixture(scope="module")
def service(platform: str, example: Any, digits: tuple[Any, Any]) -> dict[str, tuple[Any, Ask]]:
    """Each version's live object, and what asks it; all of them run in one service."""
    models = example.train(digits[0][:1400], digits[1][:1400])
    example.publish(models, digits[0])
    return {version: (model, example.ask_live(version, model)) for version, model in models.items()}


def clients() -> list[Client]:
    return [Client(), Client(os.environ["LEPTON_GRPC"], protocol="grpc")]


def test_every_version_answers_as_its_live_object_by_name(service, example, digits):
    unseen = digits[0][1400:]
    for client in clients():
        with client:
            for version, (_model, live) in service.items():
                answer = client.infer(example.SERVICE, {"x": unseen}, version=version)
                assert answer.version == version
                np.testing.assert_allclose(answer["probabilities"], live(unseen), rtol=1e-4, atol=1e-5, err_msg=version)
                assert (answer["probabilities"].argmax(axis=1) == digits[1][1400:]).mean() > 0.7, version


def test_traffic_is_split_by_weight_and_each_answer_is_its_versions_own(service, example, digits):
    unseen = digits[0][1400:]
    expected = {version: live(unseen) for version, (_model, live) in service.items()}
    for client, count in zip(clients(), (600, 300)):
        answered: Counter[str] = Counter()
        with client:
            for number in range(count):
                row = number % len(unseen)
                answer = client.infer(example.SERVICE, {"x": unseen[row : row + 1]})
                np.testing.assert_allclose(answer["probabilities"], expected[answer.version][row : row + 1], rtol=1e-4, atol=1e-5, err_msg=answer.version)
                answered[answer.version] += 1
        for version, weight in example.WEIGHTS.items():
            share = weight / 100
            # Five standard deviations, as if each request were a draw.
            assert abs(answered[version] - count * share) <= 5 * (count * share * (1 - share)) ** 0.5, answered


def test_the_same_again_is_found_identical(service, example, digits, capsys):
    repository = ModelRepository(example.SERVICE)
    for version, (model, _live) in service.items():
        before = repository.version(version).digest
        saved = repository.save_model(model, version, example_inputs={"x": digits[0][:3]}, format="onnx" if version == "onnx" else None)
        assert saved.digest == before, version
    assert capsys.readouterr().out.count("exists already, unchanged") == len(service)


def test_every_version_comes_back_as_its_frameworks_own_object(service, example, digits):
    torch, tensorflow, keras = (sys.modules[name] for name in ("torch", "tensorflow", "keras"))
    repository, x = ModelRepository(example.SERVICE), digits[0][:5]
    back = {version: repository.load_model(version) for version in service}
    assert isinstance(back["torch"], torch.jit.ScriptModule) and isinstance(back["keras"], keras.Model)
    assert type(back["onnx"]).__name__ == "ModelProto" and type(back["rules"]).__name__ == "Rules"
    answers = {
        "torch": back["torch"](torch.from_numpy(x))["probabilities"].detach().numpy(),
        "tensorflow": back["tensorflow"](tensorflow.constant(x))["probabilities"].numpy(),
        "keras": back["keras"].predict(x, verbose=0)["probabilities"],
        "sklearn": back["sklearn"].predict_proba(x),
        "rules": back["rules"].predict(x)["probabilities"],
    }
    for version, answer in answers.items():
        np.testing.assert_allclose(answer, service[version][1](x), rtol=1e-5, atol=1e-6, err_msg=version)


def test_further_formats_join_the_service_in_the_dark(service, example, digits):
    torch = sys.modules["torch"]
    xgboost, lightgbm = pytest.importorskip("xgboost"), pytest.importorskip("lightgbm")
    x, y = digits
    network, ask_network = service["torch"]
    trees = xgboost.XGBClassifier(n_estimators=8, max_depth=3, n_jobs=1).fit(x[:400], y[:400])
    leaves = lightgbm.LGBMClassifier(n_estimators=4, num_leaves=7, n_jobs=1, verbose=-1).fit(x[:400], y[:400])
    keras_model, ask_keras = service["keras"]
    further: dict[str, tuple[Any, Any, Ask]] = {
        "torch-export": (network, "torch-export", ask_network),
        "saved-model-of-keras": (keras_model, "tensorflow", ask_keras),
        "xgboost": (trees, None, trees.predict_proba),
        "lightgbm": (leaves, None, leaves.predict_proba),
    }
    repository, deployer = ModelRepository(example.SERVICE), Deployer("further")
    for version, (model, format, _live) in further.items():
        first = repository.save_model(model, version, example_inputs={"x": x[:3]}, format=format)
        assert repository.save_model(model, version, example_inputs={"x": x[:3]}, format=format).digest == first.digest
        deployer.deploy_model(repository, version, service_name=example.SERVICE)
    with Client() as client:
        for version, (_model, _format, live) in further.items():
            np.testing.assert_allclose(client.infer(example.SERVICE, {"x": x[:50]}, version=version)["probabilities"], live(x[:50]), rtol=1e-4, atol=1e-5, err_msg=version)
    program = repository.load_model("torch-export")
    np.testing.assert_allclose(program(torch.from_numpy(x[:5]))["probabilities"].detach().numpy(), ask_network(x[:5]), rtol=1e-5)
    np.testing.assert_allclose(repository.load_model("xgboost").predict_proba(x[:5]), trees.predict_proba(x[:5]), rtol=1e-5)
    np.testing.assert_allclose(repository.load_model("lightgbm").predict(x[:5]), leaves.predict_proba(x[:5]), rtol=1e-5)
    deployer.undeploy(example.SERVICE)

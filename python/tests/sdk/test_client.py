"""The four clients (blocking and asyncio, HTTP and gRPC) give the same answers and the same errors."""

import asyncio
import socket

import numpy as np
import pytest
from support import free_port

from lepton_ai import (
    AsyncClient,
    Client,
    ConflictError,
    DeadlineExceededError,
    Deployer,
    InvalidArgumentError,
    LeptonError,
    ModelError,
    ModelRepository,
    NotFoundError,
    ServerUnreachableError,
    ServiceNotFoundError,
    VersionNotFoundError,
)  # fmt: skip

X = np.arange(8, dtype=np.float32).reshape(2, 4)


class Doubling:
    def predict(self, x):
        import time

        if x[0, 0] == 13:
            raise ValueError("thirteen is not taken")
        if x[0, 0] == 99:
            time.sleep(0.7)
        return {"twice": x * 2, "text": np.array([f"ä {first:g}" for first in x[:, 0]], dtype=object)}


class Anything:
    """Says nothing of what it takes."""

    def predict(self, x):
        return np.array([x.ndim])


@pytest.fixture(scope="module")
def services(platform):
    repository = ModelRepository("doubling", create=True)
    repository.save_model(Doubling(), "v1", example_inputs={"x": X})
    repository.save_model(Anything(), "untyped")
    deployer = Deployer("tester")
    for version in ("v1", "untyped"):
        deployer.deploy_model(repository, version, service_name="doubling")
    yield
    deployer.undeploy("doubling")


class Blocking:
    """The asyncio client as the blocking one, in a loop of its own."""

    def __init__(self, **options):
        self._loop = asyncio.new_event_loop()
        self._client = self._run(self._make(options))

    async def _make(self, options):
        return AsyncClient(**options)

    def _run(self, coroutine):
        return self._loop.run_until_complete(coroutine)

    def __getattr__(self, name):
        method = getattr(self._client, name)
        return lambda *args, **named: self._run(method(*args, **named))

    def stop(self):
        self._run(self._client.close())
        self._loop.close()


def make(kind, **options):
    name, protocol = kind.split("-")
    return Client(protocol=protocol, **options) if name == "blocking" else Blocking(protocol=protocol, **options)


@pytest.fixture(params=["blocking-http", "blocking-grpc", "asyncio-http", "asyncio-grpc"])
def kind(request):
    if request.param.endswith("grpc"):
        pytest.importorskip("grpc")
    return request.param


@pytest.fixture
def client(kind, services):
    client = make(kind, headers={"x-user": "ada"})
    yield client
    client.stop() if isinstance(client, Blocking) else client.close()


def test_answers(client):
    answer = client.infer("doubling", {"x": X}, request_id="mine", priority=1, parameters={"note": "a"})
    np.testing.assert_array_equal(answer["twice"], X * 2)
    assert answer["text"].tolist() == ["ä 0".encode(), "ä 4".encode()]
    assert answer.version == "v1" and answer.prediction_id and answer.request_id and answer.timing.total_ms > 0
    assert list(client.infer("doubling", {"x": X}, outputs=["twice"]).outputs) == ["twice"]
    metadata = client.metadata("doubling", "v1")
    assert metadata["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}] and set(metadata["versions"]) == {"v1", "untyped"}
    assert client.ready("doubling") and not client.ready("nothing")


def test_inputs_are_checked_before_they_are_sent_where_the_model_says_what_it_takes(client):
    for wrong, message in ((X.astype(np.float64), r"expected FP32\[-1, 4\], given FP64\[2, 4\]"), (X[:, :3], "dimension 1 is 3 in place of 4")):
        with pytest.raises(InvalidArgumentError, match=message):
            client.infer("doubling", {"x": wrong}, version="v1")
    with pytest.raises(InvalidArgumentError, match="no input 'y'"):
        client.infer("doubling", {"y": X}, version="v1")
    assert client.metadata("doubling", "untyped")["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1], "parameters": {"untyped": True}}]
    for any_ in (X, np.zeros((1, 2, 3), np.int8)):
        assert client.infer("doubling", {"x": any_}, version="untyped")["output"].tolist() == [any_.ndim]
    with pytest.raises(InvalidArgumentError, match="no input 'y'"):
        client.infer("doubling", {"y": X}, version="untyped")


def test_feedback_finds_its_answer(client, kind):
    answer = client.infer("doubling", {"x": X})
    everything = {"reward": np.float32(0.5), "label": ["a", 1, True], "correct": np.bool_(True), "comment": "ä", "metadata": {"n": np.int64(3), "s": "t", "b": False, "none": None}, "id": "own"}
    receipt = client.feedback(answer.prediction_id, **everything)
    assert receipt == {"prediction_id": answer.prediction_id, "duplicate": False, "service": "doubling", "version": "v1"}
    with Client() as other:
        assert other.feedback(answer.prediction_id, **{**everything, "id": None})["duplicate"], "the same content, whoever sent it"
    with pytest.raises(ConflictError) as conflict:
        client.feedback(answer.prediction_id, reward=2)
    assert conflict.value.code == "FEEDBACK_DUPLICATE"
    with pytest.raises(NotFoundError) as unknown:
        client.feedback("01a2140a-b778-800a-aaaa-12fd1ad7dfa4", correct=False)
    assert unknown.value.code == "FEEDBACK_UNKNOWN"
    for wrong, message in (({"reward": "good"}, "reward 'good' is not a finite number"), ({"reward": float("nan")}, "finite"), ({"label": {"a": 1}}, "label"), ({"correct": 1}, "correct 1 is not True or False"), ({}, "reward, label")):
        with pytest.raises(InvalidArgumentError, match=message):
            client.feedback(client.infer("doubling", {"x": X}).prediction_id, **wrong)


def test_the_servers_errors_have_their_types(client):
    for error, code, ask in (
        (ServiceNotFoundError, "MODEL_NOT_FOUND", lambda: client.infer("nothing", {"x": X})),
        (VersionNotFoundError, "VERSION_NOT_FOUND", lambda: client.infer("doubling", {"x": X}, version="v9")),
        (ModelError, "MODEL_ERROR", lambda: client.infer("doubling", {"x": X + 13})),
        (DeadlineExceededError, "DEADLINE_EXCEEDED", lambda: client.infer("doubling", {"x": X + 99}, timeout=0.2)),
    ):  # fmt: skip
        with pytest.raises(error) as raised:
            ask()
        assert (raised.value.code, bool(raised.value.request_id or raised.value.code == "DEADLINE_EXCEEDED")) == (code, True)
        assert str(raised.value)
    with pytest.raises(ModelError, match="ValueError: thirteen is not taken"):
        client.infer("doubling", {"x": X + 13})


def test_the_server_refuses_what_the_client_was_told_not_to_check(kind, services):
    unchecked = make(kind, check=False)
    with pytest.raises(InvalidArgumentError, match="FP64"):
        unchecked.infer("doubling", {"x": X.astype(np.float64)})


def test_nobody_there_and_nobody_who_answers(kind, services):
    port = free_port()
    address = f"http://127.0.0.1:{port}" if kind.endswith("http") else f"127.0.0.1:{port}"
    with pytest.raises(ServerUnreachableError, match=f"no answer from 127.0.0.1:{port} .*is it running"):
        make(kind, url=address, retries=0).infer("doubling", {"x": X})
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises((DeadlineExceededError, ServerUnreachableError)):
            make(kind, url=address, retries=0, check=False).infer("doubling", {"x": X}, timeout=0.3)


def test_wrong_addresses_and_protocols(kind):
    with pytest.raises(LeptonError, match="not a URL"):
        make(kind.split("-")[0] + "-http", url="localhost:1")
    with pytest.raises(InvalidArgumentError, match="neither http nor grpc"):
        make(kind.split("-")[0] + "-smtp")


def test_many_at_once_over_one_channel(services):
    pytest.importorskip("grpc")

    async def ask():
        async with AsyncClient(protocol="grpc") as client:
            return await asyncio.gather(*(client.infer("doubling", {"x": X + index}) for index in range(12)))

    for index, answer in enumerate(asyncio.run(ask())):
        np.testing.assert_array_equal(answer["twice"], (X + index) * 2)

"""Worker processes over their socket, as control and gateways use them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from harness import CANCEL, DEADLINE, DOUBLE, FAILURE, HEAD, INFER, PING, PONG, STATUS, STOP, Client, Closed, Worker, artefact, floats, spec

Start = Callable[..., Worker]

#: Keeps Python to itself for x[0] seconds, as pure Python code does.
BUSY = """
import time
class Model:
    def predict(self, x):
        end = time.monotonic() + float(x.reshape(-1)[0])
        while time.monotonic() < end:
            sum(range(1000))
        return x
"""
FREE = [spec("x", shape=(1,))]


@pytest.fixture(scope="module")
def double() -> Iterator[Worker]:
    """One worker whose model doubles, for all tests that leave it as it was."""
    place = Path(tempfile.mkdtemp(prefix="lpw-", dir="/tmp"))
    # Other tests run between those that use it.
    worker = Worker(artefact(place / "m", DOUBLE), place / "w", orphanGraceMs=600_000)
    yield worker
    worker.close()
    shutil.rmtree(place, ignore_errors=True)


def ready(worker: Worker) -> Client:
    status = worker.settled()
    assert status["phase"] == "ready", status
    return worker.dial()


def test_answers_items_of_a_batch_as_it_answers_each_alone(double: Worker) -> None:
    worker = double
    client = ready(worker)
    rows = [floats([1, 2, 3, 4]), floats([5, 6, 7, 8], [9, 9, 9, 9]), floats([-1, 0.5, np.nan, np.inf])]
    answer = client.answer(client.ask([{"inputs": {"x": row}} for row in rows]))
    assert answer["header"]["batchSize"] == 4
    assert answer["header"]["runNs"] > 0 <= answer["header"]["inputNs"]
    for row, got in zip(rows, answer["items"]):
        np.testing.assert_array_equal(got["y"], row * 2)
        np.testing.assert_array_equal(client.infer({"x": row})[0]["y"], row * 2)


def test_says_what_it_measured_and_who_it_is(double: Worker) -> None:
    worker = double
    status = worker.settled()
    profile = status["profile"]
    assert (status["reason"], profile["batchable"], profile["check"]) == ("Loaded", True, "smoke")
    assert profile["bestBatch"] > 1 and set(profile["latencyMsByBatch"]) >= {"1", "2"} and profile["loadMs"] > 0 and profile["residentBytes"] > 2**20
    hello = worker.dial("control").hello
    assert (hello["pid"], hello["instance"], hello["startedAt"][-1]) == (worker.process.pid, "replica-1", "Z")
    assert Path(f"/proc/{worker.process.pid}/cmdline").read_bytes().startswith(b"lepton-worker service/v1\0")
    assert f"ready after {profile['loadMs']} ms: made-up inputs ran: x[1,4]" in worker.log


def test_a_bad_item_fails_alone_with_the_field_and_the_value(double: Worker) -> None:
    client = ready(double)
    good = floats([1, 2, 3, 4])
    first, wrong, last = client.infer({"x": good}, {"x": good.astype(np.float64)}, {"x": good})
    assert wrong == {"code": "INVALID_ARGUMENT", "error": 'input "x" is FP64, the model takes FP32'}
    for got in (first, last):
        np.testing.assert_array_equal(got["y"], good * 2)


def test_a_model_that_raises_fails_its_item_with_type_and_message_and_logs_the_traceback(start: Start) -> None:
    source = "class Model:\n    def predict(self, x):\n        if (x > 100).any():\n            raise ZeroDivisionError('row is too large')\n        return x\n"
    worker = start(source)
    client = ready(worker)
    items = client.infer({"x": floats([1, 1, 1, 1])}, {"x": floats([1, 1, 1, 101])}, {"x": floats([3, 3, 3, 3])})
    assert items[1] == {"code": "MODEL_ERROR", "error": "ZeroDivisionError: row is too large"}
    assert items[0]["y"][0, 0] == 1 and items[2]["y"][0, 0] == 3
    assert "item 2 of 3 in frame 1 of connection" in worker.log
    assert "Traceback (most recent call last)" in worker.log and "model.py\", line 4, in predict" in worker.log


def test_wrong_outputs_are_refused_clearly(start: Start) -> None:
    cases = [
        ("{'z': x}", "the model gave no output y, only z"),
        ("[x, x]", 'the model gave output "y" as FP32[2,1,4], its signature says FP32[-1,4]'),
        ("x.astype('f8')", 'the model gave output "y" as FP64[1,4], its signature says FP32[-1,4]'),
        ("x[:, :2]", 'the model gave output "y" as FP32[1,2], its signature says FP32[-1,4]'),
        ("None", "NoneType"),
        ("'text'", "no FP32"),
        ("x.astype('c8')", "has dtype complex64"),
        ("[[1], [1, 2]]", "not a rectangular array"),
    ]
    results = ", ".join(f"lambda x: {result}" for result, _ in cases)
    client = ready(start(f"RESULTS = [{results}]\nclass Model:\n    def predict(self, x):\n        return RESULTS[int(x[0, 1])](x) if x[0, 0] == 7 else x\n"))
    for number, (result, message) in enumerate(cases):
        [item] = client.infer({"x": floats([7, number, 0, 0])})
        assert item["code"] == "MODEL_ERROR" and message in item["error"], (result, item)


def test_a_model_that_wants_to_leave_stays(start: Start) -> None:
    client = ready(start("import sys\nclass Model:\n    def predict(self, x):\n        if x[0, 0] == 7:\n            sys.exit(3)\n        return x\n"))
    assert client.infer({"x": floats([7, 0, 0, 0])})[0] == {"code": "MODEL_ERROR", "error": "SystemExit: 3"}
    assert client.infer({"x": floats([1, 0, 0, 0])})[0]["y"][0, 0] == 1


def test_answers_pings_while_a_run_holds_python(start: Start) -> None:
    worker = start(BUSY, FREE, [spec("y", shape=(1,))])
    client = ready(worker)
    control = worker.dial("control")
    control.receive()
    number = client.ask([{"inputs": {"x": np.array([1.5], np.float32)}}])
    time.sleep(0.1)
    slowest = 0.0
    for beat in range(10):
        begun = time.monotonic()
        control.send(PING, beat)
        assert control.receive()[:2] == (PONG, beat)
        slowest = max(slowest, time.monotonic() - begun)
        time.sleep(0.05)
    assert slowest < 0.5
    assert client.answer(number)["header"]["runNs"] > 1e9


def test_takes_waiting_work_back_when_it_is_cancelled(start: Start) -> None:
    client = ready(start(BUSY, FREE, [spec("y", shape=(1,))]))
    first, second, third = (client.ask([{"inputs": {"x": np.array([seconds], np.float32)}}]) for seconds in (0.5, 5, 0))
    time.sleep(0.1)
    client.send(CANCEL, second)
    client.send(CANCEL, first)  # It runs: answered as if nothing was said.
    assert client.answer(second) == {"code": "CANCELLED", "error": "cancelled before it ran"}
    assert "items" in client.answer(first)
    assert "items" in client.answer(third)


def test_refuses_more_than_may_wait(start: Start) -> None:
    client = ready(start(BUSY, FREE, [spec("y", shape=(1,))]))
    slow = client.ask([{"inputs": {"x": np.array([0.7], np.float32)}}])
    time.sleep(0.1)
    for _ in range(70):
        client.ask([{"inputs": {"x": np.array([0], np.float32)}}])
    codes = []
    for _ in range(71):
        _, _, header, _ = client.receive()
        codes.append(header.get("code"))
    assert codes.count("QUEUE_FULL") == 6 and codes.count(None) == 65, codes
    assert slow == 1


def test_finishes_what_is_in_flight_when_it_is_stopped_and_refuses_what_comes_later(start: Start) -> None:
    worker = start(BUSY, FREE, [spec("y", shape=(1,))])
    client = ready(worker)
    control = worker.dial("control")
    numbers = [client.ask([{"inputs": {"x": np.array([0.3], np.float32)}}]) for _ in range(2)]
    time.sleep(0.1)
    control.send(STOP, 0, {"graceMs": 10_000, "reason": "test"})
    time.sleep(0.1)
    late = client.ask([{"inputs": {"x": np.array([0], np.float32)}}])
    assert client.answer(late)["code"] == "SHUTTING_DOWN"
    assert worker.dial("control").hello["stopping"] is True
    for number in numbers:
        assert "items" in client.answer(number)
    assert worker.exit() == 0
    assert "leaving (stop: test)" in worker.log and not os.path.exists(worker.socket)


def test_leaves_unfinished_when_the_grace_ends(start: Start) -> None:
    worker = start(BUSY, FREE, [spec("y", shape=(1,))])
    client = ready(worker)
    client.ask([{"inputs": {"x": np.array([30], np.float32)}}])
    time.sleep(0.1)
    # Held, as control does: one that closes at once may be gone before what it said is read.
    control = worker.dial("control")
    control.send(STOP, 0, {"graceMs": 200, "reason": "test"})
    assert worker.exit(20) == 4
    control.close()
    assert "the grace of 0.2 s ended while the model ran frame 1 of connection" in worker.log


def test_leaves_on_sigterm_also_while_native_code_runs(start: Start) -> None:
    source = "import time\nclass Model:\n    def predict(self, x):\n        time.sleep(float(x[0, 0]))\n        return x\n"
    worker = start(source)
    client = ready(worker)
    number = client.ask([{"inputs": {"x": floats([1, 0, 0, 0])}}])
    time.sleep(0.2)
    worker.process.send_signal(signal.SIGINT)  # A terminal's: for control, not for us.
    worker.process.send_signal(signal.SIGTERM)
    assert "items" in client.answer(number)
    assert worker.exit() == 0
    assert "leaving (SIGTERM)" in worker.log


def test_leaves_when_nobody_is_in_control(start: Start) -> None:
    worker = start(config={"orphanGraceMs": 1_500})
    control = worker.dial("control")
    time.sleep(2)
    assert worker.process.poll() is None
    control.close()
    assert worker.exit() == 0
    assert "no control connection for 1500 ms" in worker.log


def test_closes_connections_without_the_secret(double: Worker) -> None:
    worker = double
    ready(worker).close()
    for role, token in (("gateway", "wrong"), ("admin", "secret")):
        with pytest.raises(Closed):
            Client(worker.socket, role, token)
    silent = Client(worker.socket, None)
    silent.send(INFER, 1, {"items": []})
    with pytest.raises(Closed):
        silent.receive()
    assert worker.process.poll() is None


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\x00\x00\x00\x00" * 8,
        b"\xff" * 64,
        HEAD.pack(12, 9, 4, 0, 1, 0),
        HEAD.pack(12, 1, 99, 0, 1, 0),
        HEAD.pack(12, 1, 4, 0, 1, 5_000),
        HEAD.pack(15, 1, 4, 0, 1, 3) + b"{,}",
        HEAD.pack(2**31, 1, 4, 0, 1, 0),
        HEAD.pack(12 + 50_000, 1, 4, 0, 1, 50_000) + b"[" * 50_000,
        HEAD.pack(12 + 3, 1, 4, 0, 1, 3) + b"NaN",
    ],
)
def test_hostile_bytes_end_their_connection_only(double: Worker, data: bytes) -> None:
    worker = double
    good = ready(worker)
    for greeted in (False, True):
        client = worker.dial() if greeted else Client(worker.socket, None)
        client.socket.sendall(data)
        with pytest.raises(Closed):
            client.receive()
    assert good.infer({"x": floats([1, 2, 3, 4])})[0]["y"][0, 3] == 8


def test_frames_that_make_no_sense_are_refused_and_it_goes_on(double: Worker) -> None:
    client = ready(double)
    item = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 4], "bytes": 17}]}
    for header, body in ((None, b""), ([], b""), ({}, b""), ({"items": []}, b""), ({"items": [None]}, b""), ({"items": [{"inputs": "x"}]}, b""), ({"items": [{"inputs": [None]}]}, b""), ({"items": [item]}, bytes(16)), ({"items": [{"inputs": []}]}, b"x"), ({"items": [{"inputs": [], "outputs": [1]}]}, b"")):
        client.send(INFER, 9, header, body)
        kind, number, answer, _ = client.receive()
        assert (kind, number, answer["code"]) == (FAILURE, 9, "INVALID_ARGUMENT"), header
    client.send(STOP, 3, {"graceMs": 0, "reason": "a gateway may not"})
    assert client.receive()[2]["error"] == "a gateway connection takes no frame of type 9"
    assert client.infer({"x": floats([1, 2, 3, 4])})[0]["y"][0, 0] == 2


def test_clients_that_vanish_mid_frame_or_before_their_answer_harm_nobody(start: Start) -> None:
    worker = start(BUSY, FREE, [spec("y", shape=(1,))])
    good = ready(worker)
    for _ in range(5):
        cut = worker.dial()
        cut.socket.sendall(HEAD.pack(2**20, 1, INFER, 0, 1, 20) + b"half")
        cut.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        cut.close()
        gone = worker.dial()
        for _ in range(3):
            gone.ask([{"inputs": {"x": np.array([0.02], np.float32)}}])
        gone.close()
    assert good.infer({"x": np.array([0], np.float32)})[0]["y"][0] == 0
    assert worker.process.poll() is None and "crashed" not in worker.log


def test_large_tensors_go_both_ways_also_to_a_slow_reader(start: Start) -> None:
    worker = start(inputs=[spec("x", shape=(-1, 1000))], outputs=[spec("y", shape=(-1, 1000))])
    client, other = ready(worker), worker.dial()
    data = np.random.default_rng(1).random((6_000, 1_000), dtype=np.float32)
    number = client.ask([{"inputs": {"x": data}}])
    time.sleep(0.5)  # The answer is there and nobody reads it: others are answered all the same.
    small = np.ones((1, 1_000), np.float32)
    np.testing.assert_array_equal(other.infer({"x": small})[0]["y"], small * 2)
    np.testing.assert_array_equal(client.answer(number)["items"][0]["y"], data * 2)


def test_many_connections_at_once(double: Worker) -> None:
    worker = double
    ready(worker).close()
    clients = [worker.dial() for _ in range(8)]
    asked = [(client, client.ask([{"inputs": {"x": floats([index, 0, 0, 0])}}]), index) for _ in range(20) for index, client in enumerate(clients)]
    for client, number, index in asked:
        assert client.answer(number)["items"][0]["y"][0, 0] == index * 2


def test_inputs_are_the_models_own_to_change_and_aligned(start: Start) -> None:
    source = "class Model:\n    def predict(self, t, x):\n        assert x.flags.aligned and x.flags.writeable\n        x += len(t)\n        return x\n"
    client = ready(start(source, [spec("t", "BYTES", (-1,)), spec("x", "FP64", (-1,))], [spec("y", "FP64", (-1,))], options={"class": "Model"}))
    # A text of three bytes puts the numbers on an odd address.
    texts = np.array([b"abc"], dtype=object)
    for number in range(3):
        assert client.infer({"t": texts, "x": np.array([number], np.float64)})[0]["y"][0] == number + 1


def test_what_the_model_prints_is_in_the_log(start: Start) -> None:
    worker = start("import os\nprint('at import')\nclass Model:\n    def predict(self, x):\n        print('Łódź 🦉')\n        os.system('echo from a child')\n        return x\n")
    ready(worker)
    assert "at import" in worker.log and "Łódź 🦉" in worker.log and "from a child" in worker.log


def test_a_crash_in_native_code_tells_where(start: Start) -> None:
    worker = start("import ctypes\nclass Model:\n    def predict(self, x):\n        if x[0, 0] == 7:\n            ctypes.string_at(0)\n        return x\n")
    client = ready(worker)
    client.ask([{"inputs": {"x": floats([7, 0, 0, 0])}}])
    with pytest.raises(Closed):
        client.receive()
    assert worker.exit() == -signal.SIGSEGV
    assert "Segmentation fault" in worker.log and "model.py" in worker.log


def test_a_version_that_fails_to_load_tells_control_and_leaves(start: Start) -> None:
    worker = start("raise RuntimeError('no luck today')\n")
    status = worker.settled()
    assert (status["phase"], status["reason"], status["message"]) == ("failed", "LoadFailed", "RuntimeError: no luck today")
    assert worker.exit() == 3
    assert "model.py\", line 1" in worker.log


def test_answers_what_it_can_while_it_loads(start: Start) -> None:
    worker = start("import time\ntime.sleep(1)\n" + "class Model:\n    def predict(self, x):\n        return x\n")
    client, control = worker.dial(), worker.dial("control")
    client.ask([{"inputs": {"x": floats([1, 2, 3, 4])}}])
    assert client.receive()[2] == {"code": "VERSION_NOT_READY", "error": "the worker is not ready: loading the model"}
    assert control.receive()[2]["phase"] == "loading"
    control.send(PING, 5)
    assert control.receive()[:2] == (PONG, 5)
    assert control.receive()[0] == STATUS


def test_an_unusable_configuration_is_said(place: Path) -> None:
    import subprocess
    import sys

    from harness import SOURCE

    for text, words in (("{", "Expecting"), ("{}", "replica null is not a text"), (None, "No such file")):
        path = place / "c.json"
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
        done = subprocess.run([sys.executable, "-m", "lepton_ai_worker", str(path)], env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, timeout=DEADLINE)
        assert done.returncode == 2 and words in done.stderr, done.stderr

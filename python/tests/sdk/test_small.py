"""What needs no platform."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import rules

from lepton_ai import InvalidArgumentError, LeptonError, ModelRepository, connect
from lepton_ai.client.protobuf import fields, packed, text, varint
from lepton_ai.client.result import parse_timing
from lepton_ai.client.tensors import decode, describe, encode, request_head
from lepton_ai.formats.examples import normalise_examples, specs_of
from lepton_ai.formats.requirements import pins
from lepton_ai.formats.source import extract
from lepton_ai.management import Management
from lepton_ai.repository import environment_digest
from lepton_ai.training import taken_metrics, train_progress

ROOT = Path(__file__).resolve().parents[3]


def test_import_brings_no_framework_and_takes_little():
    script = "import sys, time; t = time.process_time(); from lepton_ai import ModelRepository, Deployer, Client; print(time.process_time() - t); print([m for m in ('torch', 'tensorflow', 'sklearn', 'rich', 'grpc', 'asyncio') if m in sys.modules])"
    seconds, loaded = min(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT / "python/src")}).stdout.splitlines() for _ in range(3))
    assert float(seconds) < 0.6 and loaded == "[]"


def test_digests_of_environments_are_the_servers(monkeypatch):
    for vector in json.loads((ROOT / "protocol/environments.json").read_text())["vectors"]:
        system, machine = vector["platform"].split("-")
        monkeypatch.setattr("platform.machine", lambda machine=machine: machine)
        monkeypatch.setattr("sys.platform", system)
        assert environment_digest(vector) == vector["digest"]


def test_locals_are_not_taken_for_what_the_module_computes():
    text = extract(rules.Local).text
    assert "LIMIT = 3.0" in text and "import numpy" in text
    assert "upper" not in text and "def above" not in text


def test_management_opens_its_own_connection_in_a_forked_process():
    peers, answers = [], []

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            peers.append(self.client_address)
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"[]")

        do_PUT = do_GET

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        api = Management(f"http://127.0.0.1:{server.server_port}", "ada")
        answers.append(api.get("versions"))
        for ask in (lambda: api.get("versions"), lambda: api.put_blob("sha256:0", io.BytesIO(b"ab"), 2, 0, lambda count: None)):
            api._lock.acquire()  # As a thread may hold it that the child does not have.
            child = os.fork()
            if not child:
                try:
                    signal.alarm(20)
                    os._exit(0 if ask() in ([], None) else 1)
                finally:
                    os._exit(2)
            api._lock.release()
            assert os.waitpid(child, 0)[1] == 0
        answers.append(api.get("versions"))
        server.shutdown()
    assert answers == [[], []] and peers[0] == peers[3] and peers[0] not in peers[1:3]


def test_tensors_come_back_from_the_wire():
    arrays = {"a": np.arange(6, dtype=np.int16).reshape(2, 3), "t": np.array(["ä", b"b\x00"], dtype=object), "s": np.float64(2.5), "e": np.zeros((0, 2), np.float32), "b": np.array([True, False])}
    inputs = encode(arrays)
    message = json.loads(request_head(describe(inputs), None, (("timeout", 5),), "id"))
    head = json.dumps({"outputs": message["inputs"], "model_version": "v"}).encode()
    outputs, version = decode(np.frombuffer(head + b"".join(each.data for each in inputs), dtype=np.uint8), len(head))
    assert version == "v" and outputs["t"].tolist() == ["ä".encode(), b"b\x00"]
    for name in ("a", "s", "e", "b"):
        np.testing.assert_array_equal(outputs[name], arrays[name])
        assert outputs[name].shape == np.shape(arrays[name])


def test_large_tensors_are_not_copied():
    array = np.zeros((4, 1024), np.float32)
    assert np.shares_memory(np.frombuffer(encode({"x": array})[0].data, np.uint8), array)


def test_protocol_buffers():
    encoded = text(1, "name") + packed(3, (1, -1, 300)) + varint(4 << 3) + varint(7)
    assert [(field, bytes(value) if not isinstance(value, int) else value) for field, value in fields(memoryview(encoded))] == [(1, b"name"), (3, varint(1) + varint(-1) + varint(300)), (4, 7)]


def test_timing():
    timing = parse_timing('queue;dur=0.5, batch;dur=0.2;desc="4", run;dur=2.3, total;dur=2.9')
    assert (timing.queue_ms, timing.run_ms, timing.batch_size) == (0.5, 2.3, 4)


def test_examples_and_what_they_say():
    examples = normalise_examples([{"x": np.zeros((1, 3))}, {"x": np.zeros((5, 3))}], ["x"])
    assert [(each.datatype, each.shape) for each in specs_of(examples, False)] == [("FP64", (-1, 3))]
    assert list(normalise_examples((np.zeros(1), np.zeros(2)), ["a", "b"])[0]) == ["a", "b"]


def test_pins_are_exact_and_unknown_ones_are_refused():
    assert pins(["numpy"], ["scipy==1.2"]) == [f"numpy=={np.__version__}", "scipy==1.2"]
    with pytest.raises(ValueError, match="no-such-distribution"):
        pins([], ["no-such-distribution"])
    with pytest.raises(ValueError, match="exact pin"):
        pins([], ["numpy>=1"])


def test_metrics_of_the_last_epoch_go_to_the_next_save(capsys):
    progress = train_progress([1, 2], epochs=2)
    for batch in progress:
        progress.log(loss=batch * progress.epoch)
    assert taken_metrics(object()) == {"loss": 3.0}
    assert taken_metrics(object()) == {}


def test_a_server_of_another_kind_is_told(tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(LeptonError, match=r"http://127\.0\.0\.1:\d+ answers, but not as a Lepton AI server \(HTTP 404.*check the URL"):
            ModelRepository("any", f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://host", "8080"])
def test_what_is_no_url_is_told(url, monkeypatch):
    with pytest.raises(InvalidArgumentError, match=r"^url .* is not a URL; for example http://"):
        connect(url)
    monkeypatch.setenv("LEPTON_URL", url)
    with pytest.raises(InvalidArgumentError, match=r"^LEPTON_URL .* is not a URL"):
        connect()

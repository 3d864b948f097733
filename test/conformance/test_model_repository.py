"""tritonclient's model control, log and trace settings, over HTTP and gRPC: what is unloaded answers nobody, what is loaded answers at once."""

import json
import unittest
from typing import Any

import grpc as grpcio
import numpy as np
import requests
import shared
import tritonclient.grpc as grpc
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

LOG_DEFAULTS = {"log_file": "", "log_info": True, "log_warning": True, "log_error": True, "log_verbose_level": 0, "log_format": "default"}


def post(path: str, body: Any) -> tuple[int, Any, str | None]:
    response = requests.post(f"http://{shared.SERVER.http}/v2/{path}", json=body, timeout=60)
    return response.status_code, response.json(), response.headers.get("retry-after")


class ModelControl:
    """The same for both clients; `module` is tritonclient.http or tritonclient.grpc."""

    module: Any
    client: Any

    def entries(self) -> dict[tuple[str, str], tuple[str, str]]:
        raise NotImplementedError

    def infer(self, version: str = "") -> Any:
        return self.client.infer("scale", [shared.tensor(self.module, "x", shared.SCALE_ROW)], model_version=version)

    def test_unload_and_load(self) -> None:
        self.client.unload_model("scale")
        self.addCleanup(self.client.load_model, "scale")
        self.assertFalse(self.client.is_model_ready("scale"))
        for version in ("1", "2", "3"):
            self.assertFalse(self.client.is_model_ready("scale", version))
            state, reason = self.entries()["scale", version]
            self.assertEqual(state, "UNAVAILABLE")
            self.assertIn("load", reason)
            with self.assertRaisesRegex(InferenceServerException, "unloaded"):
                self.infer(version)
        self.client.unload_model("scale")
        self.client.load_model("scale")
        self.assertTrue(self.client.is_model_ready("scale"))
        self.assertEqual({self.entries()["scale", version][0] for version in ("1", "2", "3")}, {"READY"})
        np.testing.assert_array_equal(self.infer().as_numpy("y"), shared.SCALE_ROW * 30)
        self.client.load_model("scale")

    def test_unload_dependents(self) -> None:
        self.addCleanup(self.client.load_model, "identity_bool")
        self.client.unload_model("identity_bool", unload_dependents=True)
        self.assertFalse(self.client.is_model_ready("identity_bool"))

    def test_unknown(self) -> None:
        for call in (self.client.load_model, self.client.unload_model):
            with self.assertRaisesRegex(InferenceServerException, "Request for unknown model: 'nobody' is not found"):
                call("nobody")
        with self.assertRaisesRegex(InferenceServerException, "failed to load 'nobody'"):
            self.client.load_model("nobody")

    def test_overrides(self) -> None:
        self.client.load_model("simple", config=json.dumps({"max_batch_size": 8}))
        self.client.load_model("simple", config=json.dumps({"max_batch_size": "8"}))
        with self.assertRaisesRegex(InferenceServerException, "max_batch_size would become 16"):
            self.client.load_model("simple", config=json.dumps({"max_batch_size": 16}))
        with self.assertRaisesRegex(InferenceServerException, "failed to load 'simple'.*JSON"):
            self.client.load_model("simple", config="max_batch_size: 8")
        with self.assertRaisesRegex(InferenceServerException, "versions never change"):
            self.client.load_model("simple", config="{}", files={"file:1/model.onnx": b"not a model"})
        self.assertTrue(self.client.is_model_ready("simple"))

    def settings(self, answer: Any) -> Any:
        return answer

    def test_log_settings(self) -> None:
        self.assertEqual(self.settings(self.client.get_log_settings()), LOG_DEFAULTS)
        changes = {"log_verbose_level": 1, "log_info": False, "log_format": "ISO8601"}
        self.addCleanup(self.client.update_log_settings, {key: LOG_DEFAULTS[key] for key in changes})
        self.assertEqual(self.settings(self.client.update_log_settings(changes)), {**LOG_DEFAULTS, **changes})
        self.assertEqual(self.settings(self.client.get_log_settings()), {**LOG_DEFAULTS, **changes})
        self.infer("1")
        log = shared.SERVER.gateway_log()
        line = json.loads([line for line in log.splitlines() if "request answered" in line][-1])
        self.assertEqual((line["service"], line["version"], line["level"]), ("scale", "1", 20))
        self.assertRegex(str(line["time"]), r"^\d{4}-\d\d-\d\dT")
        with self.assertRaisesRegex(InferenceServerException, "log_verbose_level"):
            self.client.update_log_settings({"log_everything": True})

    def test_trace_settings(self) -> None:
        for model in (None, "scale"):
            self.assertEqual(self.settings(self.client.get_trace_settings(model))["trace_level"], ["OFF"])
            self.assertEqual(self.settings(self.client.update_trace_settings(model, {"trace_level": "OFF", "trace_rate": None}))["trace_level"], ["OFF"])
            with self.assertRaisesRegex(InferenceServerException, "writes no traces"):
                self.client.update_trace_settings(model, {"trace_level": ["TIMESTAMPS"]})
        with self.assertRaisesRegex(InferenceServerException, "unknown model"):
            self.client.get_trace_settings("nobody")


class HttpModelControl(ModelControl, unittest.TestCase):
    module = http

    def setUp(self) -> None:
        self.client = http.InferenceServerClient(shared.SERVER.http)
        self.addCleanup(self.client.close)

    def entries(self) -> dict[tuple[str, str], tuple[str, str]]:
        return {(one["name"], one["version"]): (one["state"], one["reason"]) for one in self.client.get_model_repository_index()}

    def test_one_version(self) -> None:
        for action, ready in (("unload", False), ("warm", True), ("drain", False), ("load", True)):
            self.assertEqual(post(f"repository/models/scale/versions/2/{action}", {})[0], 200)
            self.assertEqual((self.client.is_model_ready("scale", "2"), self.client.is_model_ready("scale")), (ready, True), action)

    def test_bad_log_settings(self) -> None:
        for bad, words in (({"log_info": "yes"}, "log_info must be"), ({"log_verbose_level": -1}, "log_verbose_level must be"), ({"log_format": "xml"}, "log_format must be"), ({"log_file": "/tmp/log"}, "log_file")):
            with self.assertRaisesRegex(InferenceServerException, words):
                self.client.update_log_settings({"log_warning": False, **bad})
        self.assertEqual(self.client.get_log_settings(), LOG_DEFAULTS)

    def test_nobody_left(self) -> None:
        status, answer, _ = post("repository/models/scale/versions/3/unload", {})
        self.assertEqual((status, answer["code"]), (412, "PRECONDITION_FAILED"))
        self.addCleanup(self.client.load_model, "scale")
        self.assertEqual(post("repository/models/scale/versions/3/unload", {"parameters": {"force": True}})[0], 200)
        status, answer, retry_after = post("models/scale/infer", {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 4], "data": [1, 2, 3, 4]}]})
        self.assertEqual((status, answer["code"], retry_after), (503, "VERSION_NOT_READY", "1"))
        self.assertTrue(self.client.is_model_ready("scale", "2"))


class GrpcModelControl(ModelControl, unittest.TestCase):
    module = grpc

    def setUp(self) -> None:
        self.client = grpc.InferenceServerClient(shared.SERVER.grpc)
        self.addCleanup(self.client.close)

    def entries(self) -> dict[tuple[str, str], tuple[str, str]]:
        return {(one.name, one.version): (one.state, one.reason) for one in self.client.get_model_repository_index().models}

    def test_retry_after(self) -> None:
        self.addCleanup(self.client.load_model, "identity_bool")
        self.client.unload_model("identity_bool")
        question = grpc.service_pb2.ModelInferRequest(model_name="identity_bool")
        data = question.inputs.add(name="x", datatype="BOOL", shape=[1, 1])
        data.contents.bool_contents.append(True)
        with grpcio.insecure_channel(shared.SERVER.grpc) as channel, self.assertRaises(grpcio.RpcError) as refused:
            grpc.service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer(question, timeout=10)
        metadata = dict(refused.exception.trailing_metadata())
        self.assertEqual((refused.exception.code(), metadata["lepton-code"], metadata["retry-after"]), (grpcio.StatusCode.UNAVAILABLE, "VERSION_NOT_READY", "1"))

    def settings(self, answer: Any) -> Any:
        texts = "TraceSetting" in type(answer).__name__
        return {key: list(one.value) if texts else getattr(one, one.WhichOneof("parameter_choice")) for key, one in answer.settings.items()}

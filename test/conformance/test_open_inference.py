"""The client that the Open Inference Protocol's own project generates from its OpenAPI document: strict about what answers hold."""

import unittest

import shared
from open_inference.openapi import types
from open_inference.openapi.client import OpenInferenceClient
from open_inference.openapi.core.api_error import ApiError


def row(name: str) -> types.RequestInput:
    return types.RequestInput(name=name, shape=[1, 16], datatype="INT32", data=list(range(16)))


class OpenInference(unittest.TestCase):
    def setUp(self) -> None:
        self.client = OpenInferenceClient(base_url=f"http://{shared.SERVER.http}")

    def test_health_and_metadata(self) -> None:
        # These answer nothing, or raise.
        self.client.check_server_liveness()
        self.client.check_server_readiness()
        self.client.check_model_readiness("simple")
        self.client.check_model_version_readiness("scale", "2")
        self.assertIn("binary_tensor_data", self.client.read_server_metadata().extensions)
        self.assertEqual(self.client.read_model_metadata("simple").inputs[0].shape, [-1, 16])
        self.assertEqual(self.client.read_model_version_metadata("scale", "3").name, "scale")

    def test_infer(self) -> None:
        request = types.InferenceRequest(id="oi", inputs=[row("INPUT0"), row("INPUT1")], outputs=[types.RequestOutput(name="OUTPUT0")], parameters={"text": "x", "number": 1, "flag": True})
        answer = self.client.model_infer("simple", request=request)
        self.assertEqual((answer.id, answer.model_name, answer.model_version), ("oi", "simple", "1"))
        self.assertEqual([(output.name, output.data.__root__) for output in answer.outputs], [("OUTPUT0", [2 * value for value in range(16)])])

    def test_infer_by_version_with_nested_data(self) -> None:
        x = types.RequestInput(name="x", shape=[1, 4], datatype="FP32", data=[[1, 2, 3, 4.5]])
        self.assertEqual(self.client.model_version_infer("scale", "2", request=types.InferenceRequest(inputs=[x])).outputs[0].data.__root__, [20, 40, 60, 90])

    def test_refusals(self) -> None:
        with self.assertRaises(ApiError) as unknown:
            self.client.model_infer("nobody", request=types.InferenceRequest(inputs=[row("INPUT0")]))
        self.assertEqual((unknown.exception.status_code, unknown.exception.body["error"]), (404, "Request for unknown model: 'nobody' is not found"))
        with self.assertRaises(ApiError) as missing:
            self.client.model_infer("simple", request=types.InferenceRequest(inputs=[row("INPUT0")]))
        self.assertEqual(missing.exception.status_code, 400)

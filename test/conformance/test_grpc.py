"""tritonclient over gRPC: raw tensors, versions, metadata, statistics, errors, deadlines."""

import unittest

import numpy as np
import shared
import tritonclient.grpc as grpc
from tritonclient.utils import InferenceServerException


class Grpc(unittest.TestCase):
    def setUp(self) -> None:
        self.client = grpc.InferenceServerClient(shared.SERVER.grpc)
        self.addCleanup(self.client.close)

    def test_health(self) -> None:
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        for version in ("1", "2", "3"):
            self.assertTrue(self.client.is_model_ready("scale", version))
        self.assertFalse(self.client.is_model_ready("nobody"))

    def test_metadata(self) -> None:
        self.assertTrue(self.client.get_server_metadata().version)
        metadata = self.client.get_model_metadata("scale", as_json=True)
        self.assertEqual(sorted(metadata["versions"]), ["1", "2", "3"])
        self.assertEqual(metadata["inputs"], [{"name": "x", "datatype": "FP32", "shape": ["-1", "4"]}])

    def test_config(self) -> None:
        config = self.client.get_model_config("simple").config
        self.assertEqual((config.name, config.max_batch_size), ("simple", 8))
        self.assertEqual([(one.name, list(one.dims)) for one in config.input], [("INPUT0", [16]), ("INPUT1", [16])])

    def test_infer(self) -> None:
        inputs, first, second = shared.simple_inputs(grpc, rows=4)
        result = self.client.infer("simple", inputs, request_id="eight")
        np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), first + second)
        np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), first - second)
        self.assertEqual((result.get_response().id, result.get_response().model_version), ("eight", "1"))

    def test_chosen_outputs(self) -> None:
        inputs, first, second = shared.simple_inputs(grpc)
        result = self.client.infer("simple", inputs, outputs=[grpc.InferRequestedOutput("OUTPUT1")])
        np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), first - second)
        self.assertIsNone(result.as_numpy("OUTPUT0"))

    def test_pinned_versions(self) -> None:
        for version in ("1", "2", "3"):
            with self.subTest(version):
                result = self.client.infer("scale", [shared.tensor(grpc, "x", shared.SCALE_ROW)], model_version=version)
                np.testing.assert_allclose(result.as_numpy("y"), shared.SCALE_ROW * 10 * int(version))
                self.assertEqual(result.get_response().model_version, version)

    def test_every_datatype_comes_back_as_it_went(self) -> None:
        for name, array in shared.IDENTITY_ARRAYS.items():
            with self.subTest(name):
                got = self.client.infer(f"identity_{name}", [shared.tensor(grpc, "x", array)]).as_numpy("y")
                if name == "bytes":
                    self.assertEqual(shared.as_bytes(got), shared.as_bytes(array))
                else:
                    np.testing.assert_array_equal(got, array)

    def test_compression(self) -> None:
        inputs, first, second = shared.simple_inputs(grpc, rows=8)
        np.testing.assert_array_equal(self.client.infer("simple", inputs, compression_algorithm="gzip").as_numpy("OUTPUT0"), first + second)

    def test_statistics(self) -> None:
        def count() -> int:
            [stats] = self.client.get_inference_statistics("scale", "3").model_stats
            return stats.inference_stats.success.count

        before = count()
        self.client.infer("scale", [shared.tensor(grpc, "x", shared.SCALE_ROW)], model_version="3")
        self.assertEqual(count(), before + 1)

    def refused(self, status: str, pattern: str, model: str, inputs: list[object], **options: object) -> None:
        with self.assertRaisesRegex(InferenceServerException, pattern) as caught:
            self.client.infer(model, inputs, **options)
        self.assertEqual(caught.exception.status(), f"StatusCode.{status}", str(caught.exception))

    def test_errors(self) -> None:
        inputs, _, _ = shared.simple_inputs(grpc)
        self.refused("NOT_FOUND", "Request for unknown model: 'nobody' is not found", "nobody", inputs)
        self.refused("NOT_FOUND", "9", "simple", inputs, model_version="9")
        self.refused("INVALID_ARGUMENT", "INPUT1", "simple", inputs[:1])
        self.refused("INVALID_ARGUMENT", "INPUT0", "simple", [shared.tensor(grpc, "INPUT0", np.ones((1, 16), dtype=np.float32)), inputs[1]])
        self.client.infer("simple", inputs)

    def test_deadline(self) -> None:
        x = shared.tensor(grpc, "x", np.array([1], dtype=np.float32))
        with self.assertRaises(InferenceServerException) as caught:
            self.client.infer("slow", [x], client_timeout=0.05)
        self.assertEqual(caught.exception.status(), "StatusCode.DEADLINE_EXCEEDED")
        np.testing.assert_allclose(self.client.infer("slow", [x]).as_numpy("y"), [1])

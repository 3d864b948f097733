"""tritonclient over HTTP: binary and JSON tensors, compression, versions, metadata, statistics, errors."""

import unittest

import numpy as np
import shared
import tritonclient.http as http
from tritonclient.utils import InferenceServerException


class Http(unittest.TestCase):
    def setUp(self) -> None:
        self.client = http.InferenceServerClient(shared.SERVER.http, concurrency=4)
        self.addCleanup(self.client.close)

    def test_health(self) -> None:
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("simple"))
        for version in ("1", "2", "3"):
            self.assertTrue(self.client.is_model_ready("scale", version))
        self.assertFalse(self.client.is_model_ready("nobody"))
        self.assertFalse(self.client.is_model_ready("scale", "4"))

    def test_server_metadata(self) -> None:
        metadata = self.client.get_server_metadata()
        self.assertTrue(metadata["name"])
        self.assertTrue(metadata["version"])
        self.assertIn("binary_tensor_data", metadata["extensions"])

    def test_model_metadata(self) -> None:
        metadata = self.client.get_model_metadata("scale")
        self.assertEqual(metadata["name"], "scale")
        self.assertEqual(sorted(metadata["versions"]), ["1", "2", "3"])
        self.assertEqual(metadata["inputs"], [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}])
        self.assertEqual([output["name"] for output in metadata["outputs"]], ["y"])

    def test_config(self) -> None:
        config = self.client.get_model_config("simple")
        self.assertEqual(config["name"], "simple")
        self.assertEqual(config["max_batch_size"], 8)
        self.assertEqual([(one["name"], one["data_type"], [int(size) for size in one["dims"]]) for one in config["input"]], [("INPUT0", "TYPE_INT32", [16]), ("INPUT1", "TYPE_INT32", [16])])

    def test_binary_tensors(self) -> None:
        inputs, first, second = shared.simple_inputs(http, rows=2, binary_data=True)
        outputs = [http.InferRequestedOutput("OUTPUT0", binary_data=True), http.InferRequestedOutput("OUTPUT1", binary_data=True)]
        result = self.client.infer("simple", inputs, outputs=outputs, request_id="seven")
        np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), first + second)
        np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), first - second)
        self.assertEqual(result.get_response()["id"], "seven")
        self.assertEqual(result.get_response()["model_version"], "1")

    def test_json_tensors(self) -> None:
        inputs, first, second = shared.simple_inputs(http, binary_data=False)
        result = self.client.infer("simple", inputs, outputs=[http.InferRequestedOutput("OUTPUT1", binary_data=False)])
        np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), first - second)
        self.assertIsNone(result.as_numpy("OUTPUT0"), "only what was asked for")

    def test_mixed_tensors(self) -> None:
        first, second = np.ones((1, 16), dtype=np.int32), np.full((1, 16), 5, dtype=np.int32)
        inputs = [shared.tensor(http, "INPUT0", first, binary_data=True), shared.tensor(http, "INPUT1", second, binary_data=False)]
        outputs = [http.InferRequestedOutput("OUTPUT0", binary_data=False), http.InferRequestedOutput("OUTPUT1", binary_data=True)]
        result = self.client.infer("simple", inputs, outputs=outputs)
        np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), first + second)
        np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), first - second)

    def test_no_outputs_named_means_all(self) -> None:
        inputs, first, second = shared.simple_inputs(http)
        result = self.client.infer("simple", inputs)
        np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), first + second)
        np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), first - second)

    def test_compression_both_ways(self) -> None:
        for algorithm in ("gzip", "deflate"):
            with self.subTest(algorithm):
                inputs, first, second = shared.simple_inputs(http, rows=8)
                result = self.client.infer("simple", inputs, request_compression_algorithm=algorithm, response_compression_algorithm=algorithm)
                np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), first + second)

    def test_pinned_versions(self) -> None:
        for version in ("1", "2", "3"):
            with self.subTest(version):
                result = self.client.infer("scale", [shared.tensor(http, "x", shared.SCALE_ROW)], model_version=version)
                np.testing.assert_allclose(result.as_numpy("y"), shared.SCALE_ROW * 10 * int(version))
                self.assertEqual(result.get_response()["model_version"], version)

    def test_without_a_version_the_newest_answers_after_an_import(self) -> None:
        result = self.client.infer("scale", [shared.tensor(http, "x", shared.SCALE_ROW)])
        np.testing.assert_allclose(result.as_numpy("y"), shared.SCALE_ROW * 30)

    def test_every_datatype_comes_back_as_it_went(self) -> None:
        for name, array in shared.IDENTITY_ARRAYS.items():
            for binary in (True, False):
                if name == "fp16" and not binary:
                    continue  # The client itself refuses FP16 as JSON.
                with self.subTest(name, binary=binary):
                    result = self.client.infer(f"identity_{name}", [shared.tensor(http, "x", array, binary_data=binary)], outputs=[http.InferRequestedOutput("y", binary_data=binary or name == "fp16")])
                    got = result.as_numpy("y")
                    if name == "bytes":
                        self.assertEqual(shared.as_bytes(got), shared.as_bytes(array))
                    else:
                        np.testing.assert_array_equal(got, array)

    def test_statistics(self) -> None:
        def count() -> int:
            [stats] = self.client.get_inference_statistics("scale", "2")["model_stats"]
            self.assertEqual((stats["name"], stats["version"]), ("scale", "2"))
            return int(stats["inference_stats"]["success"]["count"])

        before = count()
        for _ in range(3):
            self.client.infer("scale", [shared.tensor(http, "x", shared.SCALE_ROW)], model_version="2")
        self.assertEqual(count(), before + 3)

    def test_async_infer(self) -> None:
        inputs, first, second = shared.simple_inputs(http)
        pending = [self.client.async_infer("simple", inputs) for _ in range(20)]
        for request in pending:
            np.testing.assert_array_equal(request.get_result().as_numpy("OUTPUT0"), first + second)

    def refused(self, pattern: str, model: str, inputs: list[object], **options: object) -> None:
        with self.assertRaisesRegex(InferenceServerException, pattern) as caught:
            self.client.infer(model, inputs, **options)
        self.assertRegex(str(caught.exception.status()), "^4", str(caught.exception))

    def test_errors(self) -> None:
        inputs, _, _ = shared.simple_inputs(http)
        self.refused("Request for unknown model: 'nobody' is not found", "nobody", inputs)
        self.refused("9", "simple", inputs, model_version="9")
        self.refused("INPUT1", "simple", inputs[:1])
        self.refused("INPUT0", "simple", [shared.tensor(http, "INPUT0", np.ones((1, 16), dtype=np.float32)), inputs[1]])
        self.refused("INPUT0", "simple", [shared.tensor(http, "INPUT0", np.ones((1, 15), dtype=np.int32)), inputs[1]])
        self.refused("OUTPUT9", "simple", inputs, outputs=[http.InferRequestedOutput("OUTPUT9")])
        # Whatever was wrong before, a good request works.
        self.client.infer("simple", inputs)

"""What the example programs of tritonclient's authors do, on models of the same names and signatures."""

import queue
import unittest
from functools import partial
from typing import Any

import grpc as grpcio
import ml_dtypes
import numpy as np
import shared
import tritonclient.grpc as grpc
import tritonclient.http as http
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException, deserialize_bytes_tensor

FIRST = np.arange(16, dtype=np.int32).reshape(1, 16)
SECOND = np.full((1, 16), -1, dtype=np.int32)


def add_sub_inputs(module: Any, binary: tuple[bool, bool] | None = None) -> list[Any]:
    options = [{}, {}] if binary is None else [{"binary_data": flag} for flag in binary]
    return [shared.tensor(module, "INPUT0", FIRST, **options[0]), shared.tensor(module, "INPUT1", SECOND, **options[1])]


class Examples(unittest.TestCase):
    def setUp(self) -> None:
        self.http = http.InferenceServerClient(shared.SERVER.http, concurrency=8)
        self.grpc = grpc.InferenceServerClient(shared.SERVER.grpc)
        self.addCleanup(self.http.close)
        self.addCleanup(self.grpc.close)
        self.both = ((http, self.http), (grpc, self.grpc))

    def check_add_sub(self, result: Any, first: np.ndarray = FIRST, second: np.ndarray = SECOND) -> None:
        np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), first + second)
        np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), first - second)

    def test_health_and_metadata(self) -> None:
        self.assertTrue(self.http.is_server_live(query_params={"test_1": 1, "test_2": 2}))
        self.assertTrue(self.grpc.is_server_live(headers={"test": "1", "dummy": "2"}))
        for _, client in self.both:
            self.assertTrue(client.is_server_ready())
            self.assertTrue(client.is_model_ready("simple"))
            with self.assertRaisesRegex(InferenceServerException, "Request for unknown model"):
                client.get_model_metadata("wrong_model_name")
        self.assertEqual(self.http.get_server_metadata()["name"], "triton")
        self.assertEqual(self.grpc.get_server_metadata().name, "triton")
        self.assertEqual(self.http.get_model_metadata("simple", query_params={"test_1": 1})["name"], "simple")
        self.assertEqual(self.grpc.get_model_config("simple").config.name, "simple")

    def test_infer_over_http(self) -> None:
        for compression in (None, "gzip", "deflate"):
            options = {"query_params": {"test_1": 1, "test_2": 2}, "headers": {"test": "1"}, "request_compression_algorithm": compression, "response_compression_algorithm": compression}
            with self.subTest(compression):
                outputs = [http.InferRequestedOutput("OUTPUT0", binary_data=True), http.InferRequestedOutput("OUTPUT1", binary_data=False)]
                self.check_add_sub(self.http.infer("simple", add_sub_inputs(http, (False, True)), outputs=outputs, **options))
                self.check_add_sub(self.http.infer("simple", add_sub_inputs(http, (False, True)), outputs=None, **options))
        self.assertEqual(len(self.http.get_inference_statistics("simple")["model_stats"]), 1)
        with self.assertRaises(InferenceServerException) as refusal:
            self.http.infer("wrong_model_name", add_sub_inputs(http))
        self.assertTrue(refusal.exception.message().startswith("Request for unknown model"))

    def test_infer_over_grpc(self) -> None:
        for compression in (None, "gzip", "deflate"):
            with self.subTest(compression):
                outputs = [grpc.InferRequestedOutput("OUTPUT0"), grpc.InferRequestedOutput("OUTPUT1")]
                self.check_add_sub(self.grpc.infer("simple", add_sub_inputs(grpc), outputs=outputs, client_timeout=20, headers={"test": "1"}, compression_algorithm=compression))
                self.check_add_sub(self.grpc.infer("simple", add_sub_inputs(grpc), outputs=None, compression_algorithm=compression))
        self.assertEqual(len(self.grpc.get_inference_statistics("simple").model_stats), 1)

    def test_channel_arguments_and_keepalive(self) -> None:
        arguments = [("grpc.max_send_message_length", 2**20), ("grpc.keepalive_time_ms", 2**31 - 1), ("grpc.keepalive_permit_without_calls", False), ("grpc.dns_enable_srv_queries", 1)]
        for options in ({"channel_args": arguments}, {"keepalive_options": grpc.KeepAliveOptions(keepalive_time_ms=1000, keepalive_timeout_ms=20_000)}):
            with grpc.InferenceServerClient(shared.SERVER.grpc, **options) as client:
                self.check_add_sub(client.infer("simple", add_sub_inputs(grpc)))

    def test_numbers_as_strings(self) -> None:
        texts = [np.array([str(value).encode() for value in array.flatten()], dtype=np.object_).reshape(1, 16) for array in (FIRST, SECOND)]
        for module, client in self.both:
            options = [{"binary_data": True}, {"binary_data": False}] if module is http else [{}, {}]
            with self.subTest(module.__name__):
                inputs = [shared.tensor(module, f"INPUT{index}", text, **options[index]) for index, text in enumerate(texts)]
                outputs = [module.InferRequestedOutput(f"OUTPUT{index}", **options[index]) for index in (0, 1)]
                result = client.infer("simple_string", inputs, outputs=outputs)
                for name, wanted in (("OUTPUT0", FIRST + SECOND), ("OUTPUT1", FIRST - SECOND)):
                    np.testing.assert_array_equal(np.vectorize(int)(result.as_numpy(name)), wanted)

    def test_strings_and_blobs_come_back(self) -> None:
        with_null = np.array([b"he\x00llo"] * 16, dtype=np.object_).reshape(1, 16)
        blobs = np.array([b"\x00\x01\x02\x03"] * 16, dtype=np.bytes_).reshape(1, 16)
        for array in (with_null, blobs):
            for module, client, options in ((http, self.http, {"binary_data": True}), (http, self.http, {"binary_data": False}), (grpc, self.grpc, {})):
                with self.subTest(f"{array.dtype} {module.__name__} {options}"):
                    result = client.infer("simple_identity", [shared.tensor(module, "INPUT0", array, **options)], outputs=[module.InferRequestedOutput("OUTPUT0", **options)])
                    self.assertEqual(shared.as_bytes(result.as_numpy("OUTPUT0")), [bytes(value) for value in array.flatten()])

    def test_bytes_that_are_no_text(self) -> None:
        array = np.array([[b"\xff\xfe"] * 16], dtype=np.object_)
        inputs = [shared.tensor(http, "INPUT0", array)]
        self.assertEqual(shared.as_bytes(self.http.infer("simple_identity", inputs).as_numpy("OUTPUT0")), [b"\xff\xfe"] * 16)
        with self.assertRaisesRegex(InferenceServerException, "OUTPUT0.*not UTF-8.*binary_data"):
            self.http.infer("simple_identity", inputs, outputs=[http.InferRequestedOutput("OUTPUT0", binary_data=False)])

    def test_what_is_not_finite(self) -> None:
        array = np.array([[np.nan, np.inf, -np.inf, -0.0, 1.5]], dtype=np.float32)
        for binary in (True, False):
            outputs = [http.InferRequestedOutput("y", binary_data=binary)]
            found = self.http.infer("identity_fp32", [shared.tensor(http, "x", array)], outputs=outputs).as_numpy("y")
            np.testing.assert_array_equal(found, array)
            np.testing.assert_array_equal(np.signbit(found), np.signbit(array))

    def test_bfloat16(self) -> None:
        array = np.array([[1.0, -2.5, 3.14159]], dtype=ml_dtypes.bfloat16)
        for module, client in self.both:
            tensor = module.InferInput("x", [1, 3], "BF16")
            tensor.set_data_from_numpy(array)
            np.testing.assert_array_equal(client.infer("identity_bf16", [tensor]).as_numpy("y"), array)

    def test_explicit_contents(self) -> None:
        with grpcio.insecure_channel(shared.SERVER.grpc) as channel:
            stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
            for model, datatype, field, dtype in (("simple", "INT32", "int_contents", np.int32), ("simple_int8", "INT8", "int_contents", np.int8), ("simple_string", "BYTES", "bytes_contents", None)):
                request = service_pb2.ModelInferRequest(model_name=model)
                for index, array in enumerate((FIRST, SECOND)):
                    tensor = request.inputs.add(name=f"INPUT{index}", datatype=datatype, shape=[1, 16])
                    getattr(tensor.contents, field).extend([str(value).encode() if dtype is None else int(value) for value in array.flatten()])
                    request.outputs.add(name=f"OUTPUT{index}")
                response = stub.ModelInfer(request)
                for raw, wanted in zip(response.raw_output_contents, (FIRST + SECOND, FIRST - SECOND), strict=True):
                    found = [int(text) for text in deserialize_bytes_tensor(raw)] if dtype is None else np.frombuffer(raw, dtype)
                    with self.subTest(model):
                        np.testing.assert_array_equal(np.reshape(found, (1, 16)), wanted)
                request.raw_input_contents.append(FIRST[0, :8].tobytes())
                with self.assertRaisesRegex(grpcio.RpcError, f"contents field must not be specified when using raw_input_contents for 'INPUT0' for model '{model}'"):
                    stub.ModelInfer(request)

    def test_a_version_that_is_no_number(self) -> None:
        words = "failed to get model version from specified version string 'wrong_specification'"
        for module, client in self.both:
            with self.assertRaisesRegex(InferenceServerException, words):
                client.infer("simple", add_sub_inputs(module), model_version="wrong_specification")
            with self.assertRaises(InferenceServerException) as refusal:
                client.infer("simple", add_sub_inputs(module), model_version="9")
            self.assertNotIn("failed to get", str(refusal.exception))

    def test_asynchronous_inference(self) -> None:
        pending = [self.http.async_infer("simple", add_sub_inputs(http)) for _ in range(2)]
        for request in pending:
            self.check_add_sub(request.get_result())
        results: queue.Queue[tuple[Any, Any]] = queue.Queue()
        self.grpc.async_infer("simple", add_sub_inputs(grpc), partial(lambda results, result, error: results.put((result, error)), results), client_timeout=20)
        result, error = results.get(timeout=20)
        self.assertIsNone(error)
        self.check_add_sub(result)

    def test_streamed_inference(self) -> None:
        results: queue.Queue[tuple[Any, Any]] = queue.Queue()
        self.grpc.start_stream(lambda result, error: results.put((result, error)))
        for index in range(5):
            self.grpc.async_stream_infer("simple", add_sub_inputs(grpc), request_id=str(index))
        ids = []
        for _ in range(5):
            result, error = results.get(timeout=20)
            self.assertIsNone(error)
            self.check_add_sub(result)
            ids.append(result.get_response().id)
        self.grpc.stop_stream()
        self.assertEqual(sorted(ids), ["0", "1", "2", "3", "4"])

    def test_no_shared_memory(self) -> None:
        for module, client in self.both:
            for kind in ("system", "cuda"):
                status = getattr(client, f"get_{kind}_shared_memory_status")
                for answer in (status(), status("region")):
                    self.assertEqual(len(answer if module is http else answer.regions), 0)
                unregister = getattr(client, f"unregister_{kind}_shared_memory")
                for name in ("", "region"):
                    unregister(name)
            for register in (partial(client.register_system_shared_memory, "region", "/key", 64), partial(client.register_cuda_shared_memory, "region", b"aGFuZGxl", 0, 64)):
                with self.assertRaisesRegex(InferenceServerException, "(501|UNIMPLEMENTED).*shared memory regions are not served"):
                    register()
            self.check_add_sub(client.infer("simple", add_sub_inputs(module)))

    def test_inputs_and_outputs_are_used_again(self) -> None:
        for module, client in self.both:
            inputs = add_sub_inputs(module)
            outputs = [module.InferRequestedOutput("OUTPUT0"), module.InferRequestedOutput("OUTPUT1")]
            for factor in (1, 2, 3):
                inputs[1].set_data_from_numpy(SECOND * factor)
                self.check_add_sub(client.infer("simple", inputs, outputs=outputs), second=SECOND * factor)

    def test_a_client_for_each_of_many_requests(self) -> None:
        for _ in range(20):
            for module, address in ((http, shared.SERVER.http), (grpc, shared.SERVER.grpc)):
                with module.InferenceServerClient(address) as client:
                    self.check_add_sub(client.infer("simple", add_sub_inputs(module)))


class Classification(unittest.TestCase):
    """As the image client asks: configuration first, then classes with their labels."""

    PIXELS = np.array([1, 3, 2, 0.5, 0.25, -1], dtype=np.float32).reshape(2, 1, 1, 3)

    def test_over_http(self) -> None:
        with http.InferenceServerClient(shared.SERVER.http) as client:
            config = client.get_model_config("pets")
            self.assertEqual((config["max_batch_size"], config["input"][0]["format"], config["output"][0]["label_filename"]), (4, "FORMAT_NCHW", "labels/y.txt"))
            for binary in (True, False):
                result = client.infer("pets", [shared.tensor(http, "x", self.PIXELS)], outputs=[http.InferRequestedOutput("y", binary_data=binary, class_count=2)])
                found = result.as_numpy("y")
                self.assertEqual(found.shape, (2, 2))
                self.assertEqual(shared.as_bytes(found), [b"3.000000:1:dog", b"2.000000:2:fish", b"0.500000:0:cat", b"0.250000:1:dog"])
            with self.assertRaisesRegex(InferenceServerException, "'y' of model 'identity_bytes'.*BYTES.*no order"):
                client.infer("identity_bytes", [shared.tensor(http, "x", shared.IDENTITY_ARRAYS["bytes"])], outputs=[http.InferRequestedOutput("y", class_count=1)])

    def test_over_grpc(self) -> None:
        with grpc.InferenceServerClient(shared.SERVER.grpc) as client:
            config = client.get_model_config("pets").config
            self.assertEqual((config.max_batch_size, config.input[0].format, config.output[0].label_filename), (4, 2, "labels/y.txt"))
            result = client.infer("pets", [shared.tensor(grpc, "x", self.PIXELS)], outputs=[grpc.InferRequestedOutput("y", class_count=1)])
            self.assertEqual(result.as_numpy("y").tolist(), [[b"3.000000:1:dog"], [b"0.500000:0:cat"]])


class RawBinary(unittest.TestCase):
    def post(self, model: str, body: bytes) -> Any:
        client = http.InferenceServerClient(shared.SERVER.http)
        self.addCleanup(client.close)
        return client._post(f"v2/models/{model}/infer", body, {"Inference-Header-Content-Length": "0"}, None)

    def test_the_body_is_the_only_input(self) -> None:
        row = np.array([1, 2, 3, 4], dtype=np.float32)
        answer = self.post("scale/versions/2", row.tobytes())
        result = http.InferResult(answer, False)
        np.testing.assert_array_equal(result.as_numpy("y"), [row * 20])
        text = http.InferResult(self.post("identity_bytes", "grüße".encode()), False)
        self.assertEqual(shared.as_bytes(text.as_numpy("y")), ["grüße".encode()])

    def test_what_does_not_fit_is_refused(self) -> None:
        for model, body, words in (("simple", b"\0" * 64, "one input"), ("scale", b"\0" * 20, "does not fill the shape"), ("scale", b"\0" * 5, "does not fill")):
            answer = self.post(model, body)
            self.assertEqual(answer.status_code, 400)
            self.assertIn(words, answer.read().decode())

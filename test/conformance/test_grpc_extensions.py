"""tritonclient over gRPC beyond single answers: streams, cancelling, loading, settings; and other gRPC libraries' own tools."""

import queue
import threading
import unittest

import grpc as grpc_library
import numpy as np
import shared
import tritonclient.grpc as grpc
import tritonclient.grpc.aio as grpc_aio
from tritonclient.utils import InferenceServerException


class Streams(unittest.TestCase):
    def setUp(self) -> None:
        self.client = grpc.InferenceServerClient(shared.SERVER.grpc)
        self.addCleanup(self.client.close)
        self.answers: queue.Queue[tuple[object, object]] = queue.Queue()

    def test_answers_in_order_errors_among_them(self) -> None:
        self.client.start_stream(lambda result, error: self.answers.put((result, error)))
        for index in range(200):
            row = np.array([[index, 0, 0, 0]], dtype=np.float32)
            model = "nobody" if index == 100 else "scale"
            self.client.async_stream_infer(model, [shared.tensor(grpc, "x", row)], model_version="1" if index != 100 else "", request_id=str(index), enable_empty_final_response=True)
        for index in range(200):
            result, error = self.answers.get(timeout=30)
            if index == 100:
                self.assertRegex(str(error), "unknown model: 'nobody'")
                continue
            self.assertIsNone(error)
            response = result.get_response()
            self.assertEqual((response.id, response.parameters["triton_final_response"].bool_param), (str(index), True))
            self.assertEqual(result.as_numpy("y")[0][0], index * 10)
        self.client.stop_stream()

    def test_a_second_stream_after_the_first_was_cancelled(self) -> None:
        x = shared.tensor(grpc, "x", np.array([1], dtype=np.float32))
        self.client.start_stream(lambda result, error: self.answers.put((result, error)))
        for _ in range(20):
            self.client.async_stream_infer("slow", [x])
        self.client.stop_stream(cancel_requests=True)
        self.client.start_stream(lambda result, error: self.answers.put((result, error)))
        self.client.async_stream_infer("scale", [shared.tensor(grpc, "x", shared.SCALE_ROW)], request_id="later")
        while True:
            result, _ = self.answers.get(timeout=30)
            if result is not None and result.get_response().id == "later":
                break
        self.client.stop_stream()


class StreamsOfAsyncio(unittest.IsolatedAsyncioTestCase):
    async def test_answers_in_order(self) -> None:
        async def requests():
            for index in range(100):
                yield {"model_name": "scale", "model_version": "2", "request_id": str(index), "inputs": [shared.tensor(grpc, "x", np.array([[index, 0, 0, 0]], dtype=np.float32))]}

        async with grpc_aio.InferenceServerClient(shared.SERVER.grpc) as client:
            seen = []
            async for result, error in client.stream_infer(requests()):
                self.assertIsNone(error)
                seen.append((result.get_response().id, float(result.as_numpy("y")[0][0])))
        self.assertEqual(seen, [(str(index), index * 20.0) for index in range(100)])


class Extensions(unittest.TestCase):
    def setUp(self) -> None:
        self.client = grpc.InferenceServerClient(shared.SERVER.grpc)
        self.addCleanup(self.client.close)

    def test_compression_both_ways(self) -> None:
        inputs, first, second = shared.simple_inputs(grpc, rows=8)
        for algorithm in ("gzip", "deflate"):
            with self.subTest(algorithm):
                np.testing.assert_array_equal(self.client.infer("simple", inputs, compression_algorithm=algorithm).as_numpy("OUTPUT0"), first + second)

    def test_large_tensors(self) -> None:
        array = np.arange(8_000_000, dtype=np.int32).reshape(2, -1)
        got = self.client.infer("identity_int32", [shared.tensor(grpc, "x", array)]).as_numpy("y")
        np.testing.assert_array_equal(got, array)

    def test_cancelled_and_timed_out_calls_leave_the_connection_well(self) -> None:
        x = shared.tensor(grpc, "x", np.array([1], dtype=np.float32))
        ended = threading.Semaphore(0)
        for _ in range(50):
            self.client.async_infer("slow", [x], callback=lambda result, error: ended.release()).cancel()
        for _ in range(50):
            self.assertTrue(ended.acquire(timeout=30))
        np.testing.assert_allclose(self.client.infer("slow", [x]).as_numpy("y"), [1])

    def test_unload_and_load(self) -> None:
        self.client.unload_model("identity_int8")
        self.assertFalse(self.client.is_model_ready("identity_int8"))
        with self.assertRaises(InferenceServerException):
            self.client.infer("identity_int8", [shared.tensor(grpc, "x", shared.IDENTITY_ARRAYS["int8"])])
        self.client.load_model("identity_int8")
        self.assertTrue(self.client.is_model_ready("identity_int8"))
        got = self.client.infer("identity_int8", [shared.tensor(grpc, "x", shared.IDENTITY_ARRAYS["int8"])]).as_numpy("y")
        np.testing.assert_array_equal(got, shared.IDENTITY_ARRAYS["int8"])
        index = {entry.name: entry.state for entry in self.client.get_model_repository_index().models}
        self.assertEqual(index["identity_int8"], "READY")

    def test_settings(self) -> None:
        self.assertTrue(self.client.get_log_settings().settings["log_error"].bool_param)
        self.client.update_log_settings({"log_verbose_level": 0, "log_format": "default"})
        self.assertEqual(list(self.client.get_trace_settings().settings["trace_level"].value), ["OFF"])
        self.client.update_trace_settings(settings={"trace_level": ["OFF"], "trace_rate": None})

    def test_shared_memory_is_told_to_be_absent(self) -> None:
        self.assertEqual(len(self.client.get_system_shared_memory_status().regions), 0)
        self.client.unregister_system_shared_memory()
        with self.assertRaisesRegex(InferenceServerException, "shared memory"):
            self.client.register_system_shared_memory("region", "/key", 64)

    def test_a_method_that_is_not_there(self) -> None:
        with grpc_library.insecure_channel(shared.SERVER.grpc) as channel, self.assertRaises(grpc_library.RpcError) as caught:
            channel.unary_unary("/inference.GRPCInferenceService/Nothing")(b"")
        self.assertEqual(caught.exception.code(), grpc_library.StatusCode.UNIMPLEMENTED)

    def test_keepalive_pings_are_borne(self) -> None:
        options = [("grpc.keepalive_time_ms", 1000), ("grpc.keepalive_permit_without_calls", 1), ("grpc.http2.max_pings_without_data", 0)]
        with grpc_library.insecure_channel(shared.SERVER.grpc, options=options) as channel:
            live = channel.unary_unary("/inference.GRPCInferenceService/ServerLive")
            live(b"")
            threading.Event().wait(3.5)
            self.assertEqual(live(b"", timeout=5), b"\x08\x01")

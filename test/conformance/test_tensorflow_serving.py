"""TensorFlow Serving's REST API as its own documentation calls it: requests, json, the paths and bodies of its examples."""

import base64
import json
import math
import unittest

import numpy as np
import requests
import shared

SCALE = [[1.0, 2.0, 5.0, 0.1]]


def url(path: str) -> str:
    return f"http://{shared.SERVER.http}/v1/models/{path}"


def predict(model: str, body: object) -> requests.Response:
    return requests.post(url(f"{model}:predict"), data=json.dumps(body), timeout=30)


class TensorflowServing(unittest.TestCase):
    def predictions(self, model: str, instances: object) -> object:
        response = predict(model, {"signature_name": "serving_default", "instances": instances})
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()["predictions"]

    def test_versions(self) -> None:
        for version in (1, 2, 3):
            got = self.predictions(f"scale/versions/{version}", SCALE)
            np.testing.assert_allclose(got, np.array(SCALE) * 10 * version, rtol=1e-6)

    def test_status(self) -> None:
        [status] = requests.get(url("scale/versions/2"), timeout=30).json()["model_version_status"]
        self.assertEqual(status, {"version": "2", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}})
        self.assertEqual(len(requests.get(url("scale"), timeout=30).json()["model_version_status"]), 3)

    def test_metadata_tells_what_to_send(self) -> None:
        metadata = requests.get(url("simple/metadata"), timeout=30).json()
        self.assertEqual(metadata["model_spec"], {"name": "simple", "signature_name": "", "version": "1"})
        signature = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
        inputs = {name: (info["dtype"], [dim["size"] for dim in info["tensor_shape"]["dim"]]) for name, info in signature["inputs"].items()}
        self.assertEqual(inputs, {"INPUT0": ("DT_INT32", ["-1", "16"]), "INPUT1": ("DT_INT32", ["-1", "16"])})
        self.assertEqual(sorted(signature["outputs"]), ["OUTPUT0", "OUTPUT1"])

    def test_named_inputs_by_row_and_by_column(self) -> None:
        first, second = np.arange(32, dtype=np.int32).reshape(2, 16), np.full((2, 16), 3, dtype=np.int32)
        rows = self.predictions("simple", [{"INPUT0": a, "INPUT1": b} for a, b in zip(first.tolist(), second.tolist(), strict=True)])
        self.assertEqual([row["OUTPUT0"] for row in rows], (first + second).tolist())
        response = predict("simple", {"inputs": {"INPUT0": first.tolist(), "INPUT1": second.tolist()}})
        self.assertEqual(response.json(), {"outputs": {"OUTPUT0": (first + second).tolist(), "OUTPUT1": (first - second).tolist()}})

    def test_every_datatype_comes_back_as_it_went(self) -> None:
        for name, array in shared.IDENTITY_ARRAYS.items():
            with self.subTest(name):
                got = self.predictions(f"identity_{name}", array.tolist())
                if name == "bytes":
                    self.assertEqual(got, array.tolist())
                else:
                    np.testing.assert_array_equal(np.array(got, dtype=array.dtype), array)

    def test_bytes_as_base64(self) -> None:
        raw = bytes(range(256))
        encoded = {"b64": base64.b64encode(raw).decode()}
        self.assertEqual(self.predictions("identity_bytes", [[encoded, "text"]]), [[encoded, "text"]])

    def test_what_is_not_finite(self) -> None:
        [[nan, infinite, negative]] = self.predictions("identity_fp32", [[math.nan, math.inf, -math.inf]])
        self.assertTrue(math.isnan(nan))
        self.assertEqual((infinite, negative), (math.inf, -math.inf))

    def test_floats_are_written_as_floats(self) -> None:
        self.assertEqual(predict("identity_fp32", {"instances": [[3, 0.1]]}).text, '{"predictions":[[3.0,0.1]]}')

    def test_errors(self) -> None:
        for model, body, status, mention in (
            ("nobody", {"instances": SCALE}, 404, "nobody"),
            ("scale/versions/9", {"instances": SCALE}, 404, "9"),
            ("scale/labels/stable", {"instances": SCALE}, 404, "stable"),
            ("scale", {"instances": [[1, 2, 3]]}, 400, "[1,3]"),
            ("scale", {"instances": [*SCALE, [1, 2]]}, 400, "instances[1]"),
            ("scale", {"instances": []}, 400, "empty"),
            ("scale", {"instances": SCALE, "inputs": SCALE}, 400, "both"),
            ("simple", {"instances": [{"INPUT0": [0] * 16}]}, 400, "INPUT1"),
            ("identity_int8", {"instances": [[300]]}, 400, "300"),
            ("identity_uint64", {"instances": [[2**64]]}, 400, str(2**64)),
            ("scale", {"signature_name": "other", "instances": SCALE}, 400, "serving_default"),
        ):
            with self.subTest(model=model, mention=mention):
                response = predict(model, body)
                self.assertEqual((response.status_code, list(response.json())), (status, ["error"]))
                self.assertIn(mention, response.json()["error"])
        self.assertEqual(requests.post(url("scale:classify"), data="{}", timeout=30).status_code, 501)

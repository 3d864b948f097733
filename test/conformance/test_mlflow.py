"""MLflow's scoring server as its documentation calls it, below /mlflow/SERVICE. Bodies are what pandas 2 writes for a frame
(`to_dict(orient=…)`, `to_csv`). MLflow's own client wants 300 MB of packages beside it; docs/guides/from-mlflow.md shows it."""

import json
import math
import unittest

import requests
import shared

COLUMNS = ["a", "b", "c", "d"]
ROWS = [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.5]]
CSV = "a,b,c,d\n1.0,2.0,3.0,4.0\n5.0,6.0,7.0,8.5\n"


class Mlflow(unittest.TestCase):
    def invoke(self, body: str, content_type: str = "application/json", path: str = "scale/versions/1") -> requests.Response:
        return requests.post(f"http://{shared.SERVER.http}/mlflow/{path}/invocations", data=body, headers={"Content-Type": content_type}, timeout=30)

    def test_ping_and_version(self) -> None:
        for path, status in (("scale/ping", 200), ("scale/health", 200), ("scale/versions/2/ping", 200), ("nobody/ping", 404), ("scale/version", 200)):
            response = requests.get(f"http://{shared.SERVER.http}/mlflow/{path}", timeout=30)
            self.assertEqual(response.status_code, status, path)
        self.assertRegex(response.text, r"^\d+\.\d+")

    def test_every_form_of_a_frame(self) -> None:
        for body, content_type in (
            (json.dumps({"dataframe_split": {"index": [0, 1], "columns": COLUMNS, "data": ROWS}}), "application/json"),
            (json.dumps({"dataframe_records": [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]}), "application/json; charset=utf-8"),
            (json.dumps({"instances": ROWS, "params": {"note": "ignored"}}), "application/json"),
            (json.dumps({"inputs": {"x": ROWS}}), "application/json"),
            (CSV, "text/csv"),
        ):
            with self.subTest(body[:20]):
                self.assertEqual(self.invoke(body, content_type).json(), {"predictions": [[value * 10 for value in row] for row in ROWS]})

    def test_columns_are_inputs_by_name(self) -> None:
        first, second = list(range(16)), [3] * 16
        body = json.dumps({"dataframe_split": {"columns": ["INPUT1", "INPUT0"], "data": [[second, first]]}})
        [record] = self.invoke(body, path="simple").json()["predictions"]
        self.assertEqual(record, {"OUTPUT0": [a + 3 for a in first], "OUTPUT1": [a - 3 for a in first]})

    def test_missing_values_are_nan(self) -> None:
        split = json.dumps({"dataframe_split": {"columns": COLUMNS, "data": [[1, math.nan, None, 4]]}})
        for body, content_type in (("a,b,c,d\n1.0,,NA,4.0\n", "text/csv"), (split, "application/json")):
            [[a, b, c, d]] = self.invoke(body, content_type).json()["predictions"]
            self.assertEqual((a, math.isnan(b), math.isnan(c), d), (10.0, True, True, 40.0))

    def test_errors(self) -> None:
        for body, content_type, status, mention in (
            ("{", "application/json", 400, "JSON"),
            ('{"data": []}', "application/json", 400, "dataframe_split"),
            ("a,b\n1,2\n", "text/csv", 400, "2 columns"),
            (",a,b,c,d\n0,1,2,3,4\n", "text/csv", 400, "index=False"),
            ("{}", "text/plain", 415, "text/plain"),
        ):
            with self.subTest(mention):
                response = self.invoke(body, content_type)
                self.assertEqual((response.status_code, response.json()["error_code"]), (status, "BAD_REQUEST"))
                self.assertIn(mention, response.json()["message"])
        missing = self.invoke(json.dumps({"dataframe_records": [{"INPUT0": [0] * 16, "INPUT2": [0] * 16}]}), path="simple")
        self.assertEqual(missing.status_code, 400)
        self.assertIn("lacks 'INPUT1' and has 'INPUT2'", missing.json()["message"])

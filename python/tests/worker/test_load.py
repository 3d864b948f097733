"""Loading a version and finding out what it is good for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import SOURCE, artefact, spec

from lepton_ai_worker.json_tensor import tensor_from_json
from lepton_ai_worker.load import LoadFailure, LoadProfile, LoadRequest, load_version
from lepton_ai_worker.tensors import DTYPES, Tensor, bfloat16_to_float32, float32_to_bfloat16, from_bytes, to_bytes

PREDICT = "class Model:\n    def predict(self, x):\n        return {}\n"


def load(directory: Path, expression: str = "x * 2", *args: Any, max_batch: int | None = None, source: str | None = None, **more: Any) -> LoadProfile:
    artefact(directory, source or PREDICT.format(expression), *args, **more)
    return load_version(LoadRequest(directory, max_batch_size=max_batch)).profile


def failure(directory: Path, *args: Any, **more: Any) -> LoadFailure:
    with pytest.raises(LoadFailure) as caught:
        load(directory, *args, **more)
    return caught.value


def example(value: Any, **more: Any) -> list[dict[str, Any]]:
    return [{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 4], "data": [1, 2, 3, 4]}], "outputs": [{"name": "y", "datatype": "FP32", "shape": [1, 4], "data": value}], **more}]


def test_proves_and_measures_batches(tmp_path: Path) -> None:
    profile = load(tmp_path)
    assert (profile.check, profile.batchable, profile.batchable_reason) == ("smoke", True, "")
    assert profile.best_batch > 1 and len(profile.latency_ms_by_batch) >= 2


def test_keeps_to_the_declared_batch_size(tmp_path: Path) -> None:
    assert load(tmp_path, max_batch=4).best_batch <= 4
    never = load(tmp_path, max_batch=0)
    assert (never.batchable, never.best_batch) == (False, 1) and "declared" in never.batchable_reason


def test_says_why_a_model_takes_no_batches(tmp_path: Path) -> None:
    fixed = load(tmp_path, "x * 2", [spec("x", shape=(16,))], [spec("y", shape=(16,))])
    assert fixed.batchable_reason == "input x has a fixed first dimension of 16" and list(fixed.latency_ms_by_batch) == ["1"]
    mixed = load(tmp_path, "x - x.mean(axis=0)")
    assert not mixed.batchable and "answered otherwise in a batch" in mixed.batchable_reason
    assert "although batches of 8 are declared" in load(tmp_path, "x - x.mean(axis=0)", max_batch=8).batchable_reason
    single = load(tmp_path, source="class Model:\n    def predict(self, x):\n        assert len(x) == 1, 'one row'\n        return x\n")
    assert single.batchable_reason == "a merged run fails: AssertionError: one row"


def test_is_ready_only_with_its_known_answers(tmp_path: Path) -> None:
    good = load(tmp_path, examples=example([[2, 4, 6.0005, 8]]))
    assert (good.check, good.batchable, good.check_message) == ("known-answer", True, "1 known answers given")
    assert failure(tmp_path, examples=example([2, 4, 7, 8])).message == "known answer 0: y element 2: expected 7.0, got 6.0 (tolerance 0.001)"
    load(tmp_path, examples=example([2, 4, 7, 8], tolerance=0.2))
    wrong = failure(tmp_path, "1 / 0", examples=example([2, 4, 6, 8]))
    assert (wrong.reason, wrong.message) == ("KnownAnswerFailed", "known answer 0: ZeroDivisionError: division by zero") and "line 3, in predict" in wrong.detail
    assert "nan" in failure(tmp_path, "x * float('nan')", examples=example([2, 4, 6, 8])).message
    load(tmp_path, "x * float('nan')", examples=example(["NaN"] * 4))
    for text, words in (("{", "cannot be read"), ("{}", "not an array"), ("[1]", "no list of inputs"), ('[{"inputs": [], "tolerance": -1}]', "tolerance -1"), ('[{"inputs": [{"name": "x", "datatype": "INT8", "shape": [1], "data": [300]}]}]', "300, which is not of its datatype")):
        assert words in failure(tmp_path, examples=text).message


def test_reads_examples_exactly(tmp_path: Path) -> None:
    def answer(value: int) -> list[dict[str, Any]]:
        def tensor(name: str, number: int) -> dict[str, Any]:
            return {"name": name, "datatype": "INT64", "shape": [1], "data": [number]}

        return [{"inputs": [tensor("x", 2**53 + 1)], "outputs": [tensor("y", value)]}]

    tensors = [spec("x", "INT64", (-1,))], [spec("y", "INT64", (-1,))]
    load(tmp_path, "x", *tensors, examples=answer(2**53 + 1))
    assert "expected 9007199254740992, got 9007199254740993" in failure(tmp_path, "x", *tensors, examples=answer(2**53)).message


def test_fails_with_the_reason_when_there_is_nothing_to_serve(tmp_path: Path) -> None:
    artefact(tmp_path, "")
    (tmp_path / "model.py").unlink()
    for change, reason, words in (
        (lambda: None, "ArtefactMissing", "model.py is not in the artefact"),
        (lambda: (tmp_path / "model.py").write_text("class Other:\n    pass\n"), "LoadFailed", "options.class 'Model' is no class of model.py; it has Other"),
        (lambda: (tmp_path / "model.py").write_text("class Model:\n    pass\n"), "LoadFailed", "has no method predict"),
        (lambda: (tmp_path / "model.py").write_text("class Model(\n"), "LoadFailed", "SyntaxError"),
        (lambda: (tmp_path / "model.py").write_text("import sys\nsys.exit(1)\n"), "LoadFailed", "SystemExit: 1"),
        (lambda: (tmp_path / "model.py").write_text("import no_such_package\n"), "LoadFailed", "ModuleNotFoundError: No module named 'no_such_package'"),
        (lambda: (tmp_path / "model.py").write_text("class Model:\n    def load(self, directory):\n        open(directory + '/weights')\n    def predict(self, x):\n        return x\n"), "LoadFailed", "FileNotFoundError"),
        (lambda: (tmp_path / "lepton-model.json").write_text("{"), "LoadFailed", "lepton-model.json: it cannot be read"),
        (lambda: (tmp_path / "lepton-model.json").unlink(), "LoadFailed", "lepton-model.json is not in"),
    ):  # fmt: skip
        change()
        with pytest.raises(LoadFailure) as caught:
            load_version(LoadRequest(tmp_path))
        assert caught.value.reason == reason and words in caught.value.message, caught.value.message


def test_guesses_free_dimensions_and_is_inconclusive_when_no_guess_runs(tmp_path: Path) -> None:
    tensors = [spec("x", shape=(-1, -1), dimensionNames=["batch", "width"])], [spec("y", shape=(-1, 1), dimensionNames=["batch", ""])]
    assert load(tmp_path, "x @ __import__('numpy').ones((512, 1), 'f4')", *tensors).check_message == "made-up inputs ran: x[1,512]"
    unsure = load(tmp_path, "x @ __import__('numpy').ones((513, 1), 'f4')", *tensors)
    assert unsure.check == "inconclusive" and "no guess" in unsure.check_message and unsure.batchable_reason == "no inputs to prove it with"
    assert failure(tmp_path, "1 / 0").reason == "SmokeRunFailed"


def test_an_untyped_model_is_not_run_without_examples(tmp_path: Path) -> None:
    tensors = [spec("x", shape=(-1,), untyped=True)], [spec("y", shape=(-1,), untyped=True)]
    profile = load(tmp_path, "1 / 0", *tensors)
    assert profile.check == "inconclusive" and "does not say what it takes" in profile.check_message and not profile.batchable
    examples = [{"inputs": [{"name": "x", "datatype": "FP64", "shape": [2, 3], "data": [1, 2, 3, 4, 5, 6]}]}]
    version = load_version(LoadRequest(artefact(tmp_path, PREDICT.format("x + 1"), *tensors, examples=examples)))
    assert version.profile.batchable and list(version.ranks) == [2]


def test_models_that_change_their_inputs_or_reuse_their_outputs_are_measured_rightly(tmp_path: Path) -> None:
    source = "import numpy as np\nclass Model:\n    out = np.zeros((64, 4), 'f4')\n    def predict(self, x):\n        x *= 2\n        self.out[:len(x)] = x\n        return self.out[:len(x)]\n"
    assert load(tmp_path, source=source, examples=example([2, 4, 6, 8]) * 3).batchable


@pytest.mark.parametrize("datatype", list(DTYPES))
def test_bytes_of_every_datatype_stay(datatype: str) -> None:
    if datatype == "BYTES":
        data = b"\x03\x00\x00\x00a\x00\xff\x00\x00\x00\x00\x04\x00\x00\x00\xf0\x9f\xa6\x89"
    else:
        data = bytes([1, 0, 1]) if datatype == "BOOL" else bytes((index * 37 + 129) % 251 for index in range(3 * DTYPES[datatype].itemsize))
    for offset in range(8):
        raw = np.frombuffer(bytes(offset) + data, dtype=np.uint8)[offset:]
        tensor = from_bytes("x", datatype, [3], raw)
        assert tensor.array.flags.aligned and to_bytes(tensor).tobytes() == data


def test_bfloat16_rounds_to_nearest_even_and_keeps_nan() -> None:
    values = np.array([1, 1 + 2**-8, 1 + 3 * 2**-8, -np.inf, np.nan, 3.4e38, 1e-40], dtype=np.float32)
    bits = float32_to_bfloat16(values)
    assert [hex(each) for each in bits[:4]] == ["0x3f80", "0x3f80", "0x3f82", "0xff80"]
    assert np.isnan(bfloat16_to_float32(bits)[4]) and np.isinf(bfloat16_to_float32(bits)[5])
    assert float32_to_bfloat16(bfloat16_to_float32(np.arange(0x7F80, dtype=np.uint16))).tolist() == list(range(0x7F80))


def test_json_tensors() -> None:
    def read(datatype: str, data: Any, shape: Any = None) -> Tensor:
        return tensor_from_json({"name": "x", "datatype": datatype, "shape": shape or [len(data)], "data": data})

    assert read("UINT64", [2**64 - 1]).array.tolist() == [2**64 - 1]
    assert read("BOOL", [True, 0, 1]).array.tolist() == [True, False, True]
    assert read("BYTES", ["ä", ""]).array.tolist() == ["ä".encode(), b""]
    assert read("FP16", [[1, 2], [3, 4]], [2, 2]).array.shape == (2, 2)
    assert np.isnan(read("FP32", ["NaN", "-Infinity"]).array[0])
    for datatype, data in (("INT8", [128]), ("UINT8", [-1]), ("INT32", [1.5]), ("INT32", [True]), ("BOOL", [2]), ("BYTES", [1]), ("FP32", ["1"]), ("FP32", [None]), ("NONE", [1])):
        with pytest.raises(Exception, match=r"not of its datatype|needs name"):
            read(datatype, data)


def test_check_prints_the_outcome_and_nothing_else(tmp_path: Path) -> None:
    def run(source: str, *more: str, **descriptor: Any) -> tuple[int, Any, str]:
        artefact(tmp_path, source, **descriptor)
        done = subprocess.run([sys.executable, "-m", "lepton_ai_worker", "--check", str(tmp_path), *more], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, timeout=60)
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

    code, outcome, log = run("import os\nprint('noise')\nassert os.environ['OMP_NUM_THREADS'] == '2'\n" + PREDICT.format("x * 2"), "--threads", "2", examples=example([2, 4, 6, 8]))
    assert (code, outcome["ok"], outcome["profile"]["check"]) == (0, True, "known-answer") and "noise" in log
    code, outcome, _ = run(PREDICT.format("x * 3"), examples=example([2, 4, 6, 8]))
    assert (code, outcome["ok"], outcome["reason"]) == (3, False, "KnownAnswerFailed")


def test_measures_cpu_and_memory(tmp_path: Path) -> None:
    profile = load(tmp_path, source="class Model:\n    def predict(self, x):\n        for _ in range(200_000):\n            pass\n        return x * 2\n")
    assert set(profile.cpu_ms_by_batch) == set(profile.latency_ms_by_batch)
    # A loop keeps one core busy, so its CPU is at most what the clock says, but for what the machine's own noise adds.
    assert 0.5 < profile.cpu_ms_by_batch["1"] < 2 * profile.latency_ms_by_batch["1"] + 1
    assert (profile.origin, profile.measure_ms > 0, profile.by_threads) == ("measured", True, []) and profile.peak_bytes > 2**20


def test_takes_over_what_an_earlier_start_has_measured(tmp_path: Path) -> None:
    counted = "import pathlib\nclass Model:\n    def __init__(self):\n        self.runs = 0\n    def predict(self, x):\n        self.runs += 1\n        pathlib.Path(__file__).with_name('runs').write_text(str(self.runs))\n        return x * 2\n"
    first = load(tmp_path, source=counted)
    runs = int((tmp_path / "runs").read_text())
    again = load_version(LoadRequest(tmp_path, known=first.to_json())).profile
    assert (again.origin, again.best_batch, again.batchable, again.latency_ms_by_batch) == ("kept", first.best_batch, True, first.latency_ms_by_batch)
    # It still runs before it is ready: made-up inputs, one row, one batch.
    assert 1 < int((tmp_path / "runs").read_text()) < runs


def test_measures_other_numbers_of_threads_where_the_framework_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0, 1, 2, 3})
    asked: list[int] = []
    monkeypatch.setattr("lepton_ai_worker.adapters.python_class.PythonClass.set_threads", lambda _self, threads: asked.append(threads), raising=False)
    artefact(tmp_path, PREDICT.format("x * 2"))
    profile = load_version(LoadRequest(tmp_path, threads=2, all_threads=True)).profile
    assert [each["threads"] for each in profile.by_threads if each["batch"] == 1] == [1, 2, 4]
    assert {each["batch"] for each in profile.by_threads} == {1, profile.best_batch}
    # Its own two are timed already.
    assert asked == [1, 4, 2]
    assert load_version(LoadRequest(tmp_path, threads=2)).profile.by_threads == []


def test_runs_a_slow_model_no_more_often_than_it_must(tmp_path: Path) -> None:
    slow = "import pathlib, time\nclass Model:\n    def predict(self, x):\n        with pathlib.Path(__file__).with_name('runs').open('a') as file:\n            file.write('.')\n        time.sleep(1.1)\n        return x.sum(axis=0)\n"
    profile = load(tmp_path, outputs=[spec("y", shape=(4,))], source=slow)
    assert not profile.batchable and profile.latency_ms_by_batch["1"] > 1000
    # Made-up inputs, and one warm run that is measured.
    assert len((tmp_path / "runs").read_text()) == 2

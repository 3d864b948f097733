"""The scan of artefacts: what runs code is found wherever it hides, what the format needs is not."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from harness import SOURCE
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, IsolationForest, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures, QuantileTransformer, SplineTransformer, StandardScaler
from sklearn.svm import SVC

from lepton_ai_worker.pickle_machine import Budget, globals_of
from lepton_ai_worker.pickle_policy import judge, policy
from lepton_ai_worker.scan import scan_directory


class Runs:
    """Runs a command when it is loaded."""

    def __init__(self, *call: Any) -> None:
        self.call = call or (os.system, ("touch /tmp/pwned",))

    def __reduce__(self) -> Any:
        return self.call


EVIL = pickle.dumps(Runs())
#: Protocol 0, as a hand writes it.
EVIL_TEXT = b"cos\nsystem\n(S'touch /tmp/pwned'\ntR."


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def object_npy(data: bytes) -> bytes:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def scan(directory: Path, files: dict[str, bytes], format_name: str = "sklearn", entry: str = "") -> dict[str, Any]:
    for name, data in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return scan_directory(directory, format_name, entry)


def found(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(finding["file"], finding["global"], finding["severity"]) for finding in report["findings"]]


HIDDEN: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda data: data,
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "lzma": lzma.compress,
    "lzma alone": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "gzip twice": lambda data: gzip.compress(gzip.compress(data)),
    "in an object array": object_npy,
    "behind another pickle": lambda data: pickle.dumps([1, 2]) + data,
}


@pytest.mark.parametrize("how", HIDDEN)
@pytest.mark.parametrize("evil", [EVIL, EVIL_TEXT], ids=["protocol 4", "protocol 0"])
def test_finds_it_however_it_is_packed_and_named(tmp_path: Path, how: str, evil: bytes) -> None:
    if how == "behind another pickle" and evil is EVIL_TEXT:
        return
    data = HIDDEN[how](evil)
    report = scan(tmp_path, {"weights.bin": data, "deep/er/README.md": data})
    names = {"posix.system", "os.system"}
    assert not report["ok"] and {finding[0] for finding in found(report)} == {"weights.bin", "deep/er/README.md"}, report
    assert all(finding[1] in names and finding[2] == "dangerous" for finding in found(report))


@pytest.mark.parametrize("how", [name for name in HIDDEN if name != "behind another pickle"])
def test_finds_it_in_archives_and_their_archives(tmp_path: Path, how: str) -> None:
    inner = zipped({"archive/data.pkl": HIDDEN[how](EVIL)})
    report = scan(tmp_path, {"model.pt": inner, "a.npz": zipped({"x.zip": inner}, zipfile.ZIP_STORED), "poly.bin": b"#!/bin/sh\n" + inner})
    assert sorted(found(report)) == [("a.npz!x.zip!archive/data.pkl", "posix.system", "dangerous"), ("model.pt!archive/data.pkl", "posix.system", "dangerous"), ("poly.bin!archive/data.pkl", "posix.system", "dangerous")]


def stack_global(*parts: bytes) -> bytes:
    return b"\x80\x04" + b"".join(parts) + b"."


def text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


TRICKS = {
    "memo": stack_global(text("os"), b"\x94", b"0", text("system"), b"\x94", b"0", b"h\x00", b"h\x01", b"\x93", text("id"), b"\x85R"),
    "duplicate": stack_global(text("posix"), b"2", b"0", text("system"), b"\x93"),
    "text between": stack_global(text("os"), text("noise"), b"0", text("system"), b"\x93"),
    "inst": b"(S'id'\nios\nsystem\n.",
    "obj": b"(cos\nsystem\nS'id'\no.",
    "python 2 names": b"c__builtin__\neval\n(S'1'\ntR.",
    "mapped name": b"ccommands\ngetoutput\n(S'id'\ntR.",
    "before the nonsense": b"\x80\x04cos\nsystem\n" + text("id") + b"\x85R\xff\xff\xff",
    "no STOP": b"\x80\x04cos\nsystem\n" + text("id") + b"\x85R",
    "in a frame": b"\x80\x04\x95" + struct.pack("<Q", 14) + b"cos\nsystem\n)R.",
    "walks through attributes": stack_global(text("sklearn.utils"), text("os.system"), b"\x93"),
    "numpy's way to any attribute": b"cnumpy.core\n_ufunc_reconstruct\n(S'os'\nS'system'\ntR.",
    "joblib's own load": b"cjoblib.numpy_pickle\nload\n(S'x'\ntR.",
    "a partial": pickle.dumps(Runs(__import__("functools").partial, (print, 1))),
    "computed name": stack_global(b"cbuiltins\nstr\n", text("os"), b"\x85R", text("system"), b"\x93"),
    "extension": b"\x80\x02\x82\x01.",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_sees_through_tricks(tmp_path: Path, trick: str) -> None:
    report = scan(tmp_path, {"model.joblib": TRICKS[trick]}, entry="model.joblib")
    assert not report["ok"], trick
    expected = {"walks through attributes": "suspicious", "computed name": "unreadable", "extension": "unreadable"}.get(trick, "dangerous")
    assert expected in [finding[2] for finding in found(report)], report


def test_what_hides_behind_an_arrays_bytes_is_found(tmp_path: Path) -> None:
    for compress in (0, 3, ("lzma", 3)):
        joblib.dump([np.zeros(1000), Runs(), np.array([Runs(), "x"], dtype=object)], tmp_path / "m.joblib", compress=compress)
        report = scan_directory(tmp_path, "sklearn", "m.joblib")
        assert ("m.joblib", "posix.system", "dangerous") in found(report)
    joblib.dump(np.array([Runs()], dtype=object), tmp_path / "m.joblib")
    assert ("m.joblib", "posix.system", "dangerous") in found(scan_directory(tmp_path, "sklearn", "m.joblib"))


def test_an_array_that_lies_about_itself_is_refused(tmp_path: Path) -> None:
    # joblib would skip another number of bytes than the dtype's text says, and go on with what is hidden there.
    file = tmp_path / "m.joblib"
    joblib.dump(np.array(["abc", "de"]), file)
    data = file.read_bytes()
    at = data.index(b"K\x0cK\x04K\x08t")
    file.write_bytes(data[:at] + b"K\x7f" + data[at + 2 :])
    report = scan_directory(tmp_path, "sklearn", "m.joblib")
    assert found(report) == [("m.joblib", None, "unreadable")] and "contradictory" in report["findings"][0]["message"]
    file.write_bytes(data + b"rest")
    assert "follows the pickle's end" in scan_directory(tmp_path, "sklearn", "m.joblib")["findings"][0]["message"]


X = np.random.default_rng(0).random((60, 6))
Y = (X.sum(axis=1) > 3).astype(int)
MODELS = [
    LogisticRegression(), SGDClassifier(), MLPClassifier((4,), max_iter=5), SVC(probability=False), KNeighborsClassifier(), KNeighborsClassifier(algorithm="kd_tree"), RandomForestClassifier(3), GradientBoostingClassifier(n_estimators=3),
    HistGradientBoostingClassifier(max_iter=3), IsolationForest(n_estimators=3), GaussianProcessClassifier(), make_pipeline(StandardScaler(), PolynomialFeatures(), SelectKBest(k=2), LogisticRegression()),
    make_pipeline(FunctionTransformer(np.log1p), SplineTransformer(), QuantileTransformer(n_quantiles=10), LogisticRegression()),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
def test_honest_estimators_pass(tmp_path: Path) -> None:
    models = [model.fit(X, Y) for model in MODELS]
    models.append(make_pipeline(TfidfVectorizer(), MultinomialNB()).fit(["good day", "bad night", "good"], ["a", "b", "a"]))
    models.append(OneHotEncoder().fit(np.array([["a", 1], ["b", 2]], dtype=object)))
    for number, model in enumerate(models):
        folder = tmp_path / str(number)
        folder.mkdir()
        joblib.dump(model, folder / "plain.joblib")
        joblib.dump(model, folder / "packed.joblib", compress=3)
        for protocol in range(2, 6):
            (folder / f"{protocol}.pkl").write_bytes(pickle.dumps(model, protocol))
        for entry in sorted(each.name for each in folder.iterdir()):
            report = scan_directory(folder, "sklearn", entry)
            assert report["ok"], (model, entry, report)
        assert report["pickles"] == 6


def test_files_that_are_no_pickles_pass(tmp_path: Path) -> None:
    files = {
        "model.py": b"class Model:\n    def predict(self, x):\n        return x\n", "vocabulary.txt": b"cat\ndog\nbird\n", "names.csv": b"count\nname\nx\n", "empty": b"", "x.json": b"{}", "i.txt": b"iris\nsetosa\n",
        "weights.f32": np.random.default_rng(2).random(10_000, dtype=np.float32).tobytes(), "x.npy": b"\x93NUMPY\x01\x00\x36\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}\n" + bytes(8),
        "w.npz": zipped({"x.npy": b"\x93NUMPY\x01\x00\x36\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}\n" + bytes(8)}), "k.keras": zipped({"config.json": b"{}", "model.weights.h5": b"\x89HDF\r\n\x1a\n" + bytes(100)}),
        "x.gz": gzip.compress(b"text that is packed"), "like.zlib": b"\x78\x9cno zlib at all", "like.bz2": b"BZhello",
    }  # fmt: skip
    for seed in range(300):
        files[f"random{seed}"] = np.random.default_rng(seed).bytes(64)
    report = scan(tmp_path, files, "python")
    assert report["ok"], report["findings"]


def test_own_classes_are_suspicious_and_named(tmp_path: Path) -> None:
    report = scan(tmp_path, {"m.pkl": pickle.dumps(Budget.__new__(Budget))}, entry="m.pkl")
    assert found(report) == [("m.pkl", "lepton_ai_worker.pickle_machine.Budget", "suspicious")]


def test_bombs_end(tmp_path: Path) -> None:
    members = {f"{number}.pkl": b"\x80\x04N." for number in range(10)}
    deep = zipped(members)
    for _ in range(8):
        deep = zipped({"a.zip": deep})
    bombs = {
        "deep.zip": deep,
        "opcodes.pkl": gzip.compress(b"\x80\x04" + b"N0" * 20_000_000),
        "claims.pkl": b"\x80\x05\x96" + b"\xff" * 7 + b"\x00",
        "frame.pkl": b"\x80\x04\x95" + b"\xff" * 7 + b"\x00",
        "text.pkl": b"\x80\x04\x8d" + b"\xff" * 7 + b"\x00x",
        "nested.pkl": b"\x80\x04" + b")" + b"\x85" * 2_000_000 + b".",
        "memo.pkl": b"\x80\x04" + b"]" + b"r\xff\xff\xff\x7f" * 1000 + b".",
        "header.npy": b"\x93NUMPY\x02\x00\xff\xff\xff\x7f",
        "laugh.pkl": b"\x80\x04]" + b"\x94h\x00h\x00h\x00\x87" * 1000 + b".",
    }
    for name, data in bombs.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_bytes(data)
        done = subprocess.run([sys.executable, "-m", "lepton_ai_worker.scan", str(folder), "--format", "sklearn", "--entry", name], env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, timeout=100)
        if name in ("nested.pkl", "memo.pkl", "laugh.pkl"):  # Large, not endless, and harmless.
            assert done.returncode in (0, 3), (name, done.stderr[-500:])
        else:
            assert done.returncode == 3 and not json.loads(done.stdout)["ok"], (name, done.returncode, done.stdout, done.stderr[-500:])


def test_zip_bomb_ends() -> None:
    from lepton_ai_worker.pickle_files import Counted

    names, problem, _ = globals_of(io.BufferedReader(Counted(io.BytesIO(b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + bytes(3 * 2**20)), Budget(read_bytes=2**21))), Budget())
    assert names == [] and "larger decompressed" in (problem or "")


def test_the_program_reads_the_descriptor_and_says_what_it_found(tmp_path: Path) -> None:
    (tmp_path / "lepton-model.json").write_text(json.dumps({"entry": "model.joblib"}))
    (tmp_path / "model.joblib").write_bytes(b"no pickle")
    (tmp_path / "link").symlink_to("/etc/passwd")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "lepton_ai_worker.scan", *arguments], env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, timeout=60)

    done = run(str(tmp_path), "--format", "sklearn")
    assert done.returncode == 3
    report = json.loads(done.stdout)
    assert [finding["file"] for finding in report["findings"]] == ["link", "model.joblib"] and report["picklescan"]
    assert run(str(tmp_path / "nowhere"), "--format", "sklearn").returncode == 2
    joblib.dump(LogisticRegression().fit(X, Y), tmp_path / "model.joblib")
    (tmp_path / "link").unlink()
    done = run(str(tmp_path), "--format", "sklearn")
    assert done.returncode == 0 and json.loads(done.stdout)["findings"] == []
    assert not Path("/tmp/pwned").exists()


def test_policy_is_consistent() -> None:
    rules = policy()
    for pattern in rules["dangerous"] + rules["overrides"] + [each for some in rules["allowed"].values() for each in some]:
        assert pattern.count(":") == 1, pattern
    for format_name in rules["allowed"]:
        for module, name in (("os", "system"), ("builtins", "eval"), ("subprocess", "Popen"), ("torch.hub", "load"), ("numpy.testing._private.utils", "runstring"), ("sklearn.utils.fixes", "Popen"), ("sklearn.utils", "X.system"), ("functools", "partial")):
            assert judge(format_name, module, name) is not None, (format_name, module, name)
    assert judge("torchscript", "torch._utils", "_rebuild_tensor_v2") is None

"""Lints, type-checks and tests python/, and leaves the counts in a file: `run.py REPORT.json [pytest's arguments]`."""

import contextlib
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: Tests wait for processes more than they compute.
WORKERS = 4
LINTED = ("src", "tests", "../benchmarks", "../examples", "../test")
#: The oldest and the newest Python that we support.
PYTHONS = ("3.10", "3.13")
#: Cores are few, and others' tests run beside these.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


class Counts:
    """pytest's outcomes, one a test."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0
        self.skipped = 0
        self.notes: list[str] = []

    def check(self, holds: bool, name: str) -> None:
        self.passed += holds
        self.failed += not holds
        if not holds:
            self.notes.append(f"failed: python: {name}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.check(False, report.nodeid if report.when == "call" else f"{report.nodeid} ({report.when})")
        elif report.skipped:
            self.skipped += 1
            self.notes.append(f"skipped: python: {report.nodeid} ({report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr})")
        elif report.when == "call":
            self.check(True, report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.check(False, f"{report.nodeid}: {report.longrepr}"[:2_000])


def prepare_frameworks() -> None:
    """Torch brings triton, which it loads late; after TensorFlow's LLVM that ends the process, the other way round not."""
    os.environ.update(ONE_THREAD)
    with contextlib.suppress(ImportError):
        importlib.import_module("torch._dynamo")


def main(report: str, arguments: list[str]) -> int:
    os.chdir(ROOT)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    counts = Counts()
    if "framework" in arguments:
        prepare_frameworks()
    if not arguments:
        cache = ROOT.parent / ".cache/python"
        # The oldest Python says what is too new, the newest what is gone; what lies between has both.
        types = [(f"mypy for Python {version}", ["mypy", "--python-version", version, "--cache-dir", str(cache / "mypy")]) for version in PYTHONS]
        for name, command in (("ruff", ["ruff", "check", "--no-cache", *LINTED]), *types):
            counts.check(subprocess.run([sys.executable, "-m", *command]).returncode == 0, name)
    code = pytest.main([*(arguments or ["-n", str(WORKERS)])], plugins=[counts])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        counts.check(False, f"pytest ended with {code!r}")
    Path(report).write_text(json.dumps({"passed": counts.passed, "failed": counts.failed, "skipped": counts.skipped, "notes": counts.notes}))
    return 1 if counts.failed else 0


if __name__ == "__main__":
    sys.exit(main(str(Path(sys.argv[1]).resolve()), sys.argv[2:]))

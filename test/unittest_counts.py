"""What the runners of our unittest folders share: run.py of each leaves these counts for scripts/tests/python-tests.ts."""

import sys
import unittest
from collections.abc import Sequence
from pathlib import Path


def run(folder: Path) -> unittest.TestResult:
    suite = unittest.defaultTestLoader.discover(str(folder), pattern="test_*.py")
    return unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)


def counts(result: unittest.TestResult, name: str, extra: Sequence[str] = ()) -> dict[str, object]:
    """`extra`: failures that are no test's."""
    bad = [test for test, _ in (*result.failures, *result.errors)] + result.unexpectedSuccesses
    # Several failures of one test are its sub-tests'.
    failed = {getattr(test, "test_case", test) for test in bad}
    notes = [f"failed: {name}: {each}" for each in (*bad, *extra)] + [f"skipped: {name}: {test} ({reason})" for test, reason in result.skipped]
    # A class that could not be set up has run no test.
    passed = result.testsRun - len(result.skipped) - sum(isinstance(test, unittest.TestCase) for test in failed)
    return {"passed": max(0, passed), "failed": len(failed) + len(extra), "skipped": len(result.skipped), "notes": notes}

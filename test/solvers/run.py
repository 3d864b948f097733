"""Runs every test of this folder and leaves the counts in a file: `run.py REPORT.json`."""

import json
import sys
import unittest
from pathlib import Path


def main(report: str) -> int:
    suite = unittest.defaultTestLoader.discover(str(Path(__file__).parent), pattern="test_*.py")
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    bad = [*result.failures, *result.errors]
    # Several failures of one test are its sub-tests'.
    failed = len({str(test).split(" [")[0] for test, _ in bad})
    notes = [f"failed: test/solvers: {test}" for test, _ in bad]
    Path(report).write_text(json.dumps({"passed": max(0, result.testsRun - failed), "failed": failed, "skipped": len(result.skipped), "notes": notes}))
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""Runs every test of this folder against one server and leaves the counts in a file: `run.py REPORT.json`."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import shared
from platform_server import PlatformServer


def counts(result: unittest.TestResult, extra: list[str]) -> dict[str, object]:
    bad = [*result.failures, *result.errors]
    failed = len(bad) + len(result.unexpectedSuccesses) + len(extra)
    notes = [f"failed: test/conformance: {test}" for test, _ in bad] + [f"failed: test/conformance: {text}" for text in extra]
    notes += [f"skipped: test/conformance: {test} ({reason})" for test, reason in result.skipped]
    ran = result.testsRun - len(result.skipped) - len(bad) - len(result.unexpectedSuccesses)
    return {"passed": max(0, ran), "failed": failed, "skipped": len(result.skipped), "notes": notes}


def main(report: str) -> int:
    server = PlatformServer()
    extra: list[str] = []
    result = unittest.TestResult()
    try:
        server.start()
        shared.SERVER = server
        suite = unittest.defaultTestLoader.discover(str(Path(__file__).parent), pattern="test_*.py")
        result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    except Exception as error:  # The server did not start: one failure, told in full.
        extra.append(str(error))
        print(error)
    finally:
        if server.process is not None:
            code = server.stop()
            if code != 0:
                extra.append(f"the server ended with {code} on SIGTERM")
    Path(report).write_text(json.dumps(counts(result, extra)))
    return 0 if result.wasSuccessful() and not extra else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

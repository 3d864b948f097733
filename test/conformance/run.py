"""Runs every test of this folder against one server and leaves the counts in a file: `run.py REPORT.json`."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import shared
from platform_server import PlatformServer
from unittest_counts import counts, run

FOLDER = Path(__file__).parent


def main(report: str) -> int:
    server = PlatformServer()
    extra: list[str] = []
    result = unittest.TestResult()
    try:
        server.start()
        shared.SERVER = server
        result = run(FOLDER)
    except Exception as error:  # The server did not start: one failure, told in full.
        extra.append(str(error))
        print(error)
    finally:
        if server.process is not None:
            code = server.stop()
            if code != 0:
                extra.append(f"the server ended with {code} on SIGTERM")
    Path(report).write_text(json.dumps(counts(result, "test/conformance", extra)))
    return 0 if result.wasSuccessful() and not extra else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

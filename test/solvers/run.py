"""Runs every test of this folder and leaves the counts in a file: `run.py REPORT.json`."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from unittest_counts import counts, run

FOLDER = Path(__file__).parent


def main(report: str) -> int:
    result = run(FOLDER)
    Path(report).write_text(json.dumps(counts(result, "test/solvers")))
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

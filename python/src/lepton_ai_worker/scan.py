"""Scans an artefact for pickles that would run code, and loads nothing.

    python -m lepton_ai_worker.scan DIRECTORY --format sklearn

Prints {"ok", "files", "pickles", "picklescan", "findings": [{"file", "global", "severity", "message"}]} as one line of JSON and
ends with 0 (nothing found), 3 (something found) or 2 (it can't be scanned). Severity is `dangerous` (known to run code),
`suspicious` (not among what the format needs) or `unreadable`.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from .pickle_files import Finding, Scanner
from .pickle_policy import picklescan_version

FILES_MAX = 100_000
FINDINGS_MAX = 200
MEMORY_BYTES_MAX = 4 * 2**30
CPU_SECONDS_MAX = 120
CLEAN, UNUSABLE, FOUND = 0, 2, 3


def scan_directory(directory: Path, format_name: str, entry: str = "") -> dict[str, object]:
    """What is in all files of a directory, by their content. `entry` is the file that the format loads as a pickle, if it does."""
    scanner = Scanner(format_name)
    count = 0
    for path in _files(directory):
        count += 1
        name = path.relative_to(directory).as_posix()
        if path.is_symlink() or not path.is_file():
            scanner.report(Finding(name, None, "unreadable", "it is no regular file"))
            continue
        if count > FILES_MAX:
            scanner.report(Finding(name, None, "unreadable", f"the artefact has more than {FILES_MAX} files"))
            break
        scanner.scan_file(path, name, name == entry)
    findings = scanner.findings[:FINDINGS_MAX]
    return {"ok": not findings, "files": count, "pickles": scanner.pickles, "picklescan": picklescan_version(), "findings": [finding.to_json() for finding in findings]}


def _files(directory: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(directory, followlinks=False):
        folders.sort()
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in sorted(names + links):
            yield Path(folder) / name


def pickle_entry(directory: Path, format_name: str) -> str:
    """The file that the format's adapter unpickles: only scikit-learn's does."""
    if format_name != "sklearn":
        return ""
    try:
        value = json.loads((directory / "lepton-model.json").read_text("utf-8"))
        return str(value.get("entry", "")) if isinstance(value, dict) else ""
    except (OSError, ValueError, RecursionError):
        return ""


def _limit() -> None:
    import resource

    for kind, most in ((resource.RLIMIT_DATA, MEMORY_BYTES_MAX), (resource.RLIMIT_CPU, CPU_SECONDS_MAX)):
        soft, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if soft == resource.RLIM_INFINITY else min(most, soft), hard))


def main(arguments: list[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m lepton_ai_worker.scan", description="Scans an artefact for pickles that would run code.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--format", required=True, help="the artefact's format, which says what its pickles need")
    parser.add_argument("--entry", help="the file that is loaded as a pickle; without it, the descriptor's")
    options = parser.parse_args(arguments)
    if not options.directory.is_dir():
        print(f"{options.directory} is no directory", file=sys.stderr)
        return UNUSABLE
    _limit()
    entry = options.entry if options.entry is not None else pickle_entry(options.directory, options.format)
    report = scan_directory(options.directory, options.format, entry)
    print(json.dumps(report))
    return CLEAN if report["ok"] else FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

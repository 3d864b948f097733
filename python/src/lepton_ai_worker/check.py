"""`--check DIRECTORY`: whether an artefact loads and gives its known answers, as JSON."""

import json
from pathlib import Path

from . import exit_codes
from .load import LoadFailure, LoadRequest, load_version


def check_directory(directory: str, threads: int) -> tuple[int, str]:
    """The exit code and one line of JSON: {"ok": true, "profile"} or {"ok": false, "reason", "message", "detail"}."""
    try:
        version = load_version(LoadRequest(Path(directory), threads=threads))
    except LoadFailure as failure:
        return exit_codes.LOAD_FAILED, json.dumps({"ok": False, "reason": failure.reason, "message": failure.message, "detail": failure.detail})
    return exit_codes.LEFT, json.dumps({"ok": True, "profile": version.profile.to_json()})

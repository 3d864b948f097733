"""The saved artefact against the live object, in a process of its own; and the scan for code in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lepton_ai_worker

from .errors import LossyConversionError, ModelInvalidError, ModelUnsafeError
from .progress import spinner

_SECONDS_MAX = 600.0


def _run(arguments: list[str], what: str) -> tuple[int, str, str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(lepton_ai_worker.__file__).resolve().parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]), "PYTHONDONTWRITEBYTECODE": "1"}
    # The directory of the script that saves must not shadow modules of the worker's.
    environment["PYTHONSAFEPATH"] = "1"
    try:
        done = subprocess.run([sys.executable, "-m", *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=_SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        raise ModelInvalidError(f"{what} took longer than {_SECONDS_MAX:.0f} s") from None
    return done.returncode, done.stdout, done.stderr


def check_artefact(directory: Path) -> None:
    """Loads it as a worker does and asks its known answers. Raises LossyConversionError with the largest difference and where it is."""
    with spinner("loading it back and comparing answers"):
        code, stdout, stderr = _run(["lepton_ai_worker", "--check", str(directory)], "loading the saved model back")
        outcome = _last_json(stdout)
        if outcome.get("ok"):
            return
        detail = str(outcome.get("detail") or "").strip()
        message = str(outcome.get("message") or "") or f"the checking process ended with {code}: {stderr.strip()[-500:]}"
        if "known answer" in message:
            worst = _last_json(_run(["lepton_ai.difference", str(directory)], "comparing answers")[1])
            raise LossyConversionError(f"the saved model does not answer as the live one, so it was not stored: {worst.get('difference') or message}")
    raise ModelInvalidError(f"the saved model cannot be loaded back, so it was not stored: {message}" + (f"\n{detail}" if detail else ""))


def scan_artefact(directory: Path, format: str) -> list[dict[str, Any]]:
    """What its files would run when they are loaded, but for what the format needs."""
    code, stdout, stderr = _run(["lepton_ai_worker.scan", str(directory), "--format", format], "scanning the files for code")
    found = _last_json(stdout).get("findings")
    if not isinstance(found, list):
        raise ModelInvalidError(f"the files cannot be scanned for code ({code}): {stderr.strip()[-500:]}")
    return found


def refuse_unsafe(directory: Path, format: str, action: str) -> None:
    """Raises ModelUnsafeError with every finding."""
    findings = scan_artefact(directory, format)
    if findings:
        told = "; ".join(_finding_text(each) for each in findings[:5]) + (f"; and {len(findings) - 5} more" if len(findings) > 5 else "")
        raise ModelUnsafeError(f"it would run code when it is loaded: {told}. {action}", details={"findings": findings})


def _finding_text(finding: Mapping[str, Any]) -> str:
    named = f" calls {finding['global']}" if finding.get("global") else ""
    return f"{finding.get('file', '?')}{named} ({finding.get('severity')}: {finding.get('message')})"


def _last_json(text: str) -> dict[str, Any]:
    for line in reversed(text.strip().splitlines()):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            return value
    return {}

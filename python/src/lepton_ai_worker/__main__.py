"""The worker program.

python -m lepton_ai_worker CONFIG.json       serves one version on a Unix socket; its log is stderr
python -m lepton_ai_worker --check DIRECTORY loads an artefact and asks its known answers; prints the outcome as JSON
"""

import faulthandler
import io
import os
import sys

from . import exit_codes
from .config import THREAD_VARIABLES, WorkerConfig, read_config
from .log import STDERR, log, traceback_of
from .process_title import set_process_title

USAGE = "usage: python -m lepton_ai_worker CONFIG.json | --check DIRECTORY [--threads N]"


def main(arguments: list[str]) -> int:
    """The exit code; serving never returns."""
    faulthandler.enable()
    if arguments[:1] == ["--check"]:
        return _check(arguments[1:])
    try:
        config = read_config(arguments[0] if arguments else "")
    except (OSError, ValueError) as error:
        log(f"cannot read its configuration {arguments[0] if arguments else '(no path given)'}: {error}")
        return exit_codes.CONFIGURATION
    _serve(config)
    return exit_codes.FAULT


def _serve(config: WorkerConfig) -> None:
    set_threads(config.threads)
    # Only our own user may connect.
    os.umask(0o077)
    _stdout_to_log()
    set_process_title(f"lepton-worker {config.service}/{config.version}")
    from .worker import Worker, end_process

    try:
        Worker(config).run()
    except Exception as error:
        log(f"crashed: {traceback_of(error)}")
        end_process(exit_codes.FAULT)


def _check(arguments: list[str]) -> int:
    if len(arguments) not in (1, 3) or (len(arguments) == 3 and (arguments[1] != "--threads" or not arguments[2].isdigit())):
        print(USAGE, file=sys.stderr)
        return exit_codes.CONFIGURATION
    threads = max(1, int(arguments[2])) if len(arguments) == 3 else 1
    set_threads(threads)
    # What the model prints must not stand in the outcome.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    _stdout_to_log()
    from .check import check_directory
    from .worker import end_process

    code, outcome = check_directory(arguments[0], threads)
    output.write(outcome + "\n")
    output.flush()
    end_process(code)


def set_threads(threads: int) -> None:
    """For libraries that are yet to be loaded."""
    for name in THREAD_VARIABLES:
        os.environ[name] = str(threads)


def _stdout_to_log() -> None:
    sys.stdout.flush()
    os.dup2(STDERR, 1)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

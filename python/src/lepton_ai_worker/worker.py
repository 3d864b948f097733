"""One replica's life inside its process: listen, load, serve, leave.

listen ─▶ loading ─┬─▶ ready ──▶ stop | SIGTERM | no control for the orphan grace ──▶ drain ──▶ 0
                   └─▶ failed ─▶ tell control ──▶ 3

The main thread loads and runs the model; the loop's thread holds the sockets, the timers and the end of the process.
"""

import gc
import os
import signal
import sys
import threading
from typing import Any, NoReturn, Optional

from . import exit_codes
from .config import WorkerConfig
from .infer_queue import InferQueue
from .load import LoadedVersion, LoadFailure, LoadRequest, load_version
from .log import log, traceback_of
from .loop import Loop, Timer
from .runner import InferenceRunner
from .server import WorkerServer

#: How long a worker whose load failed waits for somebody to tell.
TELL = 10.0
MESSAGE_CHARACTERS_MAX = 4_000
#: How long one thread may keep the others from Python while a pure Python model runs.
SWITCH_INTERVAL = 0.0005


class Worker:
    """`run` never returns: the process ends with one of `exit_codes`."""

    def __init__(self, config: WorkerConfig) -> None:
        self._config = config
        self._loop = Loop(self._on_signal)
        self._server = WorkerServer(self._loop, config.socket_path, config.token, config.replica, lambda grace, reason: self.leave(grace, f"stop: {reason}"), self._control_changed)
        self._queue = InferQueue()
        self._orphan: Optional[Timer] = None
        self._leaving = False
        self._failed = False

    def run(self) -> NoReturn:
        """From the main thread."""
        sys.setswitchinterval(SWITCH_INTERVAL)
        signal.set_wakeup_fd(self._loop.wakeup_fd, warn_on_full_buffer=False)
        # A terminal's Ctrl-C is for control, which drains its workers itself. SIGTERM is heard by the loop's thread.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: None)
        self._server.listen()
        self._control_changed(0)
        threading.Thread(target=self._run_loop, name="lepton-io", daemon=True).start()
        try:
            version = self._load()
            if version:
                self._queue.work(InferenceRunner(version.model, version.profile.batchable, version.ranks, self._queue.log_failure))
            threading.Event().wait()  # The loop's thread ends the process.
        except BaseException as error:
            log(f"crashed: {traceback_of(error)}")
        end_process(exit_codes.FAULT)

    def leave(self, grace: float, why: str) -> None:
        """Finishes what is in flight for at most `grace` seconds, then ends the process. Further calls change nothing. From the loop's thread."""
        if self._leaving:
            return
        self._leaving = True
        log(f"leaving ({why})")

        def end(finished: bool) -> None:
            if not finished and self._queue.running:
                log(f"the grace of {grace:g} s ended while the model ran {self._queue.running}")
            end_process(exit_codes.LOAD_FAILED if self._failed else exit_codes.LEFT if finished else exit_codes.UNFINISHED)

        self._server.drain(grace, end)

    def _run_loop(self) -> None:
        try:
            self._loop.run()
        except BaseException as error:
            log(f"crashed: {traceback_of(error)}")
        end_process(exit_codes.FAULT)

    def _load(self) -> Optional[LoadedVersion]:
        config = self._config
        try:
            version = load_version(LoadRequest(config.model_directory, config.format, config.entry, config.signature, config.threads, config.max_batch_size, all_threads=True, known=config.profile))
        except LoadFailure as failure:
            log(f"failed ({failure.reason}): {failure.message}")
            if failure.detail:
                log(f"the runtime's own words: {failure.detail}")
            told = {"phase": "failed", "reason": failure.reason, "message": failure.message[:MESSAGE_CHARACTERS_MAX]}
            self._loop.call_soon(lambda: self._fail(told))
            return None
        # What a framework has made stays; the collector need not walk through it while requests wait.
        gc.collect()
        gc.freeze()
        profile = version.profile
        message = f"{profile.check_message}; best batch {profile.best_batch}{f': {profile.batchable_reason}' if profile.batchable_reason else ''}"
        log(f"ready after {profile.load_ms} ms: {message}")
        status = {"phase": "ready", "reason": "Loaded", "message": message[:MESSAGE_CHARACTERS_MAX], "profile": profile.to_json()}

        def ready() -> None:
            self._server.serve(self._queue)
            self._server.set_status(status)

        self._loop.call_soon(ready)
        return version

    def _fail(self, status: dict[str, Any]) -> None:
        self._failed = True
        self._server.set_status(status)
        if self._server.controls:
            self.leave(0, "load failed")
        else:
            self._loop.call_later(TELL, lambda: self.leave(0, "load failed"))

    def _control_changed(self, count: int) -> None:
        if self._orphan:
            self._orphan.cancel()
        if count and self._failed:
            self.leave(0, "load failed")
        if not count:
            grace = self._config.orphan_grace
            self._orphan = self._loop.call_later(grace, lambda: self.leave(self._config.drain_timeout, f"no control connection for {round(grace * 1000)} ms"))

    def _on_signal(self, number: int) -> None:
        if number == signal.SIGTERM:
            self.leave(self._config.drain_timeout, "SIGTERM")


def end_process(code: int) -> NoReturn:
    """At once, from any thread: libraries that crash on their way out must not change how the worker ended."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
    os._exit(code)

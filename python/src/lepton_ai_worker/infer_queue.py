"""Infer frames of all connections in the order of arrival. Each gets exactly one answer."""

import json
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Optional

from .connection import Connection
from .errors import LeptonError, words_of
from .frames import Frame, FrameType
from .log import log, traceback_of
from .runner import InferenceRunner
from .tensors import Array

#: Most infer frames of one connection that may wait; a gateway sends one or two at a time.
PENDING_MAX = 64


@dataclass
class _Job:
    serial: int
    connection: Connection
    id: int
    header: Any
    body: Array


@dataclass
class InferQueue:
    """The loop's thread pushes, cancels and drops; the main thread runs one job after the other in `work`."""

    _jobs: "queue.SimpleQueue[_Job]" = field(default_factory=queue.SimpleQueue)
    #: Those that nobody has taken or cancelled, oldest first.
    _waiting: dict[int, _Job] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _serial: Any = field(default_factory=count)
    _running: Optional[_Job] = None
    _when_idle: Optional[Callable[[], None]] = None

    @property
    def running(self) -> str:
        """The frame that the model works on, in words, or ''."""
        job = self._running
        return f"frame {job.id} of connection {job.connection.number}" if job else ""

    def push(self, connection: Connection, frame: Frame) -> None:
        """Takes a frame, or refuses it at once."""
        with self._lock:
            closed, full = self._when_idle is not None, connection.waiting >= PENDING_MAX
            if not (closed or full):
                job = _Job(next(self._serial), connection, frame.id, frame.header, frame.body)
                self._waiting[job.serial] = job
                connection.waiting += 1
        if closed:
            refuse(connection, frame.id, LeptonError("SHUTTING_DOWN", "the worker is leaving"))
        elif full:
            refuse(connection, frame.id, LeptonError("QUEUE_FULL", f"more than {PENDING_MAX} infer frames wait on one connection"))
        else:
            self._jobs.put(job)

    def cancel(self, connection: Connection, number: int) -> None:
        """Takes a waiting frame out and answers it with CANCELLED; one that runs or has run is answered as if nothing was said."""
        with self._lock:
            job = next((job for job in self._waiting.values() if job.connection is connection and job.id == number), None)
            if job:
                self._forget(job)
        if job:
            refuse(connection, number, LeptonError("CANCELLED", "cancelled before it ran"))

    def drop(self, connection: Connection) -> None:
        """Forgets what a closed connection had waiting."""
        with self._lock:
            for job in [job for job in self._waiting.values() if job.connection is connection]:
                self._forget(job)

    def close(self, when_idle: Callable[[], None]) -> None:
        """Takes nothing more; calls back, from any thread, when all that was taken is answered."""
        with self._lock:
            self._when_idle = when_idle
            idle = not self._waiting and self._running is None
        if idle:
            when_idle()

    def work(self, runner: InferenceRunner) -> None:
        """Runs jobs, forever."""
        while True:
            job = self._jobs.get()
            with self._lock:
                if job.serial not in self._waiting:
                    continue
                self._forget(job)
                self._running = job
            self._answer(job, runner)
            with self._lock:
                self._running = None
                when_idle = self._when_idle if not self._waiting else None
            del job  # Its tensors are memory that nobody needs while the queue is empty.
            if when_idle:
                when_idle()

    def log_failure(self, index: int, items: int, error: LeptonError) -> None:
        """The traceback of a failed item, with its request's place, on the log."""
        cause = error.__cause__
        trace = f"\n{traceback_of(cause)}" if cause else ""
        log(f"item {index + 1} of {items} in {self.running} failed: {error.message}{trace}".rstrip())

    def _forget(self, job: _Job) -> None:
        del self._waiting[job.serial]
        job.connection.waiting -= 1

    @staticmethod
    def _answer(job: _Job, runner: InferenceRunner) -> None:
        try:
            header, body = runner.answer(job.header, job.body)
            job.connection.send(FrameType.inferResult, job.id, header, body)
        except LeptonError as error:
            refuse(job.connection, job.id, error)
        except Exception as error:
            log(f"a fault of ours in frame {job.id}, header {json.dumps(job.header, default=str)[:500]}:\n{traceback_of(error)}")
            refuse(job.connection, job.id, LeptonError("INTERNAL", words_of(error)))


def refuse(connection: Connection, number: int, error: LeptonError) -> None:
    """An answer that is a failure."""
    connection.send(FrameType.failure, number, {"code": error.code, "error": error.message})

"""The thread that holds the sockets. It never runs the model, so pings are answered while the model runs."""

import heapq
import itertools
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Optional

Callback = Callable[[], None]


class Timer:
    """A call that is due later, unless it is cancelled."""

    def __init__(self, callback: Callback) -> None:
        self.callback: Optional[Callback] = callback

    def cancel(self) -> None:
        """Never calls it."""
        self.callback = None


class Loop:
    """Readiness of sockets, timers, and calls handed over by other threads, one after the other.

    `wakeup_fd` is for `signal.set_wakeup_fd`: numbers of signals that arrive reach `on_signal` here at once, also while
    the main thread is inside native code.
    """

    def __init__(self, on_signal: Callable[[int], None]) -> None:
        self._on_signal = on_signal
        self._selector = selectors.DefaultSelector()
        self._calls: deque[Callback] = deque()
        self._timers: list[tuple[float, int, Timer]] = []
        self._serial = itertools.count()
        self._woken, self._waker = socket.socketpair()
        for end in (self._woken, self._waker):
            end.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, self._drain_wakeups)
        self._thread: Optional[int] = None

    @property
    def wakeup_fd(self) -> int:
        """File descriptor that signals' numbers are written to."""
        return self._waker.fileno()

    @property
    def is_current(self) -> bool:
        """Whether the caller is this loop's thread."""
        return self._thread == threading.get_ident()

    def call_soon(self, callback: Callback) -> None:
        """From any thread."""
        self._calls.append(callback)
        if not self.is_current:
            try:
                self._waker.send(b"\0")
            except BlockingIOError:
                pass  # It has not yet read what is there, so it will wake.

    def call_later(self, seconds: float, callback: Callback) -> Timer:
        """From this loop's thread, or before it runs."""
        timer = Timer(callback)
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._serial), timer))
        return timer

    def watch(self, sock: socket.socket, callback: Callable[[int], None], write: bool = False, read: bool = True) -> None:
        """Calls back with the events that are ready; replaces an earlier watch of this socket."""
        events = (selectors.EVENT_READ if read else 0) | (selectors.EVENT_WRITE if write else 0)
        known = sock in self._selector.get_map()
        if events == 0:
            if known:
                self._selector.unregister(sock)
        elif known:
            self._selector.modify(sock, events, callback)
        else:
            self._selector.register(sock, events, callback)

    def unwatch(self, sock: socket.socket) -> None:
        """Before the socket is closed."""
        if sock in self._selector.get_map():
            self._selector.unregister(sock)

    def run(self) -> None:
        """Forever; whatever a callback raises ends it."""
        self._thread = threading.get_ident()
        while True:
            for key, events in self._selector.select(self._timeout()):
                key.data(events)
            while self._calls:
                self._calls.popleft()()
            self._run_timers()

    def _timeout(self) -> Optional[float]:
        if self._calls:
            return 0
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _run_timers(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            callback = heapq.heappop(self._timers)[2].callback
            if callback:
                callback()

    def _drain_wakeups(self, _events: int) -> None:
        try:
            numbers = self._woken.recv(4096)
        except BlockingIOError:
            return
        for number in numbers:
            if number:
                self._on_signal(number)

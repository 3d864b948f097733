"""What the Python client costs beyond a bare socket that exchanges the same bytes, call by call in alternation."""

import statistics
import sys
import time

import numpy as np
from calls import answer_calls
from wire import BareSocket, CountingProxy

from lepton_ai import Client


class Case:
    """A service that answers its input."""

    def __init__(self, url, service, elements):
        self._service = service
        self._inputs = {"x": np.random.default_rng(7).random((1, elements), dtype=np.float32)}
        self._client = Client(url)
        self._bare = BareSocket(url, self._inputs["x"].nbytes + 65536)
        proxy = CountingProxy(url, keep=True)
        with Client(proxy.url) as client:
            self._check(client.infer(service, self._inputs))
        self._request = proxy.last

    def _check(self, result):
        if not np.array_equal(result["y"], self._inputs["x"]):
            raise ValueError(f"{self._service} answered other numbers than it was sent")

    def round(self, calls):
        """Microseconds a call: `wall` by the median of the pairs' differences, `cpu` of this thread, kernel included, by the mean."""
        client, bare, copies = [], [], []
        array = self._inputs["x"]
        for index in range(calls):
            before = _now()
            result = self._client.infer(self._service, self._inputs)
            client.append(_since(before))
            if index % 64 == 0:
                self._check(result)
            before = _now()
            answer = self._bare.exchange(self._request)
            bare.append(_since(before))
            if bytes(answer[:12]) != b"HTTP/1.1 200":
                raise ValueError(f"the bare socket was answered {bytes(answer[:200])!r}")
            before = _now()
            _in, _out = array.copy(), result["y"].copy()
            copies.append(_since(before))
            del result, _in, _out
        return {
            "wallUs": statistics.median(one[0] - other[0] for one, other in zip(client, bare)) / 1e3,
            "cpuUs": (statistics.fmean(one[1] for one in client) - statistics.fmean(one[1] for one in bare)) / 1e3,
            "clientUs": statistics.median(one[0] for one in client) / 1e3,
            "bareUs": statistics.median(one[0] for one in bare) / 1e3,
            "copyUs": statistics.median(one[0] for one in copies) / 1e3,
        }


def _now():
    return time.perf_counter_ns(), time.thread_time_ns()


def _since(before):
    wall, cpu = _now()
    return wall - before[0], cpu - before[1]


cases = {}


def open_case(service, elements):
    cases[service] = Case(sys.argv[1], service, elements)
    cases[service].round(20)


answer_calls({"open": open_case, "round": lambda service, calls: cases[service].round(calls)})

"""Saves a model of 1 GB, and the same again: bytes on the wire, time, memory. resave_main.py URL"""

import re
import sys
import time

import numpy as np
from calls import answer_calls
from sklearn.neighbors import KNeighborsRegressor
from wire import CountingProxy

from lepton_ai import ModelRepository

FEATURES, ROWS = 1024, 2**17
proxy = CountingProxy(sys.argv[1])
model = KNeighborsRegressor(algorithm="brute").fit(np.random.default_rng(7).random((ROWS, FEATURES)), np.arange(ROWS))


def memory(field):
    with open("/proc/self/status") as status:
        return int(re.search(rf"^{field}:\s+(\d+) kB", status.read(), re.MULTILINE)[1]) * 1024


def save():
    """`contentBytes`: bodies of blobs. `wireBytes`: all that was sent. `memoryBytes`: most that was resident beyond the model."""
    sent = len(proxy.requests)
    with open("/proc/self/clear_refs", "w") as references:
        references.write("5")
    resident = memory("VmRSS")
    start = time.perf_counter()
    saved = ModelRepository("huge", proxy.url, create=True).save_model(model, "v1")
    seconds = time.perf_counter() - start
    requests = proxy.requests[sent:]
    return {
        "seconds": seconds,
        "modelBytes": saved.size_bytes,
        "contentBytes": sum(body for line, _, body in requests if line.startswith("PUT /api/v1/blobs/")),
        "wireBytes": sum(head + body for _, head, body in requests),
        "memoryBytes": memory("VmHWM") - resident,
    }


answer_calls({"save": save})

"""A model called in process, and through a service that has it, by the same process in turn: model_main.py NAME URL."""

import json
import sys
import threading
import time

import numpy as np
from calls import answer_calls
from models import MODELS

name, url = sys.argv[1:]
model = MODELS[name]()


repository = None


def stacked(batch):
    """Inputs of that many rows, as many as there are rows."""
    return [{key: np.concatenate([model.rows[(at + offset) % len(model.rows)][key] for offset in range(batch)]) for key in model.example} for at in range(len(model.rows))]


def serve():
    """Saves it and deploys it; the best batch that its worker has measured."""
    global repository
    from lepton_ai import Deployer, ModelRepository

    repository = ModelRepository(name, url, create=True)
    repository.save_model(model.live, "v1", example_inputs=model.example)
    deployer = Deployer("benchmark", url)
    deployer.deploy_model(repository, "v1", service_name=name)
    return deployer.status(name)["versions"][0]["profile"]["bestBatch"]


def in_process(batch, milliseconds):
    """Row after row, or batch after batch: rows a second."""
    inputs = stacked(batch)
    model.predict(inputs[0])
    start, rows = time.perf_counter(), 0
    cpu = time.process_time()
    while (elapsed := time.perf_counter() - start) < milliseconds / 1000:
        model.predict(inputs[rows // batch % len(inputs)])
        rows += batch
    return {"perSecond": rows / elapsed, "cpuUs": (time.process_time() - cpu) * 1e6 / rows}


def service(clients, milliseconds):
    """Each client is a thread that asks for a row, waits for it, and asks again; they share one Client. Every 16th answer is compared."""
    from lepton_ai import Client

    expected = [model.predict(row) for row in model.rows]
    counts, failures, stop = [0] * clients, [], threading.Event()

    def ask(number):
        try:
            while not stop.is_set():
                at = (counts[number] * clients + number) % len(model.rows)
                answer = client.infer(name, model.rows[at])[model.output]
                if counts[number] % 16 == 0:
                    np.testing.assert_allclose(answer, expected[at], rtol=1e-4, atol=1e-5)
                counts[number] += 1
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}")

    with Client(url) as client:
        client.infer(name, model.rows[0])
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
        start, cpu = time.perf_counter(), time.process_time()
        for thread in threads:
            thread.start()
        time.sleep(milliseconds / 1000)
        elapsed, rows, used = time.perf_counter() - start, sum(counts), time.process_time() - cpu
        stop.set()
        for thread in threads:
            thread.join()
    if failures:
        raise ValueError(f"{len(failures)} of {clients} clients failed: {failures[0]}")
    return {"perSecond": rows / elapsed, "cpuUs": used * 1e6 / max(1, rows), "rows": max(1, sum(counts))}


def download(directory):
    """Path of the model's file in the artefact that the worker has loaded."""
    repository.download("v1", directory)
    with open(f"{directory}/lepton-model.json") as descriptor:
        return f"{directory}/{json.load(descriptor)['entry']}"


answer_calls({"serve": serve, "download": download, "inProcess": in_process, "service": service})

"""One network in two releases of PyTorch, side by side in one service. Run it once with the Python of each release.

    debian/bin/python two_torches.py && current/bin/python two_torches.py

Each run saves the network as a version that is called after its torch, deploys it beside what is there, shares the traffic out evenly and
asks every version the same. docs/guides/python-environments.md says how to come by two such Pythons.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from lepton_ai import Client, Deployer, ModelRepository

SERVICE = "two-torches"


class Release:
    """A rule class that says in which torch it runs."""

    def predict(self, x):
        return {"torch": np.full(len(x), torch.__version__, dtype=object)}


def network() -> Any:
    """The same weights wherever it is made."""
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Softmax(dim=1))
    with torch.no_grad():
        model[0].weight.copy_(torch.arange(12.0).reshape(3, 4) / 10)
        model[0].bias.zero_()
    return model


def main() -> None:
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    release = torch.__version__.partition("+")[0]
    repository, deployer = ModelRepository(SERVICE, create=True), Deployer(SERVICE)
    for version, model in ((release, network()), (f"{release}-says", Release())):
        repository.save_model(model, version, example_inputs={"x": x})
        status = deployer.deploy_model(repository, version, service_name=SERVICE)
    versions = [each["version"] for each in status["versions"]]
    networks = [version for version in versions if f"{version}-says" in versions]
    deployer.set_traffic(SERVICE, {version: 100 / len(networks) for version in networks})
    with Client() as client:
        for version in networks:
            answer, says = (client.infer(SERVICE, {"x": x}, version=name) for name in (version, f"{version}-says"))
            print(f"{version}: runs in torch {says['torch'][0].decode()}, answers {answer['output'].astype(float).round(4).tolist()}")


if __name__ == "__main__":
    main()

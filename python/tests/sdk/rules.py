"""A module of rules: its own effects must never run when it is served."""

import math

import numpy as np

LIMIT = 3.0
NAMES = ("low", "high")


def above(values: np.ndarray) -> np.ndarray:
    return values > LIMIT


class Rules:
    """Says whether the sum of a row is above a limit."""

    def predict(self, x):
        total = x.sum(axis=1)
        return {"high": above(total), "root": np.sqrt(np.abs(total)) * math.pi}


class Computed:
    def predict(self, x):
        return x * TABLE[0]


TABLE = [open(__file__).read().count("a")]
print("effects of the module")

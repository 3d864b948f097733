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


class Local:
    """Its parameters and locals are called as what the module computes."""

    def predict(self, computed):
        total = [each for each in computed]
        return np.stack(total) * LIMIT


computed = total = each = len(NAMES[0].upper())
TABLE = [open(__file__).read().count("a")]
print("effects of the module")

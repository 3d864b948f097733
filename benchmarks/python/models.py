"""Models of about 5 ms a row on one thread, made from a seed: the same each time. And one of rules, that takes nothing."""

import numpy as np


class Sklearn:
    """A random forest over 64 features. In process a caller asks for the probabilities; the service gives the label as well."""

    def __init__(self):
        from sklearn.ensemble import RandomForestClassifier

        random = np.random.default_rng(7)
        features = random.random((2000, 64))
        self.live = RandomForestClassifier(n_estimators=150, n_jobs=1, random_state=7).fit(features, features[:, :8].sum(axis=1).round())
        self.rows = [{"features": random.random((1, 64))} for _ in range(16)]
        self.example = {"features": random.random((2, 64))}
        self.output = "probabilities"

    def predict(self, inputs):
        return self.live.predict_proba(inputs["features"])


class Torch:
    """A small convolutional network over images of 3 × 64 × 64."""

    def __init__(self):
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(7)
        self._torch = torch

        def block(given, made, stride):
            return [torch.nn.Conv2d(given, made, 3, stride, 1), torch.nn.ReLU()]

        layers = [*block(3, 48, 1), *block(48, 96, 2), *block(96, 160, 1), *block(160, 160, 1), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(160, 10)]
        self.live = torch.jit.script(torch.nn.Sequential(*layers).eval())
        random = np.random.default_rng(7)
        self.rows = [{"input": random.random((1, 3, 64, 64), dtype=np.float32)} for _ in range(16)]
        self.example = {"input": random.random((2, 3, 64, 64), dtype=np.float32)}
        self.output = "output"

    def predict(self, inputs):
        with self._torch.inference_mode():
            return self.live(self._torch.from_numpy(inputs["input"])).numpy()


class Limit:
    """Rules without a framework."""

    def predict(self, x):
        return {"high": x.sum(axis=1) > 3}


class Rule:
    """A plain class."""

    def __init__(self):
        self.live = Limit
        self.example = {"x": np.ones((2, 4), np.float32)}


MODELS = {"rule": Rule, "sklearn": Sklearn, "torch": Torch}

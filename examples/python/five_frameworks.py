"""Handwritten digits told apart by PyTorch, ONNX, TensorFlow, Keras, scikit-learn and a plain class: six versions of one service.

    pip install 'lepton-ai[torch,keras,sklearn,onnx]' && python five_frameworks.py

Each version is saved from the live object, runs in a process of its own, and answers as the object does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from lepton_ai import Client, Deployer, ModelRepository

SERVICE = "digits"
WEIGHTS = {"torch": 25, "onnx": 15, "tensorflow": 15, "keras": 15, "sklearn": 20, "rules": 10}

#: How much ink each digit has on average: in its eight rows, then in its eight columns.
INK = np.array([
    [32, 51, 41, 36, 34, 37, 50, 37, 0, 20, 86, 60, 50, 74, 27, 0], [29, 41, 45, 46, 39, 36, 40, 38, 0, 5, 42, 93, 106, 56, 9, 2],
    [37, 50, 35, 24, 23, 28, 57, 60, 0, 15, 61, 84, 89, 45, 17, 3], [46, 51, 31, 31, 32, 26, 41, 49, 0, 9, 45, 63, 91, 80, 20, 0],
    [21, 29, 37, 50, 65, 57, 30, 22, 0, 21, 58, 76, 85, 51, 18, 1], [54, 47, 28, 45, 36, 23, 34, 38, 0, 20, 79, 78, 69, 49, 12, 0],
    [23, 29, 24, 30, 56, 52, 51, 45, 0, 9, 76, 90, 59, 49, 28, 1], [50, 53, 30, 41, 55, 34, 22, 20, 0, 6, 49, 83, 78, 63, 24, 2],
    [36, 49, 44, 44, 39, 39, 40, 39, 0, 9, 71, 87, 86, 66, 11, 0], [37, 49, 47, 56, 30, 19, 33, 42, 0, 9, 57, 62, 69, 86, 29, 0],
])  # fmt: skip


class Rules:
    """No learning: the digit whose rows and columns have about as much ink. `x`: FP32[n, 64], the pixels from 0 to 16."""

    def predict(self, x):
        images = x.reshape(-1, 8, 8)
        ink = np.concatenate([images.sum(axis=2), images.sum(axis=1)], axis=1)
        apart = np.square(ink[:, None, :] - INK).sum(axis=2)
        closeness = 1 / (1 + apart)
        return {"probabilities": closeness / closeness.sum(axis=1, keepdims=True)}


def torch_model(x: Any, y: Any) -> Any:
    """A small network in PyTorch."""
    import torch

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.Sequential(torch.nn.Linear(64, 48), torch.nn.ReLU(), torch.nn.Linear(48, 10))

        def forward(self, x):
            return {"probabilities": torch.softmax(self.layers(x / 16), dim=1)}

    torch.manual_seed(1)
    model, images, digits = Network(), torch.from_numpy(x), torch.from_numpy(y)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        loss = torch.nn.functional.cross_entropy(model.layers(images / 16), digits)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def tensorflow_model(x: Any, y: Any) -> Any:
    """Logistic regression as a tf.Module."""
    import tensorflow as tf

    class Regression(tf.Module):
        def __init__(self):
            super().__init__()
            self.weights, self.bias = tf.Variable(tf.zeros([64, 10])), tf.Variable(tf.zeros([10]))

        @tf.function(input_signature=[tf.TensorSpec([None, 64], tf.float32, "x")])
        def __call__(self, x):
            return {"probabilities": tf.nn.softmax(x / 16 @ self.weights + self.bias)}

        @tf.function
        def step(self, x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, x / 16 @ self.weights + self.bias))
            for variable, gradient in zip(self.trainable_variables, tape.gradient(loss, self.trainable_variables)):
                variable.assign_sub(2.0 * gradient)

    model = Regression()
    for _ in range(200):
        model.step(tf.constant(x), tf.constant(y))
    return model


def keras_model(x: Any, y: Any) -> Any:
    """A convolution in Keras."""
    import keras

    keras.utils.set_random_seed(1)
    pixels = keras.Input((64,), name="x")
    image = keras.layers.Reshape((8, 8, 1))(keras.layers.Rescaling(1 / 16)(pixels))
    hidden = keras.layers.Flatten()(keras.layers.Conv2D(8, 3, activation="relu")(image))
    model = keras.Model(pixels, {"probabilities": keras.layers.Dense(10, activation="softmax", name="probabilities")(hidden)})
    model.compile("adam", {"probabilities": "sparse_categorical_crossentropy"})
    model.fit(x, {"probabilities": y}, epochs=8, batch_size=32, verbose=0)
    return model


def sklearn_model(x: Any, y: Any) -> Any:
    """A forest in scikit-learn."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(40, random_state=1).fit(x, y)


def train(x: Any, y: Any) -> dict[str, Any]:
    """The live object of each version."""
    network = torch_model(x, y)
    return {"torch": network, "onnx": network, "tensorflow": tensorflow_model(x, y), "keras": keras_model(x, y), "sklearn": sklearn_model(x, y), "rules": Rules()}


def ask_live(version: str, model: Any) -> Callable[[Any], Any]:
    """What the object itself answers in this process: its probabilities, FP32 or FP64[n, 10]."""
    if version in ("torch", "onnx"):
        import torch

        return lambda x: model(torch.from_numpy(x))["probabilities"].detach().numpy()
    if version == "tensorflow":
        return lambda x: model(x)["probabilities"].numpy()
    if version == "keras":
        return lambda x: model.predict(x, verbose=0)["probabilities"]
    return model.predict_proba if version == "sklearn" else lambda x: model.predict(x)["probabilities"]


def publish(models: dict[str, Any], x: Any) -> None:
    """All versions into one repository and one service; requests without a version are split by weight."""
    repository, deployer = ModelRepository(SERVICE, create=True), Deployer("five-frameworks")
    for version, model in models.items():
        repository.save_model(model, version, example_inputs={"x": x[:3]}, format="onnx" if version == "onnx" else None)
        deployer.deploy_model(repository, version, service_name=SERVICE)
    deployer.set_traffic(SERVICE, WEIGHTS)


def main() -> None:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x = x.astype(np.float32)
    models = train(x[:1400], y[:1400])
    publish(models, x)
    unseen, truth = x[1400:], y[1400:]
    with Client() as client:
        print(f"\n{'version':<12}{'right':>8}{'furthest from the live object':>32}")
        for version, model in models.items():
            answer = client.infer(SERVICE, {"x": unseen}, version=version)["probabilities"]
            right = (answer.argmax(axis=1) == truth).mean()
            print(f"{version:<12}{right:>8.1%}{np.abs(answer - ask_live(version, model)(unseen)).max():>32.1e}")
        answered = Counter(client.infer(SERVICE, {"x": unseen[index : index + 1]}).version for index in range(300))
        print(f"\n300 requests that name no version: {', '.join(f'{version} {answered[version] / 3:.0f} % (weight {weight} %)' for version, weight in WEIGHTS.items())}\n")


if __name__ == "__main__":
    main()

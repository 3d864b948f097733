"""BentoML with one endpoint a model; its own JSON form."""
import bentoml
import numpy
from onnx_models import OnnxModel, model_files

_DTYPES = {"INT32": numpy.int32, "FP32": numpy.float32}


@bentoml.service(workers=1, traffic={"timeout": 60}, logging={"access": {"enabled": False}}, metrics={"enabled": False})
class Served:
    def __init__(self):
        self.models = {name: OnnxModel(name, file) for name, file in model_files().items()}

    @bentoml.api(route="/infer")
    def infer(self, model: str, inputs: dict) -> dict:
        onnx = self.models[model]
        feeds = {name: numpy.asarray(inputs[name], dtype=_DTYPES[datatype]) for name, datatype, _ in onnx.inputs}
        return {"outputs": [result.tolist() for result in onnx.run(feeds)]}

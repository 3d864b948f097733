"""LitServe with one API a model; its own JSON form."""
import litserve
import numpy
from onnx_models import OnnxModel, model_files, port

_DTYPES = {"INT32": numpy.int32, "FP32": numpy.float32}


class Served(litserve.LitAPI):
    def __init__(self, name, file):
        super().__init__(api_path=f"/{name}")
        self.model_name, self.file = name, file

    def setup(self, device):
        self.onnx = OnnxModel(self.model_name, self.file)

    def decode_request(self, request):
        return {name: numpy.asarray(request[name], dtype=_DTYPES[datatype]) for name, datatype, _ in self.onnx.inputs}

    def predict(self, feeds):
        return self.onnx.run(feeds)

    def encode_response(self, results):
        return {"outputs": [result.tolist() for result in results]}


if __name__ == "__main__":
    server = litserve.LitServer([Served(n, f) for n, f in model_files().items()], accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=port(), log_level="warning", access_log=False, generate_client_file=False)

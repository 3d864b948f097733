"""KServe's own server with one Model for each ONNX file; its REST v2 takes binary tensors."""
import sys

from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
from onnx_models import OnnxModel, model_files, port


class Served(Model):
    def __init__(self, name, file):
        super().__init__(name)
        self.onnx = OnnxModel(name, file)
        self.ready = True

    async def predict(self, payload: InferRequest, headers=None, response_headers=None):
        results = self.onnx.run({i.name: i.as_numpy() for i in payload.inputs})
        outputs = []
        for (name, datatype, _), result in zip(self.onnx.outputs, results):
            output = InferOutput(name=name, shape=list(result.shape), datatype=datatype)
            output.set_data_from_numpy(result, binary_data=payload.use_binary_outputs)
            outputs.append(output)
        return InferResponse(response_id=payload.id or "", model_name=self.name, infer_outputs=outputs, use_binary_outputs=payload.use_binary_outputs, requested_outputs=payload.request_outputs)


if __name__ == "__main__":
    sys.argv = [sys.argv[0], "--http_port", str(port()), "--enable_grpc", "false", "--workers", "1", "--enable_latency_logging", "false"]
    from kserve.model_server import parser

    arguments, _ = parser.parse_known_args()
    ModelServer(http_port=port(), enable_grpc=False, workers=1, access_log_format=None).start([Served(n, f) for n, f in model_files().items()])

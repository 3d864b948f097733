"""NVIDIA Triton through PyTriton: its Python proxy backend runs the models; HTTP v2 with binary tensors, and gRPC."""
import numpy
from onnx_models import OnnxModel, model_files, port
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

_DTYPES = {"INT32": numpy.int32, "FP32": numpy.float32}


def bind(triton, name, file):
    onnx = OnnxModel(name, file)

    def infer(requests):
        return [dict(zip(onnx.output_names, onnx.run(request.data))) for request in requests]

    def tensors(specs):
        return [Tensor(name=n, dtype=_DTYPES[datatype], shape=tuple(s if isinstance(s, int) else -1 for s in shape)) for n, datatype, shape in specs]

    triton.bind(model_name=name, infer_func=infer, inputs=tensors(onnx.inputs), outputs=tensors(onnx.outputs), config=ModelConfig(batching=False))


if __name__ == "__main__":
    config = TritonConfig(http_port=port(), grpc_port=port("GRPC_PORT"), metrics_port=port("METRICS_PORT"), http_address="127.0.0.1", grpc_address="127.0.0.1", log_verbose=0)
    with Triton(config=config) as triton:
        for model, path in model_files().items():
            bind(triton, model, path)
        triton.serve()

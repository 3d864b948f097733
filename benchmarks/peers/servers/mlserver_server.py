"""MLServer with one model a file, run in its own process (parallel_workers 0): its fastest way for models this small."""
import asyncio
import logging

import numpy
from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import NumpyCodec
from mlserver.settings import ModelParameters
from mlserver.types import InferenceResponse
from onnx_models import OnnxModel, model_files, port


class Served(MLModel):
    async def load(self):
        self.onnx = OnnxModel(self.name, self.settings.parameters.uri)
        return True

    async def predict(self, payload):
        feeds = {i.name: NumpyCodec.decode_input(i) for i in payload.inputs}
        results = self.onnx.run(feeds)
        outputs = [NumpyCodec.encode_output(name, numpy.asarray(result)) for name, result in zip(self.onnx.output_names, results)]
        return InferenceResponse(model_name=self.name, outputs=outputs)


async def main():
    settings = Settings(host="127.0.0.1", http_port=port(), grpc_port=port("GRPC_PORT"), metrics_port=port("METRICS_PORT"), parallel_workers=0, debug=False, use_structured_logging=False)
    logging.getLogger("uvicorn.access").disabled = True
    server = MLServer(settings)
    models = [ModelSettings(name=n, implementation=Served, parameters=ModelParameters(uri=f)) for n, f in model_files().items()]
    await server.start(models)


if __name__ == "__main__":
    asyncio.run(main())

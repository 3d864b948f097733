"""What every peer serves: the same files with the same onnxruntime options, one thread each."""
import json
import os

import onnxruntime

_TYPES = {"tensor(int32)": "INT32", "tensor(float)": "FP32"}


class OnnxModel:
    def __init__(self, name, file):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        self.name = name
        self.session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self.inputs = [(i.name, _TYPES[i.type], i.shape) for i in self.session.get_inputs()]
        self.outputs = [(o.name, _TYPES[o.type], o.shape) for o in self.session.get_outputs()]
        self.output_names = [name for name, _, _ in self.outputs]

    def run(self, feeds):
        return self.session.run(self.output_names, feeds)


def model_files():
    """Name of each model to its file, as the benchmark says."""
    return json.loads(os.environ["BENCH_MODELS"])


def port(name="PORT"):
    return int(os.environ[f"BENCH_{name}"])

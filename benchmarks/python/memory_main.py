"""An interpreter that has imported the framework, loaded the model and asked it once, and nothing else: memory_main.py NAME FILE

Rules have no framework: the interpreter alone.
"""

import sys

name, file = sys.argv[1:]
if name == "sklearn":
    import joblib
    import numpy as np

    model = joblib.load(file)
    model.predict_proba(np.zeros((1, model.n_features_in_)))
elif name == "torch":
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    model = torch.jit.load(file).eval()
    with torch.inference_mode():
        model(torch.zeros(1, 3, 64, 64))
print("ready", flush=True)
sys.stdin.read()

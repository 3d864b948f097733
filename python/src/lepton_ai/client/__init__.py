"""Clients of the Open Inference Protocol: numpy in, numpy out, over HTTP with binary tensors or gRPC.

`lepton_ai.Client` and `lepton_ai.AsyncClient`; each is imported when it is used.
"""

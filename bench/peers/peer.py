"""The interface of a peer: one class an engine, one process an instance.

Answers for: what `worker.py` may call, the job it is given, and where each peer's class lives.
"""
import importlib
from dataclasses import dataclass


class Skip(Exception):
    """This peer cannot run here; the message says what is missing and how to get it."""


@dataclass(frozen=True)
class Job:
    """What a peer computes.

    model    a network of networks.MODELS, or "aggregation" (K=7, stride 1, 16 channels a group)
    threads  threads it may use
    weights  safetensors file with the checkpoint (networks)
    onnx     the network as an ONNX file
    plain    shared library of plain.cpp
    inputs   list of tuples of float32 arrays: (x,) [B,C,H,W], or (x, kernels [B,G*49,H,W])
    """
    model: str
    threads: int
    weights: str
    onnx: str
    plain: str
    inputs: list


class Peer:
    """prepare() loads and compiles; afterwards run(i) answers input i of the job as an array
    [B,1000] or [B,C,H,W] (torch and NumPy arrays alike), with all work done on return."""
    precision = "f32"
    packages = ()  # distributions whose versions and sizes are reported

    def __init__(self, job):
        self.job = job

    def prepare(self):
        raise NotImplementedError

    def run(self, index):
        raise NotImplementedError


# Name -> module, class, options of the class, the tasks it has a form for, and what it is.
PEERS = {
    "torch-published": ("peer_torch", "Published", {}, ("rednet", "aggregation"),
                        "PyTorch eager, the published code: unfold, multiply, sum; NCHW"),
    "torch-published-nhwc": ("peer_torch", "Published", {"channels_last": True}, ("rednet",),
                             "the same, channels last"),
    "torch-eager": ("peer_torch", "Shifted", {}, ("rednet", "resnet", "aggregation"),
                    "PyTorch eager, batch norm folded, channels last, 49 shifted products"),
    "torch-compile": ("peer_torch", "Compiled", {}, ("rednet", "resnet", "aggregation"),
                      "the same by torch.compile (inductor, freezing)"),
    "torch-plain": ("peer_torch", "CompiledAroundPlain", {}, ("rednet",),
                    "torch.compile with freezing around the aggregation of plain.cpp"),
    "onnxruntime": ("peer_onnxruntime", "OnnxRuntime", {}, ("rednet", "resnet"),
                    "ONNX Runtime, all graph optimisations, 49 shifted products"),
    "openvino": ("peer_openvino", "OpenVino", {}, ("rednet", "resnet"),
                 "OpenVINO in f32, latency hint, 49 shifted products"),
    "openvino-default": ("peer_openvino", "OpenVino", {"default": True}, ("rednet", "resnet"),
                         "OpenVINO with the precision it chooses by itself"),
    "ncnn": ("peer_ncnn", "Ncnn", {}, ("resnet",), "ncnn in f32, Winograd and packed layouts"),
    "plain": ("peer_plain", "Plain", {}, ("aggregation",),
              "plain C++ loops and OpenMP, -O3 -march=native (plain.cpp)"),
}


def suits(name, model):
    """Whether a peer has a form for a network or for "aggregation"."""
    return model.rstrip("0123456789") in PEERS[name][3]


def create(name, job):
    """The peer `name`, or Skip with what is missing."""
    module, cls, options, _, _ = PEERS[name]
    try:
        return getattr(importlib.import_module(module), cls)(job, **options)
    except ModuleNotFoundError as error:
        raise Skip(f"Python package '{error.name}' is not installed: "
                   "pip install -r requirements-peers.txt") from error

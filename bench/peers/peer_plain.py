"""The plain C++ aggregation as a peer: alone, and as an operator inside PyTorch.

Answers for: loading the shared library of plain.cpp and calling it on NumPy and torch memory.
"""
import ctypes
from pathlib import Path

import numpy as np

from peer import Peer, Skip

HOW = "cmake --build --preset release --target involute_peer_plain"


def load(path):
    if not Path(path).is_file():
        raise Skip(f"the library of plain.cpp, {Path(path).name}, is not built: {HOW}")
    function = ctypes.CDLL(path).involute_peer_aggregate
    function.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_int] * 7
    return function


class Plain(Peer):
    packages = ()

    def prepare(self):
        self.function = load(self.job.plain)
        self.inputs = [tuple(np.ascontiguousarray(value.transpose(0, 2, 3, 1))
                             for value in values) for values in self.job.inputs]
        self.out = np.empty_like(self.inputs[0][0])

    def run(self, index):
        x, kernels = self.inputs[index]
        if self.function(x.ctypes.data, kernels.ctypes.data, self.out.ctypes.data, *x.shape, 7, 1,
                         self.job.threads):
            raise ValueError(f"plain.cpp cannot take the shape {x.shape}")
        return self.out.transpose(0, 3, 1, 2)


def torch_operator(path):
    """An aggregate(x, kernels, size, stride) for peer_torch.Network, opaque to torch.compile."""
    import torch
    # One OpenMP runtime: PyTorch brings its own copy, whose symbols the library shall find first.
    for file in Path(torch.__file__).parent.rglob("libgomp*"):
        ctypes.CDLL(str(file), mode=ctypes.RTLD_GLOBAL)
    function = load(path)
    last = torch.channels_last

    def compute(x, kernels, size: int, stride: int):
        x = x.contiguous(memory_format=last)
        kernels = kernels.contiguous(memory_format=last)
        out = like(x, kernels, size, stride)
        if function(x.data_ptr(), kernels.data_ptr(), out.data_ptr(), x.shape[0], x.shape[2],
                    x.shape[3], x.shape[1], size, stride, torch.get_num_threads()):
            raise ValueError(f"plain.cpp cannot take the shape {tuple(x.shape)}")
        return out

    def like(x, kernels, size: int, stride: int):
        return torch.empty((x.shape[0], x.shape[1], *kernels.shape[2:]), dtype=x.dtype,
                           memory_format=last)

    library = torch.library.Library("involute_peer", "DEF")
    library.define("aggregate(Tensor x, Tensor kernels, int size, int stride) -> Tensor")
    library.impl("aggregate", compute, "CPU")
    torch.library.register_fake("involute_peer::aggregate", like, lib=library)
    compute.library = library  # lives as long as the operator
    return torch.ops.involute_peer.aggregate

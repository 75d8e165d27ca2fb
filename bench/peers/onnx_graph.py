"""Writes a network as an ONNX file for the engines that read one.

Answers for: the graph and its form of involution. ONNX has no unfold, and what PyTorch exports in
its place gathers a tensor 49 times as large, so involution is written as shifted products: the
padded input and the kernels cut tap by tap, multiplied and added. The rows of the layer that
makes the kernels are put tap by tap beforehand, so that a tap's kernels lie together in memory.
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import networks


class Graph:
    """Nodes and constants of a graph under way; values have names."""

    def __init__(self):
        self.nodes, self.constants, self.seen = [], [], {}

    def node(self, kind, inputs, out=None, outputs=None, **attributes):
        outputs = outputs or [out or f"n{len(self.nodes)}"]
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs[0] if len(outputs) == 1 else outputs

    def constant(self, value):
        """The name of a constant; small equal ones (there are thousands) share it."""
        key = (value.dtype.str, value.shape, value.tobytes()) if value.size < 64 else None
        name = self.seen.get(key) or f"c{len(self.constants)}"
        if name == f"c{len(self.constants)}":
            self.constants.append(numpy_helper.from_array(value, name))
        if key:
            self.seen[key] = name
        return name

    def floats(self, value):
        return self.constant(np.ascontiguousarray(value, np.float32))

    def integers(self, *values):
        return self.constant(np.array(values, np.int64))


def write(path, model, weights, shape):
    """The network with batch norm folded, for inputs of exactly `shape` [B,3,H,W]."""
    graph, sizes = Graph(), {"input": tuple(shape[2:])}
    steps = networks.layers(model)
    taps_of = {step.inputs[1]: step.kernel ** 2 for step in steps if step.kind == "aggregate"}
    for step in steps:
        height, width = sizes[step.inputs[0]] if step.kind != "dense" else (1, 1)
        size = sizes[step.out] = tuple((n - 1) // step.stride + 1 for n in (height, width))
        final = f"{step.out}_sum" if step.relu else step.out
        if step.kind in ("conv", "dense"):
            weight, bias = networks.folded(step, weights)
            if step.out in taps_of:
                order = np.arange(step.cout).reshape(-1, taps_of[step.out]).T.reshape(-1)
                weight, bias = weight[order], bias[order]
            inputs = [*step.inputs, graph.floats(weight), graph.floats(bias)]
            if step.kind == "dense":
                graph.node("Gemm", inputs, final, transB=1)
            else:
                graph.node("Conv", inputs, final, kernel_shape=[step.kernel] * 2,
                           strides=[step.stride] * 2, pads=[step.kernel // 2] * 4)
        elif step.kind == "aggregate":
            scale, shift = networks.affine(step, weights)
            total = _shifted(graph, step, shape[0], (height, width), size)
            total = graph.node("Mul", [total, graph.floats(scale[:, None, None])])
            graph.node("Add", [total, graph.floats(shift[:, None, None])], final)
        elif step.kind == "add":
            graph.node("Add", step.inputs, final)
        elif step.kind == "global_pool":
            graph.node("Flatten", [graph.node("GlobalAveragePool", step.inputs)], final)
        elif step.kind == "max_pool":
            graph.node("MaxPool", step.inputs, final, kernel_shape=[3, 3],
                       strides=[step.stride] * 2, pads=[1] * 4)
        else:
            graph.node("AveragePool", step.inputs, final, kernel_shape=[step.kernel] * 2,
                       strides=[step.stride] * 2, ceil_mode=1, count_include_pad=0)
        if step.relu:
            graph.node("Relu", [final], step.out)
    described = [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
                 for name, dims in (("input", list(shape)),
                                    ("logits", [shape[0], networks.CLASSES]))]
    proto = helper.make_model(
        helper.make_graph(graph.nodes, model, described[:1], described[1:], graph.constants),
        opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(proto, full_check=True)
    onnx.save(proto, path)


def _shifted(graph, step, batch, before, after):
    """The sum over taps of the shifted input times the kernels of the tap."""
    (height, width), reach = before, step.kernel // 2
    x, kernels = step.inputs
    groups = step.cin // networks.GROUP_CHANNELS
    padded = graph.node("Pad", [x, graph.integers(0, 0, reach, reach, 0, 0, reach, reach)])
    padded = graph.node("Reshape", [padded, graph.integers(
        batch, groups, networks.GROUP_CHANNELS, height + 2 * reach, width + 2 * reach)])
    kernels = graph.node("Reshape", [kernels, graph.integers(
        batch, step.kernel ** 2 * groups, 1, *after)])
    parts = graph.node("Split", [kernels], axis=1, num_outputs=step.kernel ** 2,
                       outputs=[f"{step.out}_k{tap}" for tap in range(step.kernel ** 2)])
    total = None
    for ky in range(step.kernel):
        for kx in range(step.kernel):
            view = graph.node("Slice", [padded, graph.integers(ky, kx),
                                        graph.integers(ky + height, kx + width),
                                        graph.integers(3, 4),
                                        graph.integers(step.stride, step.stride)])
            product = graph.node("Mul", [view, parts[ky * step.kernel + kx]])
            total = product if total is None else graph.node("Add", [total, product])
    return graph.node("Reshape", [total, graph.integers(batch, step.cin, *after)])

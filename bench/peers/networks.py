"""RedNet and ResNet as flat lists of layers, and their weights by the portable rule.

Answers for: the one description from which every peer builds its network (NumPy, ONNX, PyTorch,
ncnn), with batch norm folded in float64, and for the safetensors files that pass between the
processes. Needs NumPy alone; the names are those of the official checkpoints.
"""
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "reference"))
import portable_weights  # noqa: E402

DEPTHS = {26: (1, 2, 4, 1), 38: (2, 3, 5, 2), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3),
          152: (3, 8, 36, 3)}
MODELS = [f"{kind}{depth}" for kind in ("rednet", "resnet") for depth in DEPTHS]
GROUP_CHANNELS, REDUCTION, CLASSES, EPSILON = 16, 4, 1000, 1e-5


@dataclass(frozen=True)
class Layer:
    """One step: reads the values `inputs`, writes the value `out`.

    conv, dense     weights `name`, folded with batch norm `norm` (none: a bias of its own)
    aggregate       inputs x, kernels; then scale and shift of `norm`, if it has one
    max_pool, avg_pool, add, global_pool
    """
    kind: str
    out: str
    inputs: tuple
    name: str = ""
    norm: str = ""
    cin: int = 0
    cout: int = 0
    kernel: int = 1
    stride: int = 1
    relu: bool = False


def layers(model):
    """The layers of a network, from the value "input" [B,3,H,W] to "logits" [B,1000]."""
    if model not in MODELS:
        raise ValueError(f"no network is called '{model}'; there are {', '.join(MODELS)}")
    involution, steps = model.startswith("rednet"), []

    def add(kind, *inputs, **fields):
        steps.append(Layer(kind, f"v{len(steps)}", inputs, **fields))
        return steps[-1].out

    def involve(x, name, channels, kernel, stride, norm):
        """Kernel generation, then aggregation with the batch norm and ReLU that follow it."""
        hidden, rows = channels // REDUCTION, kernel ** 2 * channels // GROUP_CHANNELS
        pooled = add("avg_pool", x, kernel=stride, stride=stride) if stride > 1 else x
        kernels = add("conv", pooled, name=f"{name}.conv1.conv", norm=f"{name}.conv1.bn",
                      cin=channels, cout=hidden, relu=True)
        kernels = add("conv", kernels, name=f"{name}.conv2.conv", cin=hidden, cout=rows)
        return add("aggregate", x, kernels, norm=norm, cin=channels, cout=channels,
                   kernel=kernel, stride=stride, relu=True)

    if involution:
        prefix = "backbone."
        x = add("conv", "input", name="backbone.stem.0.conv", norm="backbone.stem.0.bn", cin=3,
                cout=32, kernel=3, stride=2, relu=True)
        x = involve(x, "backbone.stem.1", 32, 3, 1, "backbone.stem.2")
        x = add("conv", x, name="backbone.stem.4.conv", norm="backbone.stem.4.bn", cin=32,
                cout=64, kernel=3, relu=True)
    else:
        prefix = ""
        x = add("conv", "input", name="conv1", norm="bn1", cin=3, cout=64, kernel=7, stride=2,
                relu=True)
    x = add("max_pool", x, kernel=3, stride=2)
    cin = 64
    for stage, blocks in enumerate(DEPTHS[int(model[6:])]):
        mid = 64 << stage
        for block in range(blocks):
            name = f"{prefix}layer{stage + 1}.{block}"
            stride = 2 if stage > 0 and block == 0 else 1
            y = add("conv", x, name=f"{name}.conv1", norm=f"{name}.bn1", cin=cin, cout=mid,
                    relu=True)
            if involution:
                y = involve(y, f"{name}.conv2", mid, 7, stride, f"{name}.bn2")
            else:
                y = add("conv", y, name=f"{name}.conv2", norm=f"{name}.bn2", cin=mid, cout=mid,
                        kernel=3, stride=stride, relu=True)
            y = add("conv", y, name=f"{name}.conv3", norm=f"{name}.bn3", cin=mid, cout=4 * mid)
            if block == 0:
                x = add("conv", x, name=f"{name}.downsample.0", norm=f"{name}.downsample.1",
                        cin=cin, cout=4 * mid, stride=stride)
            x = add("add", y, x, relu=True)
            cin = 4 * mid
    x = add("global_pool", x)
    name = "head.fc" if involution else "fc"
    steps.append(Layer("dense", "logits", (x,), name=name, cin=cin, cout=CLASSES))
    return steps


def shapes(model):
    """Name -> shape of every weight in the checkpoint of a network."""
    result = {}
    for step in layers(model):
        if step.kind == "conv":
            result[step.name + ".weight"] = (step.cout, step.cin, step.kernel, step.kernel)
        if step.kind == "dense":
            result[step.name + ".weight"] = (step.cout, step.cin)
        if step.name and not step.norm:
            result[step.name + ".bias"] = (step.cout,)
        if step.norm:
            for field in ("weight", "bias", "running_mean", "running_var"):
                result[f"{step.norm}.{field}"] = (step.cout,)
    return result


def synthetic(model, seed=0):
    """The weights that involute calls synthetic:SEED."""
    every = shapes(model)
    return {name: portable_weights.tensor(name, shape, seed,
                                          *portable_weights.spread(name, every))
            for name, shape in every.items()}


def affine(step, weights):
    """Scale and shift [C] (float64) of a layer's batch norm."""
    weight, bias, mean, variance = (
        weights[f"{step.norm}.{field}"].astype(np.float64)
        for field in ("weight", "bias", "running_mean", "running_var"))
    scale = weight / np.sqrt(variance + EPSILON)
    return scale, bias - mean * scale


def folded(step, weights):
    """Weight and bias (float64) of a conv or dense layer, with its batch norm folded in."""
    weight = weights[step.name + ".weight"].astype(np.float64)
    if not step.norm:
        return weight, weights[step.name + ".bias"].astype(np.float64)
    scale, shift = affine(step, weights)
    return weight * scale[:, None, None, None], shift


def reference(model, weights, x):
    """Logits [B,1000] in float64: the yardstick of every peer."""
    values = {"input": x.astype(np.float64)}
    for step in layers(model):
        inputs = [values[name] for name in step.inputs]
        if step.kind in ("conv", "dense"):
            weight, bias = folded(step, weights)
            y = inputs[0] @ weight.T + bias if step.kind == "dense" else _conv(
                inputs[0], weight, bias, step.stride)
        elif step.kind == "aggregate":
            y = aggregate(*inputs, step.kernel, step.stride)
            if step.norm:
                scale, shift = affine(step, weights)
                y = y * scale[:, None, None] + shift[:, None, None]
        elif step.kind == "add":
            y = inputs[0] + inputs[1]
        elif step.kind == "global_pool":
            y = inputs[0].mean((2, 3))
        elif step.kind == "max_pool":
            y = np.max(list(_taps(inputs[0], 3, step.stride, -np.inf)), axis=0)
        else:
            y = _avg_pool(inputs[0], step.stride)
        values[step.out] = np.maximum(y, 0) if step.relu else y
    return values["logits"]


def aggregate(x, kernels, size, stride=1):
    """x [B,C,H,W], kernels [B,G*K*K,Ho,Wo] -> [B,C,Ho,Wo]: the aggregation of involution."""
    batch, channels = x.shape[:2]
    groups = channels // GROUP_CHANNELS
    kernels = kernels.reshape(batch, groups, size * size, 1, *kernels.shape[2:])
    out = 0.0
    for tap, shifted in enumerate(_taps(x, size, stride)):
        out = out + kernels[:, :, tap] * shifted.reshape(batch, groups, -1, *shifted.shape[2:])
    return out.reshape(batch, channels, *out.shape[3:])


def _taps(x, size, stride, border=0.0):
    """The size*size shifted views of x that a window reads, row by row."""
    reach, (height, width) = size // 2, x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (reach, reach), (reach, reach)), constant_values=border)
    for ky in range(size):
        for kx in range(size):
            yield padded[:, :, ky:ky + height:stride, kx:kx + width:stride]


def _conv(x, weight, bias, stride):
    out = bias[:, None]
    for tap, shifted in enumerate(_taps(x, weight.shape[2], stride)):
        matrix = weight.reshape(*weight.shape[:2], -1)[:, :, tap]
        out = out + matrix @ shifted.reshape(*shifted.shape[:2], -1)
    return out.reshape(*out.shape[:2], *shifted.shape[2:])


def _avg_pool(x, stride):
    """Windows that the border cuts average the values they have."""
    def sums(values):
        padded = np.pad(values, [(0, 0), (0, 0)] + [(0, -size % stride) for size in x.shape[2:]])
        return sum(padded[:, :, dy::stride, dx::stride]
                   for dy in range(stride) for dx in range(stride))

    return sums(x) / sums(np.ones((1, 1, *x.shape[2:])))


def write_tensors(path, tensors):
    """A safetensors file of float32 arrays."""
    header, offset = {}, 0
    for name, value in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(value.shape),
                        "data_offsets": [offset, offset + 4 * value.size]}
        offset += 4 * value.size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for value in tensors.values():
            file.write(np.ascontiguousarray(value, "<f4").tobytes())


def read_tensors(path):
    """The float32 arrays of a safetensors file, mapped, not read."""
    data = np.memmap(path, np.uint8, "r")
    length = int.from_bytes(data[:8].tobytes(), "little")
    header = json.loads(data[8:8 + length].tobytes())
    header.pop("__metadata__", None)
    result = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            raise ValueError(f"{path}: tensor '{name}' is {entry['dtype']}, expected F32")
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        result[name] = data[begin:end].view("<f4").reshape(entry["shape"])
    return result

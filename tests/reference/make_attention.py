"""Writes attention.safetensors, cases of local self-attention; see README.md. Run: python make_attention.py

Computed in float64 from float32 inputs and rounded once. Two formulations that know nothing of the kernels here must
agree: sums over an unfolded window, and torch's scaled_dot_product_attention with one query and K*K keys a pixel.
"""
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import portable_weights as portable

HERE = Path(__file__).parent
# name, channels, K, dilation, group_channels (width of a head), H, W, batch, bias
CASES = [
    ("k3", 32, 3, 1, 16, 5, 6, 1, True),
    ("k7", 32, 7, 1, 16, 7, 8, 1, True),
    ("k5_odd_sizes", 16, 5, 1, 8, 7, 5, 2, True),
    ("heads_of_1", 6, 3, 1, 1, 4, 5, 2, True),
    ("heads_of_32", 32, 3, 1, 32, 6, 4, 1, True),
    ("smaller_than_kernel", 16, 7, 1, 4, 2, 3, 2, True),
    ("one_pixel", 12, 5, 1, 6, 1, 1, 3, True),
    ("dilation2", 20, 3, 2, 5, 7, 6, 1, True),
    ("dilation3_no_bias", 16, 5, 3, 16, 6, 9, 1, False),
    ("heads_of_3_no_bias", 9, 7, 1, 3, 3, 11, 1, False),
]


def windows(x, heads, kernel, dilation):
    """[B,C,H,W] -> [B, heads, C/heads, K*K, H*W], zeros beyond the border."""
    unfolded = F.unfold(x, kernel, dilation, dilation * (kernel - 1) // 2)
    return unfolded.view(x.shape[0], heads, x.shape[1] // heads, kernel * kernel, -1)


def by_sums(query, key, value, heads, kernel, dilation):
    """Returns the weights [B, heads, K*K, H*W] and the output [B,C,H,W]."""
    width = query.shape[1] // heads
    queries = query.view(query.shape[0], heads, width, 1, -1)
    scores = (queries * windows(key, heads, kernel, dilation)).sum(2) / width ** 0.5
    weights = scores.softmax(2)
    output = (weights.unsqueeze(2) * windows(value, heads, kernel, dilation)).sum(3)
    return weights, output.reshape(query.shape)


def by_torch(query, key, value, heads, kernel, dilation):
    """Every pixel is a sequence of one query: [B, heads, H*W, 1 or K*K, width]."""
    queries = query.view(query.shape[0], heads, query.shape[1] // heads, 1, -1).permute(0, 1, 4, 3, 2)
    keys, values = (windows(x, heads, kernel, dilation).permute(0, 1, 4, 3, 2) for x in (key, value))
    output = F.scaled_dot_product_attention(queries, keys, values)
    return output.permute(0, 1, 4, 3, 2).reshape(query.shape)


def attention_case(name, channels, kernel, dilation, group_channels, height, width, batch, bias):
    shapes = {}
    for part in ("query", "key", "value"):
        shapes[f"{part}.weight"] = (channels, channels, 1, 1)
        if bias:
            shapes[f"{part}.bias"] = (channels,)
    tensors = {key: torch.from_numpy(portable.tensor(f"{name}/{key}", shape, 0, *portable.spread(key, shapes)))
               for key, shape in shapes.items()}
    x = torch.from_numpy(portable.tensor(f"{name}/input", (batch, channels, height, width), 0, 0.0, 2.0))
    tensors["input"] = x

    def project(part):
        return F.conv2d(x.double(), tensors[f"{part}.weight"].double(), tensors[f"{part}.bias"].double() if bias else None)

    heads = channels // group_channels
    operands = project("query"), project("key"), project("value"), heads, kernel, dilation
    weights, output = by_sums(*operands)
    difference = (output - by_torch(*operands)).abs().max().item()
    assert difference < 1e-13, (name, difference)
    print(f"{name}: the two formulations differ by {difference:.1e}")
    tensors["kernels"] = weights.reshape(batch, heads, kernel * kernel, height, width).float()
    tensors["output"] = output.float()
    config = {"kind": "local_attention", "channels": channels, "kernel": kernel, "dilation": dilation,
              "group_channels": group_channels, "height": height, "width": width, "batch": batch, "bias": bias}
    return {f"{name}/{key}": value.contiguous() for key, value in tensors.items()}, config


def main():
    tensors, configs = {}, {}
    for case in CASES:
        values, configs[case[0]] = attention_case(*case)
        tensors.update(values)
    save_file(tensors, HERE / "attention.safetensors", {"cases": json.dumps(configs)})


if __name__ == "__main__":
    main()

"""PyTorch as a peer: the published code, and the networks rewritten as an expert would.

Answers for: the published involution (unfold, multiply, sum) in the modules of
rednet_reference.py; the rewriting (batch norm folded, channels last, one multiply-add a tap over
shifted views, no unfolded tensor), eager and by torch.compile; and the same with the hand-written
aggregation of plain.cpp in the place of the taps.
"""
import warnings

import torch
import torch.nn.functional as F
from torch import nn

import networks
from peer import Peer

import rednet_reference  # on the path by networks


def unfolded(x, kernels, size, stride):
    """The published aggregation: x [B,C,H,W], kernels [B,G*K*K,Ho,Wo]."""
    batch, channels = x.shape[:2]
    groups, (height, width) = channels // networks.GROUP_CHANNELS, kernels.shape[2:]
    weight = kernels.view(batch, groups, size ** 2, height, width).unsqueeze(2)
    columns = F.unfold(x, size, padding=size // 2, stride=stride)
    columns = columns.view(batch, groups, networks.GROUP_CHANNELS, size ** 2, height, width)
    return (weight * columns).sum(dim=3).view(batch, channels, height, width)


def shifted(x, kernels, size, stride):
    """The same as size*size multiply-adds of shifted views; channels last in memory."""
    batch, channels, height, width = x.shape
    out_h, out_w = kernels.shape[2:]
    groups, reach = channels // networks.GROUP_CHANNELS, size // 2
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, reach, reach, reach, reach))
    padded = padded.view(batch, height + 2 * reach, width + 2 * reach, groups, -1)
    weight = kernels.permute(0, 2, 3, 1).reshape(batch, out_h, out_w, groups, size ** 2, 1)
    out = None
    for ky in range(size):
        for kx in range(size):
            view = padded[:, ky:ky + height:stride, kx:kx + width:stride]
            factor = weight[..., ky * size + kx, :]
            if out is None:
                out = view * factor
            elif torch.compiler.is_compiling():  # the compiler fuses these; eager would not
                out = out + view * factor
            else:
                out = torch.addcmul(out, view, factor)
    return out.reshape(batch, out_h, out_w, channels).permute(0, 3, 1, 2)


class Network(nn.Module):
    """networks.layers() in PyTorch: folded weights as parameters, channels last."""

    def __init__(self, model, weights, aggregate):
        super().__init__()
        self.steps, self.aggregate = networks.layers(model), aggregate
        for step in self.steps:
            if step.kind in ("conv", "dense"):
                pair = networks.folded(step, weights)
            elif step.norm:
                pair = [value[:, None, None] for value in networks.affine(step, weights)]
            else:
                continue
            for field, value in zip("wb", pair):
                value = torch.from_numpy(value).float()
                if value.ndim == 4:
                    value = value.contiguous(memory_format=torch.channels_last)
                self.register_parameter(f"{step.out}_{field}", nn.Parameter(value, False))

    def forward(self, x):
        values = {"input": x}
        for step in self.steps:
            inputs = [values[name] for name in step.inputs]
            y = self.step(step, *inputs)
            values[step.out] = F.relu(y) if step.relu else y
        return values["logits"]

    def step(self, step, x, other=None):
        if step.kind in ("conv", "dense"):
            weight, bias = getattr(self, step.out + "_w"), getattr(self, step.out + "_b")
            if step.kind == "dense":
                return F.linear(x, weight, bias)
            return F.conv2d(x, weight, bias, step.stride, step.kernel // 2)
        if step.kind == "aggregate":
            y = self.aggregate(x, other, step.kernel, step.stride)
            return y * getattr(self, step.out + "_w") + getattr(self, step.out + "_b")
        if step.kind == "add":
            return x + other
        if step.kind == "global_pool":
            return x.mean((2, 3))
        if step.kind == "max_pool":
            return F.max_pool2d(x, 3, step.stride, 1)
        return F.avg_pool2d(x, step.stride, step.stride, ceil_mode=True, count_include_pad=False)


class Torch(Peer):
    packages = ("torch",)
    channels_last = True

    def prepare(self):
        torch.set_num_threads(self.job.threads)
        torch.set_grad_enabled(False)
        self.call = self.build()
        memory_format = torch.channels_last if self.channels_last else torch.contiguous_format
        self.inputs = [tuple(torch.from_numpy(value).contiguous(memory_format=memory_format)
                             for value in values) for values in self.job.inputs]

    def run(self, index):
        with torch.inference_mode():
            return self.call(*self.inputs[index])


def published(model):
    """The network with the published form of the aggregation; weights at random."""
    def forward(layer, x):
        kernels = layer.kernels(x).flatten(1, 2)
        return unfolded(x, kernels, layer.kernel_size, layer.stride)

    rednet_reference.Involution.forward = forward
    return rednet_reference.build(model)


class Published(Torch):
    def __init__(self, job, channels_last=False):
        super().__init__(job)
        self.channels_last = channels_last

    def build(self):
        if self.job.model == "aggregation":
            return lambda x, kernels: unfolded(x, kernels, 7, 1)
        model = published(self.job.model)
        arrays = networks.read_tensors(self.job.weights)
        state = {name: torch.from_numpy(value.copy()) for name, value in arrays.items()}
        missing = model.load_state_dict(state, strict=False)
        wrong = [name for name in missing.missing_keys if not name.endswith("_tracked")]
        if wrong or missing.unexpected_keys:
            raise ValueError(f"weights lack {wrong} or hold {missing.unexpected_keys}")
        if self.channels_last:
            model = model.to(memory_format=torch.channels_last)
        return model


class Shifted(Torch):
    aggregate = staticmethod(shifted)

    def build(self):
        if self.job.model == "aggregation":
            return lambda x, kernels: self.aggregate(x, kernels, 7, 1)
        weights = networks.read_tensors(self.job.weights)
        return Network(self.job.model, weights, self.aggregate).eval()


class Compiled(Shifted):
    def build(self):
        import torch._inductor.config as config
        config.freezing = True
        config.cpp.enable_floating_point_contract_flag = "fast"  # fused multiply-adds
        config.force_disable_caches = True  # compile times are of a first start
        warnings.filterwarnings("ignore", category=UserWarning)
        return torch.compile(super().build(), dynamic=False)


class CompiledAroundPlain(Compiled):
    def build(self):
        import peer_plain
        self.aggregate = peer_plain.torch_operator(self.job.plain)
        return super().build()

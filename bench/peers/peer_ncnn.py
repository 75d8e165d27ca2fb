"""ncnn as a peer, for ResNet only: its layers have no form of involution.

Answers for: writing the network as ncnn's param and bin files (batch norm and ReLU folded into the
convolutions, as its converter does) and for its options: f32 throughout.
"""
import tempfile
from collections import Counter
from pathlib import Path

import ncnn
import numpy as np

import networks
from peer import Peer, Skip


def write(folder, model, weights):
    """network.param and network.bin in `folder`."""
    steps, lines, blobs = networks.layers(model), [], {"input"}
    uses = Counter(name for step in steps for name in step.inputs)
    taken = Counter()

    def layer(kind, inputs, outputs, *options):
        lines.append(" ".join([kind, f"l{len(lines)}", str(len(inputs)), str(len(outputs)),
                               *inputs, *outputs, *options]))
        blobs.update(outputs)

    def source(name):
        """The blob to read: one of its copies if a value is read more than once."""
        taken[name] += 1
        return f"{name}_{taken[name]}" if uses[name] > 1 else name

    layer("Input", [], ["input"])
    with open(folder / "network.bin", "wb") as data:
        for step in steps:
            inputs, options = [source(name) for name in step.inputs], []
            if step.kind in ("conv", "dense"):
                weight, bias = networks.folded(step, weights)
                data.write(b"\0\0\0\0")  # float32 follows
                data.write(weight.astype("<f4").tobytes() + bias.astype("<f4").tobytes())
                kind = "Convolution"
                options = [f"0={step.cout}", f"1={step.kernel}", f"3={step.stride}",
                           f"4={step.kernel // 2}", "5=1", f"6={weight.size}",
                           f"9={int(step.relu)}"]
                if step.kind == "dense":
                    kind, options = "InnerProduct", [f"0={step.cout}", "1=1", f"2={weight.size}"]
            elif step.kind == "max_pool":
                kind, options = "Pooling", ["0=0", "1=3", f"2={step.stride}", "3=1", "5=1"]
            elif step.kind == "global_pool":
                kind, options = "Pooling", ["0=1", "4=1"]
            elif step.kind == "add":
                kind, options = "BinaryOp", ["0=0"]
            else:
                raise ValueError(f"ncnn has no layer for '{step.kind}'")
            separate = step.relu and kind == "BinaryOp"
            layer(kind, inputs, [f"{step.out}_sum" if separate else step.out], *options)
            if separate:
                layer("ReLU", [f"{step.out}_sum"], [step.out])
            if uses[step.out] > 1:
                layer("Split", [step.out], [f"{step.out}_{i + 1}" for i in range(uses[step.out])])
    head = ["7767517", f"{len(lines)} {len(blobs)}"]
    (folder / "network.param").write_text("\n".join(head + lines) + "\n", encoding="ascii")


class Ncnn(Peer):
    packages = ("ncnn",)

    def prepare(self):
        if self.job.inputs[0][0].shape[0] != 1:
            raise Skip("ncnn takes one picture at a time, not a batch")
        self.net = ncnn.Net()
        options = self.net.opt
        options.num_threads = self.job.threads
        for name in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic",
                     "use_bf16_storage"):
            setattr(options, name, False)
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), self.job.model, networks.read_tensors(self.job.weights))
            if self.net.load_param(f"{folder}/network.param") or \
                    self.net.load_model(f"{folder}/network.bin"):
                raise ValueError("ncnn does not load the network that was written for it")
        self.inputs = [ncnn.Mat(values[0][0]).clone() for values in self.job.inputs]

    def run(self, index):
        extractor = self.net.create_extractor()
        extractor.input("input", self.inputs[index])
        status, out = extractor.extract("logits")
        if status:
            raise ValueError(f"ncnn extract answers {status}")
        return np.array(out)[None]

"""What is compared: tasks, and the files that every contender reads.

Answers for: reading task names, and, run as a program (in a process of its own, because float64
takes memory), for weights, inputs, reference answers and the ONNX file of a task.

    python tasks.py TASK BATCH FOLDER
"""
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import networks

INPUT_SETS = 4


@dataclass(frozen=True)
class Task:
    """A network "rednet50@224x224" or an aggregation (K=7, stride 1) "aggregation-64@56x56"."""
    model: str
    channels: int
    height: int
    width: int
    batch: int

    @property
    def name(self):
        head = f"{self.model}-{self.channels}" if self.channels else self.model
        return f"{head}@{self.height}x{self.width}"


def parse(text, batch):
    """The task of a name; ValueError says what is wrong with it."""
    head, _, size = text.partition("@")
    model, _, channels = head.partition("-")
    try:
        height, width = (int(part) for part in size.split("x"))
        task = Task(model, int(channels) if channels else 0, height, width, batch)
    except ValueError:
        raise ValueError(f"'{text}' is no task: expected rednet50@224x224 or "
                         "aggregation-64@56x56") from None
    if min(height, width, batch) < 1:
        raise ValueError(f"'{text}', batch {batch}: sizes begin at 1")
    if model == "aggregation":
        if task.channels < 1 or task.channels % networks.GROUP_CHANNELS:
            raise ValueError(f"'{text}': channels have to be a multiple of 16")
    elif model not in networks.MODELS or channels:
        raise ValueError(f"no network is called '{head}'; there are {', '.join(networks.MODELS)}")
    return task


def write(task, folder):
    """weights, tensors, expected .safetensors and network.onnx in `folder`; returns notes."""
    image, shape = networks.portable_weights.image, (task.batch, task.channels or 3, task.height,
                                                     task.width)
    tensors = {f"{index}/input": image(shape, index) for index in range(INPUT_SETS)}
    notes = {}
    if task.channels:
        rows = 49 * task.channels // networks.GROUP_CHANNELS
        for index in range(INPUT_SETS):
            tensors[f"{index}/kernels"] = networks.portable_weights.tensor(
                "kernels", (task.batch, rows, *shape[2:]), index)
        expected = {str(index): networks.aggregate(
            tensors[f"{index}/input"].astype("f8"), tensors[f"{index}/kernels"].astype("f8"), 7)
            for index in range(INPUT_SETS)}
    else:
        weights = networks.synthetic(task.model)
        networks.write_tensors(folder / "weights.safetensors", weights)
        for index in range(INPUT_SETS):
            networks.write_tensors(folder / f"input{index}.safetensors",
                                   {"input": tensors[f"{index}/input"]})
        expected = {str(index): networks.reference(task.model, weights,
                                                   tensors[f"{index}/input"])
                    for index in range(INPUT_SETS)}
        try:
            import onnx_graph
            onnx_graph.write(str(folder / "network.onnx"), task.model, weights, shape)
            notes["onnx"] = onnx_graph.onnx.__version__
        except ModuleNotFoundError as error:
            notes["missing"] = error.name
    networks.write_tensors(folder / "tensors.safetensors", tensors)
    networks.write_tensors(folder / "expected.safetensors", expected)
    return notes


if __name__ == "__main__":
    print(json.dumps(write(parse(sys.argv[1], int(sys.argv[2])), Path(sys.argv[3]))))

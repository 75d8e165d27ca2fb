"""Trains rednet-digits, the small RedNet of this repository, and writes all that comes from it.

Answers for: models/rednet-digits.safetensors and models/SHA256SUMS, the digits in
examples/images/ and the two photographs beside them, and tests/reference/digits.safetensors, the
held-out pictures with the logits that the saved weights give in float64.

    python python/train_digits.py              trains on pictures 0..1296, tests on 1297..1796
    python python/train_digits.py --validate   trains on 0..999, tests on 1000..1296, writes nothing

Every constant below was fixed by means of --validate before the held-out pictures were looked at,
once; the weights are those after the last epoch. One thread and a fixed seed make the run repeat
bit by bit on one machine with the versions of requirements-torch.txt; another processor may round
sums differently and end at slightly different weights.

Needs: requirements-torch.txt.
"""
import argparse
import hashlib
import importlib.resources
import json
import math
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file
from sklearn.datasets import load_digits

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "reference"))
import rednet_reference as reference  # noqa: E402

TRAIN, VALIDATION_TRAIN = 1297, 1000  # the first pictures, in the order of the file
BLOCKS, BASE, STEM = (1, 1, 1, 1), 16, 32
SIZE = 32
MEAN, STD = 78.0, 82.0  # of the first 1297 pictures after the resize, in 0..255, rounded
SEED, EPOCHS, BATCH = 1, 40, 32
RATE, WARMUP_EPOCHS, WEIGHT_DECAY, CLIP, SMOOTHING = 3e-3, 5, 5e-2, 1.0, 0.1
ROTATION, ZOOM, SHEAR, SHIFT = 12.0, 0.10, 0.10, 0.125  # degrees; then fractions of the picture

ARCHITECTURE = {
    "kind": "rednet", "blocks": list(BLOCKS), "classes": 10, "base_channels": BASE,
    "stem_channels": STEM, "stem_kernel": 3, "kernel": 7, "group_channels": 16, "reduction": 4,
    "labels": [str(digit) for digit in range(10)],
    "preprocessing": {"mode": "stretch", "size": [SIZE, SIZE],
                      "mean": [MEAN] * 3, "std": [STD] * 3},
}


def load_pictures():
    """Bytes [1797,8,8] as the PNG files hold them, and labels [1797]."""
    digits = load_digits()
    grey = np.floor(digits.images * 255 / 16 + 0.5).astype(np.uint8)
    return torch.from_numpy(grey), torch.from_numpy(digits.target.astype(np.int64))


def resize(pictures, dtype):
    """Bytes [N,8,8] -> [N,1,32,32]: half-pixel centres, clamped at the edges, no antialiasing."""
    return F.interpolate(pictures.to(dtype)[:, None], (SIZE, SIZE), mode="bilinear",
                         align_corners=False, antialias=False)


def normalise(resized):
    """Grey copied to three channels, then (v - mean) / std."""
    return ((resized - MEAN) / STD).expand(-1, 3, -1, -1)


def augment(resized, generator):
    """Each picture turned, zoomed, sheared and shifted a little; what comes in is background, 0."""
    count = len(resized)

    def symmetric(limit):
        return (torch.rand(count, generator=generator) * 2 - 1) * limit

    angle = symmetric(math.radians(ROTATION))
    zoom_x, zoom_y = 1 + symmetric(ZOOM), 1 + symmetric(ZOOM)
    shear = symmetric(SHEAR)
    cos, sin = torch.cos(angle), torch.sin(angle)
    matrix = torch.stack([
        torch.stack([cos * zoom_x, (shear - sin) * zoom_y, symmetric(2 * SHIFT)], 1),
        torch.stack([sin * zoom_x, cos * zoom_y, symmetric(2 * SHIFT)], 1)], 1)
    grid = F.affine_grid(matrix, resized.shape, align_corners=False)
    return F.grid_sample(resized, grid, mode="bilinear", align_corners=False)


def make_model():
    """The reference network with its own block counts and an initialisation that starts calm.

    Kernel generation starts close to a mean over the taps, whatever the input, and each residual
    branch starts small, so the first steps see activations near 1.
    """
    reference.DEPTHS["digits"] = BLOCKS
    model = reference.RedNet("digits", classes=10, base_channels=BASE, stem_channels=STEM)
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
    for module in model.modules():
        if isinstance(module, reference.Involution):
            taps = module.kernel_size ** 2
            hidden = module.conv2.conv.in_channels
            torch.nn.init.normal_(module.conv2.conv.weight, std=0.5 / math.sqrt(hidden * taps))
            torch.nn.init.constant_(module.conv2.conv.bias, 1 / taps)
        elif isinstance(module, reference.Bottleneck):
            torch.nn.init.constant_(module.bn3.weight, 0.25)
    torch.nn.init.normal_(model.head.fc.weight, std=0.01)
    torch.nn.init.zeros_(model.head.fc.bias)
    return model


def train(pictures, labels):
    """Returns the model after the last of EPOCHS epochs, in eval mode."""
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    model = make_model()
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim == 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": WEIGHT_DECAY},
                                   {"params": others, "weight_decay": 0.0}], lr=RATE)
    resized = resize(pictures, torch.float32)
    steps = len(pictures) // BATCH
    total, warmup = steps * EPOCHS, steps * WARMUP_EPOCHS
    model.train()
    for epoch in range(EPOCHS):
        order = torch.randperm(len(pictures), generator=generator)
        loss_sum, right = 0.0, 0
        for step in range(steps):
            now = epoch * steps + step
            rate = RATE * min((now + 1) / warmup,
                              0.5 * (1 + math.cos(math.pi * max(0, now - warmup)
                                                  / (total - warmup))))
            for group in optimizer.param_groups:
                group["lr"] = rate
            chosen = order[step * BATCH:(step + 1) * BATCH]
            logits = model(normalise(augment(resized[chosen], generator)))
            loss = F.cross_entropy(logits, labels[chosen], label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            loss_sum += loss.item()
            right += int((logits.argmax(1) == labels[chosen]).sum())
        if epoch % 10 == 9 or epoch == 0:
            print(f"epoch {epoch + 1}/{EPOCHS}: training loss {loss_sum / steps:.4f}, "
                  f"{right / (steps * BATCH):.2%} right", file=sys.stderr, flush=True)
    return model.eval()


def weights_of(model):
    """Float32 weights under the official names."""
    return {name: value.detach().contiguous() for name, value in model.state_dict().items()
            if not name.endswith("num_batches_tracked")}


def logits_of(weights, pictures, dtype):
    """Logits and the largest activation of each stage, everything computed in `dtype`."""
    model = make_model()
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing)
    model = model.to(dtype).eval()
    with torch.no_grad():
        logits = model(normalise(resize(pictures, dtype)))
    return logits, [stage.abs().max().item() for stage in model.features]


def report(name, weights, pictures, labels, first):
    """Prints accuracy in float32 and which pictures are wrong; returns the wrong ones' indices."""
    logits, largest = logits_of(weights, pictures, torch.float32)
    exact, _ = logits_of(weights, pictures, torch.float64)
    wrong = (logits.argmax(1) != labels).nonzero().flatten().tolist()
    print(f"{name}: {len(labels) - len(wrong)} of {len(labels)} right "
          f"({1 - len(wrong) / len(labels):.2%})")
    for index in wrong:
        print(f"  picture {first + index} is a {labels[index]}, taken for {logits[index].argmax()}")
    print(f"  largest activation of the stages: {', '.join(f'{v:.2f}' for v in largest)}; "
          f"of the logits: {logits.abs().max():.2f}; "
          f"float32 against float64: {(logits - exact).abs().max():.1e}")
    return [first + index for index in wrong]


def save(tensors, path, metadata=None):
    """A safetensors file that everybody may read; the library itself writes it for its owner."""
    save_file(tensors, path, metadata)
    path.chmod(0o644)


def write(root, weights, pictures, labels, wrong):
    """All files that come from the trained weights; pictures and labels are the held-out ones."""
    models, images = root / "models", root / "examples" / "images"
    vectors = root / "tests" / "reference"
    for folder in (models, images / "photos", vectors):
        folder.mkdir(parents=True, exist_ok=True)

    path = models / "rednet-digits.safetensors"
    save(weights, path, {"architecture": json.dumps(ARCHITECTURE, separators=(",", ":"))})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (models / "SHA256SUMS").write_text(f"{digest}  {path.name}\n")
    print(f"{path.name}: {path.stat().st_size} bytes, sha256 {digest}")

    saved = load_file(path)
    logits, _ = logits_of(saved, pictures, torch.float64)
    save({"images": pictures.float(), "labels": labels.float(), "logits": logits.float()},
         vectors / "digits.safetensors")

    for old in images.glob("[0-9]_*.png"):
        old.unlink()
    for digit in range(10):  # the first two held-out pictures of each label, right or wrong
        for index in (labels == digit).nonzero().flatten()[:2].tolist():
            Image.fromarray(pictures[index].numpy()).save(images / f"{digit}_{TRAIN + index}.png")
            if TRAIN + index in wrong:
                print(f"note: the example {digit}_{TRAIN + index}.png is misclassified")
    for name in ("china.jpg", "flower.jpg"):
        source = importlib.resources.files("sklearn.datasets.images") / name
        with importlib.resources.as_file(source) as file:
            shutil.copyfile(file, images / "photos" / name)


def main():
    parser = argparse.ArgumentParser(description="trains rednet-digits and writes its files")
    parser.add_argument("--validate", action="store_true",
                        help="train on pictures 0..999, test on 1000..1296, write nothing")
    parser.add_argument("--root", type=Path, default=ROOT,
                        help="write below this folder (default: the repository)")
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    pictures, labels = load_pictures()
    split = VALIDATION_TRAIN if options.validate else TRAIN
    end = TRAIN if options.validate else len(pictures)

    start = time.perf_counter()
    weights = weights_of(train(pictures[:split], labels[:split]))
    print(f"trained in {time.perf_counter() - start:.0f} s; "
          f"{sum(w.numel() for w in weights.values())} values")
    report("training pictures", weights, pictures[:split], labels[:split], 0)
    wrong = report("validation" if options.validate else "held out", weights,
                   pictures[split:end], labels[split:end], split)
    if not options.validate:
        write(options.root, weights, pictures[split:], labels[split:], wrong)


if __name__ == "__main__":
    main()

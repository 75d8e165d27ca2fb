#!/usr/bin/env bash
# From a bare Debian 12 to RedNet classifying pictures: installs what is missing, builds, classifies
# 20 handwritten digits and a photograph's worth of benchmark rows. Safe to repeat.
set -euo pipefail
cd "$(dirname "$0")"
. cmake/bootstrap.sh

install_packages
install_python
build -DINVOLUTE_BUILD_TESTS=OFF -DINVOLUTE_BUILD_BENCH=OFF

involute=build/release/involute
say "Classifying 20 handwritten digits: involute run examples/images/*.png"
$involute run --top 1 examples/images/*.png
$involute run --top 1 --json examples/images/*.png | python3 -c '
import json, os, sys
rows = json.load(sys.stdin)
right = sum(r["top"][0]["label"] == os.path.basename(r["file"])[0] for r in rows)
print(f"accuracy: {right} of {len(rows)}")'

say "Pictures a second (224x224, batch 1, synthetic weights)"
$involute bench --model rednet26,rednet50,resnet50 --size 224x224 --threads 1,2

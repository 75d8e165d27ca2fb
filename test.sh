#!/usr/bin/env bash
# Builds and runs the tests of the gate (`ctest -L long` runs the others). Safe to repeat.
set -euo pipefail
cd "$(dirname "$0")"
. cmake/bootstrap.sh

# PoCL runs OpenCL on this CPU; CUDA runs on a stand-in of the tests' own.
install_packages cmake valgrind abigail-tools g++-aarch64-linux-gnu qemu-user llvm-19 googletest \
    pocl-opencl-icd ocl-icd-libopencl1
install_python requirements-cuda.txt
build -DINVOLUTE_BUILD_TESTS=ON -DINVOLUTE_BUILD_BENCH=ON -DINVOLUTE_OPENCL=ON -DINVOLUTE_CUDA=ON
# What the gate runs on ARM; `cmake --build --preset aarch64 && ctest --preset aarch64` is the rest.
build_arm --target involute_command involute_counted_kernels involute_parts
say "Testing"
ctest --preset release -j "$(nproc)" "$@"

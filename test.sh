#!/usr/bin/env bash
# Builds and runs the tests of the gate (`ctest -L long` runs the others). Safe to repeat.
set -euo pipefail
cd "$(dirname "$0")"
. cmake/bootstrap.sh

install_packages cmake valgrind abigail-tools
install_python
build -DINVOLUTE_BUILD_TESTS=ON -DINVOLUTE_BUILD_BENCH=ON
say "Testing"
ctest --preset release -j "$(nproc)" "$@"

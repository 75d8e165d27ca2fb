#!/usr/bin/env bash
# involute as a part of another project (FetchContent): configures it and, with --build, builds the
# libraries once more and runs a program with each.
#   subproject.sh SOURCE_FOLDER BUILD_FOLDER CMAKE [--build]
set -euo pipefail
source=$(cd "$1" && pwd)
cache=$2/CMakeCache.txt
folder=$(mktemp -d "${TMPDIR:-/tmp}/involute-subproject-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cached() { sed -n "s|^$1:[A-Z]*=||p" "$cache"; }

"$3" -S "$source/tests/integration/subproject" -B "$folder" -G "$(cached CMAKE_GENERATOR)" \
    -DCMAKE_MAKE_PROGRAM="$(cached CMAKE_MAKE_PROGRAM)" -DCMAKE_BUILD_TYPE=Release \
    -DINVOLUTE_SOURCE="$source" -DHalide_DIR="$(cached Halide_DIR)" \
    -DHalideHelpers_DIR="$(cached HalideHelpers_DIR)"
[ "${4:-}" = --build ] || exit 0
"$3" --build "$folder"
shared=$("$folder/operator_shared")
static=$("$folder/operator_static")
echo "shared $shared, static $static"
[ -n "$shared" ] && [ "$shared" = "$static" ]

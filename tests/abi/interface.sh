#!/usr/bin/env bash
# Compares the binary interface of libinvolute.so with the recorded one (interface.abi, by abidw):
# functions, the layout of structs, the values of enums. The types come from a library that is made
# of the C header alone, since the shipped one holds no debugging information; its functions are
# those of the shipped one, which is compiled against the same header.
#   interface.sh SOURCE_FOLDER LIBRARY [--refresh]
set -euo pipefail
source=$(cd "$1" && pwd)
library=$2
recorded=$source/tests/abi/interface.abi
for program in abidw abidiff; do
    command -v $program > /dev/null || {
        echo "SKIPPED: $program (Debian package abigail-tools) is not installed"
        exit 77
    }
done
folder=$(mktemp -d "${TMPDIR:-/tmp}/involute-abi-XXXXXX")
trap 'rm -rf "$folder"' EXIT
export LC_ALL=C

# Every function of the header gets a body. Types that no function takes, such as the codes in a
# status, would be left out: one more function takes them all.
cc -E -P -x c "$source/runtime/include/involute/involute.h" | awk 'BEGIN { RS = ";" }
    /visibility\("default"\)/ { print $0, "{ __builtin_trap(); }"; next }
    { print $0 ";" }
    match($0, /[}] involute_[a-z0-9_]+$/) { types[++count] = substr($0, RSTART + 2) }
    END {
        printf "__attribute__((visibility(\"default\"))) void involute_all_types("
        for (i = 1; i <= count; i++)
            printf("%s%s *a%d", (i > 1 ? ", " : ""), types[i], i)
        print ") { __builtin_trap(); }"
    }' | sed '/^;$/d' > "$folder/interface.c"
soname=$(readelf -d "$library" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
(cd "$folder" && cc -g -shared -fPIC -fvisibility=hidden -Wl,-soname,"$soname" interface.c \
    -o interface.so)

functions() { nm -D --defined-only "$1" | awk '$3 ~ /^involute_/ { print $3 }' | sort; }
if ! diff <(functions "$library") \
    <(functions "$folder/interface.so" | grep -v involute_all_types); then
    echo "FAILED: $library (<) and the header (>) have other functions" >&2
    exit 1
fi

if [ "${3:-}" = --refresh ]; then
    abidw --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --short-locs \
        --type-id-style hash --out-file "$recorded" "$folder/interface.so"
    echo "wrote $recorded"
    exit 0
fi
status=0
abidiff --no-default-suppression "$recorded" "$folder/interface.so" || status=$?
if [ $((status & 8)) != 0 ]; then
    echo "FAILED: programs that were built before do not work with this library any more" >&2
elif [ $status != 0 ]; then
    echo "FAILED: the interface has changed; if it was meant, record it:" >&2
    echo "  cmake --build --preset release --target refresh_abi" >&2
else
    echo "$(functions "$library" | wc -l) functions as recorded"
fi
exit $((status != 0))

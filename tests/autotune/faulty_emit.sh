#!/bin/bash
# Stands in for the emit program: real kernels, but some numbers of the schedule go wrong in a way
# of their own, while they are built or when they run. $REAL_EMIT is the real one.
for word in "$@"; do
    [ "${last-}" = --knobs ] && knobs=$word
    [ "${last-}" = --pack ] && pack=$word
    [ "${last-}" = --out ] && out=$word
    [ "${last-}" = --halide-runtime ] && runtime=$word
    last=$word
done
knob() { sed -n "s/.*\b$1=\([0-9]*\).*/\1/p" <<<",${knobs-}"; }
unroll=$(knob unroll_k) prefetch=$(knob prefetch)
if [ "$prefetch" = 1 ]; then
    case $unroll in
    1) kill -SEGV $$ ;;
    2) exec sleep 1000 ;;
    8) exec tail /dev/zero ;;
    esac
fi
"$REAL_EMIT" "$@" || exit
[ -n "${pack-}" ] || exit 0
# A kernel in place of the built one; `real` is that.
replace() {
    local symbol
    symbol=$(sed -n 's/^int \(inv_.*_argv\)(.*/\1/p' "$out/table.c")
    objcopy --redefine-sym "$symbol=real" "$out/${symbol%_argv}.o" "$out/real.o"
    {
        echo '#include <stdlib.h>'
        echo '#include <time.h>'
        echo '#include <unistd.h>'
        echo 'int real(void **arguments);'
        sed "s|^int $symbol(void \*\*arguments);|int $symbol(void **arguments) { $1 }|" "$out/table.c"
    } >"$out/faulty.c"
    cc -shared -fPIC -O1 -Wl,-Bsymbolic "-Wl,--version-script=$out/exports.map" -I "$out" \
        -o "$pack" "$out/faulty.c" "$out/real.o" "$runtime" -lpthread -ldl -lm
}
case $prefetch$unroll in
116) replace 'abort();' ;;
01) replace '(void)arguments; return 0;' ;;
02) replace '(void)arguments; for (;;) { } ' ;;
04) replace '(void)arguments; for (;;) { char *p = malloc(1 << 24); if (!p) abort(); *p = 1; }' ;;
08) replace 'struct timespec t; clock_gettime(CLOCK_MONOTONIC, \&t); if (t.tv_nsec / 15000000 % 2) usleep(100); return real(arguments);' ;;
esac

#!/usr/bin/env python3
"""Turns the PTX that Halide writes into C++ for driver.cpp: a function a kernel, called once for
each thread of a block. What it does not know is an error, never a guess.

ptx_to_cpp.py IN.ptx OUT.cpp

MOCKCUDA_MUTANT in the environment builds a fault in, which the tests must find out: guard (stores
are not guarded by conditions), tail (every "less" lets the equal in), barrier (there are none),
stride (two numbers of the launch change places), halo (no index is limited from above)."""

import os
import re
import sys

VALUE = {"b8": "uint8_t", "u8": "uint8_t", "s8": "int8_t", "b16": "uint16_t", "u16": "uint16_t",
         "s16": "int16_t", "b32": "uint32_t", "u32": "uint32_t", "s32": "int32_t",
         "b64": "uint64_t", "u64": "uint64_t", "s64": "int64_t", "f32": "float", "f64": "double",
         "pred": "bool"}
# What holds a register of a class; floats are kept as their bits.
REGISTER = {"pred": "bool", "b16": "uint16_t", "b32": "uint32_t", "b64": "uint64_t",
            "f32": "uint32_t", "f64": "uint64_t"}
WIDER = {"s16": "s32", "u16": "u32", "s32": "s64", "u32": "u64"}
PRODUCT = {"s16": "int32_t", "u16": "uint32_t", "s32": "int64_t", "u32": "uint64_t",
           "s64": "__int128", "u64": "unsigned __int128"}
MUTANT = os.environ.get("MOCKCUDA_MUTANT", "")
SPECIAL = {f"%{name}.{axis}": f"thread.{name}.{axis}"
           for name in ("tid", "ntid", "ctaid", "nctaid") for axis in "xyz"}
INFIX = {"add": "+", "sub": "-", "and": "&", "or": "|", "xor": "^"}
COMPARE = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=",
           "lo": "<", "ls": "<=", "hi": ">", "hs": ">="}


def fail(what):
    raise SystemExit(f"ptx_to_cpp: {what}")


def is_float(kind):
    return kind in ("f32", "f64")


class Kernel:
    """One .entry: its registers, and a C++ statement for each of its instructions."""

    def __init__(self, name, parameters, body):
        self.name = name
        declared = re.findall(r"\.param\s+\.\w(\d+)[^,]*?(\w+_param_\d+)", parameters)
        self.parameters = {parameter: i for i, (_, parameter) in enumerate(declared)}
        self.bytes = [int(bits) // 8 for bits, _ in declared]
        self.waits = False
        self.locals = dict(re.findall(r"\.local\s+\.align\s+\d+\s+\.b8\s+(\w+)\[(\d+)\];", body))
        declared = re.findall(r"\.reg\s+\.(\w+)\s+%(\w+)<(\d+)>;", body)
        self.lines = [f"  {REGISTER[kind]} " + ", ".join(f"{name}_{i} = 0" for i in
                                                         range(int(count))) + ";"
                      for kind, name, count in declared]
        self.lines += [f"  uint64_t {name} = 0;" for name in re.findall(r"%(SPL?);", body)]
        self.lines += [f"  alignas(16) char {name}[{size}];" for name, size in self.locals.items()]
        body = re.sub(r"\{ \.reg \.b32 tmp; (.*?) \}", r"\1", body)
        body = re.sub(r"\.(reg|local)\s[^;]*;", "", body)
        # {%r1, %r2} becomes <%r1|%r2>: commas are left to part operands.
        body = re.sub(r"\{\s*([%\w]+(?:\s*,\s*[%\w]+)*)\s*\}",
                      lambda m: "<" + re.sub(r"\s*,\s*", "|", m[1]) + ">", body)
        lines = [line.strip() for line in body.replace("{", "").replace("}", "").split("\n")]
        for i, line in enumerate(lines):
            self.add_line(self.unguarded(line, lines[i + 1:]) if MUTANT == "guard" else line)

    @staticmethod
    def unguarded(line, after):
        """Nothing, where the line is a jump over a store."""
        jump = re.match(r"@!?%p\d+\s+bra\s+(\$\w+);", line)
        if not jump or jump[1] + ":" not in after:
            return line
        skipped = after[:after.index(jump[1] + ":")]
        loops = any(part.endswith(":") for part in skipped)
        return "" if not loops and any("st.global" in part for part in skipped) else line

    def add_line(self, line):
        if not line or line.startswith("."):
            return
        label = re.match(r"(\$?\w+):$", line)
        if label:
            self.lines.append(f"{self.label(label[1])}:;")
            return
        for statement in filter(None, (part.strip() for part in line.split(";"))):
            match = re.match(r"(?:@(!?)%p(\d+)\s+)?([\w.:]+)\s*(.*)$", statement, re.S)
            guard = f"if ({match[1]}p_{match[2]}) " if match[2] else ""
            operands = [part.strip() for part in match[4].split(",")] if match[4] else []
            self.lines.append(f"  {guard}{{ {self.instruction(match[3].split('.'), operands)} }}")

    @staticmethod
    def label(name):
        return "L_" + name.replace("$", "_")

    def register(self, operand):
        if operand in SPECIAL:
            return SPECIAL[operand]
        match = re.match(r"%([a-z]+)(\d+)$", operand)
        if match:
            return f"{match[1]}_{match[2]}"
        if operand in ("%SP", "%SPL"):
            return operand[1:]
        return f"(uint64_t){operand}" if operand in self.locals else None

    def value(self, operand, kind):
        """An operand as a C++ value of PTX type `kind`."""
        if operand.startswith("!"):
            return "!" + self.value(operand[1:], kind)
        register = self.register(operand)
        if register:
            return register if kind == "pred" else f"as<{VALUE[kind]}>({register})"
        match = re.match(r"0[fF]([0-9A-Fa-f]{8})$", operand)
        if match:
            return f"as<{VALUE[kind]}>((uint32_t)0x{match[1]}u)"
        match = re.match(r"0[dD]([0-9A-Fa-f]{16})$", operand)
        if match:
            return f"as<{VALUE[kind]}>((uint64_t)0x{match[1]}ull)"
        if re.match(r"-?(0x[0-9a-fA-F]+|\d+)U?$", operand):
            return f"({VALUE[kind]})({operand.rstrip('U')}ll)"
        return fail(f"unknown operand {operand}")

    def put(self, target, expression, kind):
        register = self.register(target)
        return (f"{register} = {expression};" if kind == "pred"
                else f"put({register}, ({VALUE[kind]})({expression}));")

    def address(self, operand, space, size):
        match = re.match(r"\[\s*([%\w]+)\s*(?:\+\s*(-?\d+))?\s*\]$", operand)
        base = match and self.register(match[1])
        if not base and match and re.match(r"\d+$", match[1]):
            base = match[1] + "ull"
        if not base:
            fail(f"unknown address {operand}")
        check = {"shared": "in_shared", "global": "in_global", "local": "in_local"}[space]
        return f"{check}(thread, (uint64_t)({base}) + ({match[2] or 0}), {size})"

    def memory(self, op, operands):
        kind = op[-1]
        if op[1] == "param":
            index = self.parameters[re.match(r"\[(\w+)", operands[1])[1]]
            if MUTANT == "stride" and kind == "b32":
                last = len(self.parameters) - 1
                index = {last: last - 1, last - 1: last}.get(index, index)
            return self.put(operands[0], f"*({VALUE[kind]} *)thread.parameters[{index}]", kind)
        space = next((s for s in ("shared", "global", "local") if s in op), None)
        if space is None:
            fail("memory of an unknown kind: " + ".".join(op))
        address, values = (operands[1], operands[0]) if op[0] == "ld" else operands[:2]
        values = values.strip("<>").split("|")
        bits = int(kind[1:])
        place = self.address(address, space, bits // 8 * len(values))
        parts = [f"char *at = {place};"]
        for i, value in enumerate(values):
            at = f"at + {i * bits // 8}"
            parts.append(self.put(value, f"load<{VALUE[kind]}>({at})", kind) if op[0] == "ld"
                         else f"store<{VALUE[kind]}>({at}, {self.value(value, kind)});")
        return " ".join(parts)

    def move(self, op, operands):
        target, source = operands
        if target.startswith("<"):
            low, high = target.strip("<>").split("|")
            value, parts = self.register(source), []
            for register, shift in ((low, 0), (high, 32)):
                if register != "tmp":
                    parts.append(f"{self.register(register)} = (uint32_t)({value} >> {shift});")
            return " ".join(parts)
        if source.startswith("<"):
            low, high = source.strip("<>").split("|")
            return (f"{self.register(target)} = (uint64_t){self.register(low)} | "
                    f"(uint64_t){self.register(high)} << 32;")
        return self.put(target, self.value(source, op[-1]), op[-1])

    def multiply(self, op, operands):
        kind = op[-1]
        v = [self.value(o, kind) for o in operands[1:3]]
        if is_float(kind):
            plus = f" + {self.value(operands[3], kind)}" if op[0] == "mad" else ""
            return self.put(operands[0], f"{v[0]} * {v[1]}{plus}", kind)
        product = f"(({PRODUCT[kind]})({v[0]}) * ({PRODUCT[kind]})({v[1]}))"
        if "wide" in op:
            kind = WIDER[kind]
        elif "hi" in op:
            product = f"({product} >> {kind[1:]})"
        if op[0] == "mad":
            product = f"(uint64_t){product} + (uint64_t)({self.value(operands[3], kind)})"
        return self.put(operands[0], product, kind)

    def convert(self, op, operands):
        to, of = op[-2], op[-1]
        value = self.value(operands[1], of)
        rounding = {"rzi": "trunc", "rmi": "floor", "rpi": "ceil", "rni": "nearbyint"}.get(op[1])
        if is_float(of) and (rounding or not is_float(to)):
            if not rounding:
                fail("conversion without a rounding: " + ".".join(op))
            value = f"std::{rounding}({value})"
        if is_float(of) and not is_float(to):
            value = f"saturated<{VALUE[to]}>({value})"
        return self.put(operands[0], value, to)

    def compare(self, op, operands):
        how, kind = op[1], op[-1]
        if MUTANT == "tail" and kind == "s32":
            how = {"lt": "le", "gt": "ge"}.get(how, how)
        x, y = (self.value(o, kind) for o in operands[1:3])
        if how in ("nan", "num"):
            test = f"(std::isnan({x}) || std::isnan({y}))"
            return self.put(operands[0], test if how == "nan" else "!" + test, "pred")
        if is_float(kind) and how not in COMPARE:  # "ltu": true also where one is no number
            test = f"({x} {COMPARE[how[:-1]]} {y}) || std::isnan({x}) || std::isnan({y})"
            return self.put(operands[0], test, "pred")
        if is_float(kind) and how == "ne":
            return self.put(operands[0], f"{x} < {y} || {x} > {y}", "pred")
        return self.put(operands[0], f"{x} {COMPARE[how]} {y}", "pred")

    def shift(self, op, operands):
        kind, bits = op[-1], int(op[-1][1:])
        value, by = self.value(operands[1], kind), self.value(operands[2], "u32")
        unsigned = f"uint{bits}_t"
        if op[0] == "shl":
            return self.put(operands[0], f"({by}) >= {bits} ? 0 : ({unsigned})({value}) << ({by})",
                            kind)
        if kind[0] == "s":
            return self.put(operands[0], f"({value}) >> std::min<uint32_t>({by}, {bits - 1})", kind)
        return self.put(operands[0], f"({by}) >= {bits} ? 0 : ({unsigned})({value}) >> ({by})",
                        kind)

    def arithmetic(self, op, operands):
        name, kind = op[0], op[-1]
        v = [self.value(o, kind) for o in operands[1:]]
        ctype = VALUE.get(kind)
        if name in INFIX:
            if not is_float(kind) and kind != "pred":  # signed numbers wrap around
                unsigned = f"uint{kind[1:]}_t"
                v = [f"({unsigned})({value})" for value in v]
            expression = f"{v[0]} {INFIX[name]} {v[1]}"
        elif name == "fma":
            expression = f"std::fma({v[0]}, {v[1]}, {v[2]})"
        elif name in ("div", "rem"):
            expression = (f"{v[0]} / {v[1]}" if is_float(kind)
                          else f"{dict(div='divided', rem='remainder_of')[name]}({v[0]}, {v[1]})")
        elif name == "min" and kind == "s32" and MUTANT == "halo":
            expression = v[0] if "_" in v[0] else v[1]  # the register, not the limit
        elif name in ("min", "max"):
            expression = (f"std::f{name}({v[0]}, {v[1]})" if is_float(kind)
                          else f"std::{name}<{ctype}>({v[0]}, {v[1]})")
        elif name == "neg":
            expression = f"-({v[0]})"
        elif name == "abs":
            expression = f"std::abs({v[0]})"
        elif name == "not":
            expression = f"!{v[0]}" if kind == "pred" else f"~{v[0]}"
        elif name == "bfe" and kind[0] == "u":
            expression = f"bit_field<{ctype}>({v[0]}, {v[1]}, {v[2]})"
        elif name == "rcp":
            expression = f"({ctype})1 / {v[0]}"
        elif name == "sqrt":
            expression = f"std::sqrt({v[0]})"
        elif name == "selp":
            expression = f"{self.value(operands[3], 'pred')} ? {v[0]} : {v[1]}"
        else:
            fail("unknown instruction " + ".".join(op) + " " + ", ".join(operands))
        return self.put(operands[0], expression, kind)

    def instruction(self, op, operands):
        name = op[0]
        if name in ("ld", "st"):
            return self.memory(op, operands)
        if name in ("mov", "cvta"):
            return self.move(op, operands)
        if name == "bra":
            return f"goto {self.label(operands[0])};"
        if name == "ret":
            return "return;"
        if name == "trap":
            return "trapped(thread);"
        if name == "bar" and MUTANT == "barrier":
            return ";"
        if name == "bar":
            self.waits = True
            return "thread.wait(thread);"
        if name in ("mul", "mad"):
            return self.multiply(op, operands)
        if name == "cvt":
            return self.convert(op, operands)
        if name == "setp":
            return self.compare(op, operands)
        if name in ("shl", "shr"):
            return self.shift(op, operands)
        return self.arithmetic(op, operands)

    def text(self):
        body = "\n".join(self.lines)
        return (f'extern "C" void {self.name}(Thread &thread) {{\n{body}\n}}\n'
                f'extern "C" int {self.name}_waits = {int(self.waits)};\n'
                f'extern "C" unsigned {self.name}_bytes[] = '
                f'{{{", ".join(map(str, self.bytes + [0]))}}};\n')


PRELUDE = """#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "thread.h"

template <class T, class S> T as(S bits) {
  T value{};
  if constexpr (sizeof(T) <= sizeof(S)) memcpy(&value, &bits, sizeof value);
  else value = (T)bits;
  return value;
}
template <class R, class T> void put(R &reg, T value) {
  if constexpr (sizeof(R) == sizeof(T)) memcpy(&reg, &value, sizeof value);
  else reg = (R)value;
}
template <class T> T load(const char *at) { T value; memcpy(&value, at, sizeof value); return value; }
template <class T> void store(char *at, T value) { memcpy(at, &value, sizeof value); }
// Division by zero is no fault on a device.
template <class T> T divided(T a, T b) { return b == 0 ? (T)-1 : a / b; }
template <class T> T remainder_of(T a, T b) { return b == 0 ? a : a % b; }
template <class T> T bit_field(T value, uint32_t first, uint32_t count) {
  const uint64_t from = (first & 255) < 64 ? (uint64_t)value >> (first & 255) : 0;
  return (T)((count & 255) < 64 ? from & (((uint64_t)1 << (count & 255)) - 1) : from);
}
template <class T, class F> T saturated(F value) {
  using Limits = std::numeric_limits<T>;
  return std::isnan(value) ? 0 : value >= (F)Limits::max() ? Limits::max()
       : value <= (F)Limits::min() ? Limits::min() : (T)value;
}
"""


def main():
    with open(sys.argv[1], errors="replace") as file:
        source = re.sub(r"//[^\n]*", "", file.read().split("\0")[0])
    if re.search(r"^\s*\.(?:extern\s+)?shared", source, re.M):
        fail("shared memory that is declared, not given at the launch")
    kernels = re.findall(r"\.entry\s+(\w+)\s*\((.*?)\)\s*(?:\.[a-z]+tid[^{]*)?\{(.*?)^\}", source,
                         re.S | re.M)
    if not kernels:
        fail("no kernels")
    with open(sys.argv[2], "w") as file:
        file.write(PRELUDE + "\n".join(Kernel(*kernel).text() for kernel in kernels))


main()

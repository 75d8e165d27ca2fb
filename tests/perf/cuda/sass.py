"""What the CUDA toolkit's assembler makes of a kernel's PTX, read from its disassembly: registers,
spills, the mix of the hot loop."""
import collections
import functools
import os
import re
import shutil
import subprocess

# Of an SM: warps, registers, bytes of memory on the chip for blocks, blocks (CUDA programming
# guide, compute capabilities).
LIMITS = {"sm_80": (64, 65536, 167936, 32), "sm_90": (64, 65536, 233472, 32),
          "sm_120": (48, 65536, 102400, 24)}
WARP = 32
SHARED_OF_SYSTEM = 1024  # a block takes so much more


@functools.lru_cache
def find(name):
    """A program of the environment's own toolkit, else of the system's."""
    folder = os.environ.get("INVOLUTE_VENV") or os.path.join(
        os.path.dirname(__file__), "..", "..", "..", ".venv")
    for found in subprocess.run(
            [os.path.join(folder, "bin", "python"), "-c",
             "import importlib.util as u; s = u.find_spec('nvidia');"
             "print('\\n'.join(s.submodule_search_locations) if s else '')"],
            text=True, capture_output=True).stdout.split("\n"):
        path = os.path.join(found, "cu13", "bin", name)
        if found and os.path.exists(path):
            return path
    return shutil.which(name)


def occupancy(target, threads, registers, shared):
    """Share of the warps that an SM could hold, and how many blocks it holds."""
    warps, all_registers, all_shared, blocks = LIMITS[target]
    of_block = -(-threads // WARP)
    of_warp = -(-registers * WARP // 256) * 256
    held = min(blocks, warps // of_block, all_registers // of_warp // of_block,
               all_shared // (shared + SHARED_OF_SYSTEM))
    return held * of_block / warps


class Kernel:
    """One entry function: .registers, .spilled bytes, .instructions."""

    def __init__(self, name, told, listing):
        self.name = name
        self.registers = int(re.search(r"Used (\d+) registers", told)[1])
        spills = re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads", told)
        self.spilled = int(spills[1]) + int(spills[2])
        self.instructions = [
            (int(m[1], 16), m[2], m[3]) for m in re.finditer(
                r"/\*([0-9a-f]{4,})\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)([^;]*);", listing)]

    def mix(self, first, last):
        return collections.Counter(op for at, op, _ in self.instructions
                                   if first <= at <= last and not op.startswith("NOP"))

    def hot_loop(self):
        """The mix of the innermost loop with most multiply-adds; without one, of the kernel."""
        loops = []
        for at, op, operands in self.instructions:
            target = re.search(r"0x([0-9a-f]+)", operands) if op.startswith("BRA") else None
            if target and int(target[1], 16) < at:
                loops.append((int(target[1], 16), at))
        inner = [a for a in loops
                 if not any(b != a and a[0] <= b[0] and b[1] <= a[1] for b in loops)]
        whole = [(0, self.instructions[-1][0])]
        return max((self.mix(*loop) for loop in inner or whole),
                   key=lambda mix: count(mix, "FFMA"))


def count(mix, prefix):
    return sum(n for op, n in mix.items() if op.startswith(prefix))


def assemble(code, target, registers, cubin):
    """What ptxas tells of the PTX in `code`."""
    return subprocess.run([find("ptxas"), "-v", f"-arch={target}", f"-maxrregcount={registers}",
                           code, "-o", cubin], text=True, capture_output=True, check=True).stderr


def assembled(code, target, registers):
    """The kernels of PTX without their instructions."""
    told = assemble(code, target, registers, os.devnull)
    return [Kernel(m[1], told[m.start():], "")
            for m in re.finditer(r"entry function '([^']+)'", told)]


def kernels(code, target, registers, folder):
    """The kernels of a file: PTX for ptxas, or an object that has been assembled."""
    told, cubin = "", code
    if not code.endswith(".cubin"):
        cubin = os.path.join(folder, "kernel.cubin")
        told = assemble(code, target, registers, cubin)
    listing = subprocess.run([find("cuobjdump"), "-sass", cubin], text=True, capture_output=True,
                             check=True, env=dict(os.environ, PATH=os.path.dirname(
                                 find("nvdisasm")) + os.pathsep + os.environ["PATH"])).stdout
    found = []
    for name, body in re.findall(r"Function : (\S+)(.*?)(?=Function : |\Z)", listing, re.S):
        at = told.find(f"entry function '{name}'")
        found.append(Kernel(name, told[at:] if told else registers_told(cubin, name), body))
    return found


def registers_told(cubin, name):
    usage = subprocess.run([find("cuobjdump"), "-res-usage", cubin], text=True,
                           capture_output=True).stdout
    at = usage.find(f"Function {name}")
    return ("Used " + re.search(r"REG:(\d+)", usage[at:])[1] + " registers "
            "0 bytes spill stores, 0 bytes spill loads")

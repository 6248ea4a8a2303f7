"""Builds firmware for the emulated chips and tells its size; and the plugin that cuts their power."""

import collections
import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "target"
BOARDS = ROOT / "examples" / "bootloader"

FLAGS = """-std=c++17 -mcpu=cortex-m0plus -mthumb -Os -ffunction-sections -fdata-sections
  -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-unwind-tables
  -fno-asynchronous-unwind-tables -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wno-register
  -Werror --specs=nano.specs -nostartfiles -Wl,--gc-sections""".split()


def build(name, sources, script, *more, begin=None, size=None):
    """Links a program; gives the path of its ELF file. `script` is a linker script; those of the
    boards are told where the program begins and how large it may be."""
    BUILD.mkdir(parents=True, exist_ok=True)
    elf = BUILD / f"{name}.elf"
    place = [] if begin is None else [f"-Wl,--defsym=image_begin={begin:#x},--defsym=image_size={size:#x}"]
    subprocess.run(["arm-none-eabi-g++", *FLAGS, *more, f"-I{ROOT / 'include'}", f"-I{HERE}",
                    f"-I{BOARDS}", *sources, f"-L{BOARDS}", "-T", script, *place, "-o", elf],
                   check=True)
    return elf


def binary(elf):
    """The bytes of a program, from the lowest address that it has in flash."""
    out = elf.with_suffix(".bin")
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", elf, out], check=True)
    return out.read_bytes()


def sections(elf):
    """Bytes of each section."""
    listing = subprocess.run(["arm-none-eabi-size", "-A", elf], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    return {name: int(size) for name, size in re.findall(r"^(\.\S+)\s+(\d+)", listing, re.M)}


def text_size(elf):
    """Code, constants and initial values: what lies in flash, but for what a test keeps apart."""
    size = sections(elf)
    return sum(size.get(name, 0) for name in (".text", ".ARM.exidx", ".data"))


def text_by_source(elf, part_of):
    """Bytes of text by what `part_of` says of the source file that they come from."""
    lines = subprocess.run(["arm-none-eabi-addr2line", "-e", elf], check=True, text=True,
                           input="\n".join(hex(at) for at in range(0, sections(elf)[".text"], 2)),
                           stdout=subprocess.PIPE).stdout.splitlines()
    count = collections.Counter()
    for line in lines:
        count[part_of(os.path.normpath(line.split(":")[0]))] += 2
    return count


def cut_plugin():
    """The plugin of plugin/cut.c, built where that is newer."""
    source, library = HERE / "plugin" / "cut.c", BUILD / "cut.so"
    BUILD.mkdir(parents=True, exist_ok=True)
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        made = library.with_suffix(".so.new")
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", made,
                        source], check=True)
        made.replace(library)
    return library


def torn(before, after, random):
    """What a cut inside an operation may leave: each bit that it was to change has changed, or not."""
    size = len(before)
    changing = int.from_bytes(before, "little") ^ int.from_bytes(after, "little")
    kept = changing & random.getrandbits(size * 8)
    return (int.from_bytes(after, "little") ^ kept).to_bytes(size, "little")


def rp2040js():
    """Installs the emulator that rp2040.mjs needs, as package-lock.json pins it, below build/."""
    if not (BUILD / "node_modules" / "rp2040js").is_dir():
        BUILD.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, BUILD / name)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=BUILD, check=True)

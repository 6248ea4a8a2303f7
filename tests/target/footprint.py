#!/usr/bin/env python3
"""What the library costs on a Cortex-M0+: builds the programs of this folder with arm-none-eabi-g++,
runs the whole update, hashes and signatures on an emulated board (qemu-system-arm), prints tables
and checks the marks.

    tests/target/footprint.py            prints; exit code 1 when a mark is missed
    tests/target/footprint.py --write    writes the tables to docs/footprint.md as well
"""

import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "target"
PAGE = ROOT / "docs" / "footprint.md"

TEXT_MARK = 24 * 1024
STACK_MARK = 4 * 1024
UPDATER_MARK = 8 * 1024

# What a change may not exceed where the mark is not reached yet: lower it with every gain.
TEXT_GATE = 36300
STACK_GATE = STACK_MARK

# Parts that are run: below how many bytes of text (without SHA-256, which the others use), bytes of
# stack and instructions each must stay.
RUN_MARKS = {
    "sha256": (1433, 512, 110_000),  # of 1 KB: 17 blocks with the padding
    "ecdsa_p256": (4096, 1536, 31_000_000),
    "rsa_pkcs1_2048": (2048, 2048, 8_000_000),
    "rsa_pss_2048": (2560, 2048, 8_000_000),
}

FLAGS = """-std=c++17 -mcpu=cortex-m0plus -mthumb -Os -ffunction-sections -fdata-sections
  -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-unwind-tables
  -fno-asynchronous-unwind-tables -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wno-register
  -Werror --specs=nano.specs -nostartfiles -Wl,--gc-sections""".split()


def build(source, *more):
    """Links a program of this folder; gives its path."""
    elf = BUILD / (source.stem + "".join(more) + ".elf")
    subprocess.run(["arm-none-eabi-g++", *FLAGS, *more, f"-I{ROOT / 'include'}", f"-I{HERE}",
                    f"-I{BUILD}", source, HERE / "startup.cpp", "-T", HERE / "board.ld",
                    "-o", elf], check=True)
    return elf


def sections(elf):
    """Bytes of each section."""
    listing = subprocess.run(["arm-none-eabi-size", "-A", elf], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    return {name: int(size) for name, size in re.findall(r"^(\.\S+)\s+(\d+)", listing, re.M)}


def text_size(elf):
    """Code, constants and initial values: what lies in flash, but for the canned answers."""
    size = sections(elf)
    return sum(size.get(name, 0) for name in (".text", ".ARM.exidx", ".data"))


def build_counter():
    """The emulator's plugin that counts instructions."""
    subprocess.run(["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
                    HERE / "count_instructions.c", "-o", BUILD / "count_instructions.so"],
                   check=True)


def counter_of(elf):
    """What makes the emulator count the instructions of program()."""
    symbols = subprocess.run(["arm-none-eabi-nm", elf], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    begin, end = (re.search(rf"^(\w+) \w {name}$", symbols, re.M)[1]
                  for name in ("program", "program_ended"))
    return ["-plugin", f"{BUILD / 'count_instructions.so'},from=0x{begin},to=0x{end}"]


def run(elf, *more):
    """Runs a program to its end; gives the numbers that it printed."""
    ended = subprocess.run(
        ["qemu-system-arm", "-M", "mps2-an385", "-kernel", elf, "-display", "none", "-monitor",
         "none", "-serial", "none", "-semihosting-config", "enable=on,target=native", *more],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if ended.returncode != 0:
        sys.exit(f"{elf.name} ended with {ended.returncode}:\n{ended.stdout}")
    return {name: int(value, 0)
            for name, value in re.findall(r"^(\w+) (\d\w*)$", ended.stdout, re.M)}


def rooms(elf):
    """Bytes of text by the room that the code comes from, the largest first."""
    size = sections(elf)[".text"]
    lines = subprocess.run(["arm-none-eabi-addr2line", "-e", elf], check=True, text=True,
                           input="\n".join(hex(at) for at in range(0, size, 2)),
                           stdout=subprocess.PIPE).stdout.splitlines()
    count = collections.Counter()
    for line in lines:
        path = os.path.normpath(line.split(":")[0])
        inside = re.search(r"/include/ota/(\w+)", path)
        if inside:
            count[inside[1]] += 2
        elif str(HERE) in path:
            count["board and program"] += 2
        elif path.startswith("?"):
            count["constants: texts, errors, tables"] += 2
        else:
            count["standard library"] += 2
    return count.most_common()


def run_parts(text):
    """A table of the parts that are run, and the marks that they miss."""
    table = ["| part | text without SHA-256, bytes | stack, bytes | instructions |",
             "|---|---|---|---|"]
    missed = []
    for name, marks in RUN_MARKS.items():
        elf = BUILD / f"{name}.elf"
        seen = run(elf, *counter_of(elf))
        values = (text[name] - (text["sha256"] if name != "sha256" else 0), seen["stack"],
                  seen["instructions"])
        table.append(f"| {name} | " + " | ".join(
            f"{value:,} (below {mark:,})" for value, mark in zip(values, marks)) + " |")
        missed += [f"{name}: {value} is not below {mark}"
                   for value, mark in zip(values, marks) if value >= mark]
    return table, missed


def versions():
    lines = [subprocess.run([tool, "--version"], text=True, stdout=subprocess.PIPE).stdout
             .splitlines()[0] for tool in ("arm-none-eabi-g++", "qemu-system-arm")]
    return ", ".join(re.sub(r" \(.*\)", "", line) for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--write", action="store_true", help="write docs/footprint.md")
    arguments = parser.parse_args()

    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, HERE / "make_canned.py", BUILD / "canned.hpp"], check=True)
    subprocess.run([sys.executable, HERE / "make_signatures.py", BUILD], check=True)
    build_counter()
    empty = text_size(build(HERE / "empty.cpp"))

    whole = build(HERE / "update.cpp")
    text, seen = text_size(whole), run(whole)
    optimised = build(HERE / "update.cpp", "-flto")
    optimised_text, optimised_seen = text_size(optimised), run(optimised)

    rows = [("text, bytes", text, TEXT_MARK),
            ("stack, bytes", seen["stack"], STACK_MARK),
            ("sizeof(updater) without its storage, bytes", seen["updater"], UPDATER_MARK),
            ("text with -flto, bytes", optimised_text, None),
            ("stack with -flto, bytes", optimised_seen["stack"], None)]
    table = ["| whole update | measured | mark |", "|---|---|---|"]
    for name, value, mark in rows:
        table.append(f"| {name} | {value:,} | {f'below {mark:,}' if mark else ''} |")
    parts = ["| part | text, bytes |", "|---|---|"]
    alone = {}
    for source in sorted((HERE / "parts").glob("*.cpp")):
        alone[source.stem] = text_size(build(source)) - empty
        parts.append(f"| {source.stem} | {alone[source.stem]:,} |")
    speeds, missed = run_parts(alone)
    run(build(HERE / "wycheproof.cpp"))
    split = ["| room | text, bytes |", "|---|---|"]
    for name, value in rooms(build(HERE / "update.cpp", "-g")):
        split.append(f"| {name} | {value:,} |")
    print("\n".join(table + [""] + parts + [""] + speeds + [""] + split))

    if arguments.write:
        page = PAGE.read_text(encoding="utf-8")
        for name, lines in (("whole", table), ("parts", parts), ("speeds", speeds), ("rooms", split),
                            ("tools", [versions()])):
            page = re.sub(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
                          lambda at: at[1] + "\n".join(lines) + "\n" + at[2], page, flags=re.S)
        PAGE.write_text(page, encoding="utf-8")

    gates = {"text, bytes": TEXT_GATE, "stack, bytes": STACK_GATE}
    missed += [name for name, value, mark in rows if mark and value >= gates.get(name, mark)]
    if missed:
        sys.exit(f"over the gate: {', '.join(missed)}")


if __name__ == "__main__":
    main()

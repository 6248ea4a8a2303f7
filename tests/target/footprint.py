#!/usr/bin/env python3
"""What the library costs on a Cortex-M0+: builds the programs of this folder with arm-none-eabi-g++,
runs the whole update on an emulated board (qemu-system-arm), prints a table and checks the marks.

    tests/target/footprint.py            prints; exit code 1 when a mark is missed
    tests/target/footprint.py --write    writes the tables to docs/footprint.md as well
"""

import argparse
import re
import subprocess
import sys
import tarfile

import boot_footprint
import images
from firmware import BUILD, FLAGS, HERE, ROOT, text_by_source, text_size

PAGE = ROOT / "docs" / "footprint.md"

STACK_MARK = 4 * 1024
UPDATER_MARK = 8 * 1024

# The whole update, as more and more is left out of it or added: what is told of it, how it is
# compiled, and what its text must stay below.
WHOLE = [
    ("settings told at the start, errors with texts", [], 31_400),
    ("settings known when it is compiled", ["-DKNOWN_SETTINGS"], 28_200),
    ("the same, errors as numbers", ["-DKNOWN_SETTINGS", "-DOTA_ERROR_NUMBERS"], 24 * 1024),
    ("the first, with -flto", ["-flto"], None),
    ("the first, with delta_patches<>", ["-DPATCHES"], None),
    ("the first, with signed_by<ed25519> and sha256", ["-DSIGNED"], None),
]

# Parts that are run as well, and what must stay below: text, instructions, stack.
RUN = {
    "crc32": (None, None, None),
    "ecdsa_p256": (4 * 1024, 31_000_000, 1536),
    "ed25519": (8 * 1024, 20_000_000, 1536),
    "mcuboot_image": (2200, None, 1024),
    "mcuboot_image_ed25519": (8 * 1024, 20_000_000, 2 * 1024),
    "otadelta": (1300, None, 512),
    "patch_plain": (5 * 1024, None, 3 * 1024),
    "patch_thumb": (5 * 1024, None, 6 * 1024),
    "patch_thumb_small": (5 * 1024, None, 4 * 1024),
    "rsa_pkcs1_2048": (3 * 1024, 8_000_000, 2048),
    "rsa_pss_2048": (3 * 1024, 8_000_000, 2048),
    "sha1": (None, None, None),
    "sha256": (1433, 110_000, 1536),
    "sha512": (2 * 1024, None, None),
}


def build(source, *more):
    """Links a program of this folder; gives its path."""
    elf = BUILD / (source.stem + "".join(more) + ".elf")
    subprocess.run(["arm-none-eabi-g++", *FLAGS, *more, f"-I{ROOT / 'include'}", f"-I{HERE}",
                    f"-I{BUILD}", f"-Wa,-I{BUILD}", source, HERE / "startup.cpp",
                    "-T", HERE / "board.ld", "-o", elf], check=True)
    return elf


def run(elf, *more):
    """Runs a program to its end; gives the numbers that it printed."""
    ended = subprocess.run(
        ["qemu-system-arm", "-M", "mps2-an385", "-kernel", elf, "-display", "none", "-monitor",
         "none", "-serial", "none", "-semihosting-config", "enable=on,target=native", *more],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if ended.returncode != 0:
        sys.exit(f"{elf.name} ended with {ended.returncode}:\n{ended.stdout}")
    return {name: int(value) for name, value in re.findall(r"^(\w+) (\d+)$", ended.stdout, re.M)}


# Patches that are applied on the board: what they are for, and what the tool is told.
PATCHES = {"rp2-mpy-patch": ["--literals", "1"],
           "rp2-mpy-tiny": ["--literals", "0"],
           "python-tree-300-400": ["--map", "0", "--literals", "0"]}


def make_patches():
    """Unpacks pairs of files, and has the project's own tool make the patches."""
    for archive in (ROOT / "tests" / "data" / "delta").glob("*.tar.xz"):
        with tarfile.open(archive) as files:
            files.extractall(BUILD)
    for pair, options in PATCHES.items():
        subprocess.run([images.tool(), "delta", "make", "old.bin", "new.bin", "patch", *options],
                       cwd=BUILD / pair, check=True, stdout=subprocess.DEVNULL)


def measured_whole():
    """The table of the whole update, and which of its marks are missed."""
    table = ["| whole update | text, bytes | stack, bytes | sizeof(updater) without storage |",
             "|---|---|---|---|"]
    missed = []
    for name, options, text_mark in WHOLE:
        program = build(HERE / "update.cpp", *options)
        seen = run(program)
        cells = []
        for value, mark in ((text_size(program), text_mark), (seen["stack"], STACK_MARK),
                            (seen["updater"], None if "-DPATCHES" in options else UPDATER_MARK)):
            cells.append(f"{value:,}" + (f" (below {mark:,})" if mark else ""))
            if mark and value >= mark:
                missed.append(f"{name}: {value:,}")
        table.append(f"| {name} | {' | '.join(cells)} |")
    return table, missed


def measured_parts(empty):
    """The table of the parts, and which of their marks are missed."""
    table = ["| part | text, bytes | instructions | stack, bytes |", "|---|---|---|---|"]
    missed = []
    for source in sorted((HERE / "parts").glob("*.cpp")):
        values = [text_size(build(source)) - empty]
        if source.stem in RUN:
            # An instruction takes a nanosecond, so that the board's clock counts them.
            seen = run(build(source, "-DBOARD_MEASURES"), "-icount", "shift=0,sleep=off")
            values += [seen["instructions"], seen["stack"]]
        cells = []
        for value, mark in zip(values, RUN.get(source.stem, (None,))):
            cells.append(f"{value:,}" + (f" (below {mark:,})" if mark else ""))
            if mark and value >= mark:
                missed.append(f"{source.stem}: {value:,}")
        table.append(f"| {source.stem} | {' | '.join(cells + [''] * (3 - len(cells)))} |")
    return table, missed


def room_of(path):
    """The room of the library that code comes from."""
    inside = re.search(r"/include/ota/(\w+)", path)
    if inside:
        return inside[1]
    if str(HERE) in path:
        return "board and program"
    return "constants: texts, errors, tables" if path.startswith("?") else "standard library"


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
    empty = text_size(build(HERE / "empty.cpp"))

    table, missed = measured_whole()
    make_patches()
    parts, too_large = measured_parts(empty)
    missed += too_large
    run(build(HERE / "wycheproof.cpp"))
    split = ["| room | text, bytes |", "|---|---|"]
    for name, value in text_by_source(build(HERE / "update.cpp", "-g"), room_of).most_common():
        split.append(f"| {name} | {value:,} |")
    bootloader, too_large = boot_footprint.measure()
    missed += too_large
    print("\n".join(table + [""] + parts + [""] + split + [""] + bootloader))

    if arguments.write:
        page = PAGE.read_text(encoding="utf-8")
        for name, lines in (("whole", table), ("parts", parts), ("rooms", split),
                            ("bootloader", bootloader), ("tools", [versions()])):
            page = re.sub(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
                          lambda at: at[1] + "\n".join(lines) + "\n" + at[2], page, flags=re.S)
        PAGE.write_text(page, encoding="utf-8")

    if missed:
        sys.exit(f"over the gate: {', '.join(missed)}")


if __name__ == "__main__":
    main()

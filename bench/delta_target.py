#!/usr/bin/env python3
"""Decoders of patches on an emulated Cortex-M board, ours and others in one run: code for Cortex-M0+
at -Os, the same pairs of files, the result compared byte by byte and not kept.

    bench/delta_target.py

Ours are the programs of tests/target/parts. HPatchLite with tinyuz comes from PyPI: `hdiffpatch`
makes the patches, and its source package holds the decoders. detools' decoder in C is in no package:
its figures are quoted from delta_quoted.json. Exit code 1 when a patch does not restore its file.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = ROOT / "tests" / "target"
sys.path.insert(0, str(TARGET))

import firmware  # noqa: E402
import footprint  # noqa: E402
import images  # noqa: E402

BUILD = firmware.BUILD / "peers"
PROGRAMS = ROOT / "bench" / "delta_target"
QUOTED = ROOT / "bench" / "delta_quoted.json"
HDIFFPATCH = "hdiffpatch==2.6.0"

# The pairs, and which program applies ours.
PAIRS = {"rp2-mpy-tiny": TARGET / "parts" / "patch_thumb.cpp",
         "rp2-mpy-patch": TARGET / "parts" / "patch_thumb.cpp",
         "rp2-mpy-minor": PROGRAMS / "patch_thumb2.cpp",
         "python-tree-300-400": TARGET / "parts" / "patch_plain.cpp"}
# The pair of which a program takes its files, by name: others are put in its place.
PAIR_IN = {"patch_thumb": "rp2-mpy-patch", "patch_thumb2": "rp2-mpy-minor",
           "patch_plain": "python-tree-300-400"}
FOR_TEXT = ["--map", "0", "--literals", "0"]
FOR_CODE = ["--literals", "1"]

# As `hdiffi -c-tuz-4k`: the decoder keeps a dictionary of 4 KB.
MAKE_HPATCH_LITE = """
import hdiffpatch, pathlib
packed = hdiffpatch.TuzConfig(dict_size=4096, literal_line=True)
old, new = (pathlib.Path(name).read_bytes() for name in ("old.bin", "new.bin"))
pathlib.Path("patch").write_bytes(hdiffpatch.diff_lite(old, new, compression=packed))
"""

C_FLAGS = ["-std=c99", "-mcpu=cortex-m0plus", "-mthumb", "-Os", "-ffunction-sections",
           "-fdata-sections", "-DNDEBUG"]


class Missing(Exception):
    pass


def pip(*words):
    """The interpreter of an environment of the peers, after pip has run there."""
    interpreter = BUILD / "python" / "bin" / "python"
    if not interpreter.exists():
        venv.create(BUILD / "python", with_pip=True)
    if subprocess.run([interpreter, "-m", "pip", *words, "--quiet", "--disable-pip-version-check"],
                      check=False).returncode != 0:
        raise Missing(f"pip {' '.join(map(str, words))}")
    return interpreter


def hpatch_lite_sources():
    """The folder of C sources in PyPI's source package."""
    folder = BUILD / HDIFFPATCH.replace("==", "-")
    if not folder.exists():
        pip("download", "--no-deps", "--no-binary", ":all:", "--dest", BUILD, HDIFFPATCH)
        with tarfile.open(f"{folder}.tar.gz") as files:
            files.extractall(BUILD)
    return folder / "hdiffpatch" / "_c_src"


def hpatch_lite_decoder():
    """Its object files, and what a program that uses them is compiled with."""
    lite = hpatch_lite_sources() / "HDiffPatch" / "libHDiffPatch" / "HPatchLite"
    tinyuz = hpatch_lite_sources() / "tinyuz" / "decompress"
    # Both read by the same functions, as their author advises.
    flags = ["-D_IS_USED_SHARE_hpatch_lite_types=1", f"-I{lite}", f"-I{tinyuz}"]
    objects = []
    for source in (lite / "hpatch_lite.c", tinyuz / "tuz_dec.c"):
        objects.append(BUILD / f"{source.stem}.o")
        subprocess.run(["arm-none-eabi-gcc", *C_FLAGS, *flags, "-c", source, "-o", objects[-1]],
                       check=True)
    return objects, flags


def build(name, sources, *more):
    return firmware.build(name, [*sources, TARGET / "startup.cpp"], TARGET / "board.ld", *more)


def measure(name, pair, sources, *more):
    """What a program costs that applies a pair's patch; `more` says where its files are."""
    flags = [f"-I{TARGET / 'parts'}", *more]
    plain = build(name, sources, *flags)
    seen = footprint.run(build(f"{name}_run", sources, *flags, "-DBOARD_MEASURES"),
                         "-icount", "shift=0,sleep=off")
    sizes = firmware.sections(plain)
    return {"text": firmware.text_size(plain) - firmware.text_size(build("none", [TARGET / "empty.cpp"])),
            "ram": seen["stack"] + sizes.get(".data", 0) + sizes.get(".bss", 0),
            "instructions": round(seen["instructions"] / (pair / "new.bin").stat().st_size, 1)}


def lay_out(pair, folder):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(firmware.BUILD / pair, folder)
    return folder


def ours(pair):
    program = PAIRS[pair]
    place = BUILD / "ota" / pair
    folder = lay_out(pair, place / PAIR_IN[program.stem])
    limits = FOR_TEXT if program.stem == "patch_plain" else FOR_CODE
    subprocess.run([images.tool(), "delta", "make", "old.bin", "new.bin", "patch", *limits],
                   cwd=folder, check=True, stdout=subprocess.DEVNULL)
    found = measure(program.stem, folder, [program], f"-Wa,-I{place}")
    return {"patch": (folder / "patch").stat().st_size, **found}


def hpatch_lite(pair):
    folder = lay_out(pair, BUILD / "hpatch_lite" / pair)
    subprocess.run([pip("install", HDIFFPATCH), "-c", MAKE_HPATCH_LITE], cwd=folder, check=True)
    objects, flags = hpatch_lite_decoder()
    found = measure("hpatch_lite", folder, [PROGRAMS / "hpatch_lite.cpp", *objects], f"-Wa,-I{folder}", *flags)
    return {"patch": (folder / "patch").stat().st_size, **found}


def main():
    BUILD.mkdir(parents=True, exist_ok=True)
    footprint.make_patches()
    quoted = json.loads(QUOTED.read_text())["target"]
    rows = []
    for pair in PAIRS:
        rows.append((pair, "ota", ours(pair)))
        try:
            rows.append((pair, "HPatchLite, tinyuz 4K", hpatch_lite(pair)))
        except Missing as missing:
            print(f"HPatchLite is left out of {pair}: {missing} failed")
        rows.append((pair, "detools, heatshrink (quoted)", quoted["detools heatshrink"][pair]))

    print("| pair | decoder | patch, bytes | text, bytes | RAM, bytes | instructions a byte |")
    print("|---|---|---:|---:|---:|---:|")
    for pair, decoder, cost in rows:
        print(f"| {pair} | {decoder} | {cost['patch']:,} | {cost['text']:,} | {cost['ram']:,} "
              f"| {cost['instructions']} |")
    print(f"\nQuoted: {quoted['source']}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""`ota delta` beside the delta.py and delta_gen.py of 0x687931/ota (tests/data/otadelta).

    otadelta_peers.py ours OTA       patches of the tool: applied by both readers of delta.py, and by
                                     a strict reader
    otadelta_peers.py theirs OTA     patches of delta.py: applied by the tool
    otadelta_peers.py history OTA    those that delta_gen.py makes of a Git repository
    otadelta_peers.py figures OTA    prints the table of docs/otadelta.md
"""

import os
import pathlib
import random
import statistics
import subprocess
import sys
import tarfile
import tempfile

sys.dont_write_bytecode = True
DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
sys.path.insert(0, str(DATA / "otadelta"))
import delta  # noqa: E402: of the original

PAIRS = ["8ba7490", "e368856", "76c6dfa", "66f5405", "1cca950", "e055b56"]


def number(patch):
    """Takes a LEB128 number off the front, in as few bytes as it has."""
    value, shift = 0, 0
    while True:
        byte = patch.pop(0)
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            assert byte != 0 or shift == 7, "a number has a byte too many"
            assert value < 1 << 32, "a number has more than 32 bits"
            return value


def strictly_applied(old, patch):
    """The new file; fails on anything that any reader might refuse."""
    patch, new = list(patch), b""
    assert bytes(patch[:9]) == b"OTADELTA\x01"
    del patch[:9]
    while True:
        kind = patch.pop(0)
        if kind == 0xFF:
            assert not patch, "something follows the end mark"
            return new
        assert kind in (1, 2), f"an instruction {kind}"
        start = number(patch) if kind == 1 else 0
        length = number(patch)
        assert 0 < length <= {1: 4096, 2: 2048}[kind], f"an instruction of {length} bytes"
        source = old[start:start + length] if kind == 1 else bytes(patch[:length])
        assert len(source) == length, "an instruction reaches too far"
        if kind == 2:
            del patch[:length]
        new += source


def real_pairs():
    """Name, old file, new file, and the patch that delta.py makes of them."""
    with tarfile.open(DATA / "delta" / "python.tar.xz") as archive:
        for name in PAIRS:
            yield name, *(archive.extractfile(f"python-{name}/{file}").read()
                          for file in ("old.py", "new.py", "original.delta"))


def pairs():
    """Real pairs, then such as lie at the edges of what there can be."""
    for name, old, new, _ in real_pairs():
        yield name, old, new
    chance = random.Random(1)
    noise = bytes(chance.randrange(256) for _ in range(30000))
    yield "same", noise, noise
    yield "empty", noise, b""
    yield "from nothing", b"", noise
    yield "one byte", b"a", b"a"
    yield "zeros", bytes(50000), bytes(70001)
    yield "turned", noise, noise[20000:] + noise[:20000]
    for count in (1, 30, 300):
        changed = bytearray(noise)
        for _ in range(count):
            at = chance.randrange(len(changed))
            changed[at:at + chance.randrange(3)] = noise[at:at + chance.randrange(40)]
        yield f"changed {count} times", noise, bytes(changed)


def run_tool(tool, *options):
    subprocess.run([tool, "delta", *options], check=True, stdout=subprocess.DEVNULL)


def made(tool, old, new):
    """The patch that the tool makes, beside the files `old` and `new`, which are written."""
    pathlib.Path("old").write_bytes(old)
    pathlib.Path("new").write_bytes(new)
    run_tool(tool, "make", "old", "new", "patch", "--format", "otadelta")
    return pathlib.Path("patch").read_bytes()


def ours(tool):
    for name, old, new in pairs():
        patch = made(tool, old, new)
        assert strictly_applied(old, patch) == new, name
        for form in ("patch", patch):  # a path is read piece by piece, bytes by the older reader
            delta.apply_delta("old", form, "out")
            assert pathlib.Path("out").read_bytes() == new, name


def theirs(tool):
    refused = 0
    for name, old, new in pairs():
        for block in (16, 64, 512):
            pathlib.Path("old").write_bytes(old)
            pathlib.Path("new").write_bytes(new)
            delta.create_delta("old", "new", "patch", block_size=block)
            run_tool(tool, "apply", "old", "patch", "out")
            assert pathlib.Path("out").read_bytes() == new, (name, block)
            try:
                delta.apply_delta("old", "patch", "out")
            except delta.DeltaError:
                refused += 1
    assert refused > 10, "the original's reader was known to refuse most of these"


def git(*arguments):
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", "repo", *arguments],
                   check=True, stdout=subprocess.DEVNULL)


def history(tool):
    *_, (_, old, new, _) = real_pairs()
    os.mkdir("repo")
    git("init", "-q")
    for version, content in (("v1", old), ("v2", new)):
        pathlib.Path("repo/ota.py").write_bytes(content)
        git("add", ".")
        git("commit", "-q", "-m", version)
        git("tag", version)
    subprocess.run([sys.executable, "-B", DATA / "otadelta" / "delta_gen.py", "--repo", "repo", "--old", "v1",
                    "--new", "v2", "--output", "deltas"], check=True, stdout=subprocess.DEVNULL)
    pathlib.Path("old").write_bytes(old)
    run_tool(tool, "apply", "old", "deltas/ota.py.delta", "out")
    assert pathlib.Path("out").read_bytes() == new


def figures(tool):
    print("| pair | new file | original | ours |\n|---|---|---|---|")
    shares = []
    for name, old, new, original in real_pairs():
        sizes = len(original), len(made(tool, old, new))
        shares.append([100 * size / len(new) for size in sizes])
        print(f"| {name} | {len(new):,} | {sizes[0]:,} | {sizes[1]:,} |")
    medians = [f"{statistics.median(column):.1f} %" for column in zip(*shares)]
    print(f"| median, of the new file | | {medians[0]} | {medians[1]} |")


def main():
    tool = os.path.abspath(sys.argv[2])
    with tempfile.TemporaryDirectory() as where:
        os.chdir(where)
        {"ours": ours, "theirs": theirs, "history": history, "figures": figures}[sys.argv[1]](tool)


if __name__ == "__main__":
    main()

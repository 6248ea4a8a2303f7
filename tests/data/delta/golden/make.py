#!/usr/bin/env python3
"""Pairs of files that nobody wrote, and the golden patches between some of them.

    make.py TOOL                  makes all files of this folder anew; TOOL is `ota`
    make.py program SEED OLD NEW  writes two versions of a program for a Cortex-M0
"""

import pathlib
import random
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def little(value, size):
    return (value & (1 << 8 * size) - 1).to_bytes(size, "little")


# ---- programs -----------------------------------------------------------------------------

def call(at, to):
    """BL as the Arm Architecture Reference Manual encodes it (T1)."""
    offset = to - at - 4
    sign, i1, i2 = (offset >> bit & 1 for bit in (24, 23, 22))
    return (little(0xF000 | sign << 10 | offset >> 12 & 0x3FF, 2) +
            little(0xD000 | (i1 ^ sign ^ 1) << 13 | (i2 ^ sign ^ 1) << 11 | offset >> 1 & 0x7FF, 2))


def function(name, size, at, addresses, variables, wild):
    """Three quarters code, then words; the same name gives the same, but for the addresses.
    `wild`: some of the code is numbers that look like branches and loads."""
    chance, names = random.Random(name), sorted(addresses)
    words, text = at + (size * 3 // 4 & ~3), b""
    while at + len(text) < words:
        here = at + len(text)
        kind = chance.randrange(10)
        if kind < 2 and here + 4 <= words:
            text += call(here, addresses[chance.choice(names)])
        elif kind < 4:  # LDR (literal)
            offset = words + 4 * chance.randrange(size // 16 + 1) - (here + 4 & ~3)
            text += bytes([offset // 4 & 0xFF, 0x48 | chance.randrange(8)])
        elif kind == 4:  # B<cond>
            text += bytes([chance.randrange(256), 0xD0 + chance.randrange(14)])
        elif kind == 5 and wild:
            text += bytes([chance.randrange(256), chance.choice(b"\x48\xa0\xd3\xe0\xe7\xf0\xf4\xf8\xd8")])
        else:
            text += bytes([chance.randrange(256), chance.randrange(64)])
    while len(text) < size:
        kind, number = chance.randrange(8), chance.getrandbits(32)
        text += little(number if kind < 2 else variables[number % len(variables)] if kind < 4 else
                       addresses[chance.choice(names)] + 1, 4)
    return text


def program(functions, base, variables, wild):
    """Functions, by name and size, behind a table of vectors; two more are in a ROM before them."""
    addresses, end = {-1: base - 3000, -2: base - 400} if base else {}, base + 256
    for name, size in functions:
        addresses[name] = end
        end += size
    names = sorted(addresses)
    text = little(0x20004000, 4)
    text += b"".join(little(addresses[names[i % len(names)]] + 1, 4) for i in range(63))
    for name, size in functions:
        text += function(name, size, addresses[name], addresses, variables, wild)
    return text


def program_pair(seed, most=120):
    """A program of at most so many functions, some of which come, go, move or grow."""
    chance = random.Random(seed)
    base = chance.choice([0, 0x1000, 0x08004000, 0x10000000])
    old = [(i, 4 * chance.randrange(8, 80)) for i in range(chance.randrange(4, most))]
    new = list(old)
    for i in range(chance.randrange(1, 6)):
        at, change = chance.randrange(len(new)), chance.randrange(4)
        if change == 0:
            new.insert(at, (1000 + i, 4 * chance.randrange(8, 60)))
        elif change == 1 and len(new) > 2:
            del new[at]
        elif change == 2:
            new.insert(chance.randrange(len(new)), new.pop(at))
        else:
            name, size = new[at]
            new[at] = name, size + 4 * chance.randrange(1, 8)
    variables = [0x20000400 + 4 * i for i in range(64)]
    before = program(old, base, variables, seed % 3 > 0)
    after = program(new, base, variables[:32] + [v + 16 for v in variables[32:]], seed % 3 > 0)
    if seed % 5 == 0:
        after = after[:-chance.randrange(1, 4)]
    if seed % 7 == 0:
        after += after[200:len(after) // 2]
    return before, after


# ---- golden patches -----------------------------------------------------------------------

def text_pair():
    """Words in lines; one line in twenty is another."""
    chance = random.Random(1)
    words = ["".join(chance.choice("aeiounrstlkd") for _ in range(chance.randrange(2, 9)))
             for _ in range(300)]
    lines = [" ".join(chance.choices(words, k=8)) for _ in range(60)]
    before = "\n".join(lines)
    for _ in range(3):
        lines[chance.randrange(60)] = " ".join(chance.choices(words, k=9))
    lines[30:30] = [" ".join(chance.choice(words).upper() for _ in range(8)) for _ in range(12)]
    return before.encode(), "\n".join(lines).encode()


def table_pair():
    """Pointers into the file itself, and no code; some of what they name moved."""
    chance, base = random.Random(2), 0x3C000000
    def table(moved):
        names = random.Random(3)
        words = [base + 4 * names.randrange(700) for _ in range(700)]
        return b"".join(little(w + (moved if w >= base + 1200 else 0), 4) for w in words)
    noise = bytes(chance.randrange(256) for _ in range(48))
    return table(0), table(48)[:1200] + noise + table(48)[1200:]


def repeats():
    """Much that is said again, some of it at odd distances, and numbers of which some are frequent."""
    chance, text = random.Random(4), b""
    while len(text) < 4000:
        piece = bytes(int(chance.expovariate(0.1)) & 0xFF for _ in range(chance.randrange(1, 60)))
        text += piece * (chance.randrange(12) // 4 + 1) + text[:chance.randrange(20)]
    return text


GOLDEN = {
    "text": (text_pair, "--literals 2"),
    "table": (table_pair, ""),
    "from-nothing": (lambda: (b"", repeats()), ""),
    "to-nothing": (lambda: (b"nothing is left of this", b""), ""),
    "program": (lambda: program_pair(12, 40), ""),
    "program-again": (lambda: program_pair(28, 40), "--map 5"),
    "program-in-place": (lambda: program_pair(23, 40), "--in-place 700"),
    "program-wide": (lambda: program_pair(17, 40), "--map 0 --literals 4"),
}


def main(arguments):
    if len(arguments) == 4 and arguments[0] == "program":
        for path, content in zip(arguments[2:], program_pair(int(arguments[1]))):
            pathlib.Path(path).write_bytes(content)
        return
    if len(arguments) != 1:
        sys.exit(__doc__)
    for name, (pair, options) in GOLDEN.items():
        paths = [HERE / f"{name}.{end}" for end in ("old", "new", "patch")]
        for path, content in zip(paths, pair()):
            path.write_bytes(content)
        subprocess.run([arguments[0], "delta", "make", *paths, *options.split()], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])

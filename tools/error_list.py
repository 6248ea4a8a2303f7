#!/usr/bin/env python3
"""Makes tools/ota/error_list.inc from the headers in include/ota: all errors of the library, by
which `ota explain` tells a number's error.

    tools/error_list.py            writes the file
    tools/error_list.py --check    writes nothing; exit code 1 when the file is not up to date
"""

import argparse
import ast
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADERS = ROOT / "include" / "ota"
OUT = ROOT / "tools" / "ota" / "error_list.inc"

TEXT = r'"(?:[^"\\]|\\.)*"'
ERROR = re.compile(rf"\berror \w+\{{\s*errc::\w+,\s*({TEXT}),\s*({TEXT}(?:\s*{TEXT})*)\}}")


def errors():
    """The part and the text of every error, as the headers write them."""
    found = set()
    for header in HEADERS.rglob("*.hpp"):
        for where, text in ERROR.findall(header.read_text(encoding="utf-8")):
            found.add((where, re.sub(r'"\s+"', "", text)))
    return sorted(found)


def number_of(where, text):
    """32-bit FNV-1a over both, a zero byte between them, folded to 24 bits."""
    value = 0x811C9DC5
    # Python reads such literals as C++ does.
    for byte in f"{ast.literal_eval(where)}\0{ast.literal_eval(text)}".encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value >> 24 ^ value & 0xFFFFFF


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="only say whether the file is fresh")
    arguments = parser.parse_args()

    known = {}
    for one in errors():
        other = known.setdefault(number_of(*one), one)
        if other != one:
            sys.exit(f"two errors have one number, change the words of one: {one} and {other}")

    text = "// Made by tools/error_list.py from the headers in include/ota; change those.\n"
    text += "".join(f"{{{where}, {words}}},\n" for where, words in known.values())
    if arguments.check:
        if not OUT.is_file() or OUT.read_text(encoding="utf-8") != text:
            sys.exit("not up to date, run tools/error_list.py: tools/ota/error_list.inc")
    else:
        OUT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

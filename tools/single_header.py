#!/usr/bin/env python3
"""Makes single_include/ota/ota.hpp from include/ota/ota.hpp, and ota_testing.hpp from the headers
in include/ota/testing.

Every header of the library appears once, before those that need it; system headers that are
included unconditionally are gathered at the top. What stands inside #if stays inside it.

    tools/single_header.py            writes both files
    tools/single_header.py --check    writes nothing; exit code 1 when a file is not up to date
"""

import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include"
OUT = ROOT / "single_include" / "ota"

OWN = re.compile(r'\s*#\s*include\s+"([^"]+)"')
SYSTEM = re.compile(r"\s*#\s*include\s+<([^>]+)>")
OPENS = re.compile(r"\s*#\s*if(n?def)?\b")
CLOSES = re.compile(r"\s*#\s*endif\b")


class Amalgamation:
    """One output file. Headers in `elsewhere` are left out: another file brings them."""

    def __init__(self, elsewhere=()):
        self.system = set()
        self.body = []
        self.seen = {}  # header -> whether it stands inside an #if
        self.elsewhere = set(elsewhere)

    def add(self, header, conditional=False):
        if header in self.elsewhere:
            return
        if header in self.seen:
            if self.seen[header] and not conditional:
                sys.exit(f"{name(header)} is first included inside an #if, then outside of one: "
                         "include it outside before")
            return
        self.seen[header] = conditional
        if not header.is_file():
            sys.exit(f"{name(header)} is included but does not exist")

        text = [f"// {name(header)}\n"]
        depth = 0
        for line in header.read_text(encoding="utf-8").splitlines(keepends=True):
            own, system = OWN.match(line), SYSTEM.match(line)
            if line.startswith("#pragma once"):
                continue
            if own:
                target = (header.parent / own[1]).resolve()
                # What stands before the include in this header must stay before it.
                self.flush(text)
                self.add(target, conditional or depth > 0)
                continue
            if system and depth == 0 and not conditional:
                self.system.add(system[1])
                continue
            depth += bool(OPENS.match(line)) - bool(CLOSES.match(line))
            text.append(line)
        self.flush(text)

    def flush(self, text):
        if any(line.strip() for line in text[1:]):
            self.body += ["\n"] + text
            text[1:] = []

    def text(self, own_includes=()):
        head = [
            f"// ota {version()}: updates a device over the air.\n",
            "// Made by tools/single_header.py from the headers in include/ota; change those.\n",
            "//\n",
            *(f"// {line}".rstrip() + "\n" for line in licence()),
            "#pragma once\n",
            "\n",
            *(f"#include <{header}>\n" for header in sorted(self.system)),
            *(f'#include "{header}"\n' for header in own_includes),
        ]
        text = "".join(head + self.body)
        return re.sub(r"\n{3,}", "\n\n", text)


def name(header):
    return header.relative_to(INCLUDE).as_posix()


def version():
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    return re.search(r"project\(ota VERSION ([\d.]+)", text)[1]


def licence():
    return (ROOT / "LICENSE").read_text(encoding="utf-8").splitlines()


def make():
    """The files to write, as (path, text)."""
    library = Amalgamation()
    library.add(INCLUDE / "ota" / "ota.hpp")
    yield OUT / "ota.hpp", library.text()

    kit = Amalgamation(elsewhere=library.seen)
    for header in sorted((INCLUDE / "ota" / "testing").glob("*.hpp")):
        kit.add(header)
    if kit.seen:
        yield OUT / "ota_testing.hpp", kit.text(own_includes=["ota.hpp"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="only say whether the files are fresh")
    arguments = parser.parse_args()

    stale = []
    for path, text in make():
        old = path.read_text(encoding="utf-8") if path.is_file() else None
        if old == text:
            continue
        stale.append(path.relative_to(ROOT).as_posix())
        if not arguments.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if arguments.check and stale:
        sys.exit(f"not up to date, run tools/single_header.py: {', '.join(stale)}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""How long a compiler needs to read the single header, beside nlohmann/json in the same run.

The two are measured in turn, so that whatever else the machine does falls on both. Exit code 1
when the header costs more than 0.35 of nlohmann/json.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MARK = 0.35


def seconds(compiler, source):
    start = time.perf_counter()
    subprocess.run([compiler, "-std=c++17", "-fsyntax-only", "-I", str(ROOT / "single_include"),
                    str(source)], check=True)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()

    headers = ["ota/ota.hpp", "nlohmann/json.hpp"]
    taken = {header: [] for header in headers}
    with tempfile.TemporaryDirectory() as folder:
        sources = []
        for number, header in enumerate(headers):
            source = pathlib.Path(folder, f"{number}.cpp")
            source.write_text(f"#include <{header}>\n", encoding="utf-8")
            sources.append(source)
        for _ in range(arguments.runs):
            for header, source in zip(headers, sources):
                taken[header].append(seconds(arguments.compiler, source))

    medians = {header: statistics.median(times) for header, times in taken.items()}
    for header in headers:
        print(f"include {header:<20} {medians[header]:.3f} s "
              f"({min(taken[header]):.3f} to {max(taken[header]):.3f})")
    ratio = medians[headers[0]] / medians[headers[1]]
    print(f"include time: {ratio:.2f} of nlohmann/json (mark {MARK})")
    return ratio > MARK


if __name__ == "__main__":
    sys.exit(main())

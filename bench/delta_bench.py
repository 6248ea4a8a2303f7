#!/usr/bin/env python3
"""Sizes of patches, by this tool and by others, over pairs of files; each patch is applied again, and
must restore the new file.

    bench/delta_bench.py TOOL [--pairs FOLDER]… [--json FILE]

TOOL is the built `ota`. A FOLDER holds a folder for each pair, with old.* and new.* in it; without
one, the pairs of tests/data/delta are unpacked. Others are Debian's bsdiff, xdelta3, zstd and
xz-utils, where they are installed, and for pairs of known names the figures of delta_quoted.json,
which were not measured in this run. Memory is told where Debian's `time` is installed; time is
wall-clock of one run: read the ratios. Exit code 1 when a tool of those at hand fails.
"""

import argparse
import json
import math
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "delta"
ARCHIVES = ROOT / "tests" / "data" / "delta"
QUOTED = ROOT / "bench" / "delta_quoted.json"

# Name: how a patch is made and applied. xz takes the new file alone: an update without a delta.
PEERS = {
    "bsdiff": (["bsdiff", "{old}", "{new}", "{patch}"], ["bspatch", "{old}", "{out}", "{patch}"]),
    "xdelta3 -9": (["xdelta3", "-e", "-9", "-f", "-s", "{old}", "{new}", "{patch}"],
                   ["xdelta3", "-d", "-f", "-s", "{old}", "{patch}", "{out}"]),
    "zstd -19": (["zstd", "-q", "-f", "-19", "--long=31", "--patch-from={old}", "{new}", "-o", "{patch}"],
                 ["zstd", "-q", "-f", "-d", "--long=31", "--patch-from={old}", "{patch}", "-o", "{out}"]),
}
FULL_PEERS = {
    "xz -9e": (["sh", "-c", 'xz -9e -c "$1" >"$2"', "sh", "{new}", "{patch}"],
               ["sh", "-c", 'xz -d -c "$1" >"$2"', "sh", "{patch}", "{out}"]),
}


def ours(tool):
    return {"ota": ([tool, "delta", "make", "{old}", "{new}", "{patch}"],
                    [tool, "delta", "apply", "{old}", "{patch}", "{out}"])}


def ours_full(tool):
    """The new image without an old one, beside xz."""
    return {"ota": ([tool, "delta", "make", "/dev/null", "{new}", "{patch}"],
                    [tool, "delta", "apply", "/dev/null", "{patch}", "{out}"])}


def knows_deltas(tool):
    return subprocess.run([tool, "delta", "make"], capture_output=True, check=False,
                          text=True).stderr.find("unknown command") < 0


class Failed(Exception):
    pass


def run(command, files):
    """Seconds and peak kilobytes (None without `time`) of a command."""
    command = [str(word).format(**files) for word in command]
    measured = files["folder"] / "memory"
    if shutil.which("time"):
        command = [shutil.which("time"), "-q", "-f", "%M", "-o", measured, *command]
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}\n{done.stderr.decode(errors='replace')}")
    return round(seconds, 4), int(measured.read_text()) if measured.exists() else None


def measure(commands, old, new):
    """Makes a patch and applies it; the figures of both."""
    make, apply = commands
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        files = {"folder": folder, "old": old, "new": new, "patch": folder / "patch",
                 "out": folder / "out"}
        make_seconds, make_kb = run(make, files)
        apply_seconds, apply_kb = run(apply, files)
        if files["out"].read_bytes() != new.read_bytes():
            raise Failed(f"the patch of {make[0]} does not restore {new}")
        return {"size": files["patch"].stat().st_size, "make_s": make_seconds, "make_kb": make_kb,
                "apply_s": apply_seconds, "apply_kb": apply_kb}


def committed_pairs():
    folder = BUILD / "pairs"
    for archive in sorted(ARCHIVES.glob("*.tar.xz")):
        with tarfile.open(archive) as packed:
            packed.extractall(folder)
    return folder


def pairs_in(folders):
    """Name, old and new file of each pair."""
    for folder in folders:
        for pair in sorted(path for path in folder.iterdir() if path.is_dir()):
            old, new = sorted(pair.glob("old.*")), sorted(pair.glob("new.*"))
            if old and new:
                yield pair.name, old[0], new[0]


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def row(cells):
    return "| " + " | ".join(map(str, cells)) + " |"


def table(head, rows):
    return "\n".join([row(head), row(["---"] + ["---:"] * (len(head) - 1)), *map(row, rows)])


def sizes_by_tool(report, kind):
    """{tool: {pair: size}}, the quoted ones last."""
    sizes = {}
    for quoted in (False, True):
        for pair, found in report["pairs"].items():
            for tool, size in ((found["quoted"] if quoted else
                                {tool: one["size"] for tool, one in found[kind].items()}).items()):
                sizes.setdefault(f"{tool} (quoted)" if quoted else tool, {})[pair] = size
        if kind != "patches":
            break
    return sizes


def print_sizes(report, kind, title):
    sizes = sizes_by_tool(report, kind)
    if not sizes:
        return
    reference = "ota" if "ota" in sizes else next(iter(sizes))
    rows = [[pair, found["new"], *(of_tool.get(pair, "") for of_tool in sizes.values())]
            for pair, found in report["pairs"].items()]
    means = []
    for of_tool in sizes.values():
        common = [pair for pair in of_tool if pair in sizes[reference]]
        ratio = geometric_mean([of_tool[pair] / sizes[reference][pair] for pair in common]) \
            if common else None
        means.append(f"{ratio:.3f} ({len(common)})" if ratio else "")
    rows.append([f"times {reference}, geometric mean (pairs)", "", *means])
    print(f"\n{title}, bytes\n\n{table(['pair', 'new', *sizes], rows)}")
    print_beside_best(sizes)


def print_beside_best(sizes):
    """Ours beside the best of all others, pair by pair."""
    others = [of_tool for tool, of_tool in sizes.items() if tool != "ota"]
    if "ota" not in sizes or not others:
        return
    ratios = [size / min(of_tool[pair] for of_tool in others if pair in of_tool)
              for pair, size in sizes["ota"].items() if any(pair in of_tool for of_tool in others)]
    print(f"\nota beside the best of the others, pair by pair: geometric mean "
          f"{geometric_mean(ratios):.3f}, worst {max(ratios):.3f}, "
          f"smaller for {sum(ratio < 1 for ratio in ratios)} of {len(ratios)}")


def print_costs(report):
    rows = []
    for kind in ("patches", "full"):
        for tool in dict.fromkeys(tool for found in report["pairs"].values() for tool in found[kind]):
            runs = [found[kind][tool] for found in report["pairs"].values() if tool in found[kind]]
            peak = {one: max(run[one] or 0 for run in runs) or "" for one in ("make_kb", "apply_kb")}
            rows.append([tool if kind == "patches" else f"{tool}, full image",
                         f"{sum(run['make_s'] for run in runs):.2f}", peak["make_kb"],
                         f"{sum(run['apply_s'] for run in runs):.2f}", peak["apply_kb"]])
    print("\nTime of all pairs and greatest memory\n\n" + table(
        ["tool", "make, s", "make, KB", "apply, s", "apply, KB"], rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("tool")
    parser.add_argument("--pairs", type=pathlib.Path, action="append")
    parser.add_argument("--json", type=pathlib.Path, default=BUILD / "delta.json")
    arguments = parser.parse_args()
    tool = str(pathlib.Path(arguments.tool).resolve())

    installed = {name: commands for name, commands in PEERS.items() if shutil.which(commands[0][0])}
    patches, full = dict(installed), dict(FULL_PEERS) if shutil.which("xz") else {}
    if knows_deltas(tool):
        patches, full = {**ours(tool), **patches}, {**ours_full(tool), **full}
    else:
        print("this ota makes no deltas yet: it is left out")
    for name in PEERS.keys() - installed.keys():
        print(f"{name} is not installed: it is left out")

    quoted = json.loads(QUOTED.read_text())
    report = {"quoted_source": quoted["source"], "pairs": {}}
    for name, old, new in pairs_in(arguments.pairs or [committed_pairs()]):
        try:
            report["pairs"][name] = {
                "old": old.stat().st_size, "new": new.stat().st_size,
                "patches": {tool: measure(commands, old, new) for tool, commands in patches.items()},
                "full": {tool: measure(commands, old, new) for tool, commands in full.items()},
                "quoted": quoted["pairs"].get(name, {})}
        except Failed as failure:
            sys.exit(f"{name}: {failure}")
    if not report["pairs"]:
        sys.exit("no pairs: a folder of folders with old.* and new.* is expected")

    print_sizes(report, "patches", "Patches")
    print_sizes(report, "full", "Full images")
    print_costs(report)
    if any(found["quoted"] for found in report["pairs"].values()):
        print(f"\nQuoted: {quoted['source']}")
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()

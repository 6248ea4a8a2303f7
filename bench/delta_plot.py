#!/usr/bin/env python3
"""Draws what delta_bench.py has measured: the size of each pair's patch by tool, on a log scale.

    bench/delta_plot.py [FIGURES] [PICTURE]        build/delta/delta.json, docs/delta.svg

The same figures make the same bytes.
"""

import json
import math
import pathlib
import sys
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parent.parent

WIDTH, LEFT, RIGHT, ROW, TOP = 900, 210, 30, 24, 96

# Shape and class of each tool; what is quoted is drawn hollow. Others get a small dot.
SHAPES = {"ota": "star", "bsdiff": "circle", "xdelta3 -9": "square", "zstd -19": "triangle",
          "detools heatshrink": "diamond", "detools lzma cortex-m4": "diamond_flat",
          "HPatchLite 4K": "circle", "HPatchLite 1K": "square", "HDiffPatch zstd": "triangle"}

STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .faint { fill: #6e7781 }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .ours { fill: #d1242f; stroke: #d1242f }
  .bar { stroke: #d1242f; stroke-width: 2; opacity: .35 }
  .t0 { fill: #0969da; stroke: #0969da } .t1 { fill: #8250df; stroke: #8250df }
  .t2 { fill: #1a7f37; stroke: #1a7f37 } .t3 { fill: #9a6700; stroke: #9a6700 }
  .t4 { fill: #57606a; stroke: #57606a } .t5 { fill: #bf3989; stroke: #bf3989 }
  .quoted { fill: none; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .faint { fill: #8b949e } .grid { stroke: #30363d }
    .ours { fill: #ff7b72; stroke: #ff7b72 } .bar { stroke: #ff7b72 }
    .t0 { fill: #58a6ff; stroke: #58a6ff } .t1 { fill: #bc8cff; stroke: #bc8cff }
    .t2 { fill: #56d364; stroke: #56d364 } .t3 { fill: #e3b341; stroke: #e3b341 }
    .t4 { fill: #b1bac4; stroke: #b1bac4 } .t5 { fill: #f778ba; stroke: #f778ba }
    .quoted { fill: none }
  }
"""


def polygon(points, css):
    return f'<polygon class="{css}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'


def mark(tool, css, x, y):
    """A tool's sign around a point."""
    shape = SHAPES.get(tool, "circle")
    size = 7.5 if tool == "ota" else 4.5
    if shape == "circle":
        return f'<circle class="{css}" cx="{x:.1f}" cy="{y:.1f}" r="{size}"/>'
    if shape == "star":
        turns = [(size if i % 2 == 0 else size * 0.45, math.pi * (i / 5 - 0.5)) for i in range(10)]
        return polygon([(x + r * math.cos(a), y + r * math.sin(a)) for r, a in turns], css)
    corners = {"square": [(-1, -1), (1, -1), (1, 1), (-1, 1)],
               "triangle": [(0, -1.1), (1.1, 0.9), (-1.1, 0.9)],
               "diamond": [(0, -1.3), (1, 0), (0, 1.3), (-1, 0)],
               "diamond_flat": [(0, -0.9), (1.4, 0), (0, 0.9), (-1.4, 0)]}[shape]
    return polygon([(x + size * dx, y + size * dy) for dx, dy in corners], css)


def bytes_text(size):
    for unit, name in ((1_000_000, "MB"), (1000, "KB")):
        if size >= unit:
            return f"{round(size / unit)} {name}"
    return f"{size} B"


def points_of(report):
    """{(tool, quoted): {pair: size}}, in the order of drawing: ours over all others."""
    points = {}
    for pair, found in report["pairs"].items():
        for tool, one in found["patches"].items():
            points.setdefault((tool, False), {})[pair] = one["size"]
        for tool, size in found["quoted"].items():
            points.setdefault((tool, True), {})[pair] = size
    return dict(sorted(points.items(), key=lambda item: (item[0][0] == "ota", not item[0][1])))


def classes(points):
    """Ours is red; the others take the colours in turn."""
    others = [key for key in points if key[0] != "ota"]
    return {key: "ours" if key[0] == "ota" else
            f"t{others.index(key) % 6}" + (" quoted" if key[1] else "") for key in points}


def legend(points, css):
    out, x, y = [], LEFT, 44
    for key in reversed(points):
        label = key[0] + (" (quoted)" if key[1] else "")
        width = 24 + 7 * len(label)
        if x + width > WIDTH - RIGHT:
            x, y = LEFT, y + 20
        out += [mark(key[0], css[key], x + 6, y - 4),
                f'<text x="{x + 18}" y="{y}">{escape(label)}</text>']
        x += width
    return out


def draw(report):
    points = points_of(report)
    css = classes(points)
    pairs = sorted(report["pairs"], key=lambda pair: (report["pairs"][pair]["new"], pair))
    sizes = [size for of_tool in points.values() for size in of_tool.values()]
    low = 10 ** math.floor(math.log10(max(1, min(sizes))))
    high = 10 ** math.ceil(math.log10(max(sizes) + 1))
    bottom = TOP + ROW * len(pairs)

    def at(size):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(max(low, size) / low) / math.log(high / low)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 40}" '
           f'width="{WIDTH}" height="{bottom + 40}">', f"<style>{STYLE}</style>",
           f'<text x="{LEFT}" y="20" style="font-weight: 600">Size of the patch from the old file to '
           'the new one: less is better</text>', *legend(points, css)]
    tick = low
    while tick <= high:
        x = at(tick)
        out += [f'<line class="grid" x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{bottom}"/>',
                f'<text class="faint" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">'
                f'{bytes_text(tick)}</text>']
        tick *= 10
    for number, pair in enumerate(pairs):
        y = TOP + ROW * number + ROW / 2
        out.append(f'<text x="{LEFT - 12}" y="{y + 4:.1f}" text-anchor="end">{escape(pair)}'
                   f'<tspan class="faint" dx="6">{bytes_text(report["pairs"][pair]["new"])}</tspan></text>')
        out.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>')
        if pair in points.get(("ota", False), {}):
            out.append(f'<line class="bar" x1="{LEFT}" y1="{y:.1f}" '
                       f'x2="{at(points["ota", False][pair]):.1f}" y2="{y:.1f}"/>')
        out += [mark(key[0], css[key], at(of_tool[pair]), y)
                for key, of_tool in points.items() if pair in of_tool]
    if any(quoted for _, quoted in points):
        out.append(f'<text class="faint" x="{LEFT}" y="{bottom + 34}">Hollow: quoted, not measured in '
                   'the same run (bench/delta_quoted.json)</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def main():
    figures = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/delta/delta.json")
    picture = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "docs/delta.svg")
    picture.write_text(draw(json.loads(figures.read_text())), encoding="utf-8")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Checks that the pages say what is so: every configuration key is described, every link leads
somewhere, and the power-cut figures in the pages are those of the last proof."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def undescribed_keys():
    source = (ROOT / "include/ota/format/config_keys.hpp").read_text(encoding="utf-8")
    keys = set(re.findall(r'\{"(\w+)", [&c]', source)) | set(re.findall(r'key == "(\w+)"', source))
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    return [f"docs/configuration.md lacks the key {key}" for key in sorted(keys)
            if f"`{key}`" not in page]


def dead_links():
    for page in PAGES:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
        for link in re.findall(r"\]\(([^)#]+)", text):
            if not link.startswith("http") and not (page.parent / link).exists():
                yield f"{page.relative_to(ROOT)} links to {link}, which is not there"


def stale_figures(folder):
    for page, prefix in (("README.md", "power_cut_"), ("docs/mixed-updates.md", "mixed_")):
        text = (ROOT / page).read_text(encoding="utf-8")
        for file in sorted(folder.glob(f"{prefix}*.json")):
            report = json.loads(file.read_text(encoding="utf-8"))
            name = file.stem.removeprefix(prefix).replace("_", " ")
            row = " | ".join([name, *(f"{report[key]:,}" for key in
                                      ("operations", "cuts", "distinct_states", "broken"))])
            if f"| {row} |" not in text:
                yield f"{page} lacks the row | {row} |"


def main():
    problems = [*undescribed_keys(), *dead_links()]
    if len(sys.argv) > 1:
        problems += stale_figures(pathlib.Path(sys.argv[1]))
    sys.exit("\n".join(problems) or 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Checks that the pages say what is so: every configuration key is described, every link leads
somewhere, and the power-cut figures in README.md and docs/flash.md are those of the last proof.

    check_docs.py [FIGURES]            FIGURES: where the proofs have left their figures
    check_docs.py FIGURES --write      writes the figures of docs/flash.md
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FLASH = ROOT / "docs" / "flash.md"
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


def flash_table(folder):
    """What tests/power_cut/flash_*_test.cpp found: a row for each strategy and what was cut."""
    lines = ["| strategy | what is cut | proofs | cuts | distinct states | broken |",
             "|---|---|---|---|---|---|"]
    total = [0] * 4
    whole = ("update", "put_back", "rollback", "series")
    for short, strategy, parts in (
            ("slots", "`two_slots`", whole), ("overwrite", "`overwrite_with_backup`", whole),
            ("moving", "`swap_by_moving`", whole), ("scratch", "`swap_with_scratch`", whole),
            ("patched", "`two_slots`, by a patch", ("update", "series")),
            ("in_place", "`patch_in_place`", ("update", "series"))):
        for what in parts:
            reports = [json.loads(file.read_text(encoding="utf-8"))
                       for file in folder.glob(f"flash_{short}_*_{what}.json")]
            row = [len(reports)] + [sum(one[key] for one in reports)
                                    for key in ("cuts", "distinct_states", "broken")]
            total = [a + b for a, b in zip(total, row)]
            name = "ten cuts in a row" if what == "series" else what.replace("_", " ")
            lines.append(f"| {strategy} | {name} | {' | '.join(f'{n:,}' for n in row)} |")
    lines.append(f"| all | | {' | '.join(f'{n:,}' for n in total)} |")
    return "\n".join(lines) + "\n"


def flash_page(folder):
    """docs/flash.md as it is, and as it should be."""
    page = FLASH.read_text(encoding="utf-8")
    table = flash_table(folder)
    return page, re.sub(r"(<!-- figures -->\n).*?(<!-- /figures -->)",
                        lambda at: at[1] + table + at[2], page, flags=re.S)


def main():
    problems = [*undescribed_keys(), *dead_links()]
    if len(sys.argv) > 1:
        folder = pathlib.Path(sys.argv[1])
        problems += stale_figures(folder)
        page, right = flash_page(folder)
        if page != right and "--write" in sys.argv:
            FLASH.write_text(right, encoding="utf-8")
        elif page != right:
            problems.append("docs/flash.md has figures of another proof: "
                            f"tests/docs/check_docs.py {folder} --write")
    sys.exit("\n".join(problems) or 0)


if __name__ == "__main__":
    main()

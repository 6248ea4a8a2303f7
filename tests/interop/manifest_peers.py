#!/usr/bin/env python3
"""Compares `ota manifest` with what others make of the same folder.

    manifest_peers.py record GENERATOR   runs manifest_gen.py of 0x687931/ota over every case and
                                         keeps its documents in tests/data/manifest_gen
    manifest_peers.py check OTA          runs the tool over the same cases and compares
    manifest_peers.py globs OTA          random globs, against Python's own glob and pathlib
"""

import contextlib
import glob
import hashlib
import hmac
import importlib.util
import io
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

EXPECTED = pathlib.Path(__file__).parent.parent / "data/manifest_gen/expected.json"
KEY = "k\u00e9y \U0001f511"

FILES = {
    "main.py": b"print('main')\n", "boot.py": b"", "lib/a.py": b"a\r\n", "lib/b.mpy": bytes(range(256)),
    "lib/deep/er/c.py": b"c", "lib-x.py": b"sorts behind lib/", "lib.py": b"and this too",
    "www/index.html": b"<p>", "www/caf\u00e9 \U0001f600.txt": b"name", "www/a\u0301.txt": b"NFD",
    "cache.pyc": b"no", "lib/old.pyo": b"no", "lib/__pycache__/a.pyc": b"no", ".git/config": b"no",
    ".gitignore": b"no", "lib/[x].py": b"brackets", "data/big.bin": b"0123456789" * 100000,
    "data/Z.txt": b"Z", "data/_.txt": b"_", "data/a.txt": b"a", "a b.txt": b"space", "\"q\".txt": b"q",
}
LISTS = {
    "list": "# comment\n  main.py  \r\n\r\n\tlib/a.py\n   # another\nmain.py\n./lib/deep/../b.mpy\n"
            "www/caf\u00e9 \U0001f600.txt\ncache.pyc\n.gitignore",
    "old_mac": "main.py\rboot.py\r",
    "deletes": "# gone\n\nlib/gone.py\r\n  z/last.txt\t\na/first.txt\ncaf\u00e9.py\nlib/gone.py\n",
    "none": "# nothing\n\n",
}
LINKS = {"link.py": "lib/a.py", "www/dangling": "nowhere", "linked_lib": "lib"}

CASES = {
    "all": [],
    "signed": ["--version", "v1.2.3", "--key", KEY],
    "every option": ["--version", "caf\u00e9 \"1\"", "--key", "k", "--deletes", "deletes", "--post-update",
                     "hooks/post.py", "--include", "*.py", "lib/**/*.py", "--exclude", "boot.*", "x"],
    "empty version": ["--version", "", "--key", ""],
    "file list": ["--file-list", "list", "--key", "k"],
    "file list before includes": ["--file-list", "list", "--include", "boot.py"],
    "file list of an old Mac": ["--file-list", "old_mac"],
    "empty lists": ["--file-list", "none", "--deletes", "none", "--post-update=hooks/p.py"],
    "include": ["--include", "*.py"],
    "include several": ["--include", "main.py", "lib/*.*y", "data/[!A-Z]*"],
    "include in any depth": ["--include", "**/*.py"],
    "include below": ["--include", "lib/**/?.py", "www/*.txt"],
    "include written otherwise": ["--include", "./lib//a.py", "lib/deep/../*.mpy"],
    "include a link": ["--include", "link.*"],
    "include brackets": ["--include", "lib/[[]x].py", "data/[a_]*"],
    "include none": ["--include"],
    "include nothing there": ["--include", "*.c", "nosuch.py"],
    "include and exclude": ["--include", "lib/*.py", "**/*.txt", "--exclude", "deep", "a*", "d?ta/*"],
    "exclude": ["--exclude", "*.py", "*.pyc", "data/*"],
    "exclude from the right": ["--exclude", "deep/*/c.py", "?.txt"],
    "exclude none": ["--exclude"],
    "exclude with =": ["--exclude=*.txt"],
}


def build(where):
    for name, data in FILES.items():
        path = where / "r" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for name, target in LINKS.items():
        (where / "r" / name).symlink_to(target)
    for name, text in LISTS.items():
        (where / name).write_text(text, encoding="utf-8", newline="")
    os.chdir(where)


def is_hidden(path):
    return any(part.startswith(".") for part in pathlib.PurePath(path).parts)


def signature(manifest, key):
    body = {name: value for name, value in manifest.items() if name != "signature"}
    form = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hmac.new(key.encode(), form.encode(), hashlib.sha256).hexdigest()


def comparable(manifest, options):
    """A document without what depends on the clock, after a look at that."""
    key = options[options.index("--key") + 1] if "--key" in options else ""
    if key:
        assert manifest.pop("signature") == signature(manifest, key), "the signature is wrong"
    assert "signature" not in manifest
    stamp = manifest.pop("generated_at")
    assert len(stamp) == 20 and stamp[10] == "T" and stamp[-1] == "Z", stamp
    return manifest


def record(generator):
    """The generator takes what stands in its list INCLUDE; here that is everything."""
    spec = importlib.util.spec_from_file_location("manifest_gen", pathlib.Path(generator).resolve())
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.want = lambda path: True
    recorded = {}
    with tempfile.TemporaryDirectory() as where:
        build(pathlib.Path(where))
        for name, options in CASES.items():
            sys.argv = ["manifest_gen.py", "--root", "r", "--out", where + "/m.json", *options]
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    module.main()
                recorded[name] = comparable(json.loads(pathlib.Path("m.json").read_text()), options)
            except OSError as failure:
                print(f"{name}: the generator fails: {failure}")
    EXPECTED.parent.mkdir(exist_ok=True)
    EXPECTED.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")


def run_tool(tool, *options):
    options = ["--hmac-key" if one == "--key" else one for one in options]
    subprocess.run([tool, "manifest", "--root", "r", "--out", "m.json", *options], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return json.loads(pathlib.Path("m.json").read_text(encoding="utf-8"))


def check(tool):
    expected = json.loads(EXPECTED.read_text())
    failures = 0
    assert len(expected) >= 20
    with tempfile.TemporaryDirectory() as where:
        build(pathlib.Path(where))
        for name, wanted in expected.items():
            # The one thing that is told apart on purpose: devices refuse hidden files.
            wanted["files"] = [one for one in wanted["files"] if not is_hidden(one["path"])]
            made = comparable(run_tool(tool, *CASES[name]), CASES[name])
            if made != wanted:
                failures += 1
                print(f"{name}:\n made     {[f['path'] for f in made['files']]}\n expected "
                      f"{[f['path'] for f in wanted['files']]}")
    sys.exit(failures != 0)


def all_files():
    return [path.relative_to("r") for path in pathlib.Path("r").rglob("*")
            if path.is_file() and not path.is_symlink()
            and not is_hidden(path.relative_to("r"))]


def included(pattern):
    found = {pathlib.Path(one) for one in glob.glob(pattern, root_dir="r", recursive=True)}
    if not glob.has_magic(pattern):
        found |= {one for one in all_files() if pathlib.Path(pattern) in one.parents}
    return found


def excluded(path, patterns):
    return any(one.match(pattern) for pattern in patterns for one in [path, *path.parents][:-1])


def random_pattern(chance):
    pieces = ["a", "b", "lib", ".py", "*", "?", "[ab]", "[!a]", "[a-c]", "[", "]", "[]a]", "[b-a]", "/",
              "/", "**", "\u00e9", "-", "[a-", "[!]b]", "\\", "[^a]", "[!b-a]", "*/"]
    pattern = "".join(chance.choice(pieces) for _ in range(chance.randint(1, 5))).strip("/")
    return "**/" + pattern if pattern and chance.random() < 0.2 else pattern


def globs(tool):
    chance, failures, matched = random.Random(1), 0, 0
    with tempfile.TemporaryDirectory() as where:
        os.chdir(where)
        for name in ["a", "b.py", "ab/a", "ab/b.py", "ab/lib/a.py", "lib/a", "lib/b/c.py", "lib/[", "-",
                     "\u00e9", "\u00e9a/b", "]a", "^a", "c/c/c/a.py", "[a-", "lib.py", "ba/a/ab/b"]:
            path = pathlib.Path("r", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        for _ in range(200):
            patterns = [one for one in (random_pattern(chance) for _ in range(2)) if one.strip("/")]
            # No hidden ones, no options, and not where fnmatch takes [c-[!a] for [!a].
            patterns = [one for one in patterns
                        if not one.startswith((".", "-")) and "/." not in one and "-[!" not in one]
            if not patterns:
                continue
            for option in ("--include", "--exclude"):
                if option == "--include":
                    found = set().union(*map(included, patterns))
                    wanted = {one for one in all_files() if one in found}
                else:
                    wanted = {one for one in all_files() if not excluded(one, patterns)}
                matched += 0 < len(wanted) < len(all_files())
                made = {pathlib.Path(one["path"]) for one in run_tool(tool, option, *patterns)["files"]}
                if made != wanted:
                    failures += 1
                    print(option, patterns, "made", sorted(map(str, made)), "wanted",
                          sorted(map(str, wanted)))
    print(f"{matched} selections")
    sys.exit(failures != 0 or matched < 100)


if __name__ == "__main__":
    {"record": record, "check": check, "globs": globs}[sys.argv[1]](os.path.abspath(sys.argv[2]))

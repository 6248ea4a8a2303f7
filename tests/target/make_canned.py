#!/usr/bin/env python3
"""Writes the answers of a GitHub-like server for two releases of a small repository, as a C++
header for canned_server.hpp: first argument, the file to write.

The shape of the documents is that of docs.github.com/rest; blob ids are real, made with hashlib.
"""

import hashlib
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "interop"))
import signed_documents  # noqa: E402: the maker's side, with openssl

OWNER, REPO = "acme", "station"


def text(size, seed):
    """Python-like lines that differ from file to file."""
    out = ""
    number = seed
    while len(out) < size:
        number = (number * 1103515245 + 12345) % 2**31
        out += f"value_{number % 1000} = compute({number})\n"
    return out[:size].encode()


OLD = {
    "boot.py": text(300, 1),
    "main.py": text(900, 2),
    "lib/__init__.py": b"",
    "lib/sensor.py": text(1400, 3),
    "lib/radio.py": text(700, 4),
    "config.json": b'{"interval": 60}\n',
}
NEW = {**OLD, "main.py": text(1100, 5), "lib/power.py": text(500, 6), "tools/run.sh": text(120, 7)}
del NEW["lib/radio.py"]
EXECUTABLE = {"tools/run.sh"}


def blob_id(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def answer(body, status="200 OK", kind="application/json; charset=utf-8"):
    head = (f"HTTP/1.1 {status}\r\nServer: github.com\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n"
            f"Content-Security-Policy: {'default-src none; ' * 40}\r\n"
            "x-ratelimit-remaining: 57\r\n\r\n")
    return head.encode() + body


def document(value):
    return answer(json.dumps(value).encode())


def signed_manifests():
    """The root document that devices have, and the manifests of both releases: the second brings a
    root document with another release key."""
    with tempfile.TemporaryDirectory() as folder:
        root, first, second = (signed_documents.Key(pathlib.Path(folder), name)
                               for name in ("root", "first", "second"))
        anchor = signed_documents.root_document(1, 0, [root], 1, [first], [root])
        chain = signed_documents.root_document(2, 0, [root], 1, [second], [root])
        return anchor, manifest("", OLD, "v1.0.0", first), manifest(chain, NEW, "v1.1.0", second)


def manifest(chain, files, tag, key):
    lines = "".join(
        f"file {len(files[path])} {hashlib.sha256(files[path]).hexdigest()} "
        f"{'x' if path in EXECUTABLE else '-'} {path}\n" for path in sorted(files))
    chain_line = f"chain {hashlib.sha256(chain.encode()).hexdigest()}\n" if chain else ""
    body = (f"ota-release 1\n{chain_line}product station\nversion {tag}\nepoch 0\ncounter 0\n"
            f"created {1000 + len(chain)}\nexpires never\n{lines}")
    return (chain + signed_documents.signed(body, [key])).encode()


def release(files, tag, signed):
    """All answers from the latest release to the last file, by path."""
    commit = hashlib.sha1(tag.encode()).hexdigest()
    tag_object = hashlib.sha1(b"tag " + tag.encode()).hexdigest()
    api = f"/repos/{OWNER}/{REPO}"
    base = f"https://api.github.com{api}"
    asset = f"/{OWNER}/{REPO}/releases/download/{tag}/manifest.ota"
    tree = [{"path": path, "mode": "100755" if path in EXECUTABLE else "100644", "type": "blob",
             "sha": blob_id(data), "size": len(data), "url": f"{base}/git/blobs/{blob_id(data)}"}
            for path, data in sorted(files.items())]
    for folder in sorted({path.split("/")[0] for path in files if "/" in path}):
        tree.append({"path": folder, "mode": "040000", "type": "tree", "sha": "0" * 40,
                     "url": f"{base}/git/trees/{'0' * 40}"})
    yield f"{api}/releases/latest", document({
        "url": f"{base}/releases/1", "assets_url": f"{base}/releases/1/assets", "id": 1,
        "author": {"login": "octocat", "id": 1, "type": "User", "site_admin": False},
        "tag_name": tag, "target_commitish": "main", "name": f"Release {tag}", "draft": False,
        "prerelease": False, "created_at": "2026-01-02T03:04:05Z",
        "assets": [{"url": f"{base}/releases/assets/1", "name": "manifest.ota", "state": "uploaded",
                    "browser_download_url": f"https://github.com{asset}", "size": len(signed)}],
        "body": "## Notes\r\n" + "* fixed “everything” \U0001F600\r\n" * 60})
    yield f"/{OWNER}/{REPO}/releases/latest", answer(
        b"", f"302 Found\r\nLocation: https://github.com/{OWNER}/{REPO}/releases/tag/{tag}")
    yield f"{api}/git/ref/tags/{tag}", document({
        "ref": f"refs/tags/{tag}", "node_id": "x", "url": f"{base}/git/refs/tags/{tag}",
        "object": {"sha": tag_object, "type": "tag", "url": f"{base}/git/tags/{tag_object}"}})
    yield f"{api}/git/tags/{tag_object}", document({
        "tag": tag, "sha": tag_object, "message": f"version {tag}\n",
        "object": {"sha": commit, "type": "commit", "url": f"{base}/git/commits/{commit}"}})
    yield f"{api}/git/trees/{commit}?recursive=1", document({
        "sha": commit, "url": f"{base}/git/trees/{commit}", "tree": tree, "truncated": False})
    yield asset, answer(signed, kind="application/octet-stream")
    for path, data in files.items():
        for ref in (tag, commit):
            yield f"/{OWNER}/{REPO}/{ref}/{path}", answer(data, kind="text/plain; charset=utf-8")


def write_table(out, name, answers):
    for number, (path, data) in enumerate(answers):
        values = ",".join(str(byte) for byte in data + b"\0")
        out.write(f"CANNED const std::uint8_t {name}_{number}[] = {{{values}}};\n")
        if path is not None:
            out.write(f"CANNED const char {name}_path_{number}[] = \"{path}\";\n")
    out.write(f"CANNED const canned_answer {name}[] = {{\n")
    for number, (path, data) in enumerate(answers):
        key = "nullptr" if path is None else f"{name}_path_{number}"
        out.write(f"    {{{key}, {name}_{number}, {len(data)}}},\n")
    out.write("};\n\n")


def write_files(out, name, files):
    """What the device must hold in the end, to be compared byte by byte."""
    answers = sorted(files.items())
    write_table(out, name, answers + [(None, b"")])


def main():
    missing = [(None, answer(b"{}", "404 Not Found"))]
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write("#pragma once\n#include \"canned_server.hpp\"\n"
                  "#define CANNED [[gnu::section(\".canned\"), gnu::used]]\n\n")
        anchor, old_manifest, new_manifest = signed_manifests()
        out.write(f"CANNED constexpr char trusted_root[] = {json.dumps(anchor)};\n")
        write_table(out, "old_release", list(release(OLD, "v1.0.0", old_manifest)) + missing)
        write_table(out, "new_release", list(release(NEW, "v1.1.0", new_manifest)) + missing)
        write_files(out, "old_files", OLD)
        write_files(out, "new_files", NEW)


if __name__ == "__main__":
    main()

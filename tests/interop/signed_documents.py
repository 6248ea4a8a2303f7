#!/usr/bin/env python3
"""Makes and checks signed manifests as docs/signed-updates.md describes them, with the keys and
signatures of openssl: written from that page alone, and knows nothing of the library.

    signed_documents.py make FOLDER        FOLDER/files is the release; makes root.txt, which devices
                                           know, manifest.ota, whose chain leads on from it, and keys
    signed_documents.py check MANIFEST ROOT FILES
                                           says what the manifest is of, or why it is not to be trusted
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

# What stands before the bytes of a public key in DER (RFC 8410, RFC 5480), what openssl asks for to
# make such a key, and to sign with it.
KINDS = {
    "ed25519": (bytes.fromhex("302a300506032b6570032100"), ["ed25519"], []),
    "ecdsa-p256-der": (bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200"),
                       ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], ["-digest", "sha256"]),
}


class Refused(Exception):
    pass


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


# ---- texts ---------------------------------------------------------------------------------------

def key_id(key):
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def statement(body):
    return f"ota-signature 1\n{hashlib.sha256(body.encode()).hexdigest()}\n".encode()


def ordered(word, values):
    return "".join(f"{word} {value}\n" for value in sorted(values, key=str.encode))


# ---- the maker -----------------------------------------------------------------------------------

class Key:
    def __init__(self, folder, name, kind="ed25519"):
        head, made_as, self.options = KINDS[kind]
        self.pem = folder / f"{name}.pem"
        openssl("genpkey", "-algorithm", *made_as, "-out", str(self.pem))
        der = openssl("pkey", "-in", str(self.pem), "-pubout", "-outform", "DER")
        self.text = f"{kind} {der[len(head):].hex()}"
        self.id = key_id(self.text)
        (folder / f"{name}.pub").write_text(self.text + "\n")

    def sign(self, body):
        with tempfile.NamedTemporaryFile() as file:
            file.write(statement(body))
            file.flush()
            return openssl("pkeyutl", "-sign", "-rawin", *self.options, "-inkey", str(self.pem),
                           "-in", file.name).hex()


def signed(body, keys):
    return body + "".join(f"signature {key.id} {key.sign(body)}\n"
                          for key in sorted(keys, key=lambda key: key.id))


def root_document(version, epoch, root, threshold, release, by):
    keys = {key.id: key for key in root + release}
    role = lambda some: " ".join(sorted(key.id for key in some))
    return signed(f"ota-root 1\nversion {version}\nepoch {epoch}\nexpires never\n"
                  f"root {threshold} {role(root)}\nrelease 1 {role(release)}\n" +
                  "".join(f"key {keys[id].text}\n" for id in sorted(keys)), by)


def file_lines(folder):
    lines = {}
    for path in folder.rglob("*"):
        if path.is_file():
            data, name = path.read_bytes(), path.relative_to(folder).as_posix()
            mode = "x" if os.access(path, os.X_OK) and path.stat().st_mode & 0o100 else "-"
            lines[name] = f"file {len(data)} {hashlib.sha256(data).hexdigest()} {mode} {name}\n"
    return "".join(lines[name] for name in sorted(lines, key=str.encode))


def make(folder):
    first, old, new = (Key(folder, name) for name in ("first", "old", "new"))
    second = Key(folder, "second", "ecdsa-p256-der")
    anchor = root_document(1, 4, [first, second], 2, [old], [first, second])
    chain = root_document(2, 4, [first, second], 2, [new], [first, second])
    body = (f"ota-release 1\nchain {hashlib.sha256(chain.encode()).hexdigest()}\n"
            "product station\n" + ordered("hardware", ["rev-b", "rev-a"]) +
            "version v1\nminimum v0.1\nepoch 4\ncounter 7\ncreated 1700000000\nexpires never\n"
            "hook post_update hooks/post.sh\ndelete gone.txt\n" + file_lines(folder / "files"))
    (folder / "root.txt").write_text(anchor)
    (folder / "manifest.ota").write_text(chain + signed(body, [new]))


# ---- the device ----------------------------------------------------------------------------------

ROOT = "ota-root version epoch expires root release key signature".split()
RELEASE = ("ota-release chain product hardware version minimum epoch counter created expires hook "
           "delete file image delta signature").split()
ONCE = set(ROOT + RELEASE) - {"key", "signature", "hardware", "hook", "delete", "file", "image",
                              "delta"}


class Document:
    def __init__(self, text):
        self.text = text
        self.lines = {}
        self.is_root = text.startswith("ota-root 1\n")
        words, last = (ROOT if self.is_root else RELEASE), 0
        if not text.endswith("\n"):
            raise Refused("the last line does not end")
        for line in text[:-1].split("\n"):
            word, _, rest = line.partition(" ")
            if word not in words or words.index(word) < last or not rest:
                raise Refused(f"a line at the wrong place: {line}")
            last = words.index(word)
            self.lines.setdefault(word, []).append(rest)
            if word in ONCE and len(self.lines[word]) > 1:
                raise Refused(f"a line twice: {line}")
        if "signature" not in self.lines:
            raise Refused("not signed")
        self.body = text[:text.index("\nsignature ") + 1]

    def one(self, word):
        return self.lines[word][0]

    def keys(self, role):
        threshold, *ids = self.one(role).split(" ")
        known = {key_id(key): key for key in self.lines["key"]}
        return int(threshold), {id: known[id] for id in ids}

    def expect_signed(self, threshold, keys):
        signatures = [line.split(" ") for line in self.lines["signature"]]
        if signatures != sorted(signatures) or len({id for id, _ in signatures}) != len(signatures):
            raise Refused("signatures out of order")
        valid = sum(verifies(keys[id], self.body, signature)
                    for id, signature in signatures if id in keys)
        if valid < threshold:
            raise Refused(f"{valid} of {threshold} signatures")


def verifies(key, body, signature):
    kind, digits = key.split(" ")
    head, _, options = KINDS[kind]
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("key", head + bytes.fromhex(digits)), ("in", statement(body)),
                           ("signature", bytes.fromhex(signature))):
            pathlib.Path(folder, name).write_bytes(data)
        return subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-rawin", *options, "-pubin", "-keyform", "DER",
             "-inkey", "key", "-in", "in", "-sigfile", "signature"], cwd=folder,
            capture_output=True).returncode == 0


def documents(text):
    parts = []
    for line in text.splitlines(keepends=True):
        if line.startswith("ota-"):
            parts.append("")
        parts[-1] += line
    return [Document(part) for part in parts]


def check(manifest, root, files):
    trusted = documents(root.read_text())[0]
    trusted.expect_signed(*trusted.keys("root"))
    *roots, release = documents(manifest.read_text())
    for next_root in roots:
        if int(next_root.one("version")) != int(trusted.one("version")) + 1:
            raise Refused("a root document is missing")
        next_root.expect_signed(*trusted.keys("root"))
        next_root.expect_signed(*next_root.keys("root"))
        trusted = next_root
    release.expect_signed(*trusted.keys("release"))
    chain = "".join(one.text for one in roots)
    if release.lines.get("chain", []) != [hashlib.sha256(chain.encode()).hexdigest()] * bool(roots):
        raise Refused("another chain")
    if release.one("epoch") != trusted.one("epoch"):
        raise Refused("another epoch")
    if "".join(f"file {line}\n" for line in release.lines["file"]) != file_lines(files):
        raise Refused("other files")
    print(release.one("product"), release.one("version"), "counter", release.one("counter"), "root",
          trusted.one("version"))


def main():
    paths = [pathlib.Path(path) for path in sys.argv[2:]]
    try:
        {"make": make, "check": check}[sys.argv[1]](*paths)
    except (Refused, UnicodeDecodeError, KeyError, ValueError, IndexError) as wrong:
        sys.exit(f"refused: {wrong}")


if __name__ == "__main__":
    main()

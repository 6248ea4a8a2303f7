#!/usr/bin/env python3
"""Writes Wycheproof vectors as C++ headers into the folder that is the first argument:
signatures.hpp, a valid signature of each kind, and vectors.hpp, all of them; and image.hpp, a signed
image by imgtool."""

import base64
import json
import pathlib
import sys

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
VECTORS = DATA / "wycheproof"
KINDS = {
    "ecdsa_p256": ("ecdsa_secp256r1_sha256_p1363", ("publicKey", "uncompressed")),
    "ecdsa_p256_der": ("ecdsa_secp256r1_sha256", ("publicKey", "uncompressed")),
    "rsa_pkcs1_2048": ("rsa_signature_2048_sha256", ("publicKeyAsn",)),
    "rsa_pss_2048": ("rsa_pss_2048_sha256_mgf1_32", ("publicKeyAsn",)),
}
HEAD = '#pragma once\n#include <cstdint>\n#define CANNED [[gnu::section(".canned"), gnu::used]]\n'


def tests(file, path):
    """Key, message and signature in hexadecimal digits, and whether it is valid."""
    text = (VECTORS / f"{file}_test.json").read_text(encoding="utf-8")
    for group in json.loads(text)["testGroups"]:
        key = group
        for name in path:
            key = key[name]
        for test in group["tests"]:
            yield (key, test["msg"], test["sig"]), test["result"] == "valid"


def write_bytes(out, name, data):
    values = ",".join(str(byte) for byte in data)
    out.write(f"CANNED const std::uint8_t {name}[] = {{{values}}};\n")


def write_one(out, kind, digits):
    for what, value in zip(("key", "message", "signature"), digits):
        write_bytes(out, f"{kind}_{what}", bytes.fromhex(value))


def write_image(out):
    pem = (DATA / "imgtool" / "ed25519.pem").read_text(encoding="utf-8").splitlines()
    write_bytes(out, "image", (DATA / "imgtool" / "protected.bin").read_bytes())
    write_bytes(out, "image_key", base64.b64decode("".join(pem[1:-1]))[-32:])


def write_all(out, kind, all_tests):
    out.write(f"CANNED const signature_vector {kind}_vectors[] = {{\n")
    for digits, valid in all_tests:
        texts = ('"' + "".join(f"\\{byte:03o}" for byte in bytes.fromhex(value)) + '"'
                 for value in digits)
        sizes = ",".join(str(len(value) // 2) for value in digits)
        out.write(f"  {{{{{','.join(texts)}}}, {{{sizes}}}, {str(valid).lower()}}},\n")
    out.write("};\n")


def main():
    folder = pathlib.Path(sys.argv[1])
    with open(folder / "image.hpp", "w", encoding="utf-8") as image:
        image.write(HEAD)
        write_image(image)
    with open(folder / "signatures.hpp", "w", encoding="utf-8") as one, \
            open(folder / "vectors.hpp", "w", encoding="utf-8") as every:
        one.write(HEAD)
        every.write(HEAD + "struct signature_vector {\n  const char* parts[3];\n"
                    "  std::uint16_t sizes[3];\n  bool valid;\n};\n")
        for kind, (file, path) in KINDS.items():
            all_tests = list(tests(file, path))
            write_one(one, kind, next(digits for digits, valid in all_tests
                                      if valid and digits[1]))
            write_all(every, kind, all_tests)


if __name__ == "__main__":
    main()

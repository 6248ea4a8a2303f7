#!/usr/bin/env python3
"""Writes a valid signature of each kind, out of the Wycheproof vectors, as a C++ header: first
argument, the file to write."""

import json
import pathlib
import sys

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "data" / "wycheproof"


def first_valid(name, key):
    groups = json.loads((VECTORS / f"{name}_test.json").read_text(encoding="utf-8"))["testGroups"]
    return next((key(group), test["msg"], test["sig"]) for group in groups
                for test in group["tests"] if test["result"] == "valid" and test["msg"])


def main():
    signed = {"ecdsa_p256": first_valid("ecdsa_secp256r1_sha256_p1363",
                                        lambda group: group["publicKey"]["uncompressed"])}
    for name in ("rsa_signature_2048_sha256", "rsa_pss_2048_sha256_mgf1_32"):
        signed[name] = first_valid(name, lambda group: group["publicKeyAsn"])
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write("#pragma once\n#include <cstdint>\n")
        for name, parts in signed.items():
            for what, digits in zip(("key", "message", "signature"), parts):
                values = ",".join(str(byte) for byte in bytes.fromhex(digits))
                out.write("[[gnu::section(\".canned\"), gnu::used]] const std::uint8_t "
                          f"{name}_{what}[] = {{{values}}};\n")


if __name__ == "__main__":
    main()

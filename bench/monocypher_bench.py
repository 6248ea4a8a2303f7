#!/usr/bin/env python3
"""Ed25519 beside OpenSSL and Monocypher, in one run: verifications a second of a short message.

    bench/monocypher_bench.py build/bench/bench/ed25519_bench

Monocypher comes from PyPI (pymonocypher), into an environment of its own beside the benchmark. Its
signatures are those of EdDSA with BLAKE2b, which for short messages is the same work.
"""

import json
import pathlib
import subprocess
import sys
import venv

MONOCYPHER = """
import monocypher, os, time
secret, message = os.urandom(32), b"the digest of a manifest, or so"
key = monocypher.compute_signing_public_key(secret)
signature = monocypher.signature_sign(secret, message)
count, begin = 0, time.perf_counter()
while (took := time.perf_counter() - begin) < 1:
    for _ in range(100):
        assert monocypher.signature_check(signature, key, message)
    count += 100
print(count / took)
"""


def monocypher(folder):
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                    "pymonocypher==4.0.3.2"], check=True)
    return float(subprocess.run([python, "-c", MONOCYPHER], check=True, text=True,
                                stdout=subprocess.PIPE).stdout)


def main():
    program = pathlib.Path(sys.argv[1])
    report = json.loads(subprocess.run(
        [program, "--benchmark_filter=ed25519_verify", "--benchmark_format=json"],
        check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
    rates = {one["name"].removeprefix("ed25519_verify/"): one["items_per_second"]
             for one in report["benchmarks"]}
    rates["monocypher"] = monocypher(program.resolve().parent / "monocypher")
    for name, rate in rates.items():
        print(f"ed25519 verify {name:18} {rate:9,.0f} a second, "
              f"ours is {rates['ours'] / rate:.2f} times that")


if __name__ == "__main__":
    main()

"""Writes frames.txt to standard output: pip install cobs==1.2.2; python3 make.py > frames.txt"""

import random, zlib, struct
from cobs import cobs
r = random.Random(4)
cases = []
for n in (0, 1, 2, 5, 100, 246, 247, 248, 249, 250, 254, 300, 500, 512):
    cases.append(bytes(n))
    cases.append(bytes(r.randrange(1, 256) for _ in range(n)))
    cases.append(bytes(r.choice((0, 0, r.randrange(256))) for _ in range(n)))
    cases.append(b"\x11" * n)
for i, fields in enumerate(cases):
    kind, number = r.choice((1, 2, 3, 0x81, 0x82, 0x83)), r.choice((0, 1, 255, 256, 65535, r.randrange(65536)))
    body = struct.pack("<BH", kind, number) + fields
    body += struct.pack("<I", zlib.crc32(body))
    print(kind, number, fields.hex() or "-", (b"\0" + cobs.encode(body) + b"\0").hex())

#!/usr/bin/env python3
"""A second reader of the native patch format, written from docs/delta-format.md and
docs/delta-codes.md alone, and stricter than a device has to be.

    patch_reader.py OLD PATCH OUT    makes OUT, or fails and leaves nothing
    patch_reader.py --header PATCH   prints its header as `ota delta info --json` does
"""

import hashlib
import json
import pathlib
import sys
import zlib

sys.dont_write_bytecode = True
from patch_codes import CODES  # noqa: E402: leaves nothing beside itself

WORD = 0xFFFFFFFF
KINDS = ["plain", "words", "thumb", "thumb2", "arm", "riscv", "xtensa", "aarch64", "x86_64"]


class Damaged(Exception):
    """The patch is not one, or not for this old file."""


def expect(holds, words):
    if not holds:
        raise Damaged(words)


# ---- header -------------------------------------------------------------------------------

class Header:
    def __init__(self, patch):
        self.at = 0
        self.patch = patch
        expect(self.take(3) == b"ODP", "not a patch")
        expect(self.take(1)[0] == 1, "an unknown version")
        kind, literals, self.map_entries, memory = self.take(4)
        self.kind, self.rate = kind & 15, (kind >> 4) + 4
        self.previous_bits, self.position_bits = literals & 15, literals >> 4
        expect(self.kind < len(KINDS), "an unknown kind of code")
        expect(self.rate in (4, 5), "an unknown rate")
        expect(self.previous_bits + self.position_bits <= 4, "too many models of literals")
        expect(self.map_entries <= 128, "too large a map")
        self.memory = (1408 + (512 << (self.previous_bits + self.position_bits)) +
                       8 * self.map_entries)
        expect(memory == (self.memory + 63) // 64, "the memory is not what the tables take")
        self.old_size, self.new_size, lag = self.number(), self.number(), self.number()
        expect(max(self.old_size, self.new_size) < (1 << 31) - 1, "too large a file")
        self.lag = lag - 1 if lag else None
        self.base = self.around_before = self.around_behind = self.data_begin = self.data_size = 0
        if self.kind:
            self.base, self.around_before, self.around_behind = (self.number() for _ in range(3))
            self.data_begin, self.data_size = self.number(), self.number()
        self.old_hash, self.new_hash = self.take(8), self.take(16)
        expect(len(patch) >= self.at + 4, "cut off")
        expect(zlib.crc32(patch[:-4]) == int.from_bytes(patch[-4:], "big"), "a wrong sum")

    def take(self, count):
        taken = self.patch[self.at:self.at + count]
        expect(len(taken) == count, "cut off")
        self.at += count
        return taken

    def number(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                expect(byte or shift == 7, "a number has a byte too many")
                expect(value <= WORD, "a number has more than 32 bits")
                return value
            expect(shift < 35, "a number has more than five bytes")

    def as_json(self):
        fields = {"outcome": "valid", "format": "native", "version": 1, "size": len(self.patch),
                  "old_size": self.old_size,
                  "old_sha256": self.old_hash.hex(), "new_size": self.new_size,
                  "new_sha256": self.new_hash.hex(), "memory": self.memory,
                  "map_entries": self.map_entries, "code": KINDS[self.kind], "base": self.base}
        return fields if self.lag is None else {**fields, "lag": self.lag}


# ---- range decoder ------------------------------------------------------------------------

def models(count):
    return [[8192, 0] for _ in range(count)]


class NumberModels:
    def __init__(self):
        self.width, self.first_bit = models(32), models(32)


class RangeDecoder:
    def __init__(self, coded, rate):
        self.coded, self.rate = coded, rate
        self.at, self.range = 4, WORD
        self.code = int.from_bytes(coded[:4].ljust(4, b"\0"), "big")

    def refill(self):
        while self.range < 1 << 24:
            self.range <<= 8
            self.code <<= 8
            if self.at < len(self.coded):
                self.code |= self.coded[self.at]
            self.at += 1
            expect(self.at <= len(self.coded) + 4, "cut off")

    def bit(self, model):
        chance, count = model
        bound = (self.range >> 14) * chance
        shift = count + 1 if count < 3 else self.rate
        bit = self.code >= bound
        if bit:
            self.code -= bound
            self.range -= bound
            model[0] = chance - (chance >> shift)
        else:
            self.range = bound
            model[0] = chance + ((16384 - chance) >> shift)
        if count < 3:
            model[1] = count + 1
        if self.range < 1 << 24:
            self.refill()
        return int(bit)

    def plain_bit(self):
        self.range >>= 1
        bit = self.code >= self.range
        if bit:
            self.code -= self.range
        self.refill()
        return int(bit)

    def symbol(self, tree, bits):
        node = 1
        for _ in range(bits):
            node = 2 * node + self.bit(tree[node])
        return node - (1 << bits)

    def number(self, by):
        width = self.symbol(by.width, 5)
        value = 1
        for i in range(width):
            value = 2 * value + (self.plain_bit() if i else self.bit(by.first_bit[width]))
        return value - 1

    def signed_number(self, by):
        value = self.number(by)
        return value >> 1 ^ -(value & 1)


# ---- coded part ---------------------------------------------------------------------------

class History:
    """The last two bits, the later one lower."""

    def __init__(self):
        self.bits = 0

    def add(self, bit):
        self.bits = (self.bits << 1 | bit) & 3
        return bit


class Reader:
    def __init__(self, old, patch):
        self.header = header = Header(patch)
        expect(len(old) == header.old_size and
               hashlib.sha256(old).digest().startswith(header.old_hash), "not for this old file")
        self.old, self.new = old, bytearray()
        self.code = CODES[header.kind]
        self.bits = RangeDecoder(patch[header.at:-4], header.rate)

        self.is_copy = [models(2) for _ in range(3)]
        self.is_old, self.replaces, self.puts_in = models(3), models(3), models(3)
        self.literal = [models(256) for _ in range(1 << (header.previous_bits + header.position_bits))]
        self.same_distance, self.distance_end = models(1)[0], models(4)
        self.distance, self.new_length = NumberModels(), NumberModels()
        self.line_differs = models(4)
        self.byte_wrong = [[models(4) for _ in range(4)] for _ in range(2)]
        self.difference = models(256)
        self.site_wrong, self.same_instruction = [models(4), models(4)], models(2)
        self.which_offset, self.offset = models(16), NumberModels()
        self.read_map()

        self.lines = History()
        self.recent = [0] * 15
        self.last = 0            # kind of the step before
        self.last_distance = None
        self.end = self.end_to = self.last_shift = 0

    def new_file(self):
        step = (self.read_literal, self.copy_old, self.copy_new)
        while len(self.new) < self.header.new_size:
            kind = 0
            if self.bits.bit(self.is_copy[self.last][len(self.new) & 1]):
                kind = 1 if self.bits.bit(self.is_old[self.last]) else 2
            step[kind]()
            self.last = kind
        expect(self.bits.at >= len(self.bits.coded), "bytes that nobody asked for")
        expect(hashlib.sha256(self.new).digest().startswith(self.header.new_hash), "a wrong result")
        return self.new

    # -- addresses

    def read_map(self):
        self.jump, self.old_length = NumberModels(), NumberModels()
        self.map, begin, shift = [], 0, 0
        for _ in range(self.header.map_entries):
            begin += 2 * self.bits.number(self.jump)
            shift += self.bits.signed_number(self.old_length)
            expect(begin <= WORD, "the map leaves the addresses")
            self.map.append((begin, shift))
        self.jump, self.old_length = NumberModels(), NumberModels()

    def moved(self, address):
        """Where what was at an address is now."""
        shift = 0
        for begin, its_shift in self.map:
            if begin > address & ~1:
                break
            shift = its_shift
        return (address + shift) & WORD

    def is_known(self, address):
        """In the program or in the data."""
        header = self.header
        whole = header.around_before + max(header.old_size, header.new_size) + header.around_behind
        return (256 <= (address - header.base + header.around_before) & WORD < whole or
                (address - header.data_begin) & WORD < header.data_size)

    # -- steps

    def read_literal(self):
        header, to = self.header, len(self.new)
        before = self.new[-1] if to else 0
        which = (to % (1 << header.position_bits) << header.previous_bits |
                 before >> (8 - header.previous_bits))
        self.new.append(self.bits.symbol(self.literal[which], 8))

    def copy_new(self):
        if self.bits.bit(self.same_distance):
            expect(self.last_distance, "the same distance as none")
        else:
            above = self.bits.number(self.distance)
            self.last_distance = 4 * above + self.bits.symbol(self.distance_end, 2) + 1
        distance, length = self.last_distance, 2 + self.bits.number(self.new_length)
        expect(distance <= len(self.new), "a copy of what is before the new file")
        self.expect_room(length)
        if self.code and distance >= 8:
            self.copy_new_code(distance, length)
        else:
            piece = bytes(self.new[-distance:][:length])
            self.new += (piece * (length // len(piece) + 1))[:length]

    def copy_new_code(self, distance, length):
        end, quiet = len(self.new) + length, 0
        while len(self.new) < end:
            to = len(self.new)
            text = bytes(self.new[to - distance:to - distance + 8])
            place = None
            if not quiet:
                place, quiet = self.place_at(text, to - distance, to, end - to)
                if place and (place[2] or not self.is_known(place[1])):
                    place, quiet = None, 1
            if place:
                self.new += self.code.aimed(text, self.header.base + to, place[1])
            else:
                self.new.append(text[0])
            quiet = max(0, quiet - (len(self.new) - to))

    def copy_old(self):
        to = len(self.new)
        begin = replaced = self.end + to - self.end_to
        if not self.bits.bit(self.replaces[self.last]):
            if to != self.end_to and self.bits.bit(self.puts_in[self.last]):
                begin = self.end
            else:
                begin = replaced + self.bits.signed_number(self.jump)
        length = 1 + self.bits.number(self.old_length)
        expect(0 <= begin and begin + length <= len(self.old), "a copy of what is not in the old file")
        expect(self.header.lag is None or begin + self.header.lag >= to, "a copy beyond the lag")
        self.expect_room(length)
        copy = OldCopy(self, begin, length)
        while copy.at < copy.end:
            copy.make_line()
        self.end, self.end_to, self.last_shift = copy.end, to + length, copy.shift

    def expect_room(self, length):
        expect(len(self.new) + length <= self.header.new_size, "more than the new file")

    def place_at(self, text, at, to, left):
        """What the code finds, and how long to be quiet then."""
        if at % self.code.step or to % self.code.step:
            return None, 1
        place = self.code.find(text, self.header.base + at)
        if not place:
            return None, self.code.skip(text)
        return (place, place[0]) if place[0] <= left else (None, 1)


class OldCopy:
    """A copy from the old file, line by line."""

    def __init__(self, reader, begin, length):
        self.reader, self.at, self.begin, self.end = reader, begin, begin, begin + length
        self.shift = self.behind = len(reader.new) - begin
        self.quiet = 0

    def make_line(self):
        reader = self.reader
        differs = reader.lines.add(reader.bits.bit(reader.line_differs[reader.lines.bits]))
        self.bytes_before, self.sites_before = History(), History()
        line_end = min(self.at + 64, self.end)
        if not differs and not reader.code:
            reader.new += reader.old[self.at:line_end]
            self.at = line_end
        while self.at < line_end:
            self.make_unit(differs)

    def make_unit(self, differs):
        reader, before = self.reader, len(self.reader.new)
        text = reader.old[self.at:self.at + 8].ljust(8, b"\0")
        pointer = self.pointer_at(text) if reader.code else None
        place, quiet = None, self.quiet
        if pointer is not None:
            quiet = quiet or 4
        elif reader.code and not quiet:
            place, quiet = self.place_at(text)
        if pointer is not None:
            self.make_site(differs, True, reader.moved(pointer),
                           lambda named: named.to_bytes(4, "little"))
        elif place and not place[2]:
            self.make_site(differs, False, reader.moved(place[1]),
                           lambda named: reader.code.aimed(text, reader.header.base + before, named))
        elif place:
            self.make_near(differs, text, place)
        else:
            self.make_bytes(differs, text[:1])
        length = len(reader.new) - before
        self.at += length
        self.quiet = max(0, quiet - length)

    def pointer_at(self, text):
        if self.at % 4 or len(self.reader.new) % 4 or self.end - self.at < 4:
            return None
        word = int.from_bytes(text[:4], "little")
        return word if self.reader.is_known(word) else None

    def place_at(self, text):
        reader = self.reader
        place, quiet = reader.place_at(text, self.at, len(reader.new), self.end - self.at)
        if place:
            _, named, is_near = place
            inside = (named - reader.header.base - self.begin) & WORD < self.end - self.begin
            if inside if is_near else not reader.is_known(named):
                return None, 1
        return place, quiet

    def make_bytes(self, differs, guesses):
        reader = self.reader
        if not differs:
            reader.new += guesses
            return
        for guess in guesses:
            of_guess = reader.byte_wrong[guess in (0x00, 0xFF)]
            wrong = reader.bits.bit(of_guess[self.bytes_before.bits][len(reader.new) % 4])
            if self.bytes_before.add(wrong):
                guess = guess + reader.bits.symbol(reader.difference, 8) & 0xFF
            reader.new.append(guess)

    def make_near(self, differs, text, place):
        reader, (length, named, _) = self.reader, place
        is_before = (named - reader.header.base) & WORD < self.begin
        address = reader.header.base + len(reader.new)
        shift = reader.last_shift if is_before else self.behind
        self.make_bytes(differs, reader.code.aimed(text, address, (named + shift) & WORD))
        if not is_before:
            again = reader.code.find(bytes(reader.new[-length:]).ljust(8, b"\0"), address)
            if again and again[0] == length and again[2]:
                self.behind = again[1] - named

    def make_site(self, differs, is_pointer, named, written):
        reader = self.reader
        if not differs:
            reader.new += written(named)
            return
        wrong = reader.bits.bit(reader.site_wrong[is_pointer][self.sites_before.bits])
        if not self.sites_before.add(wrong):
            reader.new += written(named)
        elif reader.bits.bit(reader.same_instruction[is_pointer]):
            i = reader.bits.symbol(reader.which_offset, 4)
            if i < 15:
                offset = reader.recent.pop(i)
            else:
                offset = reader.bits.signed_number(reader.offset)
                reader.recent.pop()
            reader.recent.insert(0, offset)
            reader.new += written((named + offset) & WORD)
        else:
            self.make_bytes(differs, written(named))


def main(arguments):
    try:
        if len(arguments) == 2 and arguments[0] == "--header":
            print(json.dumps(Header(pathlib.Path(arguments[1]).read_bytes()).as_json()))
        elif len(arguments) == 3:
            old, patch = (pathlib.Path(path).read_bytes() for path in arguments[:2])
            pathlib.Path(arguments[2]).write_bytes(Reader(old, patch).new_file())
        else:
            sys.exit(__doc__)
    except Damaged as damage:
        sys.exit(f"patch_reader.py: {damage}")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The kinds of code of native patches, written from docs/delta-codes.md alone.

A kind is asked for the place in eight bytes: its length, the address it names, and whether it is near;
and for how many bytes to be quiet where there is none. Some places it aims at something else.
"""


def signed(value, bits):
    value &= (1 << bits) - 1
    return value - (value >> (bits - 1) << bits)


def word(text, at=0):
    return int.from_bytes(text[at:at + 4], "little")


def half(text, at=0):
    return int.from_bytes(text[at:at + 2], "little")


def bits(value, high, low):
    return value >> low & (1 << high - low + 1) - 1


def little(value, size):
    return (value & (1 << 8 * size) - 1).to_bytes(size, "little")


def put(value, mask, new):
    return value & ~mask | new & mask


class Words:
    step = 4

    def found(self, text, a):
        """Length, target, near; the target as any number."""
        return None

    def find(self, text, address):
        place = self.found(text, address)
        return place and (place[0], place[1] & 0xFFFFFFFF, place[2])

    def skip(self, text):
        return self.step


class Thumb(Words):
    step = 2

    def found(self, text, a):
        h, g = half(text), half(text, 2)
        if h & 0xF800 == 0xF000 and g & 0x9000 == 0x9000:
            sign = bits(h, 10, 10)
            i1, i2 = 1 ^ bits(g, 13, 13) ^ sign, 1 ^ bits(g, 11, 11) ^ sign
            return 4, a + 4 + signed(sign << 24 | i1 << 23 | i2 << 22 | bits(h, 9, 0) << 12 |
                                     bits(g, 10, 0) << 1, 25), False
        if h & 0xF800 in (0x4800, 0xA000):
            return 2, (a + 4 & ~3) + 4 * bits(h, 7, 0), True
        if h & 0xF000 == 0xD000 and bits(h, 11, 8) < 14:
            return 2, a + 4 + 2 * signed(h, 8), True
        if h & 0xF800 == 0xE000:
            return 2, a + 4 + 2 * signed(h, 11), True
        return None

    def aimed(self, text, a, target):
        h, g, offset = half(text), half(text, 2), target - a - 4
        if h & 0xF000 == 0xF000:
            sign, i1, i2 = (bits(offset, n, n) for n in (24, 23, 22))
            g = put(g, 0x2FFF, (i1 ^ 1 ^ sign) << 13 | (i2 ^ 1 ^ sign) << 11 | bits(offset, 11, 1))
            return little(put(h, 0x7FF, sign << 10 | bits(offset, 21, 12)), 2) + little(g, 2)
        if h & 0xF800 in (0x4800, 0xA000):
            return little(put(h, 0xFF, target - (a + 4 & ~3) >> 2), 2)
        return little(put(h, 0xFF if h & 0xF000 == 0xD000 else 0x7FF, offset >> 1), 2)


class Thumb2(Thumb):
    @staticmethod
    def is_pair(w, v):
        return (w & 0x8000FBF0 == 0x0000F240 and v & 0x8000FBF0 == 0x0000F2C0 and
                bits(w, 27, 24) == bits(v, 27, 24))

    def found(self, text, a):
        w, v = word(text), word(text, 4)
        if self.is_pair(w, v):
            lower, upper = (bits(x, 3, 0) << 12 | bits(x, 10, 10) << 11 | bits(x, 30, 28) << 8 |
                            bits(x, 23, 16) for x in (w, v))
            return 8, upper << 16 | lower, False
        return super().found(text, a)

    def skip(self, text):
        return 4 if half(text) >= 0xE800 else 2

    def aimed(self, text, a, target):
        if not self.is_pair(word(text), word(text, 4)):
            return super().aimed(text, a, target)
        return b"".join(
            little(put(x, 0x70FF040F, bits(m, 15, 12) | bits(m, 11, 11) << 10 |
                       bits(m, 10, 8) << 28 | bits(m, 7, 0) << 16), 4)
            for x, m in ((word(text), target), (word(text, 4), target >> 16)))


class Arm(Words):
    def found(self, text, a):
        w, v = word(text), word(text, 4)
        if w & 0x0E000000 == 0x0A000000 and bits(w, 31, 28) < 15:
            return 4, a + 8 + 4 * signed(w, 24), not (bits(w, 24, 24) or bits(w, 31, 28) == 14)
        if w & 0x0F7F0000 == 0x051F0000:
            return 4, a + 8 + (bits(w, 11, 0) if bits(w, 23, 23) else -bits(w, 11, 0)), True
        if w & 0x0FF00000 == 0x03000000 and (w ^ v) & 0xFFF0F000 == 0x00400000:
            lower, upper = (bits(x, 19, 16) << 12 | bits(x, 11, 0) for x in (w, v))
            return 8, upper << 16 | lower, False
        return None

    def aimed(self, text, a, target):
        w, offset = word(text), signed(target - a - 8, 32)
        if w & 0x0E000000 == 0x0A000000:
            return little(put(w, 0x00FFFFFF, offset >> 2), 4)
        if w & 0x0F7F0000 == 0x051F0000:
            return little(put(w, 0x00800FFF, abs(offset) & 0xFFF | (offset >= 0) << 23), 4)
        return b"".join(little(put(x, 0x000F0FFF, bits(m, 15, 12) << 16 | bits(m, 11, 0)), 4)
                        for x, m in ((w, target), (word(text, 4), target >> 16)))


class RiscV(Words):
    step = 2

    @staticmethod
    def low(w, v):
        """The lower part that the second half holds, or None if it is none."""
        if bits(v, 19, 15) != bits(w, 11, 7):
            return None
        if v & 0x7B == 0x23:
            return signed(bits(v, 31, 25) << 5 | bits(v, 11, 7), 12)
        if v & 0x707F in (0x0013, 0x0067) or v & 0x7B == 0x03:
            return signed(bits(v, 31, 20), 12)
        return None

    def found(self, text, a):
        w, v = word(text), word(text, 4)
        if w & 0x7F == 0x6F:
            return 4, a + signed(bits(w, 31, 31) << 20 | bits(w, 19, 12) << 12 |
                                 bits(w, 20, 20) << 11 | bits(w, 30, 21) << 1, 21), False
        if w & 0x7F in (0x17, 0x37) and self.low(w, v) is not None:
            return 8, (a if w & 0x7F == 0x17 else 0) + (w & 0xFFFFF000) + self.low(w, v), False
        return None

    def skip(self, text):
        return 4 if text[0] & 3 == 3 else 2

    def aimed(self, text, a, target):
        w, v = word(text), word(text, 4)
        if w & 0x7F == 0x6F:
            m = target - a
            return little(put(w, 0xFFFFF000, bits(m, 20, 20) << 31 | bits(m, 10, 1) << 21 |
                              bits(m, 11, 11) << 20 | bits(m, 19, 12) << 12), 4)
        m = target - (a if w & 0x7F == 0x17 else 0)
        if v & 0x7B == 0x23:
            v = put(v, 0xFE000F80, bits(m, 11, 5) << 25 | bits(m, 4, 0) << 7)
        else:
            v = put(v, 0xFFF00000, m << 20)
        return little(put(w, 0xFFFFF000, m + 0x800), 4) + little(v, 4)


class Xtensa(Words):
    step = 1

    def found(self, text, a):
        w = word(text) & 0xFFFFFF
        if w & 15 == 5:
            return 3, (a & ~3) + 4 + 4 * signed(w >> 6, 18), False
        if w & 15 == 1:
            return 3, (a + 3 & ~3) - 0x40000 + 4 * bits(w, 23, 8), False
        return None

    def skip(self, text):
        return 2 if text[0] & 8 else 3

    def aimed(self, text, a, target):
        w = word(text) & 0xFFFFFF
        if w & 15 == 5:
            return little(put(w, 0xFFFFC0, target - (a & ~3) - 4 >> 2 << 6), 3)
        return little(put(w, 0xFFFF00, target - (a + 3 & ~3) >> 2 << 8), 3)


class AArch64(Words):
    @staticmethod
    def shift(w, v):
        """By how much the second half shifts its lower part, or None if it is none."""
        if bits(v, 9, 5) != bits(w, 4, 0):
            return None
        if v & 0xFFC00000 == 0x91000000:
            return 0
        if v & 0x3B000000 == 0x39000000:
            return 4 if v & 0x04800000 == 0x04800000 else bits(v, 31, 30)
        return None

    def found(self, text, a):
        w, v = word(text), word(text, 4)
        if w & 0x7C000000 == 0x14000000:
            return 4, a + 4 * signed(w, 26), False
        if w & 0x9F000000 == 0x90000000:
            page = (a & ~0xFFF) + ((bits(w, 23, 5) << 2 | bits(w, 30, 29)) << 12)
            shift = self.shift(w, v)
            return (4, page, False) if shift is None else (8, page + (bits(v, 21, 10) << shift), False)
        return None

    def aimed(self, text, a, target):
        w, v = word(text), word(text, 4)
        if w & 0x7C000000 == 0x14000000:
            return little(put(w, 0x03FFFFFF, target - a >> 2), 4)
        shift, pages = self.shift(w, v), signed((target >> 12) - (a >> 12), 20)
        aimed = little(put(w, 0x60FFFFE0, bits(pages, 1, 0) << 29 | bits(pages, 20, 2) << 5), 4)
        if shift is None:
            return aimed
        return aimed + little(put(v, 0x003FFC00, bits(target, 11, 0) >> shift << 10), 4)


class X8664(Words):
    step = 1
    OPERANDS = {0x63, 0x69, 0x6B, *range(0x80, 0x90), 0xC6, 0xC7, 0xF6, 0xF7, 0xFF,
                *(b for b in range(0x40) if b & 7 < 4)}

    def named(self, text):
        if text[0] in (0xE8, 0xE9):
            return 1
        if text[0] == 0x0F and text[1] & 0xF0 == 0x80:
            return 2
        if text[0] == 0x0F and text[2] & 0xC7 == 0x05:
            return 3
        return 2 if text[0] in self.OPERANDS and text[1] & 0xC7 == 0x05 else None

    def found(self, text, a):
        n = self.named(text)
        return n and (n + 4, a + n + 4 + word(text, n), False)

    def aimed(self, text, a, target):
        n = self.named(text)
        return text[:n] + little(target - a - n - 4, 4)


CODES = [None, Words(), Thumb(), Thumb2(), Arm(), RiscV(), Xtensa(), AArch64(), X8664()]

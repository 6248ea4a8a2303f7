"""The other side of a serial line as docs/serial.md describes it, written from that page alone: a
second implementation beside `ota image send`. It does no input and output itself:

    peer = SerialPeer(image)              # sends it as soon as the device says that it is ready
    reply = peer.take(piece)              # bytes that came; those to be sent, perhaps none
    peer.text, peer.accepted, peer.refusal

The lines of the emulators lose nothing, so nothing is sent twice.
"""

import hashlib
import random
import zlib

BEGIN, DATA, END, ANSWER = 1, 2, 3, 0x80
WRONG_STATE = 21


def stuffed(body):
    """COBS: blocks of at most 254 bytes without a zero, each behind a code that says how long."""
    out = bytearray()
    for part in body.split(b"\0"):
        while len(part) >= 254:
            out += b"\xff" + part[:254]
            part = part[254:]
        out += bytes([len(part) + 1]) + part
    return bytes(out)


def unstuffed(data):
    """The body, or nothing, where that is no COBS."""
    out, at = bytearray(), 0
    while at < len(data):
        code = data[at]
        block = data[at + 1:at + code]
        if len(block) != code - 1:
            return b""
        out += block
        at += code
        if code != 255 and at < len(data):
            out.append(0)
    return bytes(out)


class SerialPeer:
    def __init__(self, image=None, ready=b"ready\n"):
        self.text = b""
        self.accepted = False
        self.refusal = None
        self.frames = 0
        self._image, self._ready = image, ready
        self._open = b""
        self._number = random.randrange(0x10000)

    def send(self, image):
        """Begins with an image; gives the bytes to send."""
        self._image, self.accepted, self.refusal = image, False, None
        digest = hashlib.sha256(image).digest()
        return self._frame(BEGIN, len(image).to_bytes(4, "little") + digest)

    @property
    def over(self):
        """The device waits, and there is nothing for it, or nothing that it takes."""
        return self.refusal is not None or (not self.frames and self.text.endswith(b"ready\n"))

    def take(self, piece):
        reply = b""
        *whole, self._open = (self._open + piece).split(b"\0")
        for part in whole:
            body = unstuffed(part)
            if len(body) > 7 and zlib.crc32(body[:-4]) == int.from_bytes(body[-4:], "little"):
                reply += self._answered(body[0], body[1:3], body[3:-4])
            else:
                self.text += part
        if not self.frames or self.accepted or self.refusal is not None:  # no answer is on its way
            self.text, self._open = self.text + self._open, b""
        if self._image and not self.frames and self.text.endswith(self._ready):
            reply += self.send(self._image)
        return reply

    def _frame(self, kind, fields):
        self.frames += 1
        self._number = (self._number + 1) % 0x10000
        body = bytes([kind]) + self._number.to_bytes(2, "little") + fields
        return b"\0" + stuffed(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"

    def _answered(self, kind, number, fields):
        if number != self._number.to_bytes(2, "little") or self.accepted or self.refusal is not None:
            return b""
        result, most = fields[0], int.from_bytes(fields[1:3], "little")
        wanted, told = int.from_bytes(fields[3:7], "little"), fields[7:].decode()
        if result == WRONG_STATE and kind != ANSWER + BEGIN:  # it has started again
            return self.send(self._image)
        if result != 0:
            self.refusal = told
            return b""
        if kind == ANSWER + END:
            self.accepted = True
            return b""
        if wanted == len(self._image):
            return self._frame(END, b"")
        return self._frame(DATA, wanted.to_bytes(4, "little") + self._image[wanted:wanted + most])

"""A micro:bit (nRF51822, Cortex-M0, flash behind its NVMC) on QEMU, whose power can be cut anywhere.

    with Microbit(flash) as chip:             # 256 KiB
        chip.send(b"update")
        why = chip.run(until=b"READY")        # marker, cut, reset, time, or end
        why = chip.run(until=done, take=f)    # f(bytes that came) gives what to send; done() ends
        flash = chip.power_off()              # what is in flash now

The machine's own flash does not outlive QEMU, so it is taken out over QMP before QEMU is killed.
Where the guest resets itself, QEMU stands still: the next Microbit(flash) is the start after it.

Cuts at an exact point are made by plugin/cut.c: `store=N` after the Nth word written or page erased,
`instruction=N` before the Nth instruction.

    tests/target/microbit.py FLASH LINE     a board to play with: what is in the file FLASH runs, and
                                            runs again whenever it resets itself, until ^C; its serial
                                            line is the Unix socket LINE, and its text is printed
"""

import json
import os
import pathlib
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import firmware

FLASH_SIZE = 256 * 1024
PAGE = 1024
ERASE_PAGE = 0x4001E508  # NVMC


class Microbit:
    def __init__(self, flash, store=None, instruction=None, trace=False, attach=True, line=None,
                 more=()):
        """`attach=False` leaves the serial line, a Unix socket at `serial_path`, to somebody else;
        `run` waits until they have connected. `trace` tells each store in `stores`: how many
        instructions before, and where. A `line` is a path
        for the socket, where nobody needs to be; `more` is for QEMU."""
        assert len(flash) == FLASH_SIZE
        self.text = b""
        self.counts = {}
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="microbit-"))
        self._serial = self._qmp = None
        image = self._folder / "flash.bin"
        image.write_bytes(flash)
        self.serial_path = line or self._folder / "serial"
        waits = "off" if line else "on"
        log = f",logfile=/proc/{os.getpid()}/fd/1,logappend=on" if line else ""
        self._process = subprocess.Popen(
            ["qemu-system-arm", "-M", "microbit", "-S", "-device",
             f"loader,file={image},addr=0,force-raw=on", "-display", "none", "-monitor", "none",
             "-action", "reboot=shutdown,shutdown=pause",
             "-chardev", f"socket,id=line,path={self.serial_path},server=on,wait={waits}{log}",
             "-serial", "chardev:line",
             "-qmp", f"unix:{self._folder / 'qmp'},server=on,wait=off",
             *self._plugin(store, instruction, trace), *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if attach and not line:
            self._serial = self._connect(self.serial_path)
        else:
            self._wait_for_socket(self.serial_path)
        self._messages = b""

    @staticmethod
    def _plugin(store, instruction, trace):
        if store is None and instruction is None and not trace:
            return []
        cut = ("trace=on" if trace else
               f"store={store}" if store is not None else f"instruction={instruction}")
        return ["-plugin", f"{firmware.cut_plugin()},hold=on,watch=0:{FLASH_SIZE:#x},"
                           f"watch={ERASE_PAGE:#x}:{ERASE_PAGE + 4:#x},{cut}"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._kill()

    def send(self, data):
        self._serial.sendall(data)

    @property
    def stores(self):
        return [(int(before), int(address, 16)) for before, address in
                re.findall(rb"^store instructions=(\d+) address=(\w+)$", self._messages, re.M)]

    def run(self, until=None, take=None, seconds=60):
        """Goes on until the text of the serial line holds `until` (marker), the power is cut by the
        plugin (cut), the guest resets itself (reset), QEMU ends (end), or too long (time)."""
        deadline = time.monotonic() + seconds
        self._open_qmp()
        while True:
            why = self._why()
            self._take_text(take)  # what was sent before that
            if until is not None and (until() if callable(until) else until in self.text):
                return "marker"
            if why:
                return why
            watched = [self._process.stderr, self._qmp] + [self._serial] * (self._serial is not None)
            ready, _, _ = select.select(watched, [], [], max(0, deadline - time.monotonic()))
            if not ready:
                return "time"
            if self._process.stderr in ready:
                self._messages += self._process.stderr.read1()
            if self._qmp in ready:
                try:
                    self._take_answers()
                except ConnectionError:
                    return "end"

    def _why(self):
        told = re.search(rb"cut instructions=(\d+) stores=(\d+) address=(\w+)\n", self._messages)
        if told:
            self.counts = {"instructions": int(told[1]), "stores": int(told[2]),
                           "address": int(told[3], 16)}
            return "cut"
        return "reset" if "SHUTDOWN" in self._events else None

    def _take_text(self, take):
        while self._serial and select.select([self._serial], [], [], 0)[0]:
            piece = self._serial.recv(65536)
            if not piece:
                break
            self.text += piece
            reply = take(piece) if take else b""
            if reply:
                self.send(reply)

    def power_off(self):
        """Ends the machine as it is; gives what is in its flash."""
        flash = self.memory(0, FLASH_SIZE)
        self._kill()
        return flash

    def memory(self, begin, size):
        """What lies there; the machine stands still from now on."""
        self._open_qmp()
        if not self.counts:  # a processor that the plugin holds stands still already
            self._command("stop")
        saved = self._folder / "saved.bin"
        self._command("memsave", val=begin, size=size, filename=str(saved))
        return saved.read_bytes()

    def _connect(self, path):
        while True:
            line = socket.socket(socket.AF_UNIX)
            try:
                line.connect(str(path))
                return line
            except OSError:
                line.close()
                if self._process.poll() is not None:
                    raise RuntimeError(self._process.stderr.read().decode()) from None
                time.sleep(0.002)

    def _wait_for_socket(self, path):
        accepts = re.compile(rf" 00010000 .* {re.escape(str(path))}$", re.M)  # __SO_ACCEPTCON
        while not accepts.search(pathlib.Path("/proc/net/unix").read_text()):
            if self._process.poll() is not None:
                raise RuntimeError(self._process.stderr.read().decode())
            time.sleep(0.002)

    def _open_qmp(self):
        if self._qmp is None:
            self._qmp = self._connect(self._folder / "qmp")
            self._answers = b""
            self._events, self._returned = set(), []
            self._command("qmp_capabilities")
            self._command("cont")  # from here on no event is missed

    def _take_answers(self):
        """Waits for lines of QMP; sorts them into events and what commands returned."""
        piece = self._qmp.recv(65536)
        if not piece:
            raise ConnectionError("QEMU has ended")
        *lines, self._answers = (self._answers + piece).split(b"\n")
        for line in map(json.loads, lines):
            if "event" in line:
                self._events.add(line["event"])
            elif "QMP" not in line:  # the greeting
                self._returned.append(line)

    def _command(self, name, **arguments):
        self._qmp.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
        while not self._returned:
            self._take_answers()
        answer = self._returned.pop()
        if "error" in answer:
            raise RuntimeError(answer["error"]["desc"])

    def _kill(self):
        self._process.kill()
        self._process.wait()
        self._process.stderr.close()
        for line in (self._serial, self._qmp):
            if line is not None:
                line.close()
        self._serial = self._qmp = None
        shutil.rmtree(self._folder, ignore_errors=True)


def image(*parts):
    """The flash of a chip that holds nothing but (address, bytes)."""
    flash = bytearray(b"\xff" * FLASH_SIZE)
    for address, data in parts:
        flash[address:address + len(data)] = data
    return bytes(flash)


def main():
    file, line = map(pathlib.Path, sys.argv[1:])
    while True:
        with Microbit(image((0, file.read_bytes())), line=line) as chip:
            while chip.run() == "time":
                pass
            file.write_bytes(chip.power_off())


if __name__ == "__main__":
    main()

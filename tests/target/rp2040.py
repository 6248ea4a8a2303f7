"""An RP2040 with NOR flash on rp2040js: rp2040.mjs, driven from here.

    one = rp2040.run(flash, until="READY", operation=3, torn=1)
    one.why, one.text, one.flash, one.instructions, one.operations, one.broken

`Rp2040(flash, …)` is a run that goes on beside the caller: its serial line is a Unix socket at
`serial_path`; `talk(take, over)` uses it, and `finish()` waits for the end, which comes at the latest
when the line is closed.
"""

import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import types

import firmware

FLASH_SIZE = 2 * 1024 * 1024
BEGIN = 0x10000000
FIRST_IMAGE = 0x10000100  # behind boot2


class Run(types.SimpleNamespace):
    def __repr__(self):
        return str({name: value for name, value in vars(self).items() if name != "flash"})


class Rp2040:
    def __init__(self, flash, serial=True, until=None, limit=None, instruction=None, operation=None,
                 bytes_done=None, torn=None):
        firmware.rp2040js()
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="rp2040-"))
        self._flash = self._folder / "flash.bin"
        self._flash.write_bytes(flash)
        self.serial_path = self._folder / "serial"
        options = {"until": until, "instructions": limit, "cut-instruction": instruction,
                   "cut-operation": operation, "cut-bytes": bytes_done, "cut-torn": torn,
                   "serial": self.serial_path if serial else None}
        given = [text for name, value in options.items() if value is not None
                 for text in (f"--{name}", str(value))]
        self._process = subprocess.Popen(["node", firmware.HERE / "rp2040.mjs", *given, self._flash],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def talk(self, take, over):
        """Calls `take` with what comes, and sends what it gives, until `over()` or the end."""
        with socket.socket(socket.AF_UNIX) as line:
            while self._process.poll() is None:
                try:
                    line.connect(str(self.serial_path))
                    break
                except OSError:
                    time.sleep(0.01)
            try:
                while not over() and (piece := line.recv(65536)):
                    line.sendall(take(piece))
            except OSError:  # it has ended meanwhile
                pass

    def finish(self):
        """Waits for the end; gives what rp2040.mjs says of it, and the flash."""
        try:
            told, _ = self._process.communicate()
            one = Run(**json.loads(told))
            one.flash = self._flash.read_bytes()
            return one
        finally:
            self.kill()

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def run(flash, **options):
    return Rp2040(flash, serial=False, **options).finish()


def image(*parts):
    """The flash of a chip that holds nothing but (address in it, bytes)."""
    flash = bytearray(b"\xff" * FLASH_SIZE)
    for address, data in parts:
        flash[address:address + len(data)] = data
    return bytes(flash)

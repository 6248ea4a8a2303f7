"""An MPS2 board (Cortex-M3, runs code for Cortex-M0+) on QEMU with memory in a file, which survives
whatever happens to QEMU: for cuts at any instruction, many of them.

    one = mps2.run(elf, flash, instruction=5000)
    one.status, one.text, one.flash, one.instructions, one.stores

`flash` is laid at 0x21000000, where it is plain memory: that it behaves like flash is the policy's
business (ram_flash.hpp). Text and exit status come by semihosting (board.hpp); a power cut by
plugin/cut.c has status 99. Runs are independent of each other, so `sweep` makes several at a time.
"""

import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import tempfile

import firmware

FLASH_BEGIN = 0x21000000
MEMORY_SIZE = 16 * 1024 * 1024
CUT = 99

Run = collections.namedtuple("Run", "status text flash instructions stores address")


def run(elf, flash, instruction=None, store=None, arguments=(), trace=False):
    """Runs a program on a board whose flash holds `flash`, to its end or to the cut. With `trace`
    the text tells each store as well."""
    with tempfile.TemporaryDirectory(prefix="mps2-") as folder:
        memory = pathlib.Path(folder) / "memory"
        with memory.open("wb") as file:
            file.write(flash)
            file.truncate(MEMORY_SIZE)
        cut = [f"{name}={value}" for name, value in (("instruction", instruction), ("store", store))
               if value is not None] + ["trace=on"] * trace
        watch = f"watch={FLASH_BEGIN:#x}:{FLASH_BEGIN + len(flash):#x}"
        given = "".join(f",arg={argument}" for argument in ("program", *arguments))
        ended = subprocess.run(
            ["qemu-system-arm", "-M", "mps2-an385,memory-backend=flash", "-object",
             f"memory-backend-file,id=flash,share=on,mem-path={memory},size={MEMORY_SIZE}",
             "-kernel", elf, "-display", "none", "-monitor", "none", "-serial", "none",
             "-no-reboot", "-semihosting-config", f"enable=on,target=native{given}",
             "-plugin", ",".join([str(firmware.cut_plugin()), watch, *cut])],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with memory.open("rb") as file:
            left = file.read(len(flash))
    text = ended.stdout.decode(errors="replace")
    told = re.search(r"\b(?:cut|end) instructions=(\d+) stores=(\d+)(?: address=(\w+))?$", text, re.M)
    if not told:
        raise RuntimeError(f"QEMU ended with {ended.returncode}:\n{text}")
    return Run(ended.returncode, text, left, int(told[1]), int(told[2]), int(told[3] or "0", 16))


def sweep(try_point, points, workers=None):
    """Calls `try_point(point)` for each, a few at a time; gives the values in order."""
    firmware.cut_plugin()
    with concurrent.futures.ThreadPoolExecutor(workers or min(2, os.cpu_count() or 1)) as pool:
        return list(pool.map(try_point, points))

"""The power cut at any instruction of the object code for a Cortex-M0+: image_boot.cpp on an MPS2
board, for each strategy, in everything that changes flash: staging, request, swap, confirmation,
put-back, rollback. Whatever the cut, the next start must find the whole old or the whole new image.
"""

import collections
import hashlib
import random
import re

import firmware
import images
import mps2

STRATEGIES = ("two_slots", "swap_with_scratch", "swap_by_moving", "overwrite_with_backup")
FLASH_SIZE = 64 * 1024  # what arrived lies behind it
PRIMARY = 3 * 1024

# name, how many of the cuts, command, and the commands that lead there
SCENES = [("stage", 50, "stage", []),
          ("request", 25, "request", ["stage"]),
          ("swap", 180, "boot", ["stage", "request"]),
          ("confirm", 25, "confirm", ["stage", "request", "boot"]),
          ("put back", 115, "boot", ["stage", "request", "boot"]),
          ("rollback", 110, "boot", ["stage", "request", "boot", "confirm", "revert"])]


def memory(old, new):
    """Flash with the old image where it runs, and behind it the new one, which has just arrived."""
    flash = bytearray(b"\xff" * FLASH_SIZE)
    flash[PRIMARY:PRIMARY + len(old)] = old
    return bytes(flash) + len(new).to_bytes(4, "little") + new


class Proof:
    def __init__(self, strategy, *options):
        self.strategy = strategy
        self.elf = firmware.build(
            f"image_boot_{strategy}" + "".join(options),
            [firmware.HERE / "image_boot.cpp", firmware.HERE / "startup.cpp"],
            firmware.HERE / "board.ld", f"-DSTRATEGY=ota::{strategy}", *options)
        bits = random.Random(1)
        self.images = [images.pack(bits.randbytes(size), version, "--hardware", "board")
                       for version, size in (("1.0.0", 2900), ("2.0.0", 1900))]
        self.figures = collections.Counter(operations=0, cuts=0, recoveries=0, broken=0)
        self.states = set()
        self.first_broken = ""

    def run(self, command, flash, **cut):
        return mps2.run(self.elf, flash, arguments=[command], **cut)

    def must(self, command, flash):
        one = self.run(command, flash)
        if one.status != 0:
            raise RuntimeError(f"{self.strategy}: {command} fails uncut: {one.text}")
        return one.flash

    def trouble(self, flash):
        """What is wrong with a start from there; nothing, when one of the images is whole."""
        one = self.run("boot", flash)
        told = re.search(r"^starts (\d+)$", one.text, re.M)
        if one.status != 0 or not told:
            return one.text
        there = one.flash[int(told[1]):]
        return "" if any(there.startswith(image) for image in self.images) else "a mixture starts"

    def points(self, whole, count, chance):
        """Instructions at which to cut: half of them anywhere, half around stores to flash."""
        stores = [int(at) for at in re.findall(r"^store instructions=(\d+)", whole.text, re.M)]
        anywhere = [chance.randrange(1, whole.instructions) for _ in range(count // 2)]
        near = [chance.choice(stores) + chance.randrange(12) for _ in range(count - count // 2)]
        return anywhere + [min(at, whole.instructions) for at in near]

    def try_point(self, command, start, instruction, again):
        """Cuts there; for `again`, cuts the recovery too; gives the states of flash, and trouble."""
        one = self.run(command, start, instruction=instruction)
        if one.status != mps2.CUT:
            return [], f"no cut: {one.text}"
        states = [one.flash]
        if again:
            second = self.run("boot", one.flash, instruction=again)
            states.append(second.flash)  # it may have been over before
        return states, self.trouble(states[-1])

    def prove(self, share=1.0):
        """All scenes; `share` of the cuts."""
        chance = random.Random(self.strategy)
        for name, count, command, before in SCENES:
            start = memory(*self.images)
            for step in before:
                start = self.must(step, start)
            whole = self.run(command, start, trace=True)
            points = self.points(whole, max(1, int(count * share)), chance)
            work = [(at, chance.randrange(1, whole.instructions) if i % 5 == 0 else None)
                    for i, at in enumerate(points)]
            tried = mps2.sweep(lambda one: self.try_point(command, start, *one), work)
            self.figures["operations"] += whole.stores
            for (at, again), (states, trouble) in zip(work, tried):
                self.figures["cuts"] += 1
                self.figures["recoveries"] += len(states)
                self.states.update(hashlib.sha256(state).digest() for state in states)
                if trouble:
                    self.figures["broken"] += 1
                    self.first_broken = self.first_broken or (
                        f"{self.strategy}, {name}, cut at instruction {at}, again {again}: {trouble}")
        return {**self.figures, "distinct_states": len(self.states), "depth": 2}

"""What a device with examples/bootloader lives through on an emulated chip: it runs version 1, gets
version 2 over its serial line, changes to it, confirms; gets version 3, which fails its self-test,
and puts version 2 back. The power is cut anywhere in that. Whatever it did, every start must run one
of the versions, and all must end with version 2.
"""

import collections
import hashlib
import random
import re

import firmware
import images
import microbit
import mps2
import rp2040
from serial_peer import SerialPeer

# One start of a device: why it ended, and what it did to flash, `changes` places to cut it at.
Start = collections.namedtuple("Start", "why text flash changes refusal", defaults=[None])


def start_microbit(flash, peer, **options):
    with microbit.Microbit(flash, **options) as chip:
        why = chip.run(until=lambda: peer.over, take=peer.take)
        return Start(why, peer.text.decode(errors="replace"), chip.power_off(), chip.stores,
                     peer.refusal)


def start_rp2040(flash, peer, **options):
    chip = rp2040.Rp2040(flash, **options)
    chip.talk(peer.take, lambda: peer.over)
    one = chip.finish()
    why = "marker" if one.why == "hung up" else one.why
    return Start(one.broken or why, peer.text.decode(errors="replace"), one.flash, range(1, one.operations + 1))


class Story:
    def __init__(self, chip, signed=True):
        self.device = self.make_device(chip, signed)
        self._start = start_microbit if chip == "nrf51" else start_rp2040
        self.one, self.two = (self.device.application(f"{n}.0.0") for n in (1, 2))
        self.three = self.device.application("3.0.0", "-DAPPLICATION_FAILS")
        self.sent = self.two  # for an update to version 2
        self.begin = self.device.flash(self.one)
        self.figures = collections.Counter(operations=0, cuts=0, recoveries=0, broken=0)
        self.states = set()
        self.first_broken = ""

    make_device = images.Device

    def start(self, flash, image=None, ready=b"ready\n", **options):
        return self._start(flash, SerialPeer(image, ready), **options)

    def carry_on(self, flash):
        """Starts until version 2 is ready, which it is sent when version 1 is; gives what was
        wrong, how many starts it took, and the flash."""
        for starts in range(1, 12):
            one = self.start(flash, self.sent, b"1.0.0\nready\n")
            if one.why not in ("reset", "marker"):
                return f"a start ended by {one.why}", starts, one.flash
            if not re.match(r"application [123]\.0\.0\n", one.text):
                return f"no version starts: {one.text!r}", starts, one.flash
            flash = one.flash
            if one.why == "marker":
                break
        last = re.fullmatch(r"application 2\.0\.0\n(confirmed\n)?ready\n", one.text)
        whole = self.device.running(flash, len(self.two)) == self.two
        return "" if last and whole else f"it ends with {one.text!r}", starts, flash

    def chapters(self, trace=None):
        """Each start of the uncut story that changes flash: its name, flash before, what is sent."""
        flash = self.begin
        for name, image, end, text in (
                ("transfer", self.two, "reset", "application 1.0.0\nready\nrestarting\n"),
                ("swap and confirmation", None, "marker",
                 "application 2.0.0\nconfirmed\nready\n"),
                ("transfer of a failing one", self.three, "reset",
                 "application 2.0.0\nready\nrestarting\n"),
                ("swap to a failing one", None, "reset",
                 "application 3.0.0\nself-test failed\n"),
                ("second try", None, "reset", "application 3.0.0\nself-test failed\n"),
                ("third try", None, "reset", "application 3.0.0\nself-test failed\n"),
                ("put-back", None, "marker", "application 2.0.0\nready\n")):
            one = self.start(flash, image, **(trace or {}))
            if (one.why, one.text) != (end, text):
                raise RuntimeError(f"{self.device.name}, {name}: {one.why}, {one.text!r}")
            yield name, flash, image, one.changes
            flash = one.flash
        if self.device.running(flash, len(self.two)) != self.two:
            raise RuntimeError("what was put back is not what was there")

    def judge(self, name, states):
        """Carries on from each state of flash after a cut."""
        for how, flash in states:
            trouble, starts, _ = self.carry_on(flash)
            yield f"{name}, {how}: {trouble}" if trouble else "", starts, flash

    def sweep(self, tried):
        """Cuts and carries on, a few at a time: `tried` are functions that give the states of
        flash that a cut may leave."""
        def one(work):
            name, cut = work
            return list(self.judge(name, cut()))

        for results in mps2.sweep(one, tried):
            for trouble, starts, flash in results:
                self.figures["cuts"] += 1
                self.figures["recoveries"] += starts
                self.states.add(hashlib.sha256(flash).digest())
                if trouble:
                    self.figures["broken"] += 1
                    self.first_broken = self.first_broken or trouble
        return {**self.figures, "distinct_states": len(self.states), "depth": 1}


def must_be_cut(one):
    if one.why != "cut":
        raise RuntimeError(f"the power was not cut: {one.why}, {one.text!r}")
    return one.flash


def prove_microbit(shares, story=None):
    """Cuts between stores to flash and inside them. `shares`: how many of the stores of each chapter
    are tried, half of them erases; each before it, inside and after."""
    story, chance, work = story or Story("nrf51"), random.Random(1), []

    def at_store(flash, image, number, seed):
        before = flash if number == 1 else must_be_cut(story.start(flash, image, store=number - 1))
        after = must_be_cut(story.start(flash, image, store=number))
        torn = firmware.torn(before, after, random.Random(seed))
        return [(f"{how} store {number}", state) for how, state in
                (("before", before), ("inside", torn), ("after", after))]

    def at_instruction(flash, image, number):
        one = story.start(flash, image, instruction=number)
        return [(f"at instruction {number}", must_be_cut(one))]

    for name, flash, image, stores in story.chapters({"trace": True}):
        story.figures["operations"] += len(stores)
        erases = [i for i, (_, at) in enumerate(stores, 1) if at == microbit.ERASE_PAGE]
        words = [i for i in range(1, len(stores) + 1) if i not in set(erases)]
        share = shares.get(name, 1)
        chosen = {number for kind in (erases, words)
                  for number in chance.sample(kind, min(len(kind), share))}
        for number in sorted(chosen):
            work.append((name, lambda f=flash, i=image, n=number: at_store(f, i, n, n)))
        # While a line is waited for, the number of instructions is never twice the same.
        for number in chance.sample(range(1, stores[-1][0]), share if image is None else 0):
            work.append((name, lambda f=flash, i=image, n=number: at_instruction(f, i, n)))
    return story, story.sweep(work)


def prove_rp2040(shares):
    """Cuts inside flash operations, of which nothing, a part or all is done, and at instructions.
    Without signatures, which take an emulator in JavaScript most of its time."""
    story, chance, work = Story("rp2040", signed=False), random.Random(2), []

    def cut(flash, image, options):
        return [(str(options), must_be_cut(story.start(flash, image, **options)))]

    for name, flash, image, operations in story.chapters():
        story.figures["operations"] += len(operations)
        for number in sorted(chance.sample(operations, min(len(operations), shares.get(name, 1)))):
            for how in ({"bytes_done": 0}, {"torn": number}, {"bytes_done": 4096}):
                work.append((name, lambda f=flash, i=image, o={"operation": number, **how}:
                             cut(f, i, o)))
        number = chance.randrange(1000, 500_000)  # while the bootloader computes the first SHA-256
        work.append((name, lambda f=flash, i=image, o={"instruction": number}: cut(f, i, o)))
    return story, story.sweep(work)

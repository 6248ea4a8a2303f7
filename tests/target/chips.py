#!/usr/bin/env python3
"""The flash policies on emulated chips: on the contract, then with the power cut inside every
operation, after which the next start must find a flash that keeps the contract again.

    tests/target/chips.py      prints what was tried; exit code 1 when something was not as it must
"""

import random
import sys

import firmware
import microbit
import mps2
import rp2040

M0 = "-mcpu=cortex-m0"
GOOD = "all rules hold\nDONE\n"
passed = 0


def check(right, name, why=""):
    global passed
    if not right:
        sys.exit(f"FAIL  {name}: {why}")
    passed += 1


def chip_program(name, chip, begin, size, *more, source=None):
    """The bytes of one of the programs here, for a chip."""
    return firmware.binary(firmware.build(
        f"{name}_{chip}", [firmware.HERE / f"{source or name}.cpp", firmware.BOARDS / "startup.cpp"],
        firmware.BOARDS / f"{chip}.ld", f"-DCHIP_{chip.upper()}", *more, begin=begin, size=size))


def microbit_start(flash, **cut):
    """One start: why it ended, its text, and the flash."""
    with microbit.Microbit(flash, **cut) as chip:
        why = chip.run()
        return why, chip.text.decode(), chip.power_off()


def try_microbit():
    begin, end = 0x10000, 0x11000  # what chip_rules.cpp tries
    code = chip_program("chip_rules", "nrf51", 0, 0x4000, M0)
    first = microbit.image((0, code))
    why, text, flash = microbit_start(first)
    check((why, text) == ("reset", GOOD), "nrf_nvmc keeps the contract on QEMU's NVMC", text)
    check(flash == first, "what was tried is erased again, and nothing else was touched")

    bits, cuts, before = random.Random(1), 0, first
    while True:
        why, _, after = microbit_start(first, store=cuts + 1)
        if why == "reset":
            break
        check(why == "cut", f"cut after store {cuts + 1}", why)
        changed = [i for i in range(len(after)) if before[i] != after[i]]
        check(not changed or (begin <= changed[0] and changed[-1] < end and
                              changed[0] // 1024 == changed[-1] // 1024),
              "a store changes one page")
        for left in (after, firmware.torn(before, after, bits)):
            why, text, _ = microbit_start(left)
            check((why, text) == ("reset", GOOD), f"start after a cut at store {cuts + 1}", text)
        before, cuts = after, cuts + 1
    check(cuts >= 10, "the program erases and programs", str(cuts))
    return f"nRF51 on QEMU: {cuts} stores to flash, cut after and inside each"


def try_mps2():
    elf = firmware.build("ram_rules", [firmware.HERE / "ram_rules.cpp",
                                       firmware.HERE / "startup.cpp"], firmware.HERE / "board.ld")
    first = bytes(256 * 1024)
    whole = mps2.run(elf, first)
    check(whole.status == 0, "memory that plays flash keeps the contract", whole.text)
    check(whole.stores >= 4 * 256, "it is erased word by word", str(whole.stores))

    def one(store):
        cut = mps2.run(elf, first, store=store)
        again = mps2.run(elf, cut.flash)
        return cut.status == mps2.CUT and cut.stores == store and again.status == 0, cut

    stores = range(1, whole.stores + 1, 37)
    for right, cut in mps2.sweep(one, stores):
        check(right, "start after a cut", cut.text)
    middle = mps2.run(elf, first, store=whole.stores // 2)
    same = mps2.run(elf, first, instruction=middle.instructions + 1)
    check(same.flash == middle.flash and same.status == mps2.CUT,
          "the instruction after a store is where the store has just been done")
    return f"MPS2 on QEMU: {len(stores)} cuts at every 37th of {whole.stores} stores"


def try_rp2040():
    def build(name, *more, **options):
        code = chip_program(name, "rp2040", rp2040.FIRST_IMAGE, 0x10000 - 256, *more, **options)
        return rp2040.image((0, code))

    first = build("chip_rules")
    whole = rp2040.run(first)
    check((whole.why, whole.text) == ("reset", GOOD), "rp2040_flash keeps the contract", str(whole))
    check(whole.flash == first, "what was tried is erased again, and nothing else was touched")

    def one(cut):
        operation, how = cut
        half = rp2040.run(first, operation=operation, **how)
        again = rp2040.run(half.flash)
        return half.why == "cut" and (again.why, again.text) == ("reset", GOOD), again

    cuts = [(operation, how) for operation in range(1, whole.operations + 1)
            for how in ({"bytes_done": 0}, {"bytes_done": 100}, {"torn": operation})]
    for right, again in mps2.sweep(one, cuts):
        check(right, "start after a cut", str(again))

    broken_sum = bytearray(first)
    broken_sum[0x50] ^= 1
    for name, flash in [("boot2 has a wrong sum", bytes(broken_sum))] + [
            (sentence, build(f"chip_misuse_{i}", f"-DMISUSE={i}", source="chip_misuse"))
            for i, sentence in enumerate(("IF with interrupts on",
                                          "flash is read or run from while it cannot be read",
                                          "a store into flash",
                                          "erase or program while flash is set up to be read",
                                          "misaligned erase or program"))]:
        told = rp2040.run(flash)
        check(told.why == "broken" and told.broken.startswith(name), f"the bench finds: {name}",
              str(told.broken))
    return (f"RP2040 on rp2040js: {len(cuts)} cuts in {whole.operations} operations; "
            "6 misuses found")


def try_hand_over():
    """One program starts another one, and that takes interrupts."""
    expected = "first\nsecond\ninterrupted\nDONE\n"

    def build(chip, stage, begin, size, *more):
        return chip_program(f"chip_stage_{stage}", chip, begin, size, f"-DSTAGE={stage}", *more,
                            source="chip_hand_over")

    flash = microbit.image(
        (0, build("nrf51", 1, 0, 0x4000, M0, firmware.BOARDS / "interrupts_nrf51.cpp")),
        (0x4000, build("nrf51", 2, 0x4000, 0x4000, M0)))
    why, text, _ = microbit_start(flash)
    check((why, text) == ("reset", expected), "nRF51 passes interrupts on", text)

    flash = rp2040.image((0, build("rp2040", 1, rp2040.FIRST_IMAGE, 0x10000 - 256)),
                         (0x10000, build("rp2040", 2, rp2040.BEGIN + 0x10000, 0x10000)))
    one = rp2040.run(flash)
    check((one.why, one.text) == ("reset", expected), "RP2040 starts another program", str(one))
    return "nRF51 and RP2040: one program starts another, which takes interrupts"


def main():
    for part in (try_hand_over, try_microbit, try_mps2, try_rp2040):
        print(part())
    print(f"[  PASSED  ] {passed} tests.")


if __name__ == "__main__":
    main()

"""What the bootloader of examples/bootloader costs on an nRF51: its text by part, and the memory that
it takes to end a swap and to verify what it starts, on an emulated micro:bit."""

import re
import subprocess
import tempfile

import firmware
import images
import microbit
from serial_peer import SerialPeer

# Signed, patches in place: its name; text and RAM with the stack, which must stay below.
KINDS = {(True, False): ("Ed25519", 16 * 1024, 4 * 1024),
         (False, False): ("SHA-256 only", 6 * 1024, 4 * 1024),
         (True, True): ("Ed25519, patches in place", 20 * 1024, 6 * 1024),
         (False, True): ("SHA-256 only, patches in place", 14 * 1024, 6 * 1024)}
PARTS = [("verifier: the format of images", r"/ota/image/(image_(info|tlvs|signature)|mcuboot_)"),
         ("patches: decoder", r"/ota/delta/"),
         ("patches: in flash", r"/ota/image/(flash_source|flash_patcher|patch_)"),
         ("swapper: journal, copies, put-back", r"/ota/image/"),
         ("flash: policy and geometry", r"/ota/flash/"),
         ("crypto: SHA-256, SHA-512, Ed25519", r"/ota/(hash|sign)/"),
         ("core: results, byte views", r"/ota/core/"),
         ("board: start-up, serial line, program", r"/examples/bootloader/"),
         ("constants: texts, errors, tables", r"^\?"),
         ("compiler's and standard library", "")]

RAM, RAM_SIZE = 0x20000000, 16 * 1024
PAINT = bytes.fromhex("3cc3a55a")


def part_of(path):
    return next(name for name, pattern in PARTS if re.search(pattern, path))


def stub(device):
    """A program that uses no memory and resets the chip: where the bootloader's traces stay."""
    begin = device.begin + device.primary + images.HEADER
    code = [0x4801, 0x4902, 0x6001, 0xe7fe]  # ldr r0, =AIRCR; ldr r1, =SYSRESETREQ; str; b .
    words = [RAM + RAM_SIZE, begin + 9], [0xe000ed0c, 0x05fa0004]
    return b"".join([word.to_bytes(4, "little") for word in words[0]] +
                    [half.to_bytes(2, "little") for half in code] +
                    [word.to_bytes(4, "little") for word in words[1]])


def ram_used(device):
    """Static memory and the deepest stack in a start that ends a swap, bytes."""
    old, new = device.application("1.0.0"), device.pack(stub(device), "2.0.0")
    peer = SerialPeer(device.patch(old, new) if device.in_place else new)
    with microbit.Microbit(device.flash(old)) as chip:
        chip.run(until=lambda: peer.refusal, take=peer.take)
        flash = chip.power_off()
    with tempfile.NamedTemporaryFile() as paint:
        paint.write(PAINT * (RAM_SIZE // 4))
        paint.flush()
        loader = ["-device", f"loader,file={paint.name},addr={RAM:#x},force-raw=on"]
        with microbit.Microbit(flash, more=loader) as chip:
            if not peer.accepted or chip.run() != "reset":
                raise RuntimeError(f"the swap was not carried out: {peer.refusal}, {chip.text}")
            memory = chip.memory(RAM, RAM_SIZE)
    symbols = subprocess.run(["arm-none-eabi-nm", device.bootloader_elf], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    static = int(re.search(r"^(\w+) \w bss_end$", symbols, re.M)[1], 16) - RAM
    unused = static
    while memory[unused:unused + 4] == PAINT:
        unused += 4
    return static, RAM_SIZE - unused


def measure():
    """The table, and which gates are missed."""
    columns, missed = [], []
    for (signed, in_place), (name, most_text, most_ram) in KINDS.items():
        device = images.Device("nrf51", signed, in_place)
        parts = firmware.text_by_source(device.bootloader_elf, part_of)
        text = firmware.text_size(device.bootloader_elf)
        static, stack = ram_used(device)
        columns.append({**parts, "all of it": f"{text:,} (below {most_text:,})",
                        "static memory": static, "stack": stack,
                        "memory": f"{static + stack:,} (below {most_ram:,})"})
        if text >= most_text or static + stack >= most_ram:
            missed.append(f"bootloader with {name}: {text:,} and {static + stack:,}")
    rows = [name for name, _ in PARTS] + ["all of it", "static memory", "stack", "memory"]
    table = [f"| bytes | {' | '.join(name for name, *_ in KINDS.values())} |",
             "|---" * (len(KINDS) + 1) + "|"]
    for name in rows:
        cells = [one.get(name, 0) for one in columns]
        table.append("| " + " | ".join([name] + [f"{cell:,}" if isinstance(cell, int) else cell
                                                 for cell in cells]) + " |")
    return table, missed


if __name__ == "__main__":
    print("\n".join(measure()[0]))

#!/usr/bin/env python3
"""The bootloader of examples/bootloader and the application beside it on emulated chips: updates over
the serial line, put-backs, refusals, images made by MCUboot's imgtool, and the power cut anywhere.

    tests/target/bootloader.py     prints what was tried; exit code 1 when something was not as it must

With OTA_FIGURES set, figures of the cuts are written to that folder.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

import boot_story
import firmware
import image_boot
import images
import in_place
import microbit
from boot_story import Story
from serial_peer import SerialPeer

# Of each chapter, how many places are cut.
MICROBIT = {"transfer": 5, "swap and confirmation": 13, "transfer of a failing one": 1,
            "swap to a failing one": 4, "second try": 1, "third try": 2, "put-back": 8}
IN_PLACE = {"transfer": 5, "patching and confirmation": 22}
RP2040 = {"transfer": 4, "swap and confirmation": 7, "put-back": 5}
passed = 0


def check(right, name, why=""):
    global passed
    if not right:
        sys.exit(f"FAIL  {name}: {why}")
    passed += 1


def keep_figures(name, figures):
    if "OTA_FIGURES" in os.environ:
        path = pathlib.Path(os.environ["OTA_FIGURES"]) / f"flash_{name}.json"
        path.write_text(json.dumps(figures) + "\n")
    return f"{name}: {json.dumps(figures)}"


def send_by_tool(flash, image):
    """`ota image send` to a micro:bit that starts with that flash: its exit code and words, why the
    device stopped, and its flash then."""
    file = firmware.BUILD / "sent.img"
    file.write_bytes(image)
    with microbit.Microbit(flash, attach=False) as chip:
        with subprocess.Popen([images.tool(), "image", "send", file, "--port",
                               f"unix:{chip.serial_path}"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True) as tool:
            why = "time"
            while why == "time":
                why = chip.run(until=lambda: tool.poll() is not None, seconds=0.2)
            if tool.wait() == 0:
                why = chip.run()
            return tool.returncode, tool.stdout.read().strip(), why, chip.power_off()


def try_tool(story):
    """The real tool sends: what is good, and what is not."""
    code, words, why, flash = send_by_tool(story.begin, story.two)
    check((code, why) == (0, "reset"), "ota image send updates a device", words)
    trouble, starts, flash = story.carry_on(flash)
    check(not trouble and starts == 1, "what it sent runs", trouble)
    code, words, _, _ = send_by_tool(flash, story.one)
    check(code == 1 and words.endswith("older than the running one"),
          "ota image send tells what the device refuses", words)
    return "ota image send: an update, and a refusal in the words of the device"


def refused_images(story):
    """Images that a device with version 1 must not take, and what it says."""
    device, program = story.device, story.device.program("2.0.0")
    good = story.two
    changed = bytearray(good)
    changed[images.HEADER + 1000] ^= 4
    unsigned = images.pack(program, "2.0.0", "--header-size", str(images.HEADER), "--hardware",
                           device.hardware)
    return [
        (good[:len(good) // 2], "cut off: its hash and signatures are not all there"),
        (bytes(changed), "corrupted: its SHA-256 differs"),
        (bytes(changed), "this image was tried before and put back"),
        (unsigned, "not signed as this device asks"),
        (device.pack(program, "2.0.0", "--key", str(images.new_key("stranger"))),
         "signed by no key that is known here"),
        (device.pack(program, "2.0.0", "--hardware", "example-toaster"), "for other hardware"),
        (device.pack(program, "0.9.9"), "older than the running one"),
        (good + bytes(device.slot), "the image is larger than its slot allows"),
        (b"", "the image has no bytes"),
        (good[:4] + bytes(len(good) - 4), "damaged header"),
        (bytes(len(good)), "no image there")]


def try_refusals(story):
    """One device is sent all that it must refuse, and a good image in the end."""
    peer, refused = SerialPeer(), refused_images(story)
    with microbit.Microbit(story.begin) as chip:
        chip.run(until=lambda: peer.over, take=peer.take)
        for image, sentence in refused:
            chip.send(peer.send(image))
            why = chip.run(until=lambda: peer.refusal or peer.accepted, take=peer.take)
            check((why, peer.refusal) == ("marker", sentence), f"refused: {sentence}",
                  f"{why}, {peer.refusal}")
        between = chip.power_off()
    check(story.device.running(between, len(story.one)) == story.one,
          "what was refused did not touch the running image")
    check(between[:len(story.device.bootloader)] == story.device.bootloader,
          "what was refused did not touch the bootloader")
    trouble, _, _ = story.carry_on(between)
    check(not trouble, "after all that was refused a good image is taken", trouble)
    return f"nRF51: {len(refused)} images refused, each with its own sentence"


def try_damage(story):
    """Flash that loses bits, when there is another image, and when there is none."""
    *_, (_, flash, _, _) = [one for one in story.chapters() if one[0] == "transfer of a failing one"]
    at = story.device.primary + images.HEADER + 512
    damaged = flash[:at] + bytes(4) + flash[at + 4:]
    one = story.start(damaged)
    check(one.text == "application 1.0.0\nready\n", "where the image is damaged the one before runs",
          one.text)
    damaged = story.begin[:at] + bytes(4) + story.begin[at + 4:]
    with microbit.Microbit(damaged) as chip:
        chip.run(until=b"differs\n", seconds=20)
        check(chip.text == b"no image to start: corrupted: its SHA-256 differs\n",
              "where there is no other one the bootloader says so", chip.text)
    return "nRF51: a damaged image does not run; the one before does, where there is one"


def try_hanging():
    """A version that hangs: the watchdog counts as well as a reset does."""
    story = Story("rp2040", signed=False)
    flash = story.start(story.begin, story.device.application("2.0.0", "-DAPPLICATION_HANGS")).flash
    texts = []
    for _ in range(4):
        one = story.start(flash)
        texts.append((one.why, one.text))
        flash = one.flash
    check(texts == [("reset", "application 2.0.0\n")] * 3 +
          [("marker", "application 1.0.0\nready\n")], "one that hangs is put back", str(texts))
    return "RP2040: a version that hangs is reset by the watchdog three times, then put back"


def imgtool():
    """MCUboot's imgtool, from PyPI into a virtual environment below build/; none without network."""
    folder = firmware.BUILD / "imgtool"
    if not (folder / "bin" / "imgtool").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet",
                        "--disable-pip-version-check", "imgtool==2.5.0"], check=False)
    program = folder / "bin" / "imgtool"
    return program if program.exists() else None


def try_imgtool(story):
    """Version 2 as MCUboot's tool makes and signs it."""
    program = imgtool()
    if program is None:
        return "SKIPPED: imgtool could not be installed from PyPI"
    folder, device = firmware.BUILD / "images", story.device
    seed = device.key.read_text().split()[-1]  # PKCS #8 around it: RFC 8410, 7
    (folder / "key.der").write_bytes(bytes.fromhex("302e020100300506032b657004220420" + seed))
    (folder / "two.bin").write_bytes(device.program("2.0.0"))
    subprocess.run(["openssl", "pkey", "-inform", "DER", "-in", "key.der", "-out", "key.pem"],
                   cwd=folder, check=True)
    subprocess.run([program, "sign", "--key", "key.pem", "--version", "2.0.0", "--header-size",
                    str(images.HEADER), "--pad-header", "--slot-size", str(device.slot),
                    "--custom-tlv", "0x00a0", device.hardware, "two.bin", "two.img"],
                   cwd=folder, check=True, stdout=subprocess.DEVNULL)
    story.two = (folder / "two.img").read_bytes()
    trouble, starts, _ = story.carry_on(story.begin)
    check(not trouble and starts == 2, "an image made by imgtool is taken and runs", trouble)
    return "nRF51: an image made by MCUboot's imgtool is taken, swapped in, and runs"


def try_strategies():
    """The power cut at any instruction, for each strategy; and a fault that this must find."""
    told = []
    for strategy in image_boot.STRATEGIES:
        proof = image_boot.Proof(strategy)
        figures = proof.prove()
        told.append(keep_figures(f"cortex_m0plus_{strategy}", figures))
        check(figures["broken"] == 0, f"{strategy}, cut at any instruction", proof.first_broken)
        check(figures["cuts"] >= 500 and figures["distinct_states"] > 30,
              "the cuts leave flash in many states", told[-1])
    figures = image_boot.Proof("swap_with_scratch", "-DFORGETS_STEPS").prove(share=0.1)
    check(figures["broken"] > 0, "a journal that forgets its steps is found", str(figures))
    return "\n".join(told)


def try_patches():
    """One slot: what is no patch is not taken, and one for another image is not applied."""
    story = in_place.InPlaceStory()
    one = story.start(story.begin, story.two)
    check("a whole image, where a patch is asked for" in one.refusal, "an image is no patch",
          one.refusal)
    stranger = story.device.patch(story.three, story.two)
    one = story.start(story.begin, stranger)
    check(one.why == "reset", "a patch for another image is received", one.text)
    one = story.start(one.flash)
    check(one.text == "application 1.0.0\nready\n", "and not applied", one.text)
    check(story.device.running(one.flash, len(story.one)) == story.one,
          "what was not applied did not touch the image")
    trouble, starts, _ = story.carry_on(one.flash)
    check(not trouble and starts == 2, "after it the right one is applied", trouble)
    return "nRF51, one slot: an image and a patch for another image are refused, a patch is applied"


def try_cuts():
    told = []
    for name, (story, figures), least in (
            ("microbit", boot_story.prove_microbit(MICROBIT), 200),
            ("microbit_in_place", in_place.prove(IN_PLACE), 150),
            ("rp2040", boot_story.prove_rp2040(RP2040), 60)):
        told.append(keep_figures(f"chip_{name}", figures))
        check(figures["broken"] == 0, f"bootloader on {name}, cut anywhere", story.first_broken)
        check(figures["cuts"] >= least, f"as many cuts as are asked for on {name}", told[-1])
    return "\n".join(told)


def try_stories():
    """Uncut: each chip with signatures, and with SHA-256 only."""
    for chip in ("nrf51", "rp2040"):
        for signed in (True, False):
            chapters = [name for name, *_ in Story(chip, signed).chapters()]
            check(len(chapters) == 7, "an update, a failing one, a put-back", str(chapters))
    return "nRF51 and RP2040, with and without signatures: updated, then put back from a failing one"


def main():
    story = Story("nrf51")
    for part in (try_stories, lambda: try_tool(story), lambda: try_refusals(story),
                 lambda: try_damage(story), try_hanging, lambda: try_imgtool(story), try_patches,
                 try_cuts, try_strategies):
        begin = time.monotonic()
        print(f"{part()} ({time.monotonic() - begin:.0f} s)", flush=True)
    print(f"[  PASSED  ] {passed} tests.")


if __name__ == "__main__":
    main()

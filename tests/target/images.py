"""Images of programs, packed by the project's own tool, and the example of a bootloader with the
application beside it (examples/bootloader) as firmware for the emulated chips.

    device = images.Device("nrf51")           # signed by a key made for it
    device.bootloader                         # bytes, from the beginning of flash
    device.application("2.0.0")               # an image; more arguments go to the compiler
"""

import functools
import os
import pathlib
import subprocess

import firmware
import microbit
import rp2040

FOLDER = firmware.BUILD / "images"

# What examples/bootloader/device.hpp says of each chip: where the primary slot begins, how large a
# slot is, and where flash begins.
HEADER = 256
LAYOUT = {"nrf51": (0, 19 * 1024, 118 * 1024), "rp2040": (rp2040.BEGIN, 32 * 1024, 672 * 1024),
          "in_place": (0, 45 * 1024, 196 * 1024)}


@functools.cache
def tool():
    """The tool `ota`: $OTA_TOOL, or the newest that a build has made; built where there is none."""
    if "OTA_TOOL" in os.environ:
        return pathlib.Path(os.environ["OTA_TOOL"])
    release = firmware.ROOT / "build" / "release" / "ota"
    made = [one for one in (release, firmware.ROOT / "build" / "test" / "ota") if one.exists()]
    if made:
        return max(made, key=lambda one: one.stat().st_mtime)
    for step in (["--preset", "release"], ["--build", "--preset", "release", "--target", "ota_tool",
                                           "-j", "2"]):
        subprocess.run(["cmake", *step], cwd=firmware.ROOT, check=True, stdout=subprocess.DEVNULL)
    return release


def pack(program, version, *more):
    """An image of a program's bytes, as `ota image pack` makes it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "program").write_bytes(program)
    subprocess.run([tool(), "image", "pack", "--in", "program", "--out", "image", "--version",
                    version, *more], cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)
    return (FOLDER / "image").read_bytes()


@functools.cache
def new_key(name):
    """The path of a secret key, new in each run; its public one lies beside it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob(f"{name}.*"):
        old.unlink()
    subprocess.run([tool(), "keygen", "--out", name], cwd=FOLDER, check=True,
                   stdout=subprocess.DEVNULL)
    return FOLDER / f"{name}.key"


class Device:
    """The example for one chip; without a key it asks for the SHA-256 of images only. `in_place`:
    with one slot, to which patches are applied."""

    def __init__(self, chip, signed=True, in_place=False):
        self.chip, self.signed, self.in_place = chip, signed, in_place
        self.begin, self.primary, self.slot = LAYOUT["in_place" if in_place else chip]
        self.name = f"example_{chip}" + "_in_place" * in_place + ("" if signed else "_unsigned")
        self.hardware = f"example-{chip}"
        self.options = [f"-DBOARD_{chip.upper()}"] + ([] if signed else ["-DBOARD_TAKES_UNSIGNED"])
        self.options += ["-DBOARD_PATCHES_IN_PLACE"] * in_place
        if signed:
            self.key = new_key(self.name)
            digits = self.key.with_suffix(".pub").read_text().split()[1]
            place = FOLDER / self.name
            place.mkdir(exist_ok=True)
            (place / "release_key.inc").write_text(
                ", ".join(str(byte) for byte in bytes.fromhex(digits)))
            self.options.append(f"-I{place}")

    def _build(self, name, begin, size, *more):
        sources = [firmware.BOARDS / f"{name}.cpp", firmware.BOARDS / "startup.cpp"]
        if self.chip == "nrf51" and name == "bootloader":
            sources.append(firmware.BOARDS / "interrupts_nrf51.cpp")
        return firmware.build(f"{self.name}_{name}", sources, firmware.BOARDS / f"{self.chip}.ld",
                              *self.options, *more, begin=begin, size=size)

    @functools.cached_property
    def bootloader_elf(self):
        if self.chip == "nrf51":
            return self._build("bootloader", 0, (20 if self.in_place else 16) * 1024, "-g")
        return self._build("bootloader", rp2040.FIRST_IMAGE, 20 * 1024 - 256, "-g")

    @functools.cached_property
    def bootloader(self):
        return firmware.binary(self.bootloader_elf)

    def program(self, version, *more):
        """The application, linked for the primary slot."""
        return firmware.binary(self._build(
            "application", self.begin + self.primary + HEADER, self.slot - HEADER,
            f'-DAPPLICATION_VERSION="{version}"', *more))

    def pack(self, program, version, *more):
        signs = ["--key", str(self.key)] if self.signed and "--key" not in more else []
        names = [] if "--hardware" in more else ["--hardware", self.hardware]
        return pack(program, version, "--header-size", str(HEADER), *names, *signs, *more)

    def application(self, version, *more):
        return self.pack(self.program(version, *more), version)

    def flash(self, image):
        """A chip as it leaves the factory: bootloader and application."""
        lay = microbit.image if self.chip == "nrf51" else rp2040.image
        return lay((0, self.bootloader), (self.primary, image))

    def running(self, flash, size):
        """What lies in the primary slot."""
        return flash[self.primary:self.primary + size]

    def patch(self, old, new, lag=8 * 1024):
        """A patch from one image to another, packed and signed for the device with one slot."""
        maker = firmware.BUILD / "make_patch"
        firmware.BUILD.mkdir(parents=True, exist_ok=True)
        subprocess.run(["g++", "-std=c++17", "-O1", f"-I{firmware.ROOT / 'include'}",
                        firmware.HERE / "make_patch.cpp", "-o", maker], check=True)
        (FOLDER / "old").write_bytes(old)
        (FOLDER / "new").write_bytes(new)
        key = [self.key] if self.signed else []
        subprocess.run([maker, "old", "new", "patch", str(lag), self.hardware, *key], cwd=FOLDER,
                       check=True, stdout=subprocess.DEVNULL)
        return (FOLDER / "patch").read_bytes()

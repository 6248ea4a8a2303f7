"""The example on a micro:bit with one slot: version 1 receives a patch to version 2 over its serial
line, the bootloader applies it in place. The power is cut anywhere in that."""

import functools

import boot_story
import images


class InPlaceStory(boot_story.Story):
    make_device = staticmethod(functools.partial(images.Device, in_place=True))

    def __init__(self, chip="nrf51", signed=True):
        super().__init__(chip, signed)
        self.sent = self.device.patch(self.one, self.two)

    def chapters(self, trace=None):
        flash = self.begin
        for name, image, end, text in (
                ("transfer", self.sent, "reset", "application 1.0.0\nready\nrestarting\n"),
                ("patching and confirmation", None, "marker",
                 "application 2.0.0\nconfirmed\nready\n")):
            one = self.start(flash, image, **(trace or {}))
            if (one.why, one.text) != (end, text):
                raise RuntimeError(f"{self.device.name}, {name}: {one.why}, {one.text!r}")
            yield name, flash, image, one.changes
            flash = one.flash
        if self.device.running(flash, len(self.two)) != self.two:
            raise RuntimeError("what the patch made is not version 2")


def prove(shares):
    return boot_story.prove_microbit(shares, InPlaceStory())


if __name__ == "__main__":
    print(prove({"transfer": 2, "patching and confirmation": 12})[1])

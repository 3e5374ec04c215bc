"""Power on: what a boot loader and the port's own start-up do on a real board.

Run by the host as `micropython start.py CONFIG.json`. Mounts the flash, then imports `/boot.py` and
`/main.py` from it. It refuses to know the firmware: whatever `main.py` lies in the image runs.
"""

import json
import os
import sys

import emulated_flash


def mount(path):
    """A function of its own: what it read is off the heap when the firmware starts."""
    with open(path) as file:
        config = json.load(file)
    flash = emulated_flash.flash(config["image"], config["flash"])
    rom = None
    if config["flash"]["rom_bytes"]:
        rom = emulated_flash.read(config["image"], config["flash"])
    emulated_flash.mount(flash, config["flash"], config["directory"])
    if rom is not None:
        emulated_flash.place(rom)


mount(sys.argv[1])
names = os.listdir("/")
for name in ("boot", "main"):
    if name + ".py" in names or name + ".mpy" in names:
        __import__(name)

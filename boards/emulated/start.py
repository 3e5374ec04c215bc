"""Power on: what a boot loader and the port's own start-up do on a real board.

Run by the host as `micropython start.py CONFIG.json`. Mounts the flash, then imports `/boot.py` and
`/main.py` from it. It refuses to know the firmware: whatever `main.py` lies in the image runs.
"""

import json
import os
import sys

import emulated_flash


def main(config_path):
    with open(config_path) as file:
        config = json.load(file)
    layout = config["flash"]
    flash = emulated_flash.open_flash(config["image"], layout)
    emulated_flash.mount(flash, layout, config["directory"])
    present = os.listdir("/")
    for module in ("boot", "main"):
        if module + ".py" in present or module + ".mpy" in present:
            __import__(module)


main(sys.argv[1])

"""Write files into a flash image, as a programmer does on a bench.

Run by the host as `micropython burn.py CONFIG.json`. Formats the image when the config says that it is new,
then copies the tree under `stage`. It refuses to start anything of what it copied.
"""

import json
import os
import sys

import emulated_flash
import emulated_host
import vfs

DIRECTORY = 0x4000


def copy_file(source, target):
    with emulated_host.open(source, "rb") as incoming, open(target, "wb") as outgoing:
        while True:
            chunk = incoming.read(4096)
            if not chunk:
                return
            outgoing.write(chunk)


def copy_tree(source, target):
    for entry in emulated_host.list(source):
        name = entry[0]
        if entry[1] != DIRECTORY:
            copy_file(source + "/" + name, target + "/" + name)
            continue
        if name not in os.listdir(target or "/"):
            os.mkdir(target + "/" + name)
        copy_tree(source + "/" + name, target + "/" + name)


def main(config_path):
    with open(config_path) as file:
        config = json.load(file)
    layout = config["flash"]
    flash = emulated_flash.flash(config["image"], layout)
    if config["blank"]:
        vfs.VfsLfs2.mkfs(flash, progsize=layout["program_bytes"])
    emulated_flash.mount(flash, layout, config["directory"])
    copy_tree("stage", "")


main(sys.argv[1])

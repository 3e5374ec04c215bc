"""The start of a board that has a prompt, as ports do it: boot.py, then main.py, both in the prompt's own namespace.

What a program raises is printed, and the prompt comes; what ends by SystemExit ends this process, of which the host
makes a reset. It refuses to speak the prompt's protocol: that is the interpreter's own.
"""

import io
import json
import os
import sys

import emulated_flash
import emulated_machine
import emulated_vfs
import micropython

OWN_LINE = '"' + __file__ + '"'


def mount(config):
    flash = emulated_flash.flash(config["image"], config["flash"])
    rom = b""
    if config["flash"]["rom_bytes"]:
        rom = emulated_flash.read(config["image"], config["flash"])
    emulated_machine.begin(config)
    emulated_vfs.begin(config, rom)  # while the image's path can be opened
    emulated_flash.mount(flash, config["flash"], config["directory"])
    if rom:
        emulated_flash.place(rom)


def as_on_a_port(namespace):
    """Nothing that real boards have not is left where a person looks."""
    for name, module in (("machine", emulated_machine), ("vfs", emulated_vfs)):
        del sys.modules[module.__name__]
        sys.modules[name] = module
        module.__name__ = name
    sys.argv[:] = []
    for name in list(namespace):
        if name != "__name__":
            del namespace[name]
    micropython.opt_level(0)


def show(error):
    """The traceback as a port prints it, which runs boot.py and main.py from no script."""
    text = io.StringIO()
    sys.print_exception(error, text)
    print("\n".join([line for line in text.getvalue().split("\n") if line and OWN_LINE not in line]))


def run(path, namespace):
    """Whether what comes after it runs too."""
    try:
        os.stat(path)
    except OSError:
        return True
    try:
        execfile(path, namespace)  # noqa: F821
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001  a port shows whatever a program raised
        show(error)
        return False
    return True


def start(config_path, namespace):
    with open(config_path) as file:
        config = json.load(file)
    mount(config)
    as_on_a_port(namespace)
    try:
        emulated_machine.alive(config["life"])
        if run("boot.py", namespace) and not config["raw"]:
            run("main.py", namespace)
    except KeyboardInterrupt as error:
        show(error)
    os.putenv("MICROPYINSPECT", "1")  # the prompt comes once this script has ended

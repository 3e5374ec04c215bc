"""Emulated boards: the real firmware on a real MicroPython, one process a board.

`Fleet` starts them from `BoardSpec`s; each has a flash image, a PTY as its UART, a local radio and a clock
of its own.
"""

from fieldpost.emulator.board import BoardSpec, EmulatedBoard, UtcReceiver
from fieldpost.emulator.fleet import Fleet
from fieldpost.emulator.hub import Hub
from fieldpost.emulator.image import provision
from fieldpost.emulator.readings import Readings, load_readings
from fieldpost.emulator.runtime import EmulatorError, die_with
from fieldpost.firmware_build import BoardProfile, compiled, device_files, load_profile

__all__ = [
    "BoardProfile",
    "BoardSpec",
    "EmulatedBoard",
    "EmulatorError",
    "Fleet",
    "Hub",
    "Readings",
    "UtcReceiver",
    "compiled",
    "device_files",
    "die_with",
    "load_profile",
    "load_readings",
    "provision",
]

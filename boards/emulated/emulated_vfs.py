"""The interpreter's `vfs`, and the access to the ROMFS partition that the unix port has not.

Decides where in the image the ROMFS lies: behind the file system. What is written is at once in the memory that takes
the place of mapped flash, as it is on boards.
"""

from vfs import *  # noqa: F403

_SEGMENTS = 1
_SEGMENT = 2
_PREPARE = 3
_WRITE = 4
_COMPLETE = 5
_PREPARE_BYTES = 6
_EINVAL = 22
_WRITE_BYTES_MIN = 4

_part = {}


def begin(config, rom):
    layout = config["flash"]
    _part["rom"] = rom
    _part["file"] = open(config["image"], "r+b", 0)
    _part["start"] = layout["block_bytes"] * layout["blocks"]
    _part["block_bytes"] = layout["block_bytes"]


def rom_ioctl(operation, *arguments):
    """As MicroPython's `extmod/vfs.h` has it for boards; a number below 0 says what was wrong."""
    rom = _part["rom"]
    if operation == _SEGMENTS:
        return 1 if rom else 0
    if not rom or arguments[0] != 0:
        return -_EINVAL
    if operation == _SEGMENT:
        return memoryview(rom)
    if operation == _PREPARE_BYTES:
        return _part["block_bytes"]
    if operation == _PREPARE:
        offset, length = arguments[1:] if len(arguments) == 3 else (0, arguments[1])
        for at in range(offset, offset + length, _part["block_bytes"]):
            _program(at, b"\xff" * _part["block_bytes"])
        return _WRITE_BYTES_MIN
    if operation == _WRITE:
        _program(arguments[1], arguments[2])
        return 0
    return 0 if operation == _COMPLETE else -_EINVAL


def _program(offset, data):
    if offset + len(data) > len(_part["rom"]):
        raise OSError(_EINVAL)
    memoryview(_part["rom"])[offset : offset + len(data)] = data
    _part["file"].seek(_part["start"] + offset)
    _part["file"].write(data)

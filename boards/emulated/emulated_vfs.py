"""The interpreter's `vfs`, and the access to the two ROMFS partitions that the unix port has not.

Decides where in the image they lie: behind the file system, one after the other. What is written is at once in the
memory that takes the place of mapped flash, as it is on boards.
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
_PARTS = 2

_part = {}


def begin(config, rom):
    layout = config["flash"]
    _part["rom"] = memoryview(rom)
    _part["bytes"] = len(rom) // _PARTS
    _part["file"] = open(config["image"], "r+b", 0)
    _part["start"] = layout["block_bytes"] * layout["blocks"]
    _part["block_bytes"] = layout["block_bytes"]


def rom_ioctl(operation, *arguments):
    """As MicroPython's `extmod/vfs.h` has it for boards; a number below 0 says what was wrong."""
    size = _part["bytes"]
    if operation == _SEGMENTS:
        return _PARTS if size else 0
    if not size or not 0 <= arguments[0] < _PARTS:
        return -_EINVAL
    start = arguments[0] * size
    if operation == _SEGMENT:
        return _part["rom"][start : start + size]
    if operation == _PREPARE_BYTES:
        return _part["block_bytes"]
    if operation == _PREPARE:
        offset, length = arguments[1:] if len(arguments) == 3 else (0, arguments[1])
        for at in range(offset, offset + length, _part["block_bytes"]):
            _program(start, at, b"\xff" * _part["block_bytes"])
        return _WRITE_BYTES_MIN
    if operation == _WRITE:
        _program(start, arguments[1], arguments[2])
        return 0
    return 0 if operation == _COMPLETE else -_EINVAL


def _program(start, offset, data):
    if offset + len(data) > _part["bytes"]:
        raise OSError(_EINVAL)
    start += offset
    _part["rom"][start : start + len(data)] = data
    _part["file"].seek(_part["start"] + start)
    _part["file"].write(data)

"""A file that somebody wants to flash: what it is, and whether it is a MicroPython for a kind of board.

`check(data, profile)` gives what is known of it. Each format has a module; all of them are pure.
"""

from fieldpost.device.runtime_file.check import RuntimeFile, WrongFile, check

__all__ = ["RuntimeFile", "WrongFile", "check"]

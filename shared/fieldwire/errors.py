"""Errors of the wire and of storage.

A `WireError` says that a peer's bytes are wrong, a `StorageError` that our flash or disk is; our own
mistakes are plain `ValueError` or `TypeError`. This module does not decide what follows from an error.
The number of each code stands in `error_numbers`, its sentence in `error_table`; a board seldom needs the one and
never the other.
"""


class WireError(Exception):
    """Bytes from outside break the wire format. `code` stands in `error_numbers`, `detail` names thing and cause."""

    def __init__(self, code, detail=""):
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self):
        return self.code + ": " + self.detail if self.detail else self.code


class StorageError(Exception):
    """Our own flash or disk did not keep or give back what it should."""

"""Credentials of the own mesh that a bridge handed down, kept over boots.

Decides nothing: a token comes here after it was verified up to the mesh's root, and is verified again at each start.
"""

from fieldwire import cbor
from fieldwire.errors import WireError
from fieldwire.port import const

_FILE = const("state/held")
_HELD_MAX = const(16)


class HeldTokens:
    def __init__(self, files):
        self._files = files
        try:
            self._held = cbor.decode(files.read(_FILE) or b"\x80")
        except WireError:  # a bridge hands them down again
            self._held = []

    def all(self):
        """[token bytes ...], issuers first."""
        return self._held

    def add(self, data):
        """Keeps a verified token; the oldest gives way when there are too many."""
        if data not in self._held:
            held = (self._held + [data])[-_HELD_MAX:]
            self._files.replace(_FILE, [cbor.encode(held)])
            self._held = held

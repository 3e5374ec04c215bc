"""The key that is to follow the present one, kept apart until a rotation is complete. SPEC 8.7

Decides that a seed which waits is used, and never the present one again. Refuses to make one: that comes in.
"""

from binascii import crc32

from fieldwire.ed25519 import Ed25519Signer
from fieldwire.port import const

_NEXT = const("state/next")


class NextKey:
    """The seed of a key that is to follow, kept apart until a rotation is complete. `make(host bytes)` -> 32 bytes."""

    def __init__(self, files, make):
        self._files = files
        self._make = make

    def seed(self, host_bytes, present):
        """The seed that waits, else a new one that is durable on return; never that of the `present` public key."""
        data = self._files.read(_NEXT) or b""
        seed = data[4:]
        sound = len(seed) == 32 and crc32(seed) == int.from_bytes(data[:4], "big")
        if not sound or Ed25519Signer(seed).public == present:
            seed = self._make(host_bytes)
            self._files.replace(_NEXT, [crc32(seed).to_bytes(4, "big"), seed])
        return seed

    def forget(self):
        self._files.remove(_NEXT)

"""Salts: what hides a leaf from whoever holds only receipts of its neighbours, and the key that makes them.

Decides what the salt at a position is. Refuses nothing: no receiver can tell how a salt was made, and none asks.
SPEC 5.6
"""

import struct

from fieldwire.hmac import HmacKey, hmac_sha256


def salt_key(k_dev):
    """32 bytes for the device's own salts; bridges of its mesh may hold them, so that salts need not travel."""
    return hmac_sha256(k_dev, b"salt/1")


class Salts:
    """The salts of one device's incarnation, under a key made ready once."""

    def __init__(self, key, device, incarnation):
        self._key = HmacKey(key)
        self._position = bytearray(device + incarnation + bytes(9))

    def at(self, stream, seq):
        """8 bytes."""
        struct.pack_into(">BQ", self._position, len(self._position) - 9, stream, seq)
        return self._key.tag(self._position)[:8]

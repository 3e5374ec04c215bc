"""What a device packs in one transfer: its sealed segments, in the order in which they go. SPEC 6.7, 8.9

Decides what the bridge has been told, and how much may be on its way: what was packed is kept until it has come, so
that it goes again in the same bytes. Refuses to pack what a bridge could not expand: that travels as it is.
"""

from fieldwire import pack_source
from fieldwire.pack_writer import Packer
from fieldwire.port import const
from fieldwire.salt import salt_key
from fieldwire.session_outgoing import Places

# Bytes of heap: what is on its way, twenty segments of slow readings; and the rows of the one that is being packed.
_KEPT_MAX = const(6_144)
_ROOM = const(6_144)
_ITEM = const(128)  # of heap, beside its bytes, that an item on its way takes


class Packing:
    """One transfer's part. `k_dev`: the secret of the device that sealed the segments."""

    def __init__(self, device, k_dev):
        self._packer = Packer(device, salt_key(k_dev), _ROOM)
        self._refused = Places()
        self._kept = 0

    def is_full(self):
        """Whether the next segment has to wait until others have come."""
        return self._kept >= _KEPT_MAX

    def pack(self, place, read_segment):
        """The packed bytes of a segment, or None where it travels as it is. What was packed MUST be sent."""
        if self._refused.covers(place):
            return None
        try:
            data = self._packer.pack(pack_source.parts(lambda at, size: read_segment(*place, at, size)))
        except MemoryError:
            return None
        if data is not None:
            self._kept += len(data) + _ITEM
        return data

    def landed(self, item):
        """It has come whole. False where the bridge could not expand it."""
        self._kept -= item.total + _ITEM
        return not self._refused.covers(item.key)

    def refuse(self, place):
        """The bridge cannot expand it, nor what goes on from it; False where it said so before."""
        if self._refused.covers(place):
            return False
        self._refused.add(*place, place[2])
        self._packer.forget(place[1])
        return True

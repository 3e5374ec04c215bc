"""What a bridge expands in one transfer: packed segments, in the order in which they come. SPEC 6.7, 8.9

Remembers which of them stood for none. Refuses to believe the others: the seal proves them or does not, and whoever
takes them asks it.
"""

from fieldwire.pack import Unpacker

# A device that hears of a refusal sends that segment as it is; more than these are on their way at no time.
_REFUSED_MAX = 1_024


class Expanding:
    """One transfer's part. A key is (incarnation, stream, segment)."""

    def __init__(self, device):
        self._unpacker = Unpacker(device, None)
        self._refused = []

    def expand(self, key, data, salt_key):
        """The segment (SPEC 6.4) as its device sealed it, if its seal verifies; WireError where it cannot be made."""
        self._unpacker.salt_key = salt_key
        return self._unpacker.unpack(data, key)

    def refuse(self, key):
        """Until it comes as it is, whoever asks is told that it was refused."""
        if key not in self._refused:
            self._refused = self._refused[1 - _REFUSED_MAX :] + [key]

    def came(self, key):
        """It came as it is."""
        if key in self._refused:
            self._refused.remove(key)

    def refuses(self, key):
        return key in self._refused

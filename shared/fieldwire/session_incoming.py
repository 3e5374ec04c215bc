"""The items that a bridge is receiving from one device: each kind has one that may be incomplete.

Decides which chunk continues an item and when it is complete. Memory grows with the bytes received, never
with what a frame announces. Whether an item is true is the verifier's matter. It outlives a session, so that
the next one resumes inside an item. SPEC 8.2
"""


class Partial:
    """What is held of one item. `data` is None once the item has been handed on."""

    def __init__(self, kind, key, total):
        self.kind = kind
        self.key = key
        self.total = total
        self.length = 0
        self.data = bytearray()

    def is_of(self, kind, key, total):
        return self.kind == kind and self.key == key and self.total == total

    def take(self, offset, chunk):
        """The whole item's bytes when chunk completes it, else None. A chunk beyond a hole is not kept."""
        if self.data is None or offset > self.length or offset + len(chunk) <= self.length:
            return None
        self.data.extend(chunk[self.length - offset :])
        self.length = len(self.data)
        if self.length < self.total:
            return None
        data, self.data = bytes(self.data), None
        return data


class Incoming:
    """Partial items of one device. A session takes its predecessor's, so that a new contact resumes."""

    def __init__(self):
        self.device = None
        self._partials = {}

    def belong_to(self, device):
        if device != self.device:
            self.device = device
            self._partials = {}

    def item(self, kind, key, total):
        """The Partial to continue, a new one unless this very item is incomplete here."""
        partial = self._partials.get(kind)
        if partial is None or partial.data is None or not partial.is_of(kind, key, total):
            partial = self._partials[kind] = Partial(kind, key, total)
        return partial

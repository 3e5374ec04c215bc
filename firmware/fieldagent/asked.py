"""What an authority asks of an enrolled device over the cable: who it is, and to rotate its key. SPEC 8.7

Decides nothing: it answers the first, and keeps the second until somebody takes it. It refuses to be asked by radio:
whoever makes one joins it to the cable alone.
"""

from fieldwire import cbor
from fieldwire.port import const

_START = const(0x20)
_ENROLLED = const(0x23)
_ROTATE_START = const(0x24)


class Asked:
    """`rotate_start`: a frame that asks for a rotation, or None."""

    def __init__(self, identity):
        self._answer = bytes((_ENROLLED,)) + cbor.encode([identity.device, identity.mesh_id])
        self._due = False
        self.rotate_start = None

    def takes(self, frame):
        """True for a frame that is no bridge's."""
        if frame and frame[0] == _START:
            self._due = True
        elif frame and frame[0] == _ROTATE_START:
            self.rotate_start = frame
        else:
            return False
        return True

    def receive(self, frame, now_ms):
        self.takes(frame)

    def to_send(self, now_ms):
        due, self._due = self._due, False
        return self._answer if due else None

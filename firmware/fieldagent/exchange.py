"""What enrolment and rotation have in common over the cable: frames in, frames and events out, without framing.

Decides nothing of what a frame means; who is an Exchange does. SPEC 8.7
"""

from fieldwire import cbor
from fieldwire.errors import StorageError, WireError


class Exchange:
    """`_FRAMES` of who is one: first byte -> what takes the body. `refused` is the last code."""

    _FRAMES = {}

    def __init__(self):
        self._out = []
        self._events = []
        self.refused = None

    def receive(self, frame, now_ms):
        take = self._FRAMES.get(frame[0]) if frame else None
        if take is None:
            return
        try:
            take(self, cbor.decode(frame[1:]))
        except WireError as error:
            self.refused = error.code
            self._on_refused(error.code)
        except StorageError as error:
            self._events.append(("keyless", str(error)))

    def next_event(self):
        """What was agreed on, with an Identity, once: store it before `confirm`. ("keyless", why) when no key was."""
        return self._events.pop(0) if self._events else None

    def to_send(self, now_ms):
        return self._out.pop(0) if self._out else None

    def _send(self, first, body):
        self._out.append(bytes((first,)) + cbor.encode(body))

    def _on_refused(self, code):
        """Nobody is told unless the exchange says so."""

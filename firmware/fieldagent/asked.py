"""What an authority asks of a device over the cable: who it is and what it runs, another key, the prompt. SPEC 8.7

Decides whether who asks for the prompt holds K_dev; the first is answered to anybody, the order for another key is kept
until somebody takes it. It refuses to be asked by radio: whoever makes one joins it to the cable alone.
"""

from fieldwire import cbor, custody
from fieldwire.errors import WireError
from fieldwire.hmac import hmac_sha256
from fieldwire.port import const

_START = const(0x20)
_ENROLLED = const(0x23)
_ROTATE_START = const(0x24)
_PROMPT = const(0x29)


class Asked:
    """`board.standing` of what runs is told, see Alive.

    `rotate_start`: a frame that asks for a rotation, or None. `prompt`: who holds K_dev asks for the prompt.
    """

    def __init__(self, known, measurement, board):
        self._known = known
        self._measurement = measurement
        self._board = board
        self._due = False
        self.rotate_start = None
        self.prompt = False

    def takes(self, frame):
        """True for a frame that is no bridge's."""
        first = frame[0] if frame else None
        if first == _START:
            self._due = True
        elif first == _ROTATE_START:
            self.rotate_start = frame
        elif first == _PROMPT:
            self.prompt = self.prompt or self._is_ordered(frame)
        else:
            return False
        return True

    def receive(self, frame, now_ms):
        self.takes(frame)

    def to_send(self, now_ms):
        if not self._due:
            return None
        self._due = False
        known = self._known
        body = [known.device, known.mesh_id, self._measurement, self._board.standing]
        return bytes((_ENROLLED,)) + cbor.encode(body)

    def _is_ordered(self, frame):
        try:
            body = cbor.decode(frame[1:])
        except WireError:
            return False
        if not isinstance(body, list) or len(body) != 3 or body[0] != self._known.device:
            return False
        if not all(isinstance(one, bytes) for one in body) or (len(body[1]), len(body[2])) != (32, 8):
            return False
        return custody.matches(hmac_sha256(self._known.k_dev, b"prompt/1" + body[0] + body[1])[:8], body[2])

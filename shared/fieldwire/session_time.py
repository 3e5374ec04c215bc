"""Time exchanges inside a session: who asked, who answered, and the four stamps.

Decides which answers belong to which asks and that an ask is answered once. Judges no clock. Stamps are taken
when a frame is handed out and when it is received, as close to the wire as a core can be. SPEC 9.1
"""

from fieldwire.errors import WireError
from fieldwire.port import const

ASKER, ANSWERER = 0, 1
# A person or a policy asks; more than this many at once are made by a fault or an attack.
_OPEN_MAX = const(4)


class Exchanges:
    """The open exchanges of one session; `peer` is the other side's device id or thumbprint[:16]."""

    def __init__(self, boot, peer):
        self._boot = boot
        self._peer = peer
        self._to_ask = []  # xid
        self._asked = []  # [xid, t1 ms]
        self._to_answer = []  # [xid, t1 boot, t1 ms, t2 boot, t2 ms]
        self._last_t1 = None

    def ask(self, xid):
        """Queues an ask; the oldest one that is still open gives way when there are too many."""
        if not isinstance(xid, bytes) or len(xid) != 8:
            raise ValueError("an xid is 8 random bytes")
        self._to_ask.append(xid)
        if len(self._to_ask) > _OPEN_MAX:
            self._to_ask.pop(0)

    def receive(self, body, now_ms):
        """The asker's payload when body is the answer to an open ask, None when it is a new ask."""
        if len(body) == 3:
            self._receive_ask(body, now_ms)
            return None
        xid, t1_boot, t1_ms, t2_boot, t2_ms, t3_ms = body
        for index in range(len(self._asked)):
            if self._asked[index] == [xid, t1_ms] and t1_boot == self._boot:
                self._asked.pop(index)
                return [ASKER, self._peer, xid, t1_boot, t1_ms, t2_boot, t2_ms, t3_ms, now_ms]
        raise WireError("frame-stale")  # an answer to no open ask

    def _receive_ask(self, body, now_ms):
        # t1 grows with each ask, so an ask that comes twice is seen without a list of past xids.
        t1 = (body[1], body[2])
        if self._last_t1 is not None and t1 <= self._last_t1:
            raise WireError("frame-stale")  # an ask that is not younger than the last one
        if len(self._to_answer) == _OPEN_MAX:
            raise WireError("frame-limit")
        self._last_t1 = t1
        self._to_answer.append(body + [self._boot, now_ms])

    def waiting(self):
        """True when a TIME frame is to be sent."""
        return bool(self._to_answer or self._to_ask)

    def to_send(self, now_ms):
        """(body, payload to record or None) of the next TIME frame, stamped now; None when there is none."""
        if self._to_answer:
            xid, t1_boot, t1_ms, t2_boot, t2_ms = self._to_answer.pop(0)
            payload = [ANSWERER, self._peer, xid, t1_boot, t1_ms, t2_boot, t2_ms, now_ms, None]
            return payload[2:8], payload
        if self._to_ask:
            xid = self._to_ask.pop(0)
            self._asked.append([xid, now_ms])
            if len(self._asked) > _OPEN_MAX:
                self._asked.pop(0)
            return [xid, self._boot, now_ms], None
        return None

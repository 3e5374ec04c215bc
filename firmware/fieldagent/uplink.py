"""The cable to a bridge: one session after another, as long as the board runs.

Decides when a session is given up for a new one: an unanswered call, a silent bridge, a closed session. Refuses to
interpret what a session reports; the agent does. SPEC 8.2 to 8.5
"""

from fieldwire import session_frames
from fieldwire.session_device import DeviceSession

# A cable may be put in at any time: calls go on at this pace however long nobody answers.
_CALL_MS = 2_000
# A bridge that was restarted cannot call; a device that hears nothing for so long calls again.
_SILENCE_MS = 10_000
_ANSWERS = 8


class Uplink:
    """Five methods as every protocol object here. `random_bytes(n)`; `link`: frame_max, baud, turnaround_ms."""

    def __init__(self, identity, boot, outbox, link, random_bytes):
        self._identity = identity
        self._boot = boot
        self._outbox = outbox
        self._link = link
        self._random_bytes = random_bytes
        self._session = None
        self._heard_ms = 0
        answer_ms = 2 * (session_frames.wire_ms(link, link.frame_max) + link.turnaround_ms)
        self._call_ms = max(_CALL_MS, _ANSWERS * answer_ms)
        self._silence_ms = max(_SILENCE_MS, 4 * self._call_ms)
        self.bridge = None

    def start(self, now_ms):
        """Forgets the session there was, and calls. Idempotent for the bridge."""
        self.bridge = self._outbox.bridge = None
        identity = self._identity
        nonce = self._random_bytes(8)
        self._session = DeviceSession(
            identity.device, self._boot, identity.k_dev, nonce, self._outbox, self._link
        )
        self._session.open(now_ms)
        self._heard_ms = now_ms

    def receive(self, frame, now_ms):
        self._heard_ms = now_ms
        self._session.receive(frame, now_ms)

    def next_event(self):
        event = self._session.next_event()
        if event is not None and event[0] == "established":
            self.bridge = self._outbox.bridge = event[1]
        elif event is not None and event[0] == "closed":
            self.bridge = self._outbox.bridge = None
        return event

    def to_send(self, now_ms):
        return self._session.to_send(now_ms)

    def deadline(self):
        return min([at for at in (self._session.deadline(), self._give_up_ms()) if at is not None])

    def on_deadline(self, now_ms):
        if now_ms >= self._give_up_ms():
            self.start(now_ms)
        due_ms = self._session.deadline()
        if due_ms is not None and now_ms >= due_ms:
            self._session.on_deadline(now_ms)

    def wake(self, now_ms):
        """The journal has something new to offer."""
        self._session.wake(now_ms)

    def ask_time(self, xid, now_ms):
        return self.bridge is not None and self._session.ask_time(xid, now_ms)

    def _give_up_ms(self):
        if self.bridge is None:
            return self._heard_ms + self._call_ms
        return self._heard_ms + (self._silence_ms if self._session.state == "idle" else self._call_ms)

"""The cable to a bridge: one session after another, as long as the board runs.

Decides when a session is given up for a new one: an unanswered call, a silent bridge, a closed session; and who speaks
in it: after a rotation the former device in turn with the present one, until the former's log is drained. Refuses to
interpret what a session reports; the agent does. SPEC 8.2 to 8.5, 8.7
"""

from fieldwire.port import const
from fieldwire.session_burst import longest_ms
from fieldwire.session_device import DeviceSession

# A cable may be put in at any time: calls on it go on at this pace however long nobody answers.
_CALL_MS = const(2_000)
# A bridge that was restarted cannot call; a device that hears nothing for so long calls again.
_SILENCE_MS = const(10_000)
_ANSWERS = const(8)
_LONG_MS = const(1 << 29)


class Uplink:
    """Five methods as every protocol object here. `random_bytes(n)`; `link`: its terms, as for DeviceSession.

    `asked`: what takes an authority's frames out of those that a cable carries; None on a radio.
    """

    asked = None

    def __init__(self, identity, boot, outbox, link, random_bytes):
        self._boot = boot
        self._outbox = outbox
        self._link = link
        self._random_bytes = random_bytes
        self._session = None
        self._present = self._speaker = (identity.device, identity.k_dev, outbox)
        self._former = None
        self._sendings = {}  # device id -> its transfer
        if identity.former is not None:
            self._divide(identity.former)
        self._heard_ms = 0
        answer_ms = 2 * (link.wire_ms(link.frame_max) + link.turnaround_ms)
        self.call_ms = max(_CALL_MS, _ANSWERS * answer_ms)
        self._silence_ms = max(_SILENCE_MS, 4 * self.call_ms)
        self._burst_ms = longest_ms(link)
        self.new_carried = None  # on a mule: () -> a session_carried.Carried for one session
        self._anew = False  # the transfer ended, not the contact: call at once
        self.bridge = None

    @property
    def own_outbox(self):
        """What waits under the present device's id."""
        return self._present[2]

    def start(self, now_ms):
        """Forgets the session there was, and calls. Idempotent for the bridge."""
        self._heard_ms = now_ms  # it is called again in so long, whatever comes of this call
        self._anew = False
        nonce = self._random_bytes(8)
        self.bridge = self._outbox.bridge = None
        unanswered = 0
        if self._session is not None:
            if self._session.sending is not None:
                self._sendings[self._speaker[0]] = self._session.sending
            if not self._link.duplex:
                unanswered = self._session.unanswered
        others_turn = self._speaker is self._present and self._former_waits()
        self._speaker = self._former if others_turn else self._present
        device, k_dev, outbox = self._speaker
        sending = self._sendings.pop(device, None)  # what the last contact had begun goes on in this one
        carried = None
        if self.new_carried is not None and self._speaker is self._present:
            carried = self.new_carried()
        self._session = DeviceSession(device, self._boot, k_dev, nonce, outbox, self._link, sending, carried)
        self._session.open(now_ms, unanswered)

    def receive(self, frame, now_ms):
        if self.asked is not None and self.asked.takes(frame):
            return
        self._heard_ms = now_ms
        self._session.receive(frame, now_ms)

    def next_event(self):
        """The session's next event. What is the present device's alone to do is not told of a former one's session."""
        event = self._session.next_event()
        while event is not None and self._speaker is self._former and self._keeps(event):
            event = self._session.next_event()
        if event is not None and event[0] == "established":
            self.bridge = self._outbox.bridge = event[1]
        elif event is not None and event[0] == "closed":
            self.bridge = self._outbox.bridge = None
            self._anew = event[1] in ("gone", "lost")
        return event

    def _keeps(self, event):
        """True for what happened in a former device's session and is not the agent's to know."""
        if event[0] == "established":
            self.bridge = self._outbox.bridge = event[1]
        return event[0] in ("established", "exchange", "idle")

    def to_send(self, now_ms):
        answer = None if self.asked is None else self.asked.to_send(now_ms)
        return self._session.to_send(now_ms) if answer is None else answer

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
        """False where nobody could answer, or for a former device: its clock is the present one's by now."""
        if self.bridge is None or self._speaker is not self._present:
            return False
        return self._session.ask_time(xid, now_ms)

    def _divide(self, former):
        """Makes two speakers of one outbox: the former device for its incarnations, the present one for the rest."""
        from fieldagent.log_part import LogPart  # few boards ever need it

        ours = former.incarnations
        self._former = (former.device, former.k_dev, LogPart(self._outbox, lambda one: one in ours))
        device, k_dev, outbox = self._present
        self._present = self._speaker = (device, k_dev, LogPart(outbox, lambda one: one not in ours))

    def _former_waits(self):
        return self._former is not None and any(self._former[2].places())

    def _give_up_ms(self):
        if self._session.state == "calling" and not self._link.duplex:
            # It calls ever more rarely by itself; each time the other one's turn is, while there are two.
            due_ms = self._session.deadline() if self._former_waits() else None
            return self._heard_ms + _LONG_MS if due_ms is None else due_ms
        if self.bridge is None:
            return self._heard_ms + (0 if self._anew else self.call_ms)
        if self._speaker is self._former and not self._former_waits():
            return self._heard_ms
        return self._heard_ms + (
            self._silence_ms if self._session.state == "idle" else self.call_ms + self._burst_ms
        )

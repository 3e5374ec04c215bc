"""The device's side of a session: offers its outbox item by item and believes only tagged answers.

Decides what to send next and when to send it again. Frees nothing: it reports a custody whose MAC fits our
own seal hash, and the journal frees. Transfer is go-back-to-offset: a burst, a POLL, on from where HAVE says.
SPEC 8.2 to 8.5
"""

from fieldwire import custody, session_frames
from fieldwire.errors import WireError
from fieldwire.port import const
from fieldwire.session_core import TRIES_MAX, WINDOW_MAX, Session
from fieldwire.session_frames import NO_TAG, SEGMENT, VERSION
from fieldwire.session_outgoing import Outgoing
from fieldwire.session_time import Exchanges

# A bridge that has answered so many questions about a segment without custody has lost it: offer it again.
_ASKS_BEFORE_OFFER = const(3)
_ASK_DOUBLINGS_MAX = const(8)
# A frame is in the heap three times while it is sent; at twice the size a head would weigh one part in a hundred less.
_SENT_MAX = const(1_024)

# SPEC 8.3; a test compares the table with the text. A name in capitals is a frame, small letters name what this side
# does itself; what a state does not list is dropped and counted.
TABLE = {
    "new": {"open": "calling", "end": "closed"},
    "calling": {"HELLO": "greeted", "end": "closed"},
    "greeted": {"HELLO": "greeted", "HAVE": "sending", "BYE": "closed", "end": "closed"},
    "sending": {
        "poll": "polling",
        "drained": "idle",
        "TIME": "sending",
        "CTRL": "sending",
        "CUSTODY": "sending",
        "REJECT": "sending",
        "BYE": "closed",
        "end": "closed",
    },
    "polling": {
        "HAVE": "sending",
        "TIME": "polling",
        "CTRL": "polling",
        "CUSTODY": "polling",
        "REJECT": "polling",
        "BYE": "closed",
        "end": "closed",
    },
    "idle": {
        "offer": "sending",
        "poll": "polling",
        "TIME": "idle",
        "CTRL": "idle",
        "CUSTODY": "idle",
        "REJECT": "idle",
        "BYE": "closed",
        "end": "closed",
    },
    "closed": {},
}


class DeviceSession(Session):
    """One contact of a device with a bridge. `nonce`: 8 random bytes; `link`: frame_max, baud, turnaround_ms.

    `outbox` is described at Outgoing. Events: ("established", bridge thumbprint), ("custody", incarnation,
    stream, first, last), ("rejected", incarnation, stream, segment, code), ("object", bytes), ("seal",),
    ("exchange", payload of SPEC 9.1), ("idle",) when all that the bridge lacks was sent and acknowledged,
    ("closed", reason).
    """

    def __init__(self, device_id, boot, k_dev, nonce, outbox, link):
        super().__init__(TABLE, "new", custody.DEVICE_ROLE, nonce, link)
        self._device_id = device_id
        self._boot = boot
        self._k_dev = k_dev
        self._outbox = outbox
        self._outgoing = Outgoing(outbox, (nonce[0] << 8 | nonce[1]) << 16)
        self._bridge = None
        self._hello = False  # a HELLO is to be sent
        self._confirmed = False  # the bridge has answered a POLL, so it knows that we are live
        self._item = None
        self._window = 1
        self._burst_left = self._burst_size = 0
        self._resumed = False  # the first segment starts with one frame: the bridge may hold a part of it
        self._poll = 0
        self._poll_again = False
        self._awaited = None
        self._asks = 0
        self._look_at_ms = 0
        self._told_idle = False
        self._control = 0
        self._control_answer = None

    def open(self, now_ms):
        """Starts to call. The call is repeated until a bridge answers or the session is closed."""
        if not self._may("open"):
            raise ValueError("a session is opened once; make a new one with a new nonce")
        self._step("open")
        self._call(now_ms)

    def wake(self, now_ms):
        """The outbox has something new: an idle session looks at once instead of at its next turn."""
        self._look_at_ms = 0

    def on_deadline(self, now_ms):
        if self._due_ms is None or now_ms < self._due_ms:
            return
        self._due_ms = None
        if self.state == "calling" or self.state == "greeted":
            self._tries += 1
            self._call(now_ms)
        elif self.state == "polling":
            self._tries += 1
            if self._tries > TRIES_MAX:
                self._end("timeout")
            else:
                self._poll_again, self._burst_size = True, 0
                self._hello = not self._confirmed
        elif self.state == "idle":
            self._awaited = self._outgoing.awaited()
            if self._awaited is not None:
                self._asks += 1
                self._begin_poll()

    def to_send(self, now_ms):
        """The next frame, or None. TIME goes before all that can wait."""
        if self.state == "closed":
            return self._last_frame()
        if self._hello:
            self._hello = False
            return self._hello_frame(now_ms)
        frame = self._time_frame(now_ms)
        if frame is None:
            frame, self._control_answer = self._control_answer, None
        if frame is None and self.state == "idle":
            self._look(now_ms)
        if frame is None and self.state == "sending":
            frame = self._burst_frame(now_ms)
        if frame is None and self._poll_again:
            frame = self._poll_frame(now_ms)
        return frame

    # Calling

    def _call(self, now_ms):
        self._hello = True
        self._wait(self._answer_ms(self._link.frame_max), now_ms)

    def _hello_frame(self, now_ms):
        """A call has no tag yet; once the bridge is known the same frame with a tag confirms. SPEC 8.4"""
        frame = session_frames.encode("HELLO", [VERSION, 0, self._device_id, self._nonce])
        if self.state in ("calling", "greeted"):
            self._wait(self._answer_ms(len(frame)), now_ms)
            return frame + NO_TAG
        return self._tagged(frame)

    def _on_hello(self, body, frame, now_ms):
        version, _, bridge, nonce = body[:4]
        if len(bridge) != 32:
            raise WireError("frame-shape")  # a bridge is named by 32 bytes
        key = custody.link_key(self._k_dev, bridge)
        self._authenticate(frame, key, nonce)
        self._bridge, self._key, self._peer_nonce = bridge, key, nonce
        self._step("HELLO")
        if version != VERSION:
            self._end("version")

    def _on_have(self, body, frame, now_ms):
        held, partial, tokens = body
        if self.state == "greeted":
            if partial is not None:
                raise WireError("frame-stale")  # the answer to a POLL of another session
            self._outgoing.take_have(held, tokens)
            self._exchanges = Exchanges(self._boot, self._bridge[:16])
            self._tries = 0
            self._tell("established", self._bridge)
        else:
            if partial is None or partial[1] != self._poll:
                raise WireError("frame-stale")  # the answer to another POLL
            self._confirmed = True
            if self._awaited is not None and self._asks >= _ASKS_BEFORE_OFFER:
                self._outgoing.forget_delivered()
            self._outgoing.take_have(held, tokens)
            self._advance(partial[0], partial[2])
            if self.state == "closed":
                return
        self._step("HAVE")
        self._due_ms = None
        self._begin_burst()

    # Sending

    def _advance(self, number, length):
        """The bridge holds `length` bytes of the item: go on there."""
        self._awaited = None
        item = self._item
        if item is None or item.number != number or length > item.total:
            self._tries = 0
            return
        if length < item.at:
            self._window = max(1, self._window // 2)
        else:
            self._window = min(WINDOW_MAX, self._window * 2)
        if length > item.acked:
            self._tries = 0
        else:
            self._tries += 1
        item.at = item.acked = length
        if length == item.total:
            self._outgoing.delivered(item)
            self._item = None
        elif self._tries > TRIES_MAX:
            self._end("timeout")

    def _begin_burst(self):
        self._burst_left = self._window
        self._burst_size = 0
        self._poll_again = False
        self._hello = not self._confirmed

    def _burst_frame(self, now_ms):
        if self._item is None:
            self._pick()
        item = self._item
        while item is not None and self._burst_left > 0 and item.at < item.total:
            head = (item.number, item.kind, item.key, item.total)
            room = session_frames.chunk_room(min(self._link.frame_max, _SENT_MAX), *head)
            chunk = self._outgoing.chunk(item, room)
            if chunk:
                frame = session_frames.encode("DATA", list(head) + [item.at, chunk])
                item.at += len(chunk)
                self._burst_left -= 1
                self._burst_size += len(frame)
                return frame
            self._outgoing.delivered(item)  # dropped from the outbox while it was on its way
            self._pick()
            item = self._item
        if item is None and self._confirmed:
            self._drained(now_ms)
            return None
        self._begin_poll()
        return self._poll_frame(now_ms)

    def _pick(self):
        self._item = self._outgoing.next_item()
        if self._item is not None:
            self._told_idle = False
            if self._item.kind == SEGMENT and not self._resumed:
                self._resumed = True
                self._burst_left = 1

    def _begin_poll(self):
        self._step("poll")
        self._poll += 1
        self._poll_again = True

    def _poll_frame(self, now_ms):
        self._poll_again = False
        self._wait(self._answer_ms(self._burst_size), now_ms)
        return session_frames.encode("POLL", [self._outgoing.number(), self._poll, self._awaited])

    # Waiting for custody

    def _drained(self, now_ms):
        self._step("drained")
        if not self._told_idle:
            self._told_idle = True
            self._tell("idle")
        self._burst_size = 0
        self._look_at_ms = now_ms + self._answer_ms(0)
        if self._outgoing.awaited() is not None:
            self._wait_for_custody(now_ms)

    def _wait_for_custody(self, now_ms):
        self._due_ms = now_ms + (self._answer_ms(0) << min(self._asks, _ASK_DOUBLINGS_MAX))

    def _look(self, now_ms):
        """An idle session asks its outbox again, at most once in the time that an answer takes."""
        if now_ms < self._look_at_ms:
            return
        self._look_at_ms = now_ms + self._answer_ms(0)
        self._pick()
        if self._item is not None:
            self._step("offer")
            self._due_ms = None
            self._begin_burst()

    def _on_custody(self, body, frame, now_ms):
        incarnation, stream, first, last, mac = body
        seal_hash = self._outbox.seal_hash(incarnation, stream, last)
        if seal_hash is None:
            raise WireError("custody-mac")  # custody of a segment that is not in this log
        place = (incarnation, stream, first, last)
        expected = custody.custody_mac(self._key, self._device_id, self._bridge, *place, seal_hash)
        if not custody.matches(expected, mac):
            raise WireError("custody-mac")  # custody of other bytes than ours
        self._outgoing.settled(*place)
        self._tell("custody", *place)
        self._answered(now_ms)

    def _on_reject(self, body, frame, now_ms):
        incarnation, stream, segment, code, mac = body
        place = (incarnation, stream, segment)
        expected = custody.reject_mac(self._key, self._device_id, self._bridge, *place, code)
        if not custody.matches(expected, mac):
            raise WireError("custody-mac")  # a rejection that the bridge did not make
        self._outgoing.rejected(*place)
        self._answered(now_ms)
        self._tell("rejected", *place, code)

    def _answered(self, now_ms):
        self._asks = 0
        if self.state == "idle":
            self._wait_for_custody(now_ms)

    def _on_ctrl(self, body, frame, now_ms):
        """A command is carried out once and answered each time it comes. SPEC 8.2"""
        number, command, argument = body
        if number > self._control or number + 1 < self._control:
            raise WireError("frame-stale")  # a command out of turn
        if number == self._control:
            self._control += 1
            if command == "object" and argument is not None:
                self._tell("object", argument)
            elif command == "seal":
                self._tell("seal")
            else:
                self._drop("frame-unknown")
        self._control_answer = self._tagged(session_frames.encode("CTRL", [number, command, None]))

    _HANDLERS = {
        "HELLO": _on_hello,
        "HAVE": _on_have,
        "CUSTODY": _on_custody,
        "REJECT": _on_reject,
        "CTRL": _on_ctrl,
        "TIME": Session._on_time,
        "BYE": Session._on_bye,
    }

"""The device's side of a session: offers its outbox in one stream of tiles and believes only tagged answers.

Decides what to send next and when to ask. Frees nothing: it reports a custody whose MAC fits our own seal hash, and
the journal frees. Transfer is selective repeat: a burst, a question, and again only what was lost. SPEC 8.2 to 8.6
"""

from fieldwire import custody, session_frames
from fieldwire.errors import WireError
from fieldwire.port import const
from fieldwire.session_core import TRIES_MAX, Session
from fieldwire.session_frames import COUNTDOWN_MAX, DATA_HEAD, FOLLOWS, HAVE_BYTES, KNOWN, LOST, MORE, NO_TAG, VERSION
from fieldwire.session_outgoing import Outgoing
from fieldwire.session_time import Exchanges
from fieldwire.transfer_head import SPAN, TILE
from fieldwire.transfer_pace import Pace
from fieldwire.transfer_sending import Gone, Sending

# Frames between two questions: enough that asking costs a hundredth, few enough to fit the receiver's window.
_BURST_MAX = const(96)
# A bridge that has answered so many questions about a segment without custody has lost it: offer it again.
_ASKS_BEFORE_OFFER = const(3)
_ASK_DOUBLINGS_MAX = const(8)
_OPEN_QUESTIONS = const(2)
_PIECE = const(512)
_HELLO_BYTES = const(51)

# SPEC 8.3; a test compares the table with the text. A name in capitals is a frame, small letters name what this side
# does itself; what a state does not list is dropped and counted.
TABLE = {
    "new": {"open": "calling", "end": "closed"},
    "calling": {"HELLO": "sending", "end": "closed"},
    "sending": {
        "poll": "polling",
        "drained": "idle",
        "HAVE": "sending",
        "HELD": "sending",
        "WANT": "sending",
        "TIME": "sending",
        "CTRL": "sending",
        "CUSTODY": "sending",
        "REJECT": "sending",
        "BYE": "closed",
        "end": "closed",
    },
    "polling": {
        "again": "sending",
        "HAVE": "sending",
        "HELD": "polling",
        "WANT": "polling",
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
        "HELD": "idle",
        "WANT": "idle",
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
    """One contact of a device with a bridge. `nonce`: 8 random bytes; `sending`: that of the contact before, or None.

    `link`: frame_max, turnaround_ms, wire_ms(size), duplex (both may talk at once), by_bytes (errors strike bytes).
    `outbox` is described at Outgoing. Events: ("established", bridge thumbprint), ("custody", incarnation,
    stream, first, last), ("rejected", incarnation, stream, segment, code), ("object", bytes), ("seal",),
    ("exchange", payload of SPEC 9.1), ("idle",) when all that the bridge lacks was sent and acknowledged,
    ("closed", reason).
    """

    def __init__(self, device_id, boot, k_dev, nonce, outbox, link, sending=None):
        super().__init__(TABLE, "new", custody.DEVICE_ROLE, nonce, link)
        self._device_id = device_id
        self._boot = boot
        self._k_dev = k_dev
        self._outbox = outbox
        self._outgoing = Outgoing(outbox)
        if sending is None:
            self._begin_transfer()
        else:
            self.sending = sending
            sending.read = self._outgoing.read
        self._pace = Pace((link.frame_max - DATA_HEAD) // TILE, link.by_bytes)
        self._bridge = None
        self._hello = False  # a HELLO is to be sent
        self._confirmed = False  # the bridge has answered a question, so it knows that we are live
        self._burst_left = 0
        self._asked = []  # [(mark, number of the question)] not answered yet
        self._unheard = 0  # frames since the last answer: each may be a gap in it
        self._question = False  # a POLL is to be sent
        self._turn_left = 0  # frames that the bridge still sends before it listens
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
        self._hello = True

    def wake(self, now_ms):
        """The outbox has something new: an idle session looks at once instead of at its next turn."""
        self._look_at_ms = 0

    def on_deadline(self, now_ms):
        if self._due_ms is None or now_ms < self._due_ms:
            return
        self._due_ms = None
        if self.state == "calling":
            self._tries += 1
            self._hello = True
        elif self.state == "polling":
            self._tries += 1
            if self._tries > TRIES_MAX:
                self._end("timeout")
            else:
                self._ask_again()
        elif self.state == "sending":
            self._turn_left = 0  # what the bridge announced was lost
        elif self.state == "idle":
            self._awaited = self._outgoing.awaited()
            if self._awaited is not None:
                self._asks += 1
                self._ask()

    def to_send(self, now_ms):
        """The next frame, or None. TIME goes before all that can wait."""
        if self.state == "closed":
            return self._last_frame()
        if self._hello:
            self._hello = False
            return self._hello_frame(now_ms)
        if self._listens():
            return None
        frame = self._time_frame(now_ms)
        if frame is None:
            frame, self._control_answer = self._control_answer, None
        if frame is not None:
            return self._sent(frame, now_ms)
        if self.state == "idle":
            self._look(now_ms)
        if self.state == "sending":
            frame = self._burst_frame(now_ms)
        if frame is None and self._question:
            frame = self._poll_frame(now_ms)
        return frame

    def _listens(self):
        """On a link where one talks at a time: whether it is the bridge's turn."""
        if self._link.duplex:
            return False
        return self._turn_left > 0 or (self.state in ("calling", "polling") and not self._question)

    # Calling

    def _hello_frame(self, now_ms):
        """A call has no tag yet; once the bridge is known a short HELLO with a tag confirms. SPEC 8.4"""
        if self.state == "calling":
            call = session_frames.encode_hello(0, self._device_id, self._nonce, self.sending.identity)
            frame = self._sent(call + NO_TAG, now_ms)
            self._wait(_HELLO_BYTES, now_ms)
            return frame
        again = session_frames.encode_hello(0, b"", self._nonce, self.sending.identity)
        return self._sent(self._tagged(again), now_ms)

    def _on_hello(self, body, frame, now_ms):
        version, features, bridge, nonce, _ = body
        if len(bridge) != 32:
            raise WireError("frame-shape", "a bridge is named by 32 bytes")
        key = custody.link_key(self._k_dev, bridge)
        self._authenticate(frame, key, nonce)
        self._bridge, self._key, self._peer_nonce = bridge, key, nonce
        self._step("HELLO")
        if version != VERSION:
            self._end("version")
            return
        self._exchanges = Exchanges(self._boot, bridge[:16])
        self._tries = 0
        self._hello = True
        self._tell("established", bridge)
        self._begin_burst()
        if not features & KNOWN:
            self._begin_transfer()
            self._ask()  # what the bridge holds from before is told first

    def _begin_transfer(self):
        self.sending = Sending(self._nonce[:4])
        self.sending.read = self._outgoing.read

    # Sending

    def _begin_burst(self):
        """One frame until the bridge has answered; then as many as its window takes with room for what is lost."""
        self._due_ms = None
        most = min(_BURST_MAX, self.sending.window // (3 * self._pace.tiles))
        if self._link.duplex:
            most = max(1, most // 2)
        self._burst_left = most if self._confirmed else 1

    def _burst_frame(self, now_ms):
        """The next DATA of the burst; the last ones count down to the moment at which we listen."""
        if self._burst_left == 0:
            return self._end_burst(now_ms)
        self._fill()
        try:
            found = self.sending.frame(self._pace.tiles)
        except Gone:  # dropped from the outbox while it was on its way
            self.sending = None
            self._end("gone")
            return self._last_frame()
        if found is None:
            return self._nothing_to_send(now_ms)
        tile, data = found
        follow = min(self._burst_left - 1, self.sending.frames_left(self._pace.tiles, COUNTDOWN_MAX))
        frame = session_frames.encode_data(tile, self._countdown(follow), data)
        self._pace.sent(len(frame))
        self._unheard += 1
        self._sent(frame, now_ms)
        if follow < (1 if self._link.duplex else COUNTDOWN_MAX):
            self._asked.append((tile % SPAN, self.sending.question + 1))
        self._burst_left -= 1
        if follow == 0:
            self.sending.asked()
            self._burst_left = 0
            if not self._link.duplex:
                self._end_burst(now_ms)
        return frame

    def _countdown(self, follow):
        if self._link.duplex:
            return 1 if follow == 0 else 0
        return follow + 1 if follow < COUNTDOWN_MAX else 0

    def _end_burst(self, now_ms):
        """A link on which both may talk goes on sending until a second question is open."""
        if self._link.duplex and len(self._asked) < _OPEN_QUESTIONS:
            self._begin_burst()
            return self._burst_frame(now_ms)
        self._step("poll")
        self._wait(HAVE_BYTES + self._unheard // 2, now_ms)
        return None

    def _fill(self):
        """Places items until the next frames are sure, so that a burst knows its end."""
        sending, size = self.sending, self._pace.tiles
        while sending.frames_left(size, COUNTDOWN_MAX + 1) <= COUNTDOWN_MAX:
            if sending.ahead() > COUNTDOWN_MAX * size:
                return  # the receiver's window is full
            item = self._outgoing.next_item(sending.items())
            if item is None:
                return
            self._told_idle = False
            proof = custody.item_proof(self._key, sending.identity, item.kind, item.key, self._pieces(item))
            sending.place(item, item.kind, item.key, item.total, proof)

    def _pieces(self, item):
        for at in range(0, item.total, _PIECE):
            yield self._outgoing.read(item, at, min(_PIECE, item.total - at))

    def _nothing_to_send(self, now_ms):
        if self.sending.in_flight() or not self._confirmed:
            self._ask()
        else:
            self._drained(now_ms)
        return None

    def _ask(self):
        self._step("poll")
        self._question = True

    def _ask_again(self):
        """No answer came: the next frame that has to go asks once more, or a bare question does."""
        # A bridge that restarted, or met a copy of an old call, listens again to one that confirms.
        self._hello = not self._confirmed or self._tries > 2
        self._fill()
        if self.sending.frames_left(self._pace.tiles, 1) and self._awaited is None:
            self._step("again")
            self._burst_left = 1
        else:
            self._question = True

    def _poll_frame(self, now_ms):
        self._question = False
        number = self.sending.asked()
        self._asked.append((number % SPAN, number))
        frame = self._sent(session_frames.encode_poll(number % SPAN, self._awaited), now_ms)
        self._wait(self._link.frame_max if self._awaited else HAVE_BYTES + self._unheard // 2, now_ms)
        return frame

    def _on_have(self, body, frame, now_ms):
        mark, base, flags, runs = body
        numbers = [number for asked, number in self._asked if asked == mark]
        if not numbers:
            raise WireError("frame-stale", "the answer to no question of ours")
        self._confirmed = True
        if flags & LOST:
            self.sending = None
            self._end("lost")
            return
        question = numbers[-1]
        self._asked = [entry for entry in self._asked if entry[1] > question]
        if self._awaited is not None and self._asks >= _ASKS_BEFORE_OFFER:
            self._outgoing.forget_delivered()
        self._awaited = None
        progress = self._take_state(question, base, runs, flags & MORE)
        self._tries = 0 if progress else self._tries + 1
        if self._tries > TRIES_MAX:
            self._end("timeout")
            return
        if self.state == "polling":
            self._begin_burst()
        self._step("HAVE")
        self._unheard = 0
        self._turn_left = flags & FOLLOWS
        if self._turn_left:
            self._silent_ms = now_ms
            self._wait(session_frames.follow_size(self._turn_left), now_ms)

    def _take_state(self, question, base, runs, more=0):
        """True when the bridge holds more than before."""
        sending = self.sending
        base = sending.full_base(base)
        held, told_to = session_frames.decode_state(base, runs)
        before = sending.left()
        lost, done = sending.have(question, base, held, told_to if more else None)
        if lost:
            self._pace.lost(lost)
        for item in done:
            self._outgoing.delivered(item)
        return bool(done) or not before or sending.left() < before

    # Waiting for custody

    def _drained(self, now_ms):
        self._step("drained")
        if not self._told_idle:
            self._told_idle = True
            self._tell("idle")
        self._look_at_ms = now_ms + self._answer_ms()
        if self._outgoing.awaited() is not None:
            self._wait_for_custody(now_ms)

    def _answer_ms(self):
        return 2 * (self._link.wire_ms(self._link.frame_max) + self._link.turnaround_ms)

    def _wait_for_custody(self, now_ms):
        self._due_ms = now_ms + (self._answer_ms() << min(self._asks, _ASK_DOUBLINGS_MAX))

    def _look(self, now_ms):
        """An idle session asks its outbox again, at most once in the time that an answer takes."""
        if now_ms < self._look_at_ms:
            return
        self._look_at_ms = now_ms + self._answer_ms()
        self._fill()
        if self.sending.ahead():
            self._step("offer")
            self._begin_burst()

    def _on_custody(self, body, frame, now_ms):
        incarnation, stream, first, last, mac = body
        seal_hash = self._outbox.seal_hash(incarnation, stream, last)
        if seal_hash is None:
            raise WireError("custody-mac", "custody of a segment that is not in this log")
        place = (incarnation, stream, first, last)
        expected = custody.custody_mac(self._key, self._device_id, self._bridge, *place, seal_hash)
        if not custody.matches(expected, mac):
            raise WireError("custody-mac", "custody of other bytes than ours")
        self._outgoing.settled(*place)
        self._tell("custody", *place)
        self._answered(now_ms)

    def _on_reject(self, body, frame, now_ms):
        incarnation, stream, segment, code, mac = body
        place = (incarnation, stream, segment)
        expected = custody.reject_mac(self._key, self._device_id, self._bridge, *place, code)
        if not custody.matches(expected, mac):
            raise WireError("custody-mac", "a rejection that the bridge did not make")
        self._outgoing.rejected(*place)
        self._answered(now_ms)
        self._tell("rejected", *place, code)

    def _answered(self, now_ms):
        self._asks = 0
        if self.state == "idle":
            self._wait_for_custody(now_ms)

    def _on_held(self, body, frame, now_ms):
        self._outgoing.take_held(body[0], body[1])

    def _on_want(self, body, frame, now_ms):
        self._outgoing.take_want(body[0], body[1])

    def _on_ctrl(self, body, frame, now_ms):
        """A command is carried out once and answered each time it comes. SPEC 8.2"""
        number, command, argument = body
        if number > self._control or number + 1 < self._control:
            raise WireError("frame-stale", "a command out of turn")
        if number == self._control:
            self._control += 1
            if command == "object" and argument is not None:
                self._tell("object", argument)
            elif command == "seal":
                self._tell("seal")
            else:
                self._drop("frame-unknown")
        self._control_answer = self._tagged(session_frames.encode("CTRL", [number, command, None]))

    def _receive(self, frame, now_ms):
        super()._receive(frame, now_ms)
        if self._turn_left and frame[0] != session_frames.TYPE["HAVE"]:
            self._turn_left = max(0, self._turn_left - session_frames.units(len(frame)))
            if not self._turn_left:
                self._due_ms = None

    _HANDLERS = {
        "HELLO": _on_hello,
        "HAVE": _on_have,
        "HELD": _on_held,
        "WANT": _on_want,
        "CUSTODY": _on_custody,
        "REJECT": _on_reject,
        "CTRL": _on_ctrl,
        "TIME": Session._on_time,
        "BYE": Session._on_bye,
    }

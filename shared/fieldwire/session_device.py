"""The device's side of a session: offers its outbox in one stream of tiles and believes only tagged answers.

Decides what to send next and when to ask. Frees nothing: it reports a custody whose MAC fits our own seal hash, and
the journal frees. Transfer is selective repeat: a burst, a question, and again only what was lost. SPEC 8.2 to 8.6
"""

from fieldwire import custody, session_frames
from fieldwire.errors import WireError
from fieldwire.port import const
from fieldwire.session_burst import Burst
from fieldwire.session_core import MARGIN_MS, PLAIN_CALLS, TRIES_MAX, Session
from fieldwire.session_frames import (
    FOLLOWS,
    HELLO_BYTES,
    LOST,
    MORE,
    PACK_SHAPE,
    PACK_UNKNOWN,
    PACKS,
    UNIT,
    VERSION,
)
from fieldwire.session_outgoing import Outgoing
from fieldwire.session_time import Exchanges
from fieldwire.transfer_sending import Gone

# A bridge that has answered so many questions about a segment without custody has lost it: offer it again.
_ASKS_BEFORE_OFFER = const(3)
_ASK_DOUBLINGS_MAX = const(8)
_TRIES_BEFORE_HELLO = const(2)
# On a channel that all share, calls that nobody answers take one part in so many of the time.
_CALL_SHARE = const(200)
_CALL_DOUBLINGS_MAX = const(8)
_ASKED, _ANSWERED = const(0), const(1)

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
        "CARRIED": "sending",
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
        "CARRIED": "polling",
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
        "CARRIED": "idle",
        "REJECT": "idle",
        "BYE": "closed",
        "end": "closed",
    },
    "closed": {},
}


class DeviceSession(Session):
    """One contact of a device with a bridge. `nonce`: 8 random bytes; `sending`: that of the contact before, or None.

    `link`: frame_max, turnaround_ms, wire_ms(size), duplex (both may talk at once), by_bytes (errors strike bytes).
    `outbox` and `carried` are described at Outgoing. Events: ("established", bridge thumbprint), ("custody",
    incarnation, stream, first, last), ("rejected", incarnation, stream, segment, code), ("object", bytes), ("seal",),
    ("maintenance",), ("carried", device, incarnation, stream, first, last, mac) custody for another device's segments,
    or None that none is to be had, ("exchange", payload of SPEC 9.1), ("idle",) when all that the bridge lacks was sent
    and acknowledged, ("closed", reason): "gone" and "lost" say that the transfer ended, and `sending` is None.
    """

    def __init__(self, device_id, boot, k_dev, nonce, outbox, link, sending=None, carried=None):
        super().__init__(TABLE, "new", custody.DEVICE_ROLE, nonce, link)
        self._device_id = device_id
        self._boot = boot
        self._k_dev = k_dev
        self._outbox = outbox
        self._outgoing = Outgoing(outbox, carried)
        self._burst = Burst(link, self._outgoing, sending, nonce[:4])
        self._bridge = None
        self._hello = False  # a HELLO is to be sent
        self._question = False  # a POLL is to be sent
        self._turn_left = 0  # units that the bridge still sends before it listens
        self._awaited = None
        self._asks = 0
        self._vain = 0  # answers in a row that told nothing
        self._gone = None  # about an item that was freed on its way: _ASKED, then _ANSWERED
        self._look_at_ms = 0
        self._listen_ms = 0  # when the bridge reckons that a burst has ended
        self._idle_at = None  # where the transfer ended when it was last told to be idle
        self._control = 0
        self._control_answer = None

    @property
    def sending(self):
        """The transfer, for the next contact to go on with."""
        return self._burst.sending

    @property
    def unanswered(self):
        """How many calls nobody has answered, the one under way among them."""
        return self._tries + 1 if self.state == "calling" else 0

    def open(self, now_ms, unanswered=0):
        """Starts to call, after so many calls that nobody answered, and goes on until a bridge does or it is closed."""
        if not self._may("open"):
            raise ValueError("a session is opened once; make a new one with a new nonce")
        self._step("open")
        self._hello = True
        self._tries = unanswered

    def wake(self, now_ms):
        """The outbox has something new: an idle session looks at once instead of at its next turn."""
        self._look_at_ms = 0

    def receive(self, frame, now_ms):
        """As every session; and who calls on a channel that all share lets those finish whom it hears."""
        super().receive(frame, now_ms)
        if self.state != "calling" or self._link.duplex or self._due_ms is None:
            return
        later_ms = now_ms + self._answered_in_ms(self._link.frame_max) + self._apart_ms()
        if session_frames.is_call(frame):
            self._due_ms = max(self._due_ms, later_ms)  # a call: it is as lonely as we are
        else:
            self._tries = min(self._tries, PLAIN_CALLS)  # a bridge is near
            self._due_ms = later_ms

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
        if not self._burst.counting():
            frame = self._time_frame(now_ms)
            if frame is None:
                frame, self._control_answer = self._control_answer, None
            if frame is not None:
                return self._sent(frame, now_ms)
        if self.state == "idle":
            self._look(now_ms)
        if self.state == "sending":
            frame = self._burst_frame(now_ms)
            if frame is not None:
                return frame
        return self._poll_frame(now_ms) if self._question else None

    def _listens(self):
        """On a link where one talks at a time: whether it is the bridge's turn."""
        if self._link.duplex:
            return False
        return self._turn_left > 0 or (self.state in ("calling", "polling") and not self._question)

    # Calling

    def _hello_frame(self, now_ms):
        """A call has no tag yet; once the bridge is known a short HELLO with a tag confirms. SPEC 8.4"""
        if self.state == "calling":
            call = session_frames.encode_call(self._device_id, self._nonce, self.sending.identity)
            frame = self._sent(call, now_ms)
            self._wait_for_bridge(self._link.wire_ms(len(frame)), now_ms)
            return frame
        asks = self._question and self._awaited is None
        mark = self._burst.asked() if asks else None
        hello = session_frames.encode_confirmation(self.sending.identity, mark)
        frame = self._sent(self._tagged(hello), now_ms)
        if asks:
            self._question = False
            self._wait_for_have(now_ms)
        return frame

    def _wait_for_bridge(self, call_ms, now_ms):
        """On a cable of one's own a bridge is called at a steady pace; on a channel that all share ever more rarely."""
        if self._link.duplex:
            self._wait(self._link.wire_ms(HELLO_BYTES), now_ms)
            return
        apart_ms = self._apart_ms()
        doublings = min(max(0, self._tries - PLAIN_CALLS), _CALL_DOUBLINGS_MAX)
        rest_ms = self._answered_in_ms(HELLO_BYTES) + apart_ms << doublings
        longest_ms = _CALL_SHARE * call_ms + apart_ms
        self._due_ms = max(now_ms, self._silent_ms) + min(rest_ms, longest_ms)

    def _answered_in_ms(self, size):
        return self._link.wire_ms(size) + 2 * self._link.turnaround_ms + MARGIN_MS

    def _apart_ms(self):
        """A later wait for each unanswered call, by the nonce, so that callers part."""
        answer_ms = self._link.wire_ms(HELLO_BYTES) + 2 * self._link.turnaround_ms
        return self._nonce[self._tries & 7] * min(self._tries, 4) * answer_ms >> 8

    def _on_hello(self, body, frame, now_ms):
        version, features, bridge, nonce = body[:4]
        goes_on = not bridge
        if goes_on:
            bridge = self.sending.bridge
        if bridge is None or len(bridge) != 32 or not nonce:
            raise WireError("frame-shape")  # a bridge is named by 32 bytes, unless our transfer goes on there
        key = custody.link_key(self._k_dev, bridge)
        self._authenticate(frame, key, nonce)
        self._bridge, self._key, self._peer_nonce = bridge, key, nonce
        self._step("HELLO")
        if version != VERSION:
            self._end("version")
            return
        self._burst.key = key
        self._exchanges = Exchanges(self._boot, bridge[:16])
        self._tries = 0
        self._due_ms = None
        self._hello = True
        self._tell("established", bridge)
        self._burst.begin()
        if not goes_on:
            self._burst.begin_transfer(self._nonce[:4])
            self.sending.bridge = bridge
            self._ask()  # what the bridge holds from before is told first
        if features & PACKS:
            self._outgoing.pack_for(self._device_id, self._k_dev)

    # Sending

    def _burst_frame(self, now_ms):
        """The next DATA; where one talks at a time, the wait for the answer begins with the last of a burst."""
        if self._burst.over():
            if not self._burst.may_ask_more():
                self._step("poll")
                self._wait_for_have(now_ms)
                return None
            self._burst.begin()
        try:
            found = self._burst.frame()
        except Gone:
            return self._on_gone()
        if found is None:
            self._nothing_to_send(now_ms)
            return None
        self._gone = None
        frame, countdown = found
        self._sent(frame, now_ms)
        if not self._link.duplex and countdown:
            # The bridge may have to reckon from this one.
            rest_ms = (countdown - 1) * self._link.wire_ms(len(frame)) + MARGIN_MS
            self._listen_ms = max(self._listen_ms, self._silent_ms + rest_ms)
            if countdown == 1:
                self._silent_ms = self._listen_ms
                self._step("poll")
                self._wait_for_have(now_ms)
        return frame

    def _on_gone(self):
        """What is to go again was freed: it came late, as the next answer will say, or it never will come."""
        if self._gone == _ANSWERED:
            self._lose("gone")
            return self._last_frame()
        self._gone = _ASKED
        self._ask()
        return None

    def _wait_for_have(self, now_ms):
        """Where both may talk at once, lists of what is held may go before the answer."""
        answer_ms = self._link.wire_ms(min(self._burst.answer_bytes(), self._link.frame_max))
        if self._link.duplex and (self._awaited is not None or not self._burst.confirmed):
            answer_ms += self._link.wire_ms(self._link.frame_max)
        self._wait(answer_ms, now_ms)

    def _nothing_to_send(self, now_ms):
        if self.sending.in_flight() or not self._burst.confirmed:
            self._ask()
        else:
            self._drained(now_ms)

    def _ask(self):
        self._step("poll")
        self._question = True

    def _ask_again(self):
        """No answer came: frames that have to go ask once more, or a bare question does."""
        # A bridge that restarted, or met a copy of an old call, listens again to one that confirms.
        self._hello = not self._burst.confirmed or self._tries > _TRIES_BEFORE_HELLO
        if self._burst.confirmed and self._awaited is None and self._gone is None:
            self._burst.fill()
            if self._burst.waits():
                self._burst.begin_again()
                self._step("again")
                return
        self._question = True

    def _poll_frame(self, now_ms):
        self._question = False
        frame = self._sent(session_frames.encode_poll(self._burst.asked(), self._awaited), now_ms)
        self._wait_for_have(now_ms)
        return frame

    def _on_have(self, body, frame, now_ms):
        mark, base, flags, held, told_to = body
        question = self._burst.question_of(mark)
        if flags & LOST:
            self._lose("lost")
            return
        self._awaited = None
        if self._gone is not None:
            self._gone = _ANSWERED
        progress = self._burst.take(question, base, held, told_to if flags & MORE else None)
        self._tries = 0
        self._vain = 0 if progress else self._vain + 1
        if self._vain > TRIES_MAX:  # it answers, and yet holds nothing of what it is sent
            self._lose("lost")
            return
        if self.state == "polling":
            self._due_ms = None
            self._burst.begin()
        self._step("HAVE")
        self._expect(flags & FOLLOWS, now_ms)

    def _expect(self, units, now_ms):
        """On a link where one talks at a time, the bridge still sends so many units."""
        if self._link.duplex:
            return
        self._turn_left = units
        self._due_ms = None
        if units:
            each_ms = self._link.wire_ms(min(UNIT, self._link.frame_max))
            longest_ms = self._link.wire_ms(self._link.frame_max) if units == FOLLOWS else 0
            self._silent_ms = now_ms
            self._wait(max(units * each_ms, longest_ms) - self._link.turnaround_ms, now_ms)

    def _receive(self, frame, now_ms):
        super()._receive(frame, now_ms)
        if self._turn_left and frame[0] != session_frames.TYPE["HAVE"]:
            self._expect(max(0, self._turn_left - session_frames.units(len(frame))), now_ms)

    def _lose(self, reason):
        """The transfer cannot go on; the next contact begins another."""
        self._burst.sending = None
        self._end(reason)

    # Waiting for custody

    def _drained(self, now_ms):
        self._step("drained")
        if self._idle_at != self.sending.end:
            self._idle_at = self.sending.end
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
        self._burst.fill()
        if self._burst.waits():
            self._step("offer")
            self._burst.begin()

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

    def _on_carried(self, body, frame, now_ms):
        """Only the device that made a segment can verify its custody: a mule hands it on. SPEC 8.11"""
        if self._outgoing.carried is None:
            raise WireError("frame-unknown", "we carry nothing for others")
        if body[5] is None:
            self._outgoing.carried.refused(*body[:5])
        self._answered(now_ms)
        self._tell("carried", *body)

    def _on_reject(self, body, frame, now_ms):
        incarnation, stream, segment, code, mac = body
        place = (incarnation, stream, segment)
        expected = custody.reject_mac(self._key, self._device_id, self._bridge, *place, code)
        if not custody.matches(expected, mac):
            raise WireError("custody-mac")  # a rejection that the bridge did not make
        if code in (PACK_SHAPE, PACK_UNKNOWN):
            self._outgoing.refused_packed(place)
            self._look_at_ms = 0
        else:
            self._outgoing.rejected(*place)
            self._tell("rejected", *place, code)
        self._answered(now_ms)

    def _answered(self, now_ms):
        self._asks = 0
        if self.state == "idle":
            self._wait_for_custody(now_ms)

    def _on_held(self, body, frame, now_ms):
        if self._asks >= _ASKS_BEFORE_OFFER:
            self._outgoing.forget_delivered()  # what is not in these lists was lost there
        self._outgoing.take_held(body[0], body[1])

    def _on_want(self, body, frame, now_ms):
        self._outgoing.take_want(body[0], body[1])

    def _on_ctrl(self, body, frame, now_ms):
        """A command is carried out once and answered each time it comes. SPEC 8.2"""
        number, command, argument = body
        if number > self._control or number + 1 < self._control:
            raise WireError("frame-stale")  # a command out of turn
        if number == self._control:
            self._control += 1
            if command == "object" and argument is not None:
                self._tell("object", argument)
            elif command in ("seal", "maintenance"):
                self._tell(command)
            else:
                self._drop("frame-unknown")
        self._control_answer = self._tagged(session_frames.encode("CTRL", [number, command, None]))

    _HANDLERS = {
        "HELLO": _on_hello,
        "HAVE": _on_have,
        "HELD": _on_held,
        "WANT": _on_want,
        "CUSTODY": _on_custody,
        "REJECT": _on_reject,
        "CARRIED": _on_carried,
        "CTRL": _on_ctrl,
        "TIME": Session._on_time,
        "BYE": Session._on_bye,
    }

"""The bridge's side of a session: answers calls, takes items, says what it holds, passes custody on.

Decides which device it is talking to. Verifies no item and keeps none: whoever takes the `item` event grants
custody after it is verified and durable. For a device without a key here it stays silent and says so once.
SPEC 8.2 to 8.5
"""

from fieldwire import custody, session_frames
from fieldwire.errors import WireError
from fieldwire.port import const
from fieldwire.session_burst import longest_ms
from fieldwire.session_core import MARGIN_MS, TRIES_MAX, Session
from fieldwire.session_frames import (
    FOLLOWS,
    LOST,
    PACK_SHAPE,
    PACK_UNKNOWN,
    PACKS,
    TAG_SIZE,
    VERSION,
)
from fieldwire.session_incoming import Incoming
from fieldwire.session_time import Exchanges
from fieldwire.transfer_head import PACKED, SEGMENT

# A late copy of a confirmation must not bring an ended contact back; more contacts than this do not overlap.
_PAST_NONCES_MAX = const(16)
_MISSED = const(8)  # so many frames in a row are hardly lost
_TIME = const(0)
_CONTROL_FRAMES = const(64)  # the device may be in the midst of a burst

# SPEC 8.3; a test compares the table with the text. A name in capitals is a frame, small letters name what this side
# does itself; what a state does not list is dropped and counted.
# A HELLO whose tag is zero calls, one with a tag confirms (SPEC 8.4).
TABLE = {
    "waiting": {"HELLO-call": "waiting", "HELLO-confirm": "established", "DATA": "waiting", "end": "closed"},
    "established": {
        "HELLO-call": "established",
        "HELLO-confirm": "established",
        "DATA": "established",
        "POLL": "established",
        "TIME": "established",
        "CTRL": "established",
        "BYE": "closed",
        "end": "closed",
    },
    "closed": {},
}


def _merged(custodies, new):
    """A custody of segments that follow those of another one, or hold them, says both in one frame."""
    log, first, last = new[:2], new[2], new[3]
    kept = []
    for old in custodies:
        if old[:2] != log or old[3] + 1 < first or last + 1 < old[2]:
            kept.append(old)
        elif old[3] > last:
            first, last, new = min(first, old[2]), old[3], old
        else:
            first = min(first, old[2])
    return kept + [log + (first, last, new[4])]


class BridgeSession(Session):
    """A bridge's end of a link. `nonce`: 8 random bytes; `incoming`: that of the session before, to resume.

    `key_for(device id)` -> K of SPEC 8.4 or None; `holdings(device id)` -> (held, tokens), the lists of HELD.
    `salt_key_for(device id)` -> S of SPEC 5.6 where packed segments are taken, or None. An `item` of the kind PACKED is
    the segment that it stands for if its seal verifies; else refuse_packed is to be called.
    `link` as for DeviceSession. Events: ("established", device id), ("item", kind, key, bytes), ("awaited",
    incarnation, stream, segment) when the device has no custody of what it delivered (with a device's id before the
    incarnation where it carried that one's), ("answered", command) when it
    took one, ("exchange", payload of SPEC 9.1), ("unknown-device", device id), ("closed", reason).
    """

    def __init__(
        self,
        thumbprint,
        boot,
        nonce,
        key_for,
        holdings,
        link,
        incoming=None,
        salt_key_for=lambda device: None,
    ):
        super().__init__(TABLE, "waiting", custody.BRIDGE_ROLE, nonce, link)
        self.incoming = Incoming() if incoming is None else incoming
        self.device = None
        self._thumbprint = thumbprint
        self._boot = boot
        self._key_for = key_for
        self._holdings = holdings
        self._salt_key_for = salt_key_for
        self._unknown = None
        self._past = []
        self._greetings = []  # names of frames that answer a call
        self._caller = None  # (device id, nonce, key) of that call
        self._goes_on = (
            False  # the latest call names the transfer that is here: its DATA needs no confirmation
        )
        self._muted = False  # a call of another transfer came: what arrives may belong to that
        self._mark = None  # of the latest question
        self._answer_at_ms = None  # when the device listens
        self._list = False  # say all that is held before the next HAVE
        self._awaited = False  # the device has named a segment, so that even empty lists tell it something
        self._turn = []  # what our turn still says: frames, or _TIME for one that is stamped when it goes
        self._quiet_at_ms = 0
        self._in_burst = False
        self._custodies = []  # (incarnation, stream, first, last, seal hash of the last)
        self._verdicts = []  # WANT and REJECT frames
        self._controls = []  # (command, argument); the first one is under way
        self._control = 0
        self._control_due = False

    def grant_custody(self, incarnation, stream, first, last, seal_hash):
        """Tells the device that first to last are verified and durable here; the hash is that of `last`.

        False when there is no session to say it in; the device will ask again in the next one.
        """
        if self.state != "established":
            return False
        self._custodies = _merged(self._custodies, (incarnation, stream, first, last, seal_hash))
        return True

    def reject(self, incarnation, stream, segment, code):
        """Tells the device not to offer a segment here again; code is an error's number. False as above."""
        if self.state != "established":
            return False
        place = (incarnation, stream, segment, code)
        mac = custody.reject_mac(self._key, self.device, self._thumbprint, *place)
        self._verdicts.append(self._tagged(session_frames.encode("REJECT", list(place) + [mac])))
        return True

    def refuse_packed(self, incarnation, stream, segment, code=PACK_UNKNOWN):
        """What a packed segment stands for here is not what was sealed: the device is to send it as it is. SPEC 6.7"""
        key = (incarnation, stream, segment)
        if self.incoming.expanding is not None:
            self.incoming.expanding.refuse(key)
        return self.reject(*key, code)

    def answer_carried(self, device, incarnation, stream, first, last, seal_hash):
        """Custody for segments of another device, which this one carried here, as for grant_custody.

        None in place of the seal hash: there is none to be had for them. So it is said, too, without that device's key.
        """
        if self.state != "established":
            return False
        key = self._key_for(device)
        mac, place = None, (incarnation, stream, first, last)
        if key is not None and seal_hash is not None:
            mac = custody.custody_mac(key, device, self._thumbprint, *place, seal_hash)
        self._verdicts.append(self._tagged(session_frames.encode_carried(device, *place, mac)))
        return True

    def send_object(self, data):
        """Queues a signed object for the device; sent until it answers. ValueError if too long."""
        size = len(session_frames.encode("CTRL", [0xFFFFFFFF, "object", data])) + TAG_SIZE
        if size > self._link.frame_max:
            raise ValueError("object needs a frame of %d bytes, not %d" % (size, self._link.frame_max))
        self._command("object", data)

    def request_seal(self):
        """Asks the device to seal what is open, so that it can be sent."""
        self._command("seal", None)

    def request_prompt(self):
        """Asks the device to end its program and give its interpreter's prompt to whoever is on its port."""
        self._command("maintenance", None)

    def want(self, places, budget):
        """Asks for these segments only, [[incarnation, stream, [[first, last] ...]] ...], of so many bytes at most.

        None: no bound. Each replaces the one before and ends with the session; False as for grant_custody.
        """
        if self.state != "established":
            return False
        frame = self._tagged(session_frames.encode("WANT", [places, budget]))
        if len(frame) > self._link.frame_max:
            raise ValueError("a WANT of %d bytes, a frame holds %d" % (len(frame), self._link.frame_max))
        self._verdicts.append(frame)
        return True

    def forget_transfer(self):
        """What was received whole is not true: it may have been put together wrongly, so the device begins anew."""
        self.incoming.forget()

    def deadline(self):
        times = [self._due_ms, self._answer_at_ms]
        if not self._link.duplex and self._waiting():
            times.append(self._quiet_at_ms)
        times = [at for at in times if at is not None]
        return min(times) if times else None

    def on_deadline(self, now_ms):
        if self._due_ms is None or now_ms < self._due_ms:
            return
        self._due_ms = None
        self._tries += 1
        if self._tries > TRIES_MAX:
            self._end("timeout")
        else:
            self._control_due = True

    def to_send(self, now_ms):
        """The next frame, or None. Where one talks at a time, nothing but the answers of our turn."""
        if self._greetings:
            return self._greetings.pop(0)
        if self.state == "closed":
            return self._last_frame()
        if self._answer_at_ms is not None and now_ms >= self._answer_at_ms:
            self._answer(now_ms)
        while self._turn:
            frame = self._turn.pop(0)
            if frame == _TIME:
                frame = self._time_frame(now_ms)
            if frame is not None:
                return frame
        if self._answer_at_ms is None and (self._link.duplex or now_ms >= self._quiet_at_ms):
            frame = self._time_frame(now_ms)
            return self._next(now_ms) if frame is None else frame
        return None

    def _waiting(self):
        """Whether there is anything to say beside answers."""
        if self.state != "established":
            return False
        return self._custodies or self._verdicts or self._control_due or self._exchanges.waiting()

    def _next(self, now_ms):
        """The next frame that can wait; TIME goes before it."""
        if self._custodies:
            return self._custody_frame(*self._custodies.pop(0))
        if self._verdicts:
            return self._verdicts.pop(0)
        if self._control_due:
            return self._control_frame(now_ms)
        return None

    def _custody_frame(self, incarnation, stream, first, last, seal_hash):
        place = (incarnation, stream, first, last)
        mac = custody.custody_mac(self._key, self.device, self._thumbprint, *place, seal_hash)
        return self._tagged(session_frames.encode("CUSTODY", list(place) + [mac]))

    def _answer(self, now_ms):
        """Our turn: what we hold, HAVE, and what that announces."""
        self._answer_at_ms = None
        turn, units = [], 0
        lists = self._lists() if self._list else None
        self._list = False
        if not self._link.duplex:
            if lists is not None:
                turn, units = [lists], session_frames.units(len(lists))
            if self._exchanges.waiting() and units < FOLLOWS:
                turn, units = turn + [_TIME], units + 1
            while units < FOLLOWS:
                frame = self._next(now_ms)
                if frame is None:
                    break
                more = session_frames.units(len(frame))
                if units + more > FOLLOWS:
                    self._verdicts.insert(0, frame)  # it goes in our next turn
                    break
                units += more
                turn.append(frame)
        self._turn = [self._have_frame(units)] + turn
        if self._link.duplex and lists is not None:
            self._turn.insert(0, lists)

    def _lists(self):
        """A HELD, or None where it would say nothing."""
        held, tokens = self._holdings(self.device)
        awaited, self._awaited = self._awaited, False
        if not (held or tokens or awaited):
            return None
        return self._tagged(session_frames.fit_held(held, tokens, self._link.frame_max))

    def _have_frame(self, follow):
        transfer = self.incoming.transfer
        base, held = (0, []) if transfer is None else transfer.missing()
        flags = follow | (LOST if transfer is None else 0)
        room = self._link.frame_max - TAG_SIZE
        return self._tagged(session_frames.encode_have(self._mark, flags, base, held, room))

    # Calls

    def _input(self, name, frame):
        if name != "HELLO":
            return name
        return "HELLO-call" if session_frames.is_call(frame) else "HELLO-confirm"

    def _caller_of(self, body):
        """(device id, nonce, key) of a call; None for a device whose key is not here."""
        device, nonce = body[2], body[3]
        key = self._key_for(device)
        if key is None:
            if self._unknown != device:
                self._unknown = device
                self._tell("unknown-device", device)
            return None
        return device, nonce, key

    def _on_call(self, body, frame, now_ms):
        """Answers, and takes no DATA that may be another transfer's until a device confirms."""
        caller = self._caller_of(body)
        if caller is None:
            return
        self._caller = caller
        device, nonce, key = caller
        self._goes_on = known = self._knows(device, nonce, body[4])
        if self.state == "established" and nonce != self._peer_nonce and not known:
            self._muted = True
        features = 0 if self._salt_key_for(device) is None else PACKS
        hello = session_frames.encode_answer(features, b"" if known else self._thumbprint, self._nonce)
        self._greetings = [self._tagged_for(hello, key, nonce)]
        if body[0] != VERSION and self.state == "waiting":
            self._end("version")

    def _on_confirm(self, body, frame, now_ms):
        """The tag proves a live device: its session replaces the one before."""
        if not body[4]:
            raise WireError("frame-shape", "a confirmation names a transfer")
        device, nonce, key = self._confirming(frame)
        if self.state == "established" and nonce == self._peer_nonce:
            self._muted = False
        else:
            self._replace(device, nonce, key, body[4])
        if body[5] is not None:
            self._asked(body[5], now_ms)

    def _confirming(self, frame):
        """(device id, nonce, key): of the session that lives, or of the call that was answered last."""
        for caller in ((self.device, self._peer_nonce, self._key), self._caller):
            if caller is not None and caller[2] is not None and self._is_tagged(frame, caller[2], caller[1]):
                return caller
        raise WireError("frame-tag", "a confirmation of no call")

    def _replace(self, device, nonce, key, transfer):
        """A session begins in the place of the one before."""
        if nonce in self._past:
            raise WireError("frame-stale", "a session that has ended")
        self._past.append(nonce)
        if len(self._past) > _PAST_NONCES_MAX:
            self._past.pop(0)
        if self.device not in (None, device):
            self._controls = []  # they were meant for the device before
        self.device, self._peer_nonce, self._key = device, nonce, key
        self._resume(transfer)
        self._exchanges = Exchanges(self._boot, device)
        self._mark = self._answer_at_ms = self._due_ms = None
        self._muted = False
        self._turn, self._custodies, self._verdicts = [], [], []
        self._awaited = False
        self._control = self._tries = 0
        self._control_due = bool(self._controls)
        self._step("HELLO-confirm")
        self._tell("established", device)

    def _knows(self, device, nonce, transfer):
        """One that bears the call's own nonce has only begun."""
        return transfer != nonce[:4] and self.incoming.known(device, transfer)

    def _resume(self, transfer):
        """Goes on with a transfer, or begins one that bears this session's nonce; another one is lost."""
        key = self._key
        if transfer == self._peer_nonce[:4]:
            self.incoming.begin(
                self.device,
                transfer,
                lambda kind, item, data: custody.item_proof(key, transfer, kind, item, [data]),
            )
        elif not self.incoming.known(self.device, transfer):
            self.incoming.forget()
        self._list = transfer == self._peer_nonce[:4]

    # Items

    def _on_data(self, body, frame, now_ms):
        tile, countdown, data = body
        if self._muted or (self.state == "waiting" and not self._goes_on):
            raise WireError("frame-state", "DATA before a HELLO that confirms")
        transfer = self.incoming.transfer
        if self.device is None:
            self.device = self.incoming.device
        if transfer is not None:
            for kind, key, item in transfer.take(tile, data):
                self._take(kind, key, item)
            if transfer.broken:
                self.incoming.forget()
                self._drop(transfer.broken)
        self._heard(now_ms, longest_ms(self._link) if not countdown else 0)
        if countdown and self.state == "established":
            self._mark = tile
            wait_ms = 0
            if countdown > 1 and not self._link.duplex:
                wait_ms = (countdown - 1) * self._link.wire_ms(len(frame)) + MARGIN_MS
            self._answer_at_ms = now_ms + wait_ms

    def _take(self, kind, key, item):
        """Hands an item on; of a packed segment what it stands for."""
        expanding = self.incoming.expanding
        if kind == SEGMENT:
            expanding.came(key)
        elif kind == PACKED:
            try:
                item = expanding.expand(key, item, self._salt_key_for(self.incoming.device))
            except WireError as error:
                self._drop(error.code)
                self.refuse_packed(*key, PACK_UNKNOWN if error.code == "pack-unknown" else PACK_SHAPE)
                return
        self._tell("item", kind, key, item)

    def _on_poll(self, body, frame, now_ms):
        if self._muted:
            raise WireError("frame-state", "POLL before a HELLO that confirms")
        mark, awaited = body
        self._asked(mark, now_ms)
        if awaited is not None:
            self._list = self._awaited = True
            if self.incoming.expanding is not None and self.incoming.expanding.refuses(tuple(awaited)):
                self.refuse_packed(*awaited)
            else:
                self._tell("awaited", *awaited)

    def _asked(self, mark, now_ms):
        """A question that is answered at once."""
        self._mark = mark
        self._answer_at_ms = now_ms
        self._heard(now_ms, 0)

    def _heard(self, now_ms, burst_ms):
        """Where one talks at a time: a burst goes on, or another begins, though we may miss some of its frames."""
        self._in_burst = burst_ms > 0
        self._quiet_at_ms = now_ms + burst_ms + _MISSED * self._frame_ms()

    def _frame_ms(self):
        return self._link.wire_ms(self._link.frame_max) + self._link.turnaround_ms

    def _on_time(self, body, frame, now_ms):
        """Outside of a burst whoever asks for the time listens, unless a burst begins at once."""
        if not self._in_burst:
            self._quiet_at_ms = now_ms + 2 * self._frame_ms()
        Session._on_time(self, body, frame, now_ms)

    # Commands

    def _command(self, command, argument):
        self._controls.append((command, argument))
        if len(self._controls) == 1:
            self._control_due = True

    def _control_frame(self, now_ms):
        if not self._may("CTRL"):
            return None
        self._control_due = False
        command, argument = self._controls[0]
        frame = self._tagged(session_frames.encode("CTRL", [self._control, command, argument]))
        self._wait(_CONTROL_FRAMES * self._link.wire_ms(self._link.frame_max), now_ms)
        return frame

    def _on_ctrl(self, body, frame, now_ms):
        if not self._controls or body != [self._control, self._controls[0][0], None]:
            raise WireError("frame-stale", "an answer to no command")
        self._tell("answered", self._controls.pop(0)[0])
        self._control += 1
        self._tries = 0
        self._due_ms = None
        self._control_due = bool(self._controls)

    _HANDLERS = {
        "HELLO-call": _on_call,
        "HELLO-confirm": _on_confirm,
        "DATA": _on_data,
        "POLL": _on_poll,
        "CTRL": _on_ctrl,
        "TIME": _on_time,
        "BYE": Session._on_bye,
    }

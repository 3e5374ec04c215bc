"""The bridge's side of a session: answers calls, takes items, says what it holds, passes custody on.

Decides which device it is talking to. Verifies no item and keeps none: whoever takes the `item` event grants
custody after it is verified and durable. For a device without a key here it stays silent and says so once.
SPEC 8.2 to 8.5
"""

from fieldwire import cbor, custody, session_frames
from fieldwire.errors import WireError
from fieldwire.port import const
from fieldwire.session_core import TRIES_MAX, WINDOW_MAX, Session
from fieldwire.session_frames import NO_TAG, TAG_SIZE, VERSION
from fieldwire.session_incoming import Incoming
from fieldwire.session_time import Exchanges

# A late copy of a confirmation must not bring an ended contact back; more contacts than this do not overlap.
_PAST_NONCES_MAX = const(16)

# SPEC 8.3; a test compares the table with the text. A name in capitals is a frame, small letters name what this side
# does itself; what a state does not list is dropped and counted.
# A HELLO whose tag is zero calls, one with a tag confirms (SPEC 8.4).
TABLE = {
    "waiting": {"HELLO-call": "waiting", "HELLO-confirm": "established", "end": "closed"},
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


class BridgeSession(Session):
    """A bridge's end of a link. `nonce`: 8 random bytes; `incoming`: that of the session before, to resume.

    `key_for(device id)` -> K of SPEC 8.4 or None; `holdings(device id)` -> (held, tokens), the lists of HAVE.
    Events: ("established", device id), ("item", kind, key, bytes), ("awaited", incarnation, stream, segment)
    when the device has no custody of what it delivered, ("answered", command) when it took one, ("exchange",
    payload of SPEC 9.1), ("unknown-device", device id), ("closed", reason).
    """

    def __init__(self, thumbprint, boot, nonce, key_for, holdings, link, incoming=None):
        super().__init__(TABLE, "waiting", custody.BRIDGE_ROLE, nonce, link)
        self.incoming = Incoming() if incoming is None else incoming
        self.device = None
        self._thumbprint = thumbprint
        self._boot = boot
        self._key_for = key_for
        self._holdings = holdings
        self._unknown = None
        self._past = []
        self._greetings = []  # names of frames that answer a call
        self._caller = None  # (device id, nonce, key) of that call
        self._number = None
        self._partial = None
        self._have = None  # (number, poll, awaited) of the POLL to answer
        self._verdicts = []  # CUSTODY and REJECT frames
        self._controls = []  # (command, argument); the first one is under way
        self._control = 0
        self._control_due = False

    def grant_custody(self, incarnation, stream, first, last, seal_hash):
        """Tells the device that first to last are verified and durable here; the hash is that of `last`.

        False when there is no session to say it in; the device will ask again in the next one.
        """
        if self.state != "established":
            return False
        place = (incarnation, stream, first, last)
        mac = custody.custody_mac(self._key, self.device, self._thumbprint, *place, seal_hash)
        self._verdicts.append(self._tagged(session_frames.encode("CUSTODY", list(place) + [mac])))
        return True

    def reject(self, incarnation, stream, segment, code):
        """Tells the device not to offer a segment here again; code is an error's number. False as above."""
        if self.state != "established":
            return False
        place = (incarnation, stream, segment, code)
        mac = custody.reject_mac(self._key, self.device, self._thumbprint, *place)
        self._verdicts.append(self._tagged(session_frames.encode("REJECT", list(place) + [mac])))
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
        """The next frame, or None. TIME goes before all that can wait."""
        if self._greetings:
            return self._greeting(self._greetings.pop(0))
        if self.state == "closed":
            return self._last_frame()
        frame = self._time_frame(now_ms)
        if frame is None and self._have is not None:
            frame = self._have_frame()
        if frame is None and self._verdicts:
            frame = self._verdicts.pop(0)
        if frame is None and self._control_due:
            frame = self._control_frame(now_ms)
        return frame

    # Calls

    def _input(self, name, frame):
        if name != "HELLO":
            return name
        return "HELLO-call" if frame[-TAG_SIZE:] == NO_TAG else "HELLO-confirm"

    def _caller_of(self, body):
        """(device id, nonce, key) of a HELLO; None for a device whose key is not here."""
        device, nonce = body[2], body[3]
        if len(device) != 16:
            raise WireError("frame-shape", "a device id has 16 bytes")
        key = self._key_for(device)
        if key is None:
            if self._unknown != device:
                self._unknown = device
                self._tell("unknown-device", device)
            return None
        return device, nonce, key

    def _on_call(self, body, frame, now_ms):
        """Answers without remembering: whoever repeats an old call gets an answer and changes nothing."""
        caller = self._caller_of(body)
        if caller is None:
            return
        self._caller = caller
        self._greetings = ["HELLO", "HAVE"]
        if body[0] != VERSION:
            self._greetings = ["HELLO"]
            if self.state == "waiting":
                self._end("version")

    def _greeting(self, name):
        device, nonce, key = self._caller
        if name == "HELLO":
            frame = session_frames.encode("HELLO", [VERSION, 0, self._thumbprint, self._nonce])
        else:
            held, tokens = self._holdings(device)
            frame = _fit_have(held, None, tokens, self._link.frame_max)
        return self._tagged_for(frame, key, nonce)

    def _on_confirm(self, body, frame, now_ms):
        """The tag proves a live device: its session replaces the one before."""
        caller = self._caller_of(body)
        if caller is None:
            return
        device, nonce, key = caller
        self._authenticate(frame, key, nonce)
        if self.state == "established" and nonce == self._peer_nonce:
            return
        if nonce in self._past:
            raise WireError("frame-stale", "a session that has ended")
        self._past.append(nonce)
        if len(self._past) > _PAST_NONCES_MAX:
            self._past.pop(0)
        if self.device not in (None, device):
            self._controls = []  # they were meant for the device before
        self.device, self._peer_nonce, self._key = device, nonce, key
        self.incoming.belong_to(device)
        self._exchanges = Exchanges(self._boot, device)
        self._number = self._partial = self._have = self._due_ms = None
        self._verdicts = []
        self._control = self._tries = 0
        self._control_due = bool(self._controls)
        self._step("HELLO-confirm")
        self._tell("established", device)

    # Items

    def _age(self, number):
        """How far a number is ahead of the current item's; WireError when older or of another session."""
        if number >> 16 != (self._peer_nonce[0] << 8 | self._peer_nonce[1]):
            raise WireError("frame-stale", "an item number of another session")
        ahead = 0 if self._number is None else (number - self._number) & 0xFFFF
        if ahead >= 0x8000:
            raise WireError("frame-stale", "an item number of the past")
        return ahead

    def _on_data(self, body, frame, now_ms):
        number, kind, key, total, offset, chunk = body
        if self._age(number) or self._partial is None:
            self._number = number
            self._partial = self.incoming.item(kind, key, total)
        if not self._partial.is_of(kind, key, total):
            raise WireError("frame-shape", "one number for two items")
        data = self._partial.take(offset, chunk)
        if data is not None:
            self._tell("item", kind, key if isinstance(key, bytes) else tuple(key), data)

    def _on_poll(self, body, frame, now_ms):
        number, _, awaited = body
        self._age(number)
        self._have = body
        if awaited is not None:
            self._tell("awaited", *awaited)

    def _have_frame(self):
        number, poll, awaited = self._have
        self._have = None
        length = self._partial.length if self._partial is not None and number == self._number else 0
        # Lists only add to what the device knows, so most answers can do without.
        held, tokens = ([], []) if awaited is None else self._holdings(self.device)
        frame = _fit_have(held, [number, poll, length], tokens, self._link.frame_max)
        return self._tagged(frame)

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
        burst = WINDOW_MAX * self._link.frame_max  # the device may be in the midst of one
        self._wait(self._answer_ms(len(frame) + burst), now_ms)
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
        "TIME": Session._on_time,
        "BYE": Session._on_bye,
    }


def _fit_have(held, partial, tokens, frame_max):
    """A HAVE frame with as much of the two lists as one frame holds; what is left out is sent again."""
    held, tokens = list(held), list(tokens)
    while True:
        frame = session_frames.encode("HAVE", [held, partial, tokens])
        if len(frame) + TAG_SIZE <= frame_max or not (held or tokens):
            return frame
        if len(cbor.encode(held)) > len(cbor.encode(tokens)):
            held.pop()
        else:
            tokens.pop()

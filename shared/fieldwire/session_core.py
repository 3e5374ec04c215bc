"""What both roles of a session share: looking up the table, tags, counted drops, events, the way out.

Decides whether a frame may be received now and is authentic. What it then means is the role's matter.
A frame that is refused changes nothing but a count in `dropped`; nobody would hear a text, so errors have none.
SPEC 8.1, 8.3, 8.4
"""

from fieldwire import custody, session_frames
from fieldwire.errors import WireError
from fieldwire.port import const

# When three frames in ten are lost, bad luck ends a session once in several hundred bursts, and the next one
# resumes; a peer that is gone is missed after about 160 waits.
TRIES_MAX = const(20)
# What is lost by chance is asked again at once; only then is the peer slow or gone, and one that never answered sooner.
PLAIN_CALLS, _PLAIN_ASKS = const(6), const(8)
_DOUBLINGS_MAX = const(4)
# Both clocks count whole milliseconds.
MARGIN_MS = const(2)


class Session:
    """Base of DeviceSession and BridgeSession. `state` is a key of the role's table."""

    def __init__(self, table, state, role, nonce, link):
        if len(nonce) != 8:
            raise ValueError("a session nonce is 8 random bytes")
        self.state = state
        self.dropped = {}
        self._table = table
        self._role = role
        self._nonce = nonce
        self._link = link
        self._key = None
        self._peer_nonce = session_frames.NO_NONCE
        self._exchanges = None
        self._events = []
        self._farewell = None
        self._due_ms = None
        self._tries = 0
        self._silent_ms = 0  # when all that was handed out has left

    def receive(self, frame, now_ms):
        """Takes one unframed frame. Never raises on what the peer sent."""
        if self.state == "closed":
            return
        try:
            self._receive(bytes(frame), now_ms)
        except WireError as error:
            self._drop(error.code)

    def next_event(self):
        return self._events.pop(0) if self._events else None

    def deadline(self):
        """When on_deadline is to be called, or None."""
        return self._due_ms

    def close(self, now_ms):
        """Ends the session and tells the peer; what the peer holds of the current item stays there."""
        self._end("close")

    def ask_time(self, xid, now_ms):
        """Queues a time exchange. False when there is no session to ask in."""
        if not self._may("TIME"):
            return False
        self._exchanges.ask(xid)
        return True

    def _receive(self, frame, now_ms):
        if not 1 <= len(frame) <= self._link.frame_max:
            raise WireError("frame-size")
        name = session_frames.name_of(frame)
        if name is None:
            if frame[0] & session_frames.CRITICAL and self._may("BYE"):
                self._authenticate(frame, self._key, self._peer_nonce)
                self._drop("frame-critical")
                self._end("frame-critical")
                return
            raise WireError("frame-unknown")
        on_input = self._input(name, frame)
        if not self._may(on_input):
            raise WireError("frame-state")
        if name != "HELLO" and name not in session_frames.UNTAGGED:
            self._authenticate(frame, self._key, self._peer_nonce)
        self._HANDLERS[on_input](self, session_frames.decode(name, frame), frame, now_ms)

    def _input(self, name, frame):
        return name

    def _on_time(self, body, frame, now_ms):
        payload = self._exchanges.receive(body, now_ms)
        if payload is not None:
            self._tell("exchange", payload)

    def _on_bye(self, body, frame, now_ms):
        self._step("BYE")
        self._close("bye")

    def _time_frame(self, now_ms):
        """The next TIME frame; the answerer's stamps are recorded as they are sent."""
        found = self._exchanges.to_send(now_ms) if self._may("TIME") else None
        if found is None:
            return None
        body, payload = found
        frame = self._tagged(session_frames.encode("TIME", body))
        if len(frame) > self._link.frame_max:
            return None  # after weeks of uptime the slowest radio carries no four stamps
        if payload is not None:
            self._tell("exchange", payload)
        return frame

    def _may(self, on_input):
        return on_input in self._table[self.state]

    def _step(self, on_input):
        self.state = self._table[self.state][on_input]

    def _tell(self, *event):
        self._events.append(event)

    def _drop(self, code):
        self.dropped[code] = self.dropped.get(code, 0) + 1

    def _end(self, reason):
        """Our own end of the session: a BYE when the peer can believe one."""
        if not self._may("end"):
            return
        if self._may("BYE"):
            self._farewell = self._tagged(session_frames.encode("BYE", []))
        self._step("end")
        self._close(reason)

    def _close(self, reason):
        self._due_ms = None
        self._tell("closed", reason)

    def _last_frame(self):
        frame, self._farewell = self._farewell, None
        return frame

    def _nonces(self, peer_nonce):
        """(device nonce, bridge nonce)."""
        device = self._role == custody.DEVICE_ROLE
        return (self._nonce, peer_nonce) if device else (peer_nonce, self._nonce)

    def _tagged(self, frame):
        return self._tagged_for(frame, self._key, self._peer_nonce)

    def _tagged_for(self, frame, key, peer_nonce):
        device_nonce, bridge_nonce = self._nonces(peer_nonce)
        return frame + custody.tag(key, self._role, device_nonce, bridge_nonce, frame)

    def _authenticate(self, frame, key, peer_nonce):
        if len(frame) < session_frames.TAG_SIZE + 2:
            raise WireError("frame-shape")
        if not self._is_tagged(frame, key, peer_nonce):
            raise WireError("frame-tag")  # wrong key, wrong session or altered bytes

    def _is_tagged(self, frame, key, peer_nonce):
        device_nonce, bridge_nonce = self._nonces(peer_nonce)
        size = len(frame) - session_frames.TAG_SIZE
        expected = custody.tag(key, 1 - self._role, device_nonce, bridge_nonce, frame[:size])
        return custody.matches(expected, frame[size:])

    def _sent(self, frame, now_ms):
        """Notes when a frame that is handed out now will have left."""
        self._silent_ms = max(now_ms, self._silent_ms) + self._link.wire_ms(len(frame))
        return frame

    def _wait(self, answer_ms, now_ms):
        """Sets the deadline for an answer that takes so long on the link; many tries without one double the wait."""
        answer_ms += 2 * self._link.turnaround_ms + MARGIN_MS
        at_once = PLAIN_CALLS if self._key is None else _PLAIN_ASKS
        doublings = min(max(0, self._tries - at_once), _DOUBLINGS_MAX)
        self._due_ms = max(now_ms, self._silent_ms) + (answer_ms << doublings)

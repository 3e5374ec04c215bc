"""The host's side of a rotation: have a device make its next key over the cable, answer with the rotation. SPEC 8.7

Decides when to ask, to repeat and to give up, and what the device's bytes mean: first it is asked who it is. Refuses to
decide whether a key may be rotated: whoever holds K_dev and the authority's key answers. No private key comes here.
"""

from collections import deque

from fieldpost import enrol
from fieldwire import cbor, keys
from fieldwire import observation as obs
from fieldwire.error_numbers import NUMBER
from fieldwire.errors import WireError
from fieldwire.hmac import hmac_sha256

START, REQUEST, ROTATE, ROTATED, REFUSED, PROMPT = 0x24, 0x25, 0x26, 0x27, 0x28, 0x29

# A device that somebody has just asked to rotate answers nobody else for 30 s.
MEET_MS_MAX = 40_000
START_EVERY_MS, START_MS_MAX = 4_000, 30_000
ROTATE_EVERY_MS, ROTATE_MS_MAX = 4_000, 60_000

# What may happen in each state, and the state that follows.
STATES = {
    "new": {"open": "meeting"},
    "meeting": {"answer": "deciding", "stranger": "ended", "silence": "ended"},
    "deciding": {"order": "asking", "finish": "ended"},
    "asking": {"request": "signing", "refusal": "ended", "silence": "ended"},
    "signing": {"grant": "granting"},
    "granting": {"confirm": "ended", "refusal": "ended", "silence": "ended"},
    "ended": {},
}
_WAITED_FOR = {"meeting": "the start", "asking": "the order", "granting": "the rotation"}


def order_mac(k_dev: bytes, device: bytes, host_random: bytes) -> bytes:
    """Proof that whoever asks a device to rotate holds its K_dev. SPEC 8.7"""
    return hmac_sha256(k_dev, b"rotate/1" + device + host_random)[:8]


def prompt_order(k_dev: bytes, device: bytes, host_random: bytes) -> bytes:
    """PROMPT: the frame at which a device gives its prompt to who holds its K_dev. SPEC 8.7"""
    mac = hmac_sha256(k_dev, b"prompt/1" + device + host_random)[:8]
    return bytes((PROMPT,)) + cbor.encode([device, host_random, mac])


def next_k_dev(k_dev: bytes, public: bytes) -> bytes:
    """K_dev of the device that follows, from the one before and the new public key. SPEC 8.7"""
    return hmac_sha256(k_dev, b"rotated/1" + public)


class Rotation:
    """One rotation. Frames come in and go out without framing; `host_random` is 32 random bytes.

    Events: ("known", Known), then `order` is awaited, or `finish` for one that has been rotated;
    ("requested", accepted handover), then `grant` is awaited; ("rotated", new device id); ("refused", code's name);
    ("stranger",) for a device that was never enrolled; ("silent", what the device did not answer).
    """

    def __init__(self, host_random: bytes) -> None:
        self._random = host_random
        self._state = "new"
        self._events: deque[tuple] = deque()
        self._out: deque[bytes] = deque()
        self._heir: bytes | None = None
        self._repeat = b""
        self._every_ms = 0
        self._due_ms: int | None = None
        self._last_ms = 0

    def open(self, now_ms: int) -> None:
        """The cable is in: ask who is there."""
        if self._went("open"):
            start = enrol.start(self._random)
            self._keep_saying(start, now_ms, enrol.START_EVERY_MS, MEET_MS_MAX)

    def receive(self, data: bytes, now_ms: int) -> None:
        """One frame from the device; what is no part of a rotation, or not well formed, is passed over."""
        try:
            if data[:1] == bytes((enrol.HELLO,)):
                self._on_call(enrol.caller(data))
                return
            body = cbor.decode(data[1:])
            if data[0] == enrol.ENROLLED:
                self._on_known(enrol.known_of(body))
                return
        except WireError:
            return
        if data[0] == enrol.REQUEST:
            self._end("stranger", ("stranger",))
        if not isinstance(body, list) or len(body) != 1:
            return
        if data[0] == REQUEST and isinstance(body[0], bytes) and self._went("request"):
            self._due_ms = None
            self._events.append(("requested", body[0]))
        elif data[0] == ROTATED and body[0] == self._heir:
            self._end("confirm", ("rotated", self._heir))
        elif data[0] == REFUSED and obs.is_uint(body[0]):
            names = [name for name, number in NUMBER.items() if number == body[0]]
            self._end("refusal", ("refused", names[0] if names else str(body[0])))

    def order(self, device: bytes, k_dev: bytes, now_ms: int) -> None:
        """Ask the device of that id, by its K_dev."""
        if not self._went("order"):
            raise ValueError("a device is asked once, when it has said who it is")
        body = [device, self._random, order_mac(k_dev, device, self._random)]
        self._keep_saying(bytes((START,)) + cbor.encode(body), now_ms, START_EVERY_MS, START_MS_MAX)

    def grant(self, public: bytes, tokens: list[bytes], now_ms: int) -> None:
        """Answer the request of a device whose next key is `public`."""
        if not self._went("grant"):
            raise ValueError("nothing was requested")
        self._heir = keys.device_id(public)
        self._keep_saying(
            bytes((ROTATE,)) + cbor.encode([list(tokens)]), now_ms, ROTATE_EVERY_MS, ROTATE_MS_MAX
        )

    def finish(self, device: bytes) -> None:
        """The device had stored its rotation before, and was not heard to say so."""
        self._end("finish", ("rotated", device))

    def next_event(self) -> tuple | None:
        return self._events.popleft() if self._events else None

    def to_send(self, now_ms: int) -> bytes | None:
        return self._out.popleft() if self._out else None

    def deadline(self) -> int | None:
        return self._due_ms

    def on_deadline(self, now_ms: int) -> None:
        """Say it again, or give up."""
        if self._due_ms is None or now_ms < self._due_ms:
            return
        if now_ms < self._last_ms:
            self._out.append(self._repeat)
            self._due_ms = min(now_ms + self._every_ms, self._last_ms)
            return
        self._end("silence", ("silent", _WAITED_FOR[self._state]))

    def _went(self, happening: str) -> bool:
        follows = STATES[self._state].get(happening)
        if follows is None:
            return False
        self._state = follows
        return True

    def _end(self, happening: str, event: tuple) -> None:
        if self._went(happening):
            self._out.clear()
            self._due_ms = None
            self._events.append(event)

    def _keep_saying(self, data: bytes, now_ms: int, every_ms: int, most_ms: int) -> None:
        self._out.append(data)
        self._repeat, self._every_ms = data, every_ms
        self._due_ms, self._last_ms = now_ms + every_ms, now_ms + most_ms

    def _on_known(self, known: enrol.Known) -> None:
        if self._went("answer"):
            self._due_ms = None
            self._events.append(("known", known))

    def _on_call(self, device: bytes) -> None:
        """A call by the heir proves that it has stored what it was given."""
        if self._state == "granting" and device == self._heir:
            self._end("confirm", ("rotated", device))

"""The host's side of enrolment: ask a device for its key over the cable, answer with its credentials. SPEC 8.7

Decides when to ask, to repeat and to give up, and what the device's bytes mean. Refuses to decide who may
be enrolled: whoever holds the mesh's keys answers the request. The device's private key never comes here.
"""

from collections import deque
from dataclasses import dataclass

from fieldwire import cbor, keys
from fieldwire import observation as obs
from fieldwire import session_frames as frames
from fieldwire.errors import WireError

START, REQUEST, ENROL, ENROLLED = 0x20, 0x21, 0x22, 0x23
# How what a device runs stands: it has stayed up; it is on trial after an update; it runs in safe mode.
STANDINGS = SETTLED, ON_TRIAL, SAFE_MODE = 0, 1, 2
HELLO = frames.TYPE["HELLO"]

# A board makes its key, and verifies a chain, within seconds; a repeated frame costs it little.
START_EVERY_MS, START_MS_MAX = 1_000, 20_000
ENROL_EVERY_MS, ENROL_MS_MAX = 4_000, 90_000

# What may happen in each state, and the state that follows.
STATES = {
    "new": {"open": "asking"},
    "asking": {"request": "deciding", "known": "ended", "silence": "ended"},
    "deciding": {"grant": "granting"},
    "granting": {"confirm": "ended", "call": "ended", "silence": "ended"},
    "ended": {},
}


@dataclass(frozen=True)
class Request:
    """What a device says of itself: its public key, hardware id, model, the digest of what it runs, how that stands."""

    public: bytes
    hardware_id: bytes
    hwmodel: bytes
    measurement: bytes
    standing: int

    @property
    def device(self) -> bytes:
        return keys.device_id(self.public)


@dataclass(frozen=True)
class Known:
    """A device that has an identity: its id, its mesh's, the digest of what it runs, and how that stands."""

    device: bytes
    mesh: bytes
    measurement: bytes
    standing: int


@dataclass(frozen=True)
class Grant:
    """What a device is given: K_dev, the mesh's root key, its credential's id, tokens with issuers first."""

    k_dev: bytes
    root: bytes
    credential: bytes
    tokens: tuple[bytes, ...]


class Enrolment:
    """One enrolment. Frames come in and go out without framing; `host_random` is 32 random bytes.

    Events: ("requested", Request), then `grant` is awaited; ("enrolled", device id); ("known", Known) when the device
    was enrolled before; ("silent", what it did not answer).
    """

    def __init__(self, host_random: bytes) -> None:
        self._start = start(host_random)
        self._state = "new"
        self._events: deque[tuple] = deque()
        self._out: deque[bytes] = deque()
        self._device: bytes | None = None
        self._mesh: bytes | None = None
        self._repeat = b""
        self._every_ms = 0
        self._due_ms: int | None = None
        self._last_ms = 0

    def open(self, now_ms: int) -> None:
        """The cable is in: ask."""
        if self._went("open"):
            self._keep_saying(self._start, now_ms, START_EVERY_MS, START_MS_MAX)

    def receive(self, data: bytes, now_ms: int) -> None:
        """One frame from the device; what is no part of an enrolment, or not well formed, is passed over."""
        try:
            if data[:1] == bytes((REQUEST,)):
                self._on_request(cbor.decode(data[1:]))
            elif data[:1] == bytes((ENROLLED,)):
                self._on_enrolled(cbor.decode(data[1:]))
            elif data[:1] == bytes((HELLO,)):
                self._on_call(caller(data))
        except WireError:
            return

    def grant(self, given: Grant, now_ms: int) -> None:
        """Answer the request."""
        if not self._went("grant"):
            raise ValueError("nothing was requested")
        self._mesh = keys.thumbprint(given.root)
        body = [given.k_dev, given.root, self._mesh, given.credential, list(given.tokens)]
        self._keep_saying(bytes((ENROL,)) + cbor.encode(body), now_ms, ENROL_EVERY_MS, ENROL_MS_MAX)

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
        asked = self._state
        if self._went("silence"):
            self._due_ms = None
            self._events.append(("silent", "the start" if asked == "asking" else "the enrolment"))

    def _went(self, happening: str) -> bool:
        follows = STATES[self._state].get(happening)
        if follows is None:
            return False
        self._state = follows
        if follows == "ended":
            self._out.clear()
        return True

    def _keep_saying(self, data: bytes, now_ms: int, every_ms: int, most_ms: int) -> None:
        self._out.append(data)
        self._repeat, self._every_ms = data, every_ms
        self._due_ms, self._last_ms = now_ms + every_ms, now_ms + most_ms

    def _on_request(self, body: object) -> None:
        request = request_of(body)
        if self._went("request"):
            self._device, self._due_ms = request.device, None
            self._events.append(("requested", request))

    def _on_enrolled(self, body: object) -> None:
        known = known_of(body)
        if self._state == "asking":
            self._end("known", ("known", known))
        elif (known.device, known.mesh) == (self._device, self._mesh):
            self._end("confirm", ("enrolled", known.device))

    def _on_call(self, device: bytes) -> None:
        """A device calls for a bridge only when it has stored an identity."""
        if device == self._device:
            self._end("call", ("enrolled", device))

    def _end(self, happening: str, event: tuple) -> None:
        if self._went(happening):
            self._due_ms = None
            self._events.append(event)


def start(host_random: bytes) -> bytes:
    """ENROL-START, by which any device says who it is; `host_random` is 32 bytes."""
    return bytes((START,)) + cbor.encode([host_random])


def request_of(body: object) -> Request:
    """What an ENROL-REQUEST says. WireError where it is none."""
    if not isinstance(body, list) or len(body) != 5:
        raise WireError("frame-shape", "ENROL-REQUEST has five parts")
    public, hardware_id, hwmodel, measurement, standing = body
    sized = obs.is_bytes(public, 32) and obs.is_bytes(measurement, 32) and standing in STANDINGS
    named = all(isinstance(one, bytes) and 1 <= len(one) <= 32 for one in (hardware_id, hwmodel))
    if not sized or not named:
        raise WireError("frame-shape", "ENROL-REQUEST carries 32, 1 to 32, 1 to 32 and 32 bytes, and 0 to 2")
    return Request(public, hardware_id, hwmodel, measurement, standing)


def known_of(body: object) -> Known:
    """What an ENROLLED says. WireError where it is none."""
    if not isinstance(body, list) or len(body) != 4:
        raise WireError("frame-shape", "ENROLLED has four parts")
    device, mesh, measurement, standing = body
    sized = ((device, 16), (mesh, 32), (measurement, 32))
    if not all(obs.is_bytes(value, size) for value, size in sized) or standing not in STANDINGS:
        raise WireError("frame-shape", "ENROLLED carries 16, 32 and 32 bytes, and 0 to 2")
    return Known(device, mesh, measurement, standing)


def caller(data: bytes) -> bytes:
    """The id of the device whose call this HELLO is; WireError for a HELLO that is no call. SPEC 8.2"""
    if not frames.is_call(data):
        raise WireError("frame-shape", "a HELLO that is no call")
    return frames.decode("HELLO", data)[2]

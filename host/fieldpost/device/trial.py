"""What came of an update: the core that asks a board, after its restart, how the agent stands that it runs.

Decides from measurement and standing. Time comes in, frames come and go without framing. SPEC 8.7, firmware/UPDATE.md
"""

from collections import deque

from fieldpost import enrol
from fieldwire import cbor
from fieldwire.errors import WireError

# It starts, listens 3 s for who wants its prompt, and confirms once it has served its link for 10 s.
STAYS_MS_MAX = 90_000


def outcome(expected: bytes, measured: bytes, standing: int) -> str | None:
    """ "stays", "back" (the former agent runs), "safe" (in safe mode); None while the new one is on trial."""
    if measured != expected:
        return "back"
    if standing == enrol.SAFE_MODE:
        return "safe"
    return None if standing == enrol.ON_TRIAL else "stays"


class Trial:
    """Asks once a second how what runs stands. Events: what `outcome` says, once, and ("silent", what)."""

    def __init__(self, expected: bytes, host_random: bytes) -> None:
        self._expected = expected
        self._start = enrol.start(host_random)
        self._events: deque[tuple] = deque()
        self._ask = False
        self._due_ms: int | None = None
        self._until_ms = 0

    def open(self, now_ms: int) -> None:
        """The port is there, perhaps not for the first time."""
        if self._due_ms is None and not self._until_ms:
            self._due_ms, self._until_ms = now_ms, now_ms + STAYS_MS_MAX

    def receive(self, data: bytes, now_ms: int) -> None:
        """One frame; what is no answer is passed over."""
        try:
            known = _answer(data)
        except WireError:
            return
        came = None if known is None else outcome(self._expected, known.measurement, known.standing)
        if came is not None and self._due_ms is not None:
            self._due_ms = None
            self._events.append((came,))

    def next_event(self) -> tuple | None:
        return self._events.popleft() if self._events else None

    def to_send(self, now_ms: int) -> bytes | None:
        ask, self._ask = self._ask, False
        return self._start if ask else None

    def deadline(self) -> int | None:
        return self._due_ms

    def on_deadline(self, now_ms: int) -> None:
        """Ask again, or give up."""
        if self._due_ms is None or now_ms < self._due_ms:
            return
        if now_ms < self._until_ms:
            self._ask = True
            self._due_ms = now_ms + enrol.START_EVERY_MS
            return
        self._due_ms = None
        self._events.append(("silent", "for so long that its trial should be over"))


def _answer(data: bytes) -> enrol.Known | enrol.Request | None:
    if data[:1] == bytes((enrol.ENROLLED,)):
        return enrol.known_of(cbor.decode(data[1:]))
    if data[:1] == bytes((enrol.REQUEST,)):
        return enrol.request_of(cbor.decode(data[1:]))
    return None

"""Other ways to drain a journal, to compare with: stop-and-wait, go-back-N, and windows acknowledged on error.

Each is a sender and a receiver with a session's methods, run by the same simulation: heads of 2 bytes, acks of the size
of a HAVE, no handshake, no custody, timers exact. That is more than any of them has in the field.
"""

from fieldwire.link_terms import Lora, Serial

HEAD = 2
ACK = 13
ASK = 0x8000  # on a frame's number: its sender listens now
_QUESTION = -1  # a head alone, which asks about the packet that is under way
_MARGIN_MS = 2


class Sender:
    """Sends `count` frames of `payload` bytes, at most `window` beyond the first that is not held, then asks."""

    def __init__(self, terms: Lora | Serial, total: int, window: int, payload: int) -> None:
        self.held = 0  # all frames below
        self.count = -(-total // payload)
        self._terms = terms
        self._window = window
        self._payload = payload
        self._last = total - (self.count - 1) * payload
        self._burst = self._first_burst()
        self._silent_ms = 0
        self._due_ms: int | None = None

    @property
    def done(self) -> bool:
        return self.held == self.count

    def to_send(self, now_ms: int) -> bytes | None:
        if not self._burst:
            return None
        number = self._burst.pop(0)
        frame = self._frame(number, asks=not self._burst)
        self._silent_ms = max(now_ms, self._silent_ms) + self._terms.wire_ms(len(frame))
        if not self._burst:
            answer_ms = self._terms.wire_ms(self._ack_bytes()) + 2 * self._terms.turnaround_ms + _MARGIN_MS
            self._due_ms = max(now_ms, self._silent_ms) + answer_ms
        return frame

    def receive(self, frame: bytes, now_ms: int) -> None:
        self._due_ms = None
        self._burst = self._take_ack(frame)

    def deadline(self) -> int | None:
        return self._due_ms

    def on_deadline(self, now_ms: int) -> None:
        """No ack: ask again with the last frame that is not held, the only frame where the window is one."""
        self._due_ms = None
        self._burst = self._again()

    def _first_burst(self) -> list[int]:
        return list(range(min(self._window, self.count)))

    def _again(self) -> list[int]:
        return [self.held]

    def _take_ack(self, frame: bytes) -> list[int]:
        self.held = max(self.held, int.from_bytes(frame[:2], "big"))
        return list(range(self.held, min(self.held + self._window, self.count)))

    def _ack_bytes(self) -> int:
        return ACK

    def _frame(self, number: int, asks: bool) -> bytes:
        if number == _QUESTION:
            return (self.held | ASK).to_bytes(HEAD, "big")
        size = self._last if number == self.count - 1 else self._payload
        return (number | (ASK if asks else 0)).to_bytes(HEAD, "big") + bytes(size)


class Receiver:
    """Keeps frames in order only, and says how many it has."""

    def __init__(self) -> None:
        self._next = 0
        self._ack: bytes | None = None

    def receive(self, frame: bytes, now_ms: int) -> None:
        number = int.from_bytes(frame[:HEAD], "big")
        self._hear(number & ~ASK, len(frame) > HEAD)
        if number & ASK:
            self._ack = self._answer()

    def to_send(self, now_ms: int) -> bytes | None:
        ack, self._ack = self._ack, None
        return ack

    def deadline(self) -> int | None:
        return None

    def on_deadline(self, now_ms: int) -> None:
        pass

    def _hear(self, number: int, whole: bool) -> None:
        if whole and number == self._next:
            self._next += 1

    def _answer(self) -> bytes:
        return self._next.to_bytes(2, "big") + bytes(ACK - 2)


class PacketSender(Sender):
    """Ack-on-error as SCHC has it (RFC 9011, RFC 9441): a packet's last frame asks, and what is missing goes again."""

    def receive(self, frame: bytes, now_ms: int) -> None:
        if int.from_bytes(frame[:2], "big") == self.held:  # the packet that is under way
            super().receive(frame, now_ms)

    def _again(self) -> list[int]:
        return [_QUESTION]

    def _take_ack(self, frame: bytes) -> list[int]:
        end = min(self.held + self._window, self.count)
        held = int.from_bytes(frame[ACK:], "big")
        missing = [number for number in range(self.held, end) if not held >> (number - self.held) & 1]
        if missing:
            return missing
        self.held = end
        return list(range(end, min(end + self._window, self.count)))

    def _ack_bytes(self) -> int:
        return ACK + -(-self._window // 8)


class PacketReceiver(Receiver):
    """Keeps every frame; its ack names the packet and shows a bit for each frame."""

    def __init__(self, window: int) -> None:
        super().__init__()
        self._window = window
        self._held: set[int] = set()
        self._packet = 0

    def _hear(self, number: int, whole: bool) -> None:
        if whole:
            self._held.add(number)
        self._packet = number - number % self._window

    def _answer(self) -> bytes:
        bits = sum(1 << n for n in range(self._window) if self._packet + n in self._held)
        return self._packet.to_bytes(2, "big") + bytes(ACK - 2) + bits.to_bytes(-(-self._window // 8), "big")

"""A device with sealed segments to give and a bridge that keeps them, for drains in simulated time.

Decides what is in the journal: 1,000 records of 120 bytes in segments of 32 records, the default of a board. The bytes
are random, since a segment holds signatures and hashes; whether a seal is true is not the link's matter.
"""

from hashlib import sha256
from random import Random
from typing import Any

from fieldwire import custody
from fieldwire.link_terms import Lora, Serial
from fieldwire.session import BridgeSession, DeviceSession

RECORDS = 1_000
RECORD_BYTES = 120
RECORDS_A_SEGMENT = 32

DEVICE = bytes(range(16))
BRIDGE = bytes(range(32, 64))
K_DEV = bytes(range(64, 96))
K = custody.link_key(K_DEV, BRIDGE)
INCARNATION = bytes(range(8))
STREAM = 1
_SEGMENT = 1  # the kind of an item


def sizes(records: int = RECORDS) -> list[int]:
    """Bytes of each segment."""
    whole, rest = divmod(records, RECORDS_A_SEGMENT)
    counts = [RECORDS_A_SEGMENT] * whole + ([rest] if rest else [])
    return [count * RECORD_BYTES for count in counts]


class Journal:
    """The outbox of a session. `kept`: segments that are not freed."""

    def __init__(self, random: Random, sizes: list[int]) -> None:
        self.kept = {number: random.randbytes(size) for number, size in enumerate(sizes)}
        self.hashes = {number: sha256(data).digest() for number, data in self.kept.items()}
        self.bytes = sum(sizes)

    def tokens(self) -> list:
        return []

    def early(self) -> list:
        return []

    def places(self, streams: tuple[int, ...]) -> list[tuple[bytes, int, int]]:
        return [(INCARNATION, STREAM, number) for number in self.kept if STREAM in streams]

    def length(self, incarnation: bytes, stream: int, number: int) -> int:
        return len(self.kept.get(number, b""))

    def read_segment(self, incarnation: bytes, stream: int, number: int, at: int, size: int) -> bytes:
        return self.kept.get(number, b"")[at : at + size]

    def seal_hash(self, incarnation: bytes, stream: int, number: int) -> bytes | None:
        return self.hashes.get(number)


class Shelf:
    """What the bridge keeps: a segment counts as durable when it is whole. `held` are its hashes."""

    def __init__(self) -> None:
        self.held: dict[int, bytes] = {}

    def holdings(self, device: bytes) -> tuple[list, list]:
        ranges: list[list[int]] = []
        for number in sorted(self.held):
            if ranges and ranges[-1][1] == number - 1:
                ranges[-1][1] = number
            else:
                ranges.append([number, number])
        return ([[INCARNATION, STREAM, ranges]] if ranges else []), []

    def take(self, bridge: Any) -> None:
        """Handles what the bridge's session has to say."""
        while (event := bridge.next_event()) is not None:
            if event[0] == "item" and event[1] == _SEGMENT:
                number = event[2][2]
                self.held[number] = sha256(event[3]).digest()
                bridge.grant_custody(*event[2], number, self.held[number])
            elif event[0] == "awaited" and event[3] in self.held:
                bridge.grant_custody(*event[1:], event[3], self.held[event[3]])


class Ends:
    """Both ends of a link and their sessions, which `call` makes anew; `idle`: the device knows that all is held."""

    def __init__(self, random: Random, terms: Lora | Serial, sizes: list[int]) -> None:
        self.terms = terms
        self.journal = Journal(random, sizes)
        self.shelf = Shelf()
        self.idle = False
        self._random = random
        self.device: Any = None
        self.bridge: Any = None

    def call(self, now_ms: int, resumes: bool = True) -> None:
        """A contact begins, and goes on with what the sessions before left."""
        sending = self.device.sending if resumes and self.device is not None else None
        incoming = self.bridge.incoming if resumes and self.bridge is not None else None
        self.device = DeviceSession(
            DEVICE, 1, K_DEV, self._random.randbytes(8), self.journal, self.terms, sending
        )
        nonce = self._random.randbytes(8)
        self.bridge = BridgeSession(
            BRIDGE, 1, nonce, self._key_for, self.shelf.holdings, self.terms, incoming
        )
        self.device.open(now_ms)

    def settle(self) -> None:
        """Takes the events of both."""
        self.shelf.take(self.bridge)
        while (event := self.device.next_event()) is not None:
            if event[0] == "custody":
                for number in range(event[3], event[4] + 1):
                    self.journal.kept.pop(number, None)
            elif event[0] == "idle":
                self.idle = True

    def _key_for(self, device: bytes) -> bytes | None:
        return K if device == DEVICE else None

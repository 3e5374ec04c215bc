"""Devices' logs and bridges' disks for fault schedules.

Segments carry a digest under a key that the channel lacks, in place of a signature. A disk remembers what it
ever kept, so that a custody can be judged that was promised before the disk was put back to an older state.
"""

from collections.abc import Iterator
from hashlib import sha256
from random import Random
from typing import Any

from fieldwire import custody
from fieldwire.transfer_head import EARLY, PACKED, SEGMENT, TOKEN

SEALING_KEY = b"known to the devices alone, and to the verifier"
STREAMS = 4
DIGEST = 32

Place = tuple[bytes, int, int]  # incarnation, stream, number


def digest(device: bytes, key: Place, body: bytes) -> bytes:
    incarnation, stream, number = key
    return sha256(
        SEALING_KEY + device + incarnation + bytes((stream,)) + number.to_bytes(8, "big") + body
    ).digest()


class Log:
    """One device and what it has to offer. `kept`: not freed; `past`: all that this incarnation ever sealed."""

    def __init__(self, device: bytes, random: Random, tokens: int, segments: int, size_max: int) -> None:
        self.device = device
        self.k_dev = random.randbytes(32)
        self._random = random
        self._size_max = size_max
        self._tokens = [
            (sha256(data).digest()[:16], data) for data in (random.randbytes(100) for _ in range(tokens))
        ]
        self.format(segments)

    def format(self, segments: int) -> None:
        """All is gone, and numbering begins anew."""
        self.incarnation = self._random.randbytes(8)
        self.kept: dict[Place, bytes] = {}
        self.past: dict[Place, bytes] = {}
        self._places: list[list[Place]] = [[] for _ in range(STREAMS)]
        self._hashes: dict[Place, bytes] = {}
        for _ in range(segments):
            self.seal()
        key = (self.incarnation, 0, 9)
        body = self._random.randbytes(50)
        self._early: list[tuple[bytes, int, int, bytes]] = [(*key, body + digest(self.device, key, body))]

    def seal(self) -> None:
        place = (self.incarnation, self._random.randrange(STREAMS), len(self.past))
        body = self._random.randbytes(self._random.randrange(8, self._size_max))
        data = body + digest(self.device, place, body)
        self.kept[place] = self.past[place] = data
        self._hashes[place] = seal_hash(data)
        self._list()

    def free(self, incarnation: bytes, stream: int, first: int, last: int) -> list[Place]:
        """Frees a range and returns what was in it."""
        found = [one for one in self.kept if one[:2] == (incarnation, stream) and first <= one[2] <= last]
        for place in found:
            del self.kept[place]
        self._list()
        return found

    def _list(self) -> None:
        self._places = [sorted(one for one in self.kept if one[1] == stream) for stream in range(STREAMS)]

    def tokens(self) -> list[bytes]:
        return [identity for identity, _ in self._tokens]

    def token(self, identity: bytes) -> bytes:
        return dict(self._tokens)[identity]

    def early(self) -> list[tuple[bytes, int, int, bytes]]:
        return self._early

    def places(self, streams: tuple[int, ...]) -> Iterator[Place]:
        return (place for stream in streams for place in self._places[stream])

    def length(self, incarnation: bytes, stream: int, number: int) -> int:
        return len(self.kept.get((incarnation, stream, number), b""))

    def read_segment(self, incarnation: bytes, stream: int, number: int, at: int, size: int) -> bytes:
        return self.kept.get((incarnation, stream, number), b"")[at : at + size]

    def seal_hash(self, incarnation: bytes, stream: int, number: int) -> bytes | None:
        return self._hashes.get((incarnation, stream, number))


def seal_hash(data: bytes) -> bytes:
    return sha256(b"seal" + data).digest()


class Disk:
    """One bridge's application: verifies, keeps after `commit`, then grants custody."""

    def __init__(self, thumbprint: bytes, logs: list[Log]) -> None:
        self.thumbprint = thumbprint
        self.keys = {log.device: custody.link_key(log.k_dev, thumbprint) for log in logs}
        self.durable: dict[tuple[bytes, Place], bytes] = {}
        self.ever: dict[tuple[bytes, Place], bytes] = {}
        self.tokens: dict[bytes, bytes] = {}
        self.written: list[tuple[bytes, Place, bytes]] = []  # and not durable yet
        self.salt_keys: dict[bytes, bytes] = {}
        self.unproven = 0
        self.refused = 0  # packed segments that expanded to other bytes
        self.forked = 0  # two sets of bytes for one place
        self._backup: dict[tuple[bytes, Place], bytes] = {}

    def holdings(self, device: bytes) -> tuple[list, list]:
        listed: dict[tuple[bytes, int], list[list[int]]] = {}
        for _, (incarnation, stream, number) in sorted(key for key in self.durable if key[0] == device):
            ranges = listed.setdefault((incarnation, stream), [])
            if ranges and ranges[-1][1] == number - 1:
                ranges[-1][1] = number
            else:
                ranges.append([number, number])
        return [[*log, ranges] for log, ranges in listed.items()], sorted(self.tokens)

    def take(self, event: tuple, session: Any) -> None:
        """An item, or a question for a custody."""
        device = session.device
        if event[0] == "awaited":
            data = self.durable.get((device, event[1:]))
            if data is not None:
                session.grant_custody(*event[1:], event[3], seal_hash(data))
        elif event[0] == "item":
            _, kind, key, data = event
            if kind == TOKEN and key == sha256(data).digest()[:16]:
                self.tokens[key] = data
            elif self._is_true(device, kind, key, data):
                if kind != EARLY:
                    self.written.append((device, key, data))
            elif kind == PACKED:
                self.refused += 1
                session.refuse_packed(*key)
            else:
                self.unproven += 1

    def _is_true(self, device: bytes, kind: int, key: Place, data: bytes) -> bool:
        return kind in (EARLY, SEGMENT, PACKED) and data[-DIGEST:] == digest(device, key, data[:-DIGEST])

    def commit(self, session: Any) -> None:
        """Makes durable what was written, then says so to the device that is there."""
        written, self.written = self.written, []
        for device, place, data in written:
            self.forked += self.ever.get((device, place), data) != data
            self.durable[device, place] = self.ever[device, place] = data
            if device == session.device:
                session.grant_custody(*place, place[2], seal_hash(data))

    def crash(self) -> None:
        """What was not durable is gone."""
        self.written = []

    def back_up(self) -> None:
        self._backup = dict(self.durable)

    def restore(self) -> None:
        """The disk broke; the backup is put in its place."""
        self.crash()
        self.durable = dict(self._backup)

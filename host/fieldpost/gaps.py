"""Gap records: what a device's own log dropped or refused, and said so.

Decides what a gap record tells, and how a chain of seals goes on over what it names. Refuses to take a record that
breaks the rules for more than bytes, and to believe one about another device's log. SPEC 6.6
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fieldpost.model import Verified
from fieldpost.state import State
from fieldwire import cbor, limits
from fieldwire import observation as obs
from fieldwire.errors import WireError


@dataclass(frozen=True)
class Dropped:
    """Segments first to last of a stream are gone. `seqs`, `previous` and `seal_hash`: as far as they are named."""

    incarnation: bytes
    stream: int
    first: int
    last: int
    reason: str
    seqs: tuple[int, int] | None = None
    previous: bytes | None = None
    seal_hash: bytes | None = None

    def words(self) -> str:
        segments = (
            f"segment {self.first}" if self.first == self.last else f"segments {self.first} to {self.last}"
        )
        seqs = "" if self.seqs is None else f", seq {self.seqs[0]} to {self.seqs[1]}"
        where = f"{segments} of stream {self.stream} (incarnation {self.incarnation.hex()}{seqs})"
        return f"dropped by the device: {self.reason}: {where}"


@dataclass(frozen=True)
class Refused:
    """Readings of a stream got no position from `since` on; `count` 0: this is how it began."""

    incarnation: bytes
    stream: int
    seq: int
    since: tuple[int, int]
    count: int
    reason: str

    def words(self) -> str:
        many = f"{self.count} readings" if self.count else "readings"
        boot, ms = self.since
        return f"refused by the device: {self.reason}: {many} of stream {self.stream} from boot {boot}, {ms} ms on"


def read(payload: bytes) -> list[Dropped | Refused]:
    """The entries of a gap record; WireError("payload-schema") where it is none."""
    value = cbor.decode(payload)
    if not isinstance(value, list) or not value:
        raise _bad("a gap record is a list of entries")
    return [_entry(one) for one in value]


def told(observation: dict[int, Any]) -> list[Dropped | Refused]:
    """What an observation says of its device's log: nothing, unless it is a gap record as it should be."""
    if observation[obs.FORMAT] != obs.GAP_FORMAT:
        return []
    try:
        return read(observation[obs.PAYLOAD])
    except WireError:
        return []


def _bad(detail: str) -> WireError:
    return WireError("payload-schema", detail)


def _entry(one: Any) -> Dropped | Refused:
    if not isinstance(one, list) or len(one) not in (5, 6, 9):
        raise _bad("an entry of a gap record has 5, 6 or 9 elements")
    if not obs.is_bytes(one[0], 8) or not obs.is_uint(one[1]) or one[1] > 3:
        raise _bad("an entry begins with an incarnation and a stream")
    return _refused(one) if len(one) == 6 else _dropped(one)


def _refused(one: list) -> Refused:
    incarnation, stream, seq, since, count, reason = one
    times = isinstance(since, list) and len(since) == 2 and all(obs.is_count(part) for part in since)
    if not times or not obs.is_count(seq) or not obs.is_count(count):
        raise _bad("readings were refused from a seq and a [boot, ms] on, so and so many")
    return Refused(incarnation, stream, seq, (since[0], since[1]), count, _reason(reason))


def _dropped(one: list) -> Dropped:
    incarnation, stream, first, last, reason = one[:5]
    if not obs.is_uint(first) or not obs.is_uint(last) or not first <= last <= 0xFFFFFFFF:
        raise _bad("a run of segments goes from its first to its last")
    if len(one) == 5:
        return Dropped(incarnation, stream, first, last, _reason(reason))
    low, high, previous, seal_hash = one[5:]
    if not obs.is_count(low) or not obs.is_count(high) or low > high:
        raise _bad("a run of seqs goes from its first to its last")
    if not obs.is_bytes(seal_hash, 32) or not (
        previous is None if first == 0 else obs.is_bytes(previous, 32)
    ):
        raise _bad("a run ends in a seal, and follows one unless it begins with segment 0")
    return Dropped(incarnation, stream, first, last, _reason(reason), (low, high), previous, seal_hash)


def _reason(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= limits.TEXT_MAX:
        raise _bad("a reason is 1 to 256 bytes of text")
    return value


def note(state: State, entry: Verified) -> None:
    """Remember how the device's chains go on over what an observation of it tells as dropped."""
    for gone in told(entry.observation):
        if isinstance(gone, Dropped) and gone.seal_hash is not None and gone.previous is not None:
            over = state.chains.over.setdefault(entry.observation[obs.DEVICE], {})
            over.setdefault(gone.seal_hash, []).append((gone.previous, entry.id))
            state.chains.ending.clear()
            state.unsettle(entry.observation[obs.DEVICE])


def good_seals(state: State, device: bytes, ends: Iterable[bytes]) -> frozenset[bytes]:
    """The seals held on the chains of a device that end at these, themselves included.

    A chain goes on over a dropped run where a gap record under a seal found so tells what was before it.
    """
    key = (device, *ends)
    chains = state.chains
    if key not in chains.ending:
        over = chains.over.get(device, {})
        found: set[bytes] = set()
        loose = set(key[1:])
        front = list(loose)
        while front:
            for at in front:
                loose.discard(at)
                _follow(state, at, found, loose)
            front = [
                previous
                for end in sorted(loose & over.keys())
                for previous, record in over[end]
                if state.entries[record].seal_hash in found and previous not in found | loose
            ]
        chains.ending[key] = frozenset(found)
    return chains.ending[key]


def _follow(state: State, at: bytes | None, found: set[bytes], loose: set[bytes]) -> None:
    """Adds the seals held from `at` back, and to `loose` the hash where the next one is not held."""
    while at is not None and at not in found:
        before = state.chains.before(at)
        if before is None:
            loose.add(at)
            return
        found.add(at)
        at = before[0]

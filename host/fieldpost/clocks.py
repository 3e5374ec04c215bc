"""From signed records to time evidence.

Decides which observations are evidence: an exchange counts only when both sides signed the same stamps, a
UTC claim only under the right `time`. Refuses everything else: nothing but these may place an observation.
SPEC 9
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fieldpost.model import Position, Verified
from fieldpost.timeline.evidence import (
    PPB_MAX,
    Assumption,
    Causal,
    Claim,
    Device,
    Evidence,
    Exchange,
    Stamp,
)
from fieldwire import cbor, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError

MS = 1_000_000
# A stamp is a floor to whole milliseconds of a clock that is at most 10 % off (a bound of tokens): SPEC 9.2
QUANTUM_NS = 1_100_000
DEFAULT_CLOCK = (-200_000, 200_000, None)  # without an endorsement: wider than any crystal we know


@dataclass(frozen=True)
class Record:
    """One side's signed record of a time exchange; `position` of the observation that holds it."""

    role: int
    asker: bytes
    answerer: bytes
    xid: bytes
    t1: tuple[int, int]
    t2: tuple[int, int]
    t3: tuple[int, int]
    t4: tuple[int, int] | None
    position: Position
    id: bytes
    mesh: bytes


def is_placeable(ms: object) -> bool:
    """True for milliseconds that the time engine and the store hold exactly: 139 years. SPEC 5.1"""
    return obs.is_count(ms)


def stamp_of(observation: dict) -> Stamp:
    """The stamp at which an observation was made."""
    boot, ms = observation[obs.TREF][:2]
    return Stamp(observation[obs.DEVICE], boot, ms * MS)


def record_of(entry: Verified) -> Record:
    """The exchange record in a time observation's payload; WireError("payload-schema") for another shape. SPEC 9.1"""
    value = cbor.decode(entry.observation[obs.PAYLOAD])
    if not isinstance(value, list) or len(value) != 9 or value[0] not in (0, 1) or isinstance(value[0], bool):
        raise WireError("payload-schema", "a time exchange is [role, peer, xid, t1, t1, t2, t2, t3, t4]")
    role, peer, xid, boot1, ms1, boot2, ms2, ms3, ms4 = value
    numbers = [boot1, ms1, boot2, ms2, ms3] + ([] if ms4 is None else [ms4])
    if not obs.is_bytes(peer, 16) or not obs.is_bytes(xid, 8) or not all(map(is_placeable, numbers)):
        raise WireError(
            "payload-schema", "a time exchange names a peer of 16 bytes, an xid of 8, and unsigned stamps"
        )
    if (ms4 is None) != (role == 1) or ms3 < ms2 or (ms4 is not None and ms4 < ms1):
        raise WireError("payload-schema", "the asker alone knows t4; no clock runs back within an exchange")
    own = entry.observation[obs.DEVICE]
    asker, answerer = (own, peer) if role == 0 else (peer, own)
    t4 = None if ms4 is None else (boot1, ms4)
    where = obs.position(entry.observation)
    return Record(
        role, asker, answerer, xid, (boot1, ms1), (boot2, ms2), (boot2, ms3), t4, where, entry.id, entry.mesh
    )


def pairs(records: Iterable[Record]) -> list[tuple[Record, Record]]:
    """(asker's, answerer's) records that agree on everything both know; the first by position where one is doubled."""
    by_exchange: dict[tuple, list[Record]] = {}
    for record in sorted(records, key=lambda one: one.position):
        key = (record.asker, record.answerer, record.xid, record.t1, record.t2, record.t3)
        by_exchange.setdefault(key, []).append(record)
    found = []
    for key in sorted(by_exchange):
        asked = [one for one in by_exchange[key] if one.role == 0]
        answered = [one for one in by_exchange[key] if one.role == 1]
        if asked and answered and key[0] != key[1]:
            found.append((asked[0], answered[0]))
    return found


def _stamp(device: bytes, at: tuple[int, int]) -> Stamp:
    return Stamp(device, at[0], at[1] * MS)


def exchanges_of(asked: Record, answered: Record) -> list[Exchange]:
    """The two edges of one exchange: t1 -> t2 and t3 -> t4, no ceiling on the delay."""
    asker, answerer = asked.asker, asked.answerer
    found = [Exchange(_stamp(asker, asked.t1), _stamp(answerer, asked.t2), -QUANTUM_NS)]
    if asked.t4 is not None:
        found.append(Exchange(_stamp(answerer, answered.t3), _stamp(asker, asked.t4), -QUANTUM_NS))
    return found


def claim_of(entry: Verified, rights: list[str]) -> Claim | None:
    """The UTC claim beside an observation's local reading, if its credential has the right `time`. SPEC 9.3"""
    reading = obs.utc_of(entry.observation[obs.TREF])
    if reading is None or "time" not in rights:
        return None
    utc_ms, within_ms = reading
    return Claim(stamp_of(entry.observation), utc_ms * MS, within_ms * MS + QUANTUM_NS)


def assumption_of(device: Device, endorsements: list) -> Assumption:
    """The widest clock assumption among a device's endorsements; a wide default without any."""
    clocks = [one.claims[tokens.CLOCK] for one in endorsements] or [list(DEFAULT_CLOCK)]
    wanders = [clock[2] for clock in clocks]
    stated = all(one is not None and one <= 2 * PPB_MAX for one in wanders)
    wander = max(wanders) if stated else None
    return Assumption(device, min(clock[0] for clock in clocks), max(clock[1] for clock in clocks), wander)


def wider(one: Assumption, other: Assumption) -> Assumption:
    """The assumption that holds if either does; what two sides use of a device both know."""
    wander = (
        None if one.wander_ppb is None or other.wander_ppb is None else max(one.wander_ppb, other.wander_ppb)
    )
    lo, hi = min(one.rate_lo_ppb, other.rate_lo_ppb), max(one.rate_hi_ppb, other.rate_hi_ppb)
    return Assumption(one.device, lo, hi, wander)


def floored(one: Assumption, floor_ppb: int) -> Assumption:
    """The same clock, its stated rate widened to at least plus and minus `floor_ppb`. SPEC 11.2"""
    floor_ppb = min(floor_ppb, PPB_MAX)
    lo, hi = min(one.rate_lo_ppb, -floor_ppb), max(one.rate_hi_ppb, floor_ppb)
    return Assumption(one.device, lo, hi, one.wander_ppb)


def build(
    records: Iterable[Record],
    claims: Iterable[Claim],
    causals: Iterable[Causal],
    seen: Iterable[Stamp],
    assumptions: Mapping[Any, Assumption],
) -> Evidence:
    """Evidence of matched records, claims, lineage edges and stamps seen.

    A device without an assumption gets the default.
    """
    exchanges = [edge for asked, answered in pairs(records) for edge in exchanges_of(asked, answered)]
    claims, causals, seen = list(claims), list(causals), list(seen)
    named = {stamp.device for edge in exchanges for stamp in (edge.tx, edge.rx)}
    named |= {claim.at.device for claim in claims} | {stamp.device for stamp in seen}
    named |= {stamp.device for edge in causals for stamp in (edge.earlier, edge.later)}
    stated = tuple(assumptions.get(device) or assumption_of(device, []) for device in sorted(named))
    return Evidence(stated, tuple(exchanges), tuple(causals), tuple(claims), tuple(seen))

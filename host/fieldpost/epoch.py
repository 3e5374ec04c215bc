"""The epoch: what two bridges decide on together, from what both admit and both know of time.

Decides as a function of (joint set J, evidence E, agreement G) and of nothing else: no arrival, no local
mapping, no age. What one side alone admits is listed, and enters its own picture only. SPEC 10.4, 10.5
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fieldpost import clocks
from fieldpost.claims import Interval, claims_of, widened
from fieldpost.lines import Line, lines
from fieldpost.merged import Merged
from fieldpost.model import Verified
from fieldpost.resolution import Resolution, resolve
from fieldpost.state import State
from fieldpost.timeline.evidence import Anchor, Assumption, Causal, Claim, Device, Evidence, Stamp
from fieldpost.timeline.gauge import Recorded, epoch_anchor
from fieldpost.timeline.joint import place_joint
from fieldpost.timeline.place import Placement
from fieldpost.timeline.utc import utc_bounds, utc_interval
from fieldwire import cbor, rotation, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError

JOINT_LABEL = b"fieldpost/joint/1"
CASE_LABEL = b"fieldpost/case/1"
EPOCH_LABEL = b"fieldpost/epoch/1"
OFFER_MAX = 8 * 1024 * 1024  # of some 200,000 ids; an offer travels in one message
NS = 1_000_000_000
NUMBER_MAX = 1 << 62  # the next number still fits 64 bits


@dataclass(frozen=True)
class Offer:
    """What one side brings: per scope {id: grade}, evidence ids, clock assumptions, codes of what it does not admit."""

    number: int
    admitted: dict[str, dict[bytes, int]]
    evidence: frozenset[bytes]
    clocks: dict[bytes, Assumption]
    others: dict[bytes, str]

    def to_cbor(self) -> bytes:
        scopes = [
            [scope, [[one, ids[one]] for one in sorted(ids)]] for scope, ids in sorted(self.admitted.items())
        ]
        stated = [self.clocks[device].as_list() for device in sorted(self.clocks)]
        return cbor.encode(
            [
                self.number,
                scopes,
                sorted(self.evidence),
                stated,
                [[one, self.others[one]] for one in sorted(self.others)],
            ]
        )


def read_offer(data: bytes) -> Offer:
    """The offer in a peer's bytes; WireError("offer-shape") for anything else."""
    value = cbor.decode(data, size_max=OFFER_MAX)
    try:
        number, scopes, evidence, stated, others = value
        admitted = {
            _need(scope, str): {_id(one): _grade(grade) for one, grade in ids} for scope, ids in scopes
        }
        assumptions = {_id(one, 16): _assumption(one, lo, hi, wander) for one, lo, hi, wander in stated}
        codes = {_id(one): _need(code, str) for one, code in others}
        offer = Offer(_number(number), admitted, frozenset(map(_id, evidence)), assumptions, codes)
    except (TypeError, ValueError) as error:
        raise WireError("offer-shape", f"not an offer: {error}") from None
    if offer.to_cbor() != data:
        raise WireError("offer-shape", "an offer is sorted and complete")
    return offer


def _need(value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{value!r} where {kind.__name__} is expected")
    return value


def _id(value: Any, size: int = 32) -> bytes:
    if len(_need(value, bytes)) != size:
        raise ValueError(f"an id of {len(value)} bytes, not {size}")
    return value


def _grade(value: Any) -> int:
    if not 0 <= _need(value, int) <= 3:
        raise ValueError(f"grade {value} is not 0 to 3")
    return value


def _number(value: Any) -> int:
    if not 0 <= _need(value, int) < NUMBER_MAX:
        raise ValueError(f"epoch number {value}")
    return value


def _assumption(device: bytes, lo: Any, hi: Any, wander: Any) -> Assumption:
    return Assumption(device, _need(lo, int), _need(hi, int), None if wander is None else _need(wander, int))


@dataclass(frozen=True)
class Epoch:
    """An epoch as computed here: `body` is what both sign, `joint` {scope: ids}, `reports` {scope: bytes}."""

    number: int
    peer: bytes
    body: bytes
    joint: dict[str, tuple[bytes, ...]]
    resolution: Resolution
    intervals: dict[bytes, Interval]
    reports: dict[str, bytes]
    theirs: Offer
    ours: Offer
    settled: frozenset[bytes]  # once both have signed: ids that the epochs up to this one cover
    common: bool = True  # both went on from the same last epoch
    merges: tuple[Merged, ...] = ()  # the closed cases whose plans it rests on


@dataclass(frozen=True)
class Opening:
    """Our side of an epoch that is being opened: the offer, the ids that earlier epochs settled, closed cases."""

    ours: Offer
    settled: frozenset[bytes]
    common: bool = True
    merges: tuple[Merged, ...] = ()


def last_with(state: State, peer: bytes) -> Epoch | None:
    """The latest epoch that both signed."""
    return next((one for one in reversed(state.epochs) if one.peer == peer), None)


def unchanged(state: State, ours: Offer, last: Epoch, merges: tuple[Merged, ...] = ()) -> bool:
    """True when an offer says what it said in the last epoch, under the same agreement and the same merges."""
    same_terms = cbor.decode(last.body)[1] == state.agreement_digest and merges == last.merges
    return same_terms and replace(ours, number=last.ours.number) == last.ours


def offer(state: State, number: int) -> Offer:
    """What this bridge would admit and knows of time now, under the agreement in force."""
    agreement = state.agreement
    admitted: dict[str, dict[bytes, int]] = {
        scope.subject: {} for scope in agreement.scopes if scope.subject not in state.stopped
    }
    others: dict[bytes, str] = {}
    evidence: set[bytes] = set()
    for entry in state.entries.entries():
        standing, code = state.verdicts.of(entry.n)[:2]
        if not standing:
            continue
        scope = agreement.scope_of(entry.observation[obs.SUBJECT])
        if entry.observation[obs.FORMAT] == obs.TIME_FORMAT:
            if standing == "admitted":
                evidence.add(entry.id)
        elif scope is not None and standing == "admitted" and scope.subject in admitted:
            admitted[scope.subject][entry.id] = entry.grade
        elif scope is not None and standing != "admitted":
            others[entry.id] = code
    devices = state.book.devices(None)
    evidence.update(one for one, pair in handovers(state).items() if devices.keys() & set(pair))
    stated = {
        one: clocks.assumption_of(one, state.trust.endorsements_of(one, mesh))
        for one, mesh in devices.items()
    }
    return Offer(number, admitted, frozenset(evidence), stated, others)


def handovers(state: State) -> dict[bytes, tuple[bytes, bytes]]:
    """{SHA-256 of a held rotation: (device, heir)}: by that name a rotation stands among the evidence. SPEC 10.4"""
    return {
        hashlib.sha256(token.data).digest(): rotation.devices(statement)
        for token, statement in state.trust.rotations
    }


def joint_set(ours: Offer, theirs: Offer) -> dict[str, tuple[bytes, ...]]:
    """Per scope that both sides offer (neither has stopped it), the sorted ids that both admit."""
    return {
        scope: tuple(sorted(ids.keys() & theirs.admitted[scope].keys()))
        for scope, ids in sorted(ours.admitted.items())
        if scope in theirs.admitted
    }


def joint_root(joint: dict[str, tuple[bytes, ...]]) -> bytes:
    everything = sorted(one for ids in joint.values() for one in ids)
    return hashlib.sha256(JOINT_LABEL + cbor.encode(everything)).digest()


def joint_lines(state: State, ours: Offer, theirs: Offer) -> dict[bytes, Line]:
    """Which devices count as one, by the rotations that both hold."""
    both = ours.evidence & theirs.evidence
    return lines(pair for one, pair in handovers(state).items() if one in both)


def _joint_records(state: State, ours: Offer, theirs: Offer) -> list[bytes]:
    """Ids of the time records that both hold."""
    return sorted(one for one in ours.evidence & theirs.evidence if one in state.entries)


def _successions(known: Mapping[bytes, Line], members: list[Verified]) -> Iterator[Causal]:
    """What a key signed last lies before what the next key of its line signed first."""
    ends: dict[Line, tuple[Stamp, Stamp]] = {}
    for entry in members:
        line = known.get(entry.observation[obs.DEVICE])
        if line is not None:
            stamp = clocks.stamp_of(entry.observation)
            first, last = ends.get(line, (stamp, stamp))
            ends[line] = min(first, stamp, key=_clock), max(last, stamp, key=_clock)
    for (device, count), (_, last) in sorted(ends.items()):
        if (device, count + 1) in ends:
            yield Causal(last, ends[device, count + 1][0])


def _clock(stamp: Stamp) -> tuple[int, int]:
    return stamp.boot, stamp.t_ns


def joint_evidence(
    state: State, ours: Offer, theirs: Offer, members: list[Verified]
) -> tuple[Evidence, list[Recorded]]:
    """E: exchanges that both hold, lineage, rotations and stamps of the joint set, each device's wider assumption."""
    shared = _joint_records(state, ours, theirs)
    records = _records(state, shared)
    held = {entry.id: entry for entry in members}
    claims = [_utc_claim(state, entry) for entry in (*state.entries.named(shared), *members)]
    causals, seen = [], []
    for entry in members:
        stamp = clocks.stamp_of(entry.observation)
        seen.append(stamp)
        for source in entry.observation.get(obs.SOURCES, []):
            if source[4] in held:
                causals.append(Causal(clocks.stamp_of(held[source[4]].observation), stamp))
    causals.extend(_successions(joint_lines(state, ours, theirs), members))
    stated: dict[Device, Assumption] = {**ours.clocks}
    for device, other in theirs.clocks.items():
        stated[device] = clocks.wider(stated[device], other) if device in stated else other
    floor_ppb = state.agreement.time.rate_floor_ppb
    stated = {device: clocks.floored(one, floor_ppb) for device, one in stated.items()}
    told = [one for one in claims if one is not None]
    evidence = clocks.build(records, told, causals, seen, stated)
    crossing = [pair for pair in clocks.pairs(records) if pair[0].mesh != pair[1].mesh]
    recorded = [
        Recorded(edge, min(asked.position, answered.position))
        for asked, answered in crossing
        for edge in clocks.exchanges_of(asked, answered)
    ]
    return evidence, recorded


def _records(state: State, shared: list[bytes]) -> list[clocks.Record]:
    """Exchange records; one that breaks its shape is evidence of nothing, on both sides alike."""
    found = []
    for entry in state.entries.named(shared):
        try:
            found.append(clocks.record_of(entry))
        except WireError:
            continue
    return found


def compute(state: State, opening: Opening, theirs: Offer, peer: bytes) -> Epoch:
    """The epoch over two offers. Both sides get the same `body`, or one of them runs another engine."""
    agreement, ours = state.agreement, opening.ours
    joint = joint_set(ours, theirs)
    members = list(state.entries.named(one for ids in joint.values() for one in ids))
    evidence, recorded = joint_evidence(state, ours, theirs, members)
    anchor = epoch_anchor(recorded, agreement.time.anchors)
    shared = list(state.entries.named(_joint_records(state, ours, theirs)))
    authority_of = {
        entry.observation[obs.DEVICE]: (entry.mesh, entry.authority) for entry in [*shared, *members]
    }
    placed = _placed(evidence, anchor, authority_of)
    which = agreement.time.interval
    intervals = _intervals(placed, members, which)
    ages = _ages(state, evidence, placed, intervals, members)
    grades = {
        one: min(ours.admitted[scope][one], theirs.admitted[scope][one])
        for scope, ids in joint.items()
        for one in ids
    }
    parties = tuple(agreement.parties)
    claims = [
        one
        for entry in members
        for one in claims_of(
            state.trust, entry, intervals[entry.id], grades[entry.id], parties, ages.get(entry.id)
        )
    ]
    before = opening.settled.union(*(one.covered for one in opening.merges))
    known = joint_lines(state, ours, theirs)
    resolution = resolve(claims, agreement, before, opening.merges, known)
    number = max(ours.number, theirs.number)
    verdicts = [
        [one.scope, one.verdict]
        for one in sorted(resolution.divergence, key=lambda one: one.scope)
        if one.scope in joint
    ]
    body = cbor.encode(
        [
            number,
            state.agreement_digest,
            joint_root(joint),
            evidence.digest(),
            resolution.decision_digest,
            verdicts,
            bridges(state, peer),
        ]
    )
    stopped = {one.scope for one in resolution.divergence if one.verdict == "stop"}
    covered = before.union(*(ids for scope, ids in joint.items() if scope not in stopped))
    reports = _reports(state, resolution, body, joint)
    return Epoch(
        number, peer, body, joint, resolution, intervals, reports, theirs, ours, covered,
        opening.common, opening.merges,
    )  # fmt: skip


def bridges(state: State, peer: bytes) -> list[bytes]:
    """The two that sign an epoch: without their names one made with another peer would pass for a rival. SPEC 10.5"""
    return sorted([state.own().thumbprint, peer])


def _utc_claim(state: State, entry: Verified) -> Claim | None:
    """What an observation says of UTC, where its credential has the right `time`."""
    return clocks.claim_of(entry, state.trust.credentials[entry.credential].claims[tokens.RIGHTS])


def _placed(
    evidence: Evidence, anchor: Anchor | None, authority_of: Mapping[Device, tuple[bytes, str]]
) -> Mapping[Stamp, Placement]:
    """All that was seen, on the epoch's own gauge; without an anchor nothing is ordered between the meshes."""
    if anchor is None:
        return {}
    stamps = dict.fromkeys((*evidence.seen, *(claim.at for claim in evidence.claims)))
    return place_joint(evidence, anchor, stamps, authority_of).gauge


def _intervals(
    placed: Mapping[Stamp, Placement], members: list[Verified], which: str
) -> dict[bytes, Interval]:
    found = {}
    for entry in members:
        at = placed.get(clocks.stamp_of(entry.observation))
        found[entry.id] = (None, None) if at is None else widened(getattr(at, which))
    return found


def _ages(
    state: State,
    evidence: Evidence,
    placed: Mapping[Stamp, Placement],
    intervals: dict[bytes, Interval],
    members: list[Verified],
) -> dict[bytes, int]:
    """Whole seconds from each credential's nbf to the least UTC of its claim, by joint evidence. SPEC 14.3"""
    time = state.agreement.time
    offset = utc_bounds(evidence.claims, placed, time.k, time.interval)
    found = {}
    for entry in members:
        utc = utc_interval(offset, intervals[entry.id])
        if utc is not None and utc[0] is not None:
            nbf = state.trust.credentials[entry.credential].claims[tokens.NBF]
            found[entry.id] = utc[0] // NS - nbf
    return found


def _reports(
    state: State, resolution: Resolution, body: bytes, joint: dict[str, tuple[bytes, ...]]
) -> dict[str, bytes]:
    """The divergence report of each stopped scope: the same bytes on both sides."""
    reports = {}
    for one in resolution.divergence:
        if one.verdict == "stop" and one.scope in joint:
            gate = state.agreement.scope_of(one.scope).gate
            reports[one.scope] = cbor.encode(
                [
                    one.scope,
                    dict(one.terms),
                    dict(gate.thresholds),
                    epoch_digest(body),
                ]
            )
    return reports


def epoch_digest(body: bytes) -> bytes:
    """By which a report and a merge plan name an epoch. SPEC 13.4"""
    return hashlib.sha256(EPOCH_LABEL + body).digest()


def case_id(report: bytes) -> bytes:
    return hashlib.sha256(CASE_LABEL + report).digest()[:16]

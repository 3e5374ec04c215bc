"""The epoch: what two bridges decide on together, from what both admit and both know of time.

Decides as a function of (joint set J, evidence E, agreement G) and of nothing else: no arrival, no local
mapping, no age. What one side alone admits is listed, and enters its own picture only. SPEC 10.4, 10.5
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fieldpost import clocks
from fieldpost.claims import Interval, claims_of, widened
from fieldpost.model import Verified
from fieldpost.resolution import Resolution, resolve
from fieldpost.state import State
from fieldpost.timeline.evidence import Anchor, Assumption, Causal, Device, Evidence
from fieldpost.timeline.gauge import Recorded, epoch_anchor
from fieldpost.timeline.joint import place_joint
from fieldwire import cbor
from fieldwire import observation as obs
from fieldwire.errors import WireError

JOINT_LABEL = b"fieldpost/joint/1"
CASE_LABEL = b"fieldpost/case/1"


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
    value = cbor.decode(data)
    try:
        number, scopes, evidence, stated, others = value
        admitted = {scope: {bytes(one): int(grade) for one, grade in ids} for scope, ids in scopes}
        assumptions = {device: Assumption(device, lo, hi, wander) for device, lo, hi, wander in stated}
        offer = Offer(
            number,
            admitted,
            frozenset(bytes(one) for one in evidence),
            assumptions,
            {bytes(one): str(code) for one, code in others},
        )
    except (TypeError, ValueError) as error:
        raise WireError("offer-shape", f"not an offer: {error}") from None
    if offer.to_cbor() != data:
        raise WireError("offer-shape", "an offer is sorted and complete")
    return offer


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


def offer(state: State, number: int) -> Offer:
    """What this bridge would admit and knows of time now, under the agreement in force."""
    agreement = state.agreement
    admitted: dict[str, dict[bytes, int]] = {
        scope.subject: {} for scope in agreement.scopes if scope.subject not in state.stopped
    }
    others: dict[bytes, str] = {}
    evidence: set[bytes] = set()
    for identity, entry in state.entries.items():
        verdict = state.verdicts.get(identity)
        if verdict is None:
            continue
        scope = agreement.scope_of(entry.observation[obs.SUBJECT])
        if entry.observation[obs.FORMAT] == obs.TIME_FORMAT:
            if verdict.state == "admitted":
                evidence.add(identity)
        elif scope is not None and verdict.state == "admitted" and scope.subject in admitted:
            admitted[scope.subject][identity] = entry.grade
        elif scope is not None and verdict.state != "admitted":
            others[identity] = verdict.code
    devices = {entry.observation[obs.DEVICE] for entry in state.entries.values()}
    stated = {one: clocks.assumption_of(one, state.trust.endorsements.get(one, [])) for one in devices}
    return Offer(number, admitted, frozenset(evidence), stated, others)


def joint_set(ours: Offer, theirs: Offer) -> dict[str, tuple[bytes, ...]]:
    """Per scope the sorted ids that both sides admit."""
    return {
        scope: tuple(sorted(ids.keys() & theirs.admitted.get(scope, {}).keys()))
        for scope, ids in sorted(ours.admitted.items())
    }


def joint_root(joint: dict[str, tuple[bytes, ...]]) -> bytes:
    everything = sorted(one for ids in joint.values() for one in ids)
    return hashlib.sha256(JOINT_LABEL + cbor.encode(everything)).digest()


def joint_evidence(
    state: State, ours: Offer, theirs: Offer, members: list[Verified]
) -> tuple[Evidence, list[Recorded]]:
    """E: exchanges that both hold, lineage and stamps of the joint set, each device's wider assumption."""
    shared = sorted(ours.evidence & theirs.evidence)
    records = [clocks.record_of(state.entries[one]) for one in shared]
    held = {entry.id: entry for entry in members}
    causals, seen = [], []
    for entry in members:
        stamp = clocks.stamp_of(entry.observation)
        seen.append(stamp)
        for source in entry.observation.get(obs.SOURCES, []):
            if source[4] in held:
                causals.append(Causal(clocks.stamp_of(held[source[4]].observation), stamp))
    stated = dict(ours.clocks)
    for device, other in theirs.clocks.items():
        stated[device] = clocks.wider(stated[device], other) if device in stated else other
    evidence = clocks.build(records, [], causals, seen, stated)
    crossing = [pair for pair in clocks.pairs(records) if pair[0].mesh != pair[1].mesh]
    recorded = [
        Recorded(edge, min(asked.position, answered.position))
        for asked, answered in crossing
        for edge in clocks.exchanges_of(asked, answered)
    ]
    return evidence, recorded


def compute(state: State, ours: Offer, theirs: Offer, peer: bytes) -> Epoch:
    """The epoch over two offers. Both sides get the same `body`, or one of them runs another engine."""
    agreement = state.agreement
    joint = joint_set(ours, theirs)
    members = [state.entries[one] for ids in joint.values() for one in ids]
    evidence, recorded = joint_evidence(state, ours, theirs, members)
    anchor = epoch_anchor(recorded, agreement.time.anchors)
    shared = [state.entries[one] for one in sorted(ours.evidence & theirs.evidence)]
    authority_of = {
        entry.observation[obs.DEVICE]: (entry.mesh, entry.authority) for entry in [*shared, *members]
    }
    intervals = _intervals(evidence, anchor, members, authority_of, agreement.time.interval)
    grades = {
        one: min(ours.admitted[scope][one], theirs.admitted[scope][one])
        for scope, ids in joint.items()
        for one in ids
    }
    parties = tuple(agreement.parties)
    claims = [
        one
        for entry in members
        for one in claims_of(state.trust, entry, intervals[entry.id], grades[entry.id], parties)
    ]
    resolution = resolve(claims, agreement, state.decided)
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
        ]
    )
    return Epoch(
        number, peer, body, joint, resolution, intervals, _reports(state, resolution, body), theirs, ours
    )


def _intervals(
    evidence: Evidence,
    anchor: Anchor | None,
    members: list[Verified],
    authority_of: Mapping[Device, tuple[bytes, str]],
    which: str,
) -> dict[bytes, Interval]:
    """On the epoch's own gauge; without an anchor nothing is ordered between the meshes."""
    if anchor is None:
        return {entry.id: (None, None) for entry in members}
    stamps = {entry.id: clocks.stamp_of(entry.observation) for entry in members}
    placed = place_joint(evidence, anchor, stamps.values(), authority_of).gauge
    return {identity: widened(getattr(placed[stamp], which)) for identity, stamp in stamps.items()}


def _reports(state: State, resolution: Resolution, body: bytes) -> dict[str, bytes]:
    """The divergence report of each stopped scope: the same bytes on both sides."""
    reports = {}
    for one in resolution.divergence:
        if one.verdict == "stop":
            gate = state.agreement.scope_of(one.scope).gate
            reports[one.scope] = cbor.encode(
                [one.scope, dict(one.terms), dict(gate.thresholds), hashlib.sha256(body).digest()]
            )
    return reports


def case_id(report: bytes) -> bytes:
    return hashlib.sha256(CASE_LABEL + report).digest()[:16]

"""Reconciliation in time: placements of all held observations, then the verdicts that follow from them.

Decides when a verdict changed and records it as a superseding event. Refuses to place by anything but signed
evidence. Own observations are placed by our own mesh's evidence alone: no foreign word re-times them.
"""

from dataclasses import replace
from typing import Any

from fieldpost import clocks, imports
from fieldpost.admission import judge, standing
from fieldpost.claims import fields_claimed, widened
from fieldpost.model import Verdict, Verified
from fieldpost.state import State
from fieldpost.timeline.evidence import Anchor, Causal, Device, Evidence, Stamp
from fieldpost.timeline.gauge import mesh_anchor
from fieldpost.timeline.place import Placement, Timeline, place
from fieldpost.timeline.utc import utc_bounds, utc_interval
from fieldpost.verify import grade
from fieldwire import cbor, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError


def evidence_of(state: State, entries: list[Verified]) -> Evidence:
    """Everything among `entries` that speaks of time. Who has two histories or was taken back proves nothing."""
    records, claims, causals = [], [], []
    seen: dict[tuple[Device, int], list[Stamp]] = {}
    meshes: dict[bytes, bytes] = {}
    for entry in entries:
        observation = entry.observation
        stamp = clocks.stamp_of(observation)
        seen.setdefault((stamp.device, stamp.boot), []).append(stamp)
        meshes[observation[obs.DEVICE]] = entry.mesh
        if standing(state, entry) is not None:
            continue
        if observation[obs.FORMAT] == obs.TIME_FORMAT:
            records += _record(state, entry)
        claim = clocks.claim_of(entry, state.trust.credentials[entry.credential].claims[tokens.RIGHTS])
        claims.extend([] if claim is None else [claim])
        for source in observation.get(obs.SOURCES, []):
            earlier = state.entries.get(source[4])
            if earlier is not None:
                causals.append(Causal(clocks.stamp_of(earlier.observation), stamp))
    ends = [end for stamps in seen.values() for end in (min(stamps, key=_ticks), max(stamps, key=_ticks))]
    assumptions = {
        device: clocks.assumption_of(device, state.trust.endorsements_of(device, mesh))
        for device, mesh in meshes.items()
    }
    return clocks.build(records, claims, causals, ends, assumptions)


def _record(state: State, entry: Verified) -> list[clocks.Record]:
    try:
        return [clocks.record_of(entry)]
    except WireError as error:
        if entry.id not in state.faulty:
            state.faulty.add(entry.id)
            state.refuse(entry.id, error.code, error.detail, "the record is kept and counts for nothing")
        return []


def _ticks(stamp: Stamp) -> int:
    return stamp.t_ns


def solve(state: State) -> None:
    """Place everything anew and re-judge everything; record what changed."""
    mesh = state.own().mesh
    own = [entry for entry in state.entries.values() if entry.mesh == mesh]
    home = evidence_of(state, own)
    anchor = mesh_anchor(home.exchanges)
    if anchor is not None:
        timeline = place(home, anchor, map(_stamp, own))
        _keep(state, own, timeline, anchor)
        foreign = [entry for entry in state.entries.values() if entry.mesh != mesh]
        if foreign:
            joined = evidence_of(state, list(state.entries.values()))
            _keep(state, foreign, place(joined, anchor, map(_stamp, foreign)), anchor)
        _claim_utc(state, home)
        _record_placing(state, home, timeline)
    elif state.placements:
        state.placements.clear()
        state.utc.clear()
        state.row("clear", "placement")
        state.record("place", [home.digest()], "unplaced", observations=len(state.entries))
    judge_all(state)


def _stamp(entry: Verified) -> Stamp:
    return clocks.stamp_of(entry.observation)


def _record_placing(state: State, home: Evidence, timeline: Timeline) -> None:
    suspects = timeline.contradiction.suspects if timeline.contradiction else ()
    named = [[str(unit.hex() if isinstance(unit, bytes) else unit) for unit in units] for units in suspects]
    outcome = "contradiction" if suspects else "placed"
    state.record("place", [home.digest()], outcome, observations=len(state.entries), suspects=named)


def _keep(state: State, entries: list[Verified], timeline: Timeline, anchor: Anchor) -> None:
    name = cbor.encode(anchor.at.as_list())
    for entry in entries:
        stamp = clocks.stamp_of(entry.observation)
        found = timeline.placements[stamp]
        if state.placements.get(entry.id) == found:
            continue
        state.placements[entry.id] = found
        lo, hi = widened(found.resilient)
        strict_lo, strict_hi = widened(found.strict)
        depends = cbor.encode(
            [unit if isinstance(unit, (bytes, str)) else list(unit) for unit in found.depends_on]
        )
        sides = (strict_lo, strict_hi, lo, hi)
        state.row("placement", entry.id, name, *sides, found.status, depends, found.assumptions)


def _claim_utc(state: State, home: Evidence) -> None:
    placements: dict[Stamp, Placement] = {found.at: found for found in state.placements.values()}
    agreed = 1 if state.agreement is None else state.agreement.time.k
    offset = utc_bounds(home.claims, placements, max(agreed, state.own().utc_claims))
    for identity, found in state.placements.items():
        state.utc[identity] = utc_interval(offset, widened(found.resilient))


def judge_all(state: State) -> None:
    """Judge every held observation; a verdict that differs from the last one is an event and a row."""
    if state.regrade:
        _regrade(state)
    changed: dict[tuple[str, str], list[bytes]] = {}
    for identity, entry in state.entries.items():
        verdict = judge(state, entry)
        before = state.verdicts.get(identity)
        state.verdicts[identity] = verdict
        if verdict.state == "admitted" and identity not in state.claimed:
            _write_claims(state, entry)
        if before is None or _essence(before) != _essence(verdict):
            changed.setdefault((verdict.state, verdict.code), []).append(identity)
            _write_verdict(state, identity, verdict)
    for (status, code), identities in sorted(changed.items()):
        state.record("admit", sorted(identities), code, state=status)


def _essence(verdict: Verdict) -> tuple[Any, ...]:
    """What makes a verdict another one: reasons and ages in words do not."""
    return verdict.state, verdict.code, verdict.under, verdict.equivalences


def _write_verdict(state: State, identity: bytes, verdict: Verdict) -> None:
    mesh, authority = verdict.under or (None, None)
    used = cbor.encode(list(verdict.equivalences))
    ages = cbor.encode([list(age) for age in verdict.ages_ms])
    said = (verdict.state, verdict.code, verdict.reason, verdict.remedy)
    state.row("verdict", identity, *said, mesh, authority, used, ages)


def _regrade(state: State) -> None:
    """Endorsements and revocations count whenever they come: each grade is that of what is held now."""
    state.regrade = False
    changed = []
    trust = state.trust
    for entry in state.entries.values():
        attestation = trust.boots[entry.observation[obs.BOOT_ATTESTATION]]
        found = grade(trust.credentials[entry.credential], attestation, trust)
        if found != entry.grade:
            changed.append(replace(entry, grade=found))
    for entry in changed:
        state.entries[entry.id] = entry
        imports.write(state, entry, state.envelope_of[entry.id])
    if changed:
        state.record("grade", sorted(entry.id for entry in changed), "changed")


def _write_claims(state: State, entry: Verified) -> None:
    """Claims become rows once their schema is held, whichever came first."""
    content_format = entry.observation[obs.FORMAT]
    if content_format != obs.SENML_FORMAT and state.trust.fields_of(content_format) is None:
        return
    state.claimed.add(entry.id)
    for name, _, value, unit, exponent in fields_claimed(state.trust, entry):
        state.row("claim", entry.id, name, cbor.encode(value), unit, exponent)

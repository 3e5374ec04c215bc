"""Reconciliation in time: placements of all held observations, then the verdicts that follow from them.

Decides when a verdict changed and records it as a superseding event. Refuses to place by anything but signed
evidence. Own observations are placed by our own mesh's evidence alone: no foreign word re-times them.
"""

from fieldpost import clocks
from fieldpost.admission import judge
from fieldpost.claims import fields_claimed, widened
from fieldpost.model import Verified
from fieldpost.state import State
from fieldpost.timeline.evidence import Anchor, Causal, Device, Evidence, Stamp
from fieldpost.timeline.gauge import mesh_anchor
from fieldpost.timeline.place import Placement, Timeline, place
from fieldpost.timeline.utc import utc_bounds, utc_interval
from fieldpost.timeline.words import step_words
from fieldwire import cbor, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError

PATH_STEPS = 12  # of a binding path kept for `why`; the whole is recomputable


def evidence_of(state: State, entries: list[Verified]) -> Evidence:
    """Everything among `entries` that speaks of time."""
    records, claims, causals = [], [], []
    seen: dict[tuple[Device, int], list[Stamp]] = {}
    for entry in entries:
        observation = entry.observation
        stamp = clocks.stamp_of(observation)
        seen.setdefault((stamp.device, stamp.boot), []).append(stamp)
        if observation[obs.FORMAT] == obs.TIME_FORMAT:
            try:
                records.append(clocks.record_of(entry))
            except WireError as error:
                state.refuse(entry.id, error.code, error.detail, "the record is kept and counts for nothing")
        claim = clocks.claim_of(entry, state.trust.credentials[entry.credential].claims[tokens.RIGHTS])
        claims.extend([] if claim is None else [claim])
        for source in observation.get(obs.SOURCES, []):
            earlier = state.entries.get(source[4])
            if earlier is not None:
                causals.append(Causal(clocks.stamp_of(earlier.observation), stamp))
    ends = [end for stamps in seen.values() for end in (min(stamps, key=_ticks), max(stamps, key=_ticks))]
    devices = {device for device, _ in seen}
    assumptions = {one: clocks.assumption_of(one, state.trust.endorsements.get(one, [])) for one in devices}
    return clocks.build(records, claims, causals, ends, assumptions)


def _ticks(stamp: Stamp) -> int:
    return stamp.t_ns


def solve(state: State) -> None:
    """Place everything anew and re-judge everything; record what changed."""
    assert state.profile is not None
    own = [entry for entry in state.entries.values() if entry.mesh == state.profile.mesh]
    home = evidence_of(state, own)
    anchor = mesh_anchor(home.exchanges)
    if anchor is not None:
        timeline = place(home, anchor, [clocks.stamp_of(entry.observation) for entry in own])
        _keep(state, own, timeline, anchor)
        foreign = [entry for entry in state.entries.values() if entry.mesh != state.profile.mesh]
        if foreign:
            joined = evidence_of(state, list(state.entries.values()))
            _keep(
                state,
                foreign,
                place(joined, anchor, [clocks.stamp_of(entry.observation) for entry in foreign]),
                anchor,
            )
        _claim_utc(state, home)
        suspects = timeline.contradiction.suspects if timeline.contradiction else ()
        named = [
            [str(unit.hex() if isinstance(unit, bytes) else unit) for unit in units] for units in suspects
        ]
        digest = home.digest()
        state.record(
            "place",
            [digest],
            "contradiction" if suspects else "placed",
            observations=len(state.entries),
            suspects=named,
        )
    judge_all(state)


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
        path = cbor.encode([[step_words(step) for step in side[:PATH_STEPS]] for side in timeline.path(stamp)])
        state.row("placement", entry.id, name, strict_lo, strict_hi, lo, hi, found.status, depends, path)


def _claim_utc(state: State, home: Evidence) -> None:
    assert state.profile is not None
    placements: dict[Stamp, Placement] = {found.at: found for found in state.placements.values()}
    offset = utc_bounds(home.claims, placements, state.profile.utc_claims)
    for identity, found in state.placements.items():
        state.utc[identity] = utc_interval(offset, widened(found.resilient))


def judge_all(state: State) -> None:
    """Judge every held observation; a verdict that differs from the last one is an event and a row."""
    changed: dict[tuple[str, str], list[bytes]] = {}
    for identity, entry in state.entries.items():
        verdict = judge(state, entry)
        before = state.verdicts.get(identity)
        state.verdicts[identity] = verdict
        if before is not None and (before.state, before.code, before.under, before.equivalences) == (
            verdict.state,
            verdict.code,
            verdict.under,
            verdict.equivalences,
        ):
            continue
        changed.setdefault((verdict.state, verdict.code), []).append(identity)
        mesh, authority = verdict.under or (None, None)
        used, ages = (
            cbor.encode(list(verdict.equivalences)),
            cbor.encode([list(age) for age in verdict.ages_ms]),
        )
        state.row(
            "verdict",
            identity,
            verdict.state,
            verdict.code,
            verdict.reason,
            verdict.remedy,
            mesh,
            authority,
            used,
            ages,
        )
        if verdict.state == "admitted" and before is None:
            _write_claims(state, entry)
    for (status, code), identities in sorted(changed.items()):
        state.record("admit", sorted(identities), code, state=status)


def _write_claims(state: State, entry: Verified) -> None:
    for name, _, value, unit, exponent in fields_claimed(state.trust, entry):
        state.row("claim", entry.id, name, cbor.encode(value), unit, exponent)

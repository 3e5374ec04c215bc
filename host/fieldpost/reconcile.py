"""Reconciliation in time: a timeline over all that speaks of time, then the verdicts that follow from it.

Decides when a verdict changed and records it as a superseding event. Refuses to place by anything but signed
evidence. Own observations are placed by our own mesh's evidence alone: no foreign word re-times them.
"""

from functools import lru_cache
from typing import Any

from fieldpost import clocks, imports, proposals
from fieldpost.admission import standing
from fieldpost.claims import fields_claimed
from fieldpost.model import Verdict, Verified
from fieldpost.placing import Solved
from fieldpost.sitting import Sitting
from fieldpost.state import State
from fieldpost.timeline.evidence import Causal, Evidence
from fieldpost.timeline.gauge import mesh_anchor
from fieldpost.timeline.utc import utc_bounds
from fieldpost.verify import grade
from fieldwire import cbor, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError

HOME, JOINED = 0, 1  # rows of the table `timeline`
CHUNK = 10_000  # observations judged before their placements are let go


def evidence_of(state: State, mesh: bytes | None) -> Evidence:
    """All that one mesh, or any for None, says of time. Who has two histories or was taken back proves nothing."""
    records, claims, causals = [], [], []
    for entry in state.book.of_mesh(mesh):
        if standing(state, entry) is not None:
            continue
        observation = entry.observation
        if observation[obs.FORMAT] == obs.TIME_FORMAT:
            records += _record(state, entry)
        claim = clocks.claim_of(entry, state.trust.credentials[entry.credential].claims[tokens.RIGHTS])
        claims.extend([] if claim is None else [claim])
        for source in observation.get(obs.SOURCES, []):
            earlier = state.entries.get(source[4])
            if earlier is not None and (mesh is None or earlier.mesh == mesh):
                causals.append(Causal(clocks.stamp_of(earlier.observation), clocks.stamp_of(observation)))
    assumptions = {
        device: clocks.assumption_of(device, state.trust.endorsements_of(device, owner))
        for device, owner in state.book.devices(mesh).items()
    }
    return clocks.build(records, claims, causals, state.book.ends(mesh), assumptions)


def _record(state: State, entry: Verified) -> list[clocks.Record]:
    try:
        return [clocks.record_of(entry)]
    except WireError as error:
        if entry.id not in state.faulty:
            state.faulty.add(entry.id)
            state.refuse(entry.id, error.code, error.detail, "the record is kept and counts for nothing")
        return []


def solve(state: State) -> None:
    """Solve anew as far as evidence is new, judge whom it concerns; record what changed."""
    times, book = state.times, state.book
    for identity in times.awaited:
        state.docket.add(identity)
    times.awaited = set()
    if times.readings != book.readings:
        _solve_anew(state)
        times.edition, times.readings = book.edition, book.readings
    if times.home is not None:
        suspects = times.home.contradiction.suspects if times.home.contradiction else ()
        named = [
            [str(unit.hex() if isinstance(unit, bytes) else unit) for unit in units] for units in suspects
        ]
        outcome = "contradiction" if suspects else "placed"
        state.record("place", [times.digest], outcome, observations=len(state.entries), suspects=named)
    judge_concerned(state)


def _solve_anew(state: State) -> None:
    """The home timeline, the joined one where anything is foreign, and UTC."""
    times, mesh = state.times, state.own().mesh
    home = evidence_of(state, mesh)
    times.digest = home.digest()
    if times.edition == state.book.edition:
        return
    anchor = mesh_anchor(home.exchanges)
    state.docket.everyone = True
    if anchor is None:
        if times.home is not None:
            times.forget()
            state.row("clear", "timeline")
            state.record("place", [times.digest], "unplaced", observations=len(state.entries))
        return
    times.forget()
    times.home = Solved(home, anchor)
    state.row("timeline", HOME, times.home.to_cbor())
    if state.book.meshes - {mesh}:
        times.joined = Solved(evidence_of(state, None), anchor)
        state.row("timeline", JOINED, times.joined.to_cbor())
    date(state)


def date(state: State) -> None:
    """What UTC the timeline's zero had, by claims of as many devices as configuration and agreement want."""
    times = state.times
    times.offset, times.valid = None, {}
    if times.home is not None:
        agreed = 1 if state.agreement is None else state.agreement.time.k
        claims = times.home.evidence.claims
        placed = times.home.place(claim.at for claim in claims)
        times.offset = utc_bounds(claims, placed, max(agreed, state.own().utc_claims))


def judge_all(state: State) -> None:
    """Judge every held observation; a verdict that differs from the last one is an event and a row."""
    state.docket.everyone = True
    judge_concerned(state)


def judge_concerned(state: State) -> None:
    """The same for those on the docket: the verdicts of all others rest on nothing that changed."""
    if state.regrade:
        _regrade(state)
    changed: dict[tuple[str, str], list[bytes]] = {}
    said = _Said(state)
    concerned, sitting = list(state.docket.take(state.entries)), Sitting(state)
    sitting.prepare(concerned)
    for begin in range(0, len(concerned), CHUNK):
        chunk = concerned[begin : begin + CHUNK]
        sitting.place(chunk)
        for entry in chunk:
            verdict = sitting.judge(entry)
            before = state.verdicts.get(entry.id)
            state.verdicts[entry.id] = verdict
            _note(state, entry, verdict)
            if before is None or _essence(before) != _essence(verdict):
                changed.setdefault((verdict.state, verdict.code), []).append(entry.id)
                if state.proposals or verdict.code == "unmapped":
                    proposals.note(state, entry, verdict)
                said.write(entry.id, verdict)
    for (status, code), identities in sorted(changed.items()):
        state.record("admit", sorted(identities), code, state=status)


def _note(state: State, entry: Verified, verdict: Verdict) -> None:
    """What follows from a verdict: claims to be written and drawn, or a lineage to be looked at again."""
    if verdict.code == "incomplete":
        state.docket.incomplete.add(entry.id)
    else:
        state.docket.incomplete.discard(entry.id)
    claims = fields_claimed(state.trust, entry) if verdict.state == "admitted" else []
    if claims and entry.id not in state.claimed:
        state.claimed.add(entry.id)
        for name, _, value, unit, exponent in claims:
            encoded = cbor.encode(value) if isinstance(value, list) else _encoded(value)
            state.row("claim", entry.id, name, encoded, unit, exponent)
    state.canvas.show(entry, claims)


def _essence(verdict: Verdict) -> tuple[Any, ...]:
    """What makes a verdict another one: reasons and ages in words do not."""
    return verdict.state, verdict.code, verdict.under, verdict.equivalences


_encoded = lru_cache(maxsize=4096)(cbor.encode)


class _Said:
    """Rows of verdicts. Those who share a verdict share its words."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._words: dict[Verdict, tuple[Any, ...]] = {}

    def write(self, identity: bytes, verdict: Verdict) -> None:
        words = self._words.get(verdict)
        if words is None:
            mesh, authority = verdict.under or (None, None)
            used = cbor.encode(list(verdict.equivalences))
            ages = cbor.encode([list(age) for age in verdict.ages_ms])
            said = (verdict.state, verdict.code, verdict.reason, verdict.remedy)
            words = self._words[verdict] = (*said, mesh, authority, used, ages)
        self._state.row("verdict", identity, *words)


def _regrade(state: State) -> None:
    """Endorsements and revocations count whenever they come: each grade is that of what is held now."""
    state.regrade = False
    changed = []
    trust = state.trust
    for entry in state.entries.values():
        attestation = trust.boots[entry.observation[obs.BOOT_ATTESTATION]]
        found = grade(trust.credentials[entry.credential], attestation, trust)
        if found != entry.grade:
            changed.append(entry._replace(grade=found))
    for entry in changed:
        state.entries[entry.id] = entry
        state.book.replace(entry)
        imports.write(state, entry, state.envelope_of[entry.id])
    if changed:
        state.record("grade", sorted(entry.id for entry in changed), "changed")

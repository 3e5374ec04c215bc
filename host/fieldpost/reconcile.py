"""Reconciliation in time: a timeline over all that speaks of time, then the verdicts that follow from it.

Decides when a verdict changed and records it as a superseding event. Refuses to place by anything but signed
evidence. Own observations are placed by our own mesh's evidence alone: no foreign word re-times them.
"""

from functools import lru_cache
from heapq import merge
from itertools import islice
from typing import Any

from fieldpost import clocks, imports, proposals
from fieldpost.admission import standing
from fieldpost.claims import fields_claimed, fields_in
from fieldpost.held import CLAIMED, SHOWN
from fieldpost.model import Verdict, Verified
from fieldpost.placing import Solved
from fieldpost.runs import Run
from fieldpost.sitting import Sitting
from fieldpost.state import State
from fieldpost.timeline.evidence import Causal, Evidence
from fieldpost.timeline.gauge import mesh_anchor
from fieldpost.timeline.utc import utc_bounds
from fieldpost.verify import grade
from fieldwire import cbor, keys, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError

HOME, JOINED = 0, 1  # rows of the table `timeline`
CHUNK = 10_000  # observations judged before their placements are let go


def evidence_of(state: State, mesh: bytes | None) -> Evidence:
    """All that one mesh, or any for None, says of time. Who has two histories or was taken back proves nothing."""
    records, claims, causals = [], [], []
    for entry in state.entries.several(state.book.speakers):
        if mesh not in (None, entry.mesh) or standing(state, entry) is not None:
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
    state.docket.since(times.upto + 1)
    times.upto = state.entries.count
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
    said, sitting = _Said(state), Sitting(state)
    runs, numbers = state.docket.take(state.entries)
    sitting.prepare(run.first for run in runs)
    singly: list[int] = []
    for run in runs:
        verdict = sitting.judge_run(run)
        if verdict is None or not state.verdicts.set_first(run.numbers, verdict):
            singly += run.numbers
            continue
        _note_run(state, run, verdict)
        changed.setdefault((verdict.state, verdict.code), []).extend(run.ids)
        said.write_run(run.numbers, verdict)
        state.let_go()
    concerned = state.entries.several(merge(numbers, singly))
    while chunk := list(islice(concerned, CHUNK)):
        sitting.prepare(chunk)
        sitting.place(chunk)
        for entry in chunk:
            verdict = sitting.judge(entry)
            anew = state.verdicts.set(entry.n, verdict)
            _note(state, entry, verdict)
            if anew:
                changed.setdefault((verdict.state, verdict.code), []).append(entry.id)
                if state.proposals or verdict.code == "unmapped":
                    proposals.note(state, entry, verdict)
                said.write(entry.n, verdict)
        state.let_go()
    for (status, code), identities in sorted(changed.items()):
        state.record("admit", sorted(identities), code, state=status)


def _note(state: State, entry: Verified, verdict: Verdict) -> None:
    """What follows from a verdict: claims to be written and drawn, or a lineage to be looked at again."""
    if verdict.code == "incomplete":
        state.docket.incomplete.add(entry.n)
    else:
        state.docket.incomplete.discard(entry.n)
    held, admitted = state.entries, verdict.state == "admitted"
    if not admitted and not held.marked(entry.n, SHOWN):
        return
    claims = fields_claimed(state.trust, entry)
    if claims and not held.marked(entry.n, CLAIMED):
        held.mark(entry.n, CLAIMED)
        observation = entry.observation
        where = (observation[obs.SUBJECT], observation[obs.DEVICE], *observation[obs.TREF][:2], entry.n)
        for columns in _columns(claims):
            state.row("claim", *where, *columns)
    if claims:
        state.canvas.show(entry, claims, admitted, held)


def _note_run(state: State, run: Run, verdict: Verdict) -> None:
    """The same of a run that is judged for the first time."""
    if verdict.state != "admitted":
        return
    observation = run.first.observation
    content_format, boot = observation[obs.FORMAT], observation[obs.TREF][0]
    where, shown = (observation[obs.SUBJECT], observation[obs.DEVICE], boot), []
    told = {one: _columns(fields_in(state.trust, content_format, one)) for one in set(run.payloads)}
    for number, ms, payload in zip(run.numbers, run.readings, run.payloads, strict=True):
        claims = told[payload]
        for columns in claims:
            state.row("claim", *where, ms, number, *columns)
            shown.append(columns[0])
        if claims:
            state.entries.mark(number, CLAIMED | SHOWN)
    state.canvas.show_run(where, shown)


def _columns(claims: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Property, value, unit and exponent as a claim's row has them."""
    return [
        (name, cbor.encode(value) if isinstance(value, list) else _encoded(value), unit, exponent)
        for name, _, value, unit, exponent in claims
    ]


_encoded = lru_cache(maxsize=4096)(cbor.encode)


class _Said:
    """Rows of verdicts. Those who share a verdict share its words."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._words: dict[Verdict, tuple[Any, ...]] = {}

    def write(self, number: int, verdict: Verdict) -> None:
        self._state.row("verdict", number, *self._words_of(verdict))

    def write_run(self, numbers: range, verdict: Verdict) -> None:
        self._state.row("verdicts", numbers.start, len(numbers), *self._words_of(verdict))

    def _words_of(self, verdict: Verdict) -> tuple[Any, ...]:
        words = self._words.get(verdict)
        if words is None:
            mesh, authority = verdict.under or (None, None)
            used = cbor.encode(list(verdict.equivalences))
            ages = cbor.encode([list(age) for age in verdict.ages_ms])
            said = (verdict.state, verdict.code, verdict.reason, verdict.remedy)
            words = self._words[verdict] = (*said, mesh, authority, used, ages)
        return words


def _regrade(state: State) -> None:
    """Endorsements and revocations count whenever they come: each grade is that of what is held now."""
    state.regrade = False
    changed: list[bytes] = []
    trust = state.trust
    for (credential, attestation), before in sorted(state.grades.items()):
        found = grade(trust.credentials[credential], trust.boots[attestation], trust)
        if before == {found}:
            continue
        state.grades[credential, attestation] = {found}
        device = keys.device_id(trust.credentials[credential].public)
        for entry in state.entries.several(state.entries.of_device(device)):
            pair = (entry.credential, entry.observation[obs.BOOT_ATTESTATION])
            if pair == (credential, attestation) and entry.grade != found:
                changed.append(entry.id)
                imports.write_again(state, entry._replace(grade=found))
                state.let_go()
    if changed:
        state.record("grade", sorted(changed), "changed")

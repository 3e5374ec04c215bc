"""Divergence cases: opened by an epoch that stopped a scope, closed by the votes that carry a merge plan.

Decides which votes are heard and, from all of them, whether a case is open, merged or in conflict; a merge is
settled once an epoch that rests on it is signed by both. It refuses to touch what an epoch decided: a plan works in
the next one. SPEC 13.5 to 13.7
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from fieldpost.agreement import Agreement, Authority
from fieldpost.codes import CODES, refuse, refuse_wire
from fieldpost.epoch import Epoch, case_id, epoch_digest
from fieldpost.merged import Merged
from fieldpost.model import Refusal
from fieldpost.plan import Plan, read_vote
from fieldpost.signing import verify
from fieldpost.state import State
from fieldpost.tally import CONFLICT, MERGED, OPEN, Count, Vote, count, voices_of
from fieldpost.trust import fallen, may_issue
from fieldwire import cbor, cose, keys, tokens
from fieldwire.errors import WireError
from fieldwire.tokens import Token

# Of one voice in one case: enough to change one's mind, too few to fill a disk.
VOTES_MAX = 16


@dataclass
class Case:
    """One stopped scope. `covered`: its joint ids in the epoch that stopped it; `shown`: columns of its row."""

    id: bytes
    scope: str
    peer: bytes
    number: int
    epoch: bytes
    agreement_digest: bytes
    agreement: Agreement
    covered: frozenset[bytes]
    shown: tuple[Any, ...]
    votes: dict[tuple[Authority, bytes, bool], Vote] = field(default_factory=dict)
    counted: Count = field(default_factory=lambda: Count(OPEN, None, {}))
    settled: bool = False  # an epoch that both signed rests on its merge

    @property
    def state(self) -> str:
        return self.counted.state

    @property
    def stops(self) -> bool:
        return self.state != MERGED


def begin(state: State, found: Epoch, reports: list[bytes]) -> None:
    """Open a case for each scope that an agreed epoch stopped. `reports`: our own signatures of the reports."""
    signed = {cose.decode(one, cose.REPORT).payload: one for one in reports}
    for scope, report in found.reports.items():
        identity = case_id(report)
        terms, thresholds = cbor.decode(report)[1:3]
        state.stopped[scope] = identity
        state.record("case", [identity], "opened", scope=scope)
        shown = (cbor.encode(terms), cbor.encode(thresholds), signed.get(report, report))
        case = Case(
            identity,
            scope,
            found.peer,
            found.number,
            epoch_digest(found.body),
            state.agreement_digest or b"",
            state.agreement,
            frozenset(found.joint[scope]),
            shown,
        )
        state.cases[identity] = case
        _write(state, case)


def take(state: State, data: bytes) -> bool:
    """The pipeline's input `vote`: hear it or record why not, then count anew. True when a case changed."""
    heard = _heard(state, data)
    if isinstance(heard, Refusal):
        name = hashlib.sha256(data).digest()
        if name not in state.kept_out:  # told once, though a peer shows it at each meeting
            state.kept_out.add(name)
            state.refuse(name, heard.code, heard.reason, heard.remedy)
        return False
    case, vote = heard
    key = (vote.voice, vote.plan.id, vote.favours)
    if key in case.votes:
        state.record("vote", [case.id, vote.plan.id], "replayed")
        return False
    case.votes[key] = vote
    state.row("forget", hashlib.sha256(data).digest())
    mesh, path = vote.voice
    state.record(
        "vote",
        [case.id, vote.plan.id, mesh],
        "for" if vote.favours else "against",
        scope=case.scope,
        voice=path,
    )
    state.row("vote", case.id, vote.plan.id, mesh, path, int(vote.favours), data)
    return tally(state)


def _heard(state: State, data: bytes) -> tuple[Case, Vote] | Refusal:
    try:
        message = cose.decode(data, cose.MERGE_PLAN)
        favours, plan = read_vote(message.payload or b"")
        case = state.cases.get(plan.case)
        wrong = _misnamed(case, plan)
        if case is None or wrong is not None:
            return wrong or refuse("plan-other", "no such case")
        voice = _voice(state, case, message)
    except WireError as error:
        return refuse_wire(error)
    if isinstance(voice, Refusal):
        return voice
    if case.settled and (voice, plan.id, favours) not in case.votes:
        return refuse("case-settled", f"case {case.id.hex()} was merged, and an epoch rests on it")
    if sum(one.voice == voice for one in case.votes.values()) >= VOTES_MAX:
        return refuse("quota", f"{VOTES_MAX} votes of one voice in one case")
    return case, Vote(voice, plan, favours, data)


def _misnamed(case: Case | None, plan: Plan) -> Refusal | None:
    """Why a plan is not one of its case's."""
    if case is None:
        return refuse("plan-other", f"no case {plan.case.hex()} is known here")
    for what, named, meant in (
        ("agreement", plan.agreement, case.agreement_digest),
        ("epoch", plan.epoch, case.epoch),
        ("scope", plan.scope.encode(), case.scope.encode()),
    ):
        if named != meant:
            return refuse("plan-other", f"the plan names another {what} than case {case.id.hex()}")
    strangers = {one for one in (plan.choice, *(one for _, one in plan.subjects)) if one is not None}
    if not strangers <= set(case.agreement.parties):
        return refuse("plan-other", "the plan prefers a mesh that is no party of the agreement")
    return None


def _voice(state: State, case: Case, message: cose.Sign1) -> Authority | Refusal:
    """Whose word a vote is: a party's root, or an authority that [merge] names, not taken back. SPEC 13.6"""
    trust = state.trust
    listed = voices_of(case.agreement)
    for mesh, path in listed:
        public = trust.roots.get(mesh)
        if path == "" and public is not None and keys.kid(public) == message.kid:
            cose.check(message, public, verify)
            return mesh, path
    held = [one for one in trust.named(message.kid) if _authority(one) in listed and may_issue(one)]
    for one in held:
        if fallen(trust, one) is None:
            cose.check(message, one.public, verify)
            return _authority(one)
    if held:
        return refuse("credential-revoked", f"credential {held[0].id.hex()} was taken back")
    return refuse(
        "plan-voice", f"key {message.kid.hex()} is none of those whom the agreement's [merge] names"
    )


def _authority(credential: Token) -> Authority:
    return credential.claims[tokens.MESH], credential.claims[tokens.AUTHORITY]


def _stands(state: State, vote: Vote) -> bool:
    """False once the credential that a vote was signed under is taken back."""
    mesh, path = vote.voice
    if path == "":
        return True
    message = cose.decode(vote.data, cose.MERGE_PLAN)
    signers = [one for one in state.trust.named(message.kid) if _authority(one) == (mesh, path)]
    return any(fallen(state.trust, one) is None for one in signers)


def tally(state: State) -> bool:
    """Count all cases that are not settled; True when one of them changed, and with it who may cross."""
    changed = False
    for identity in sorted(state.cases):
        case = state.cases[identity]
        if case.settled:
            continue
        found = count(case.agreement.merge, [one for one in case.votes.values() if _stands(state, one)])
        before, case.counted = case.counted, found
        if (before.state, before.plan) == (found.state, found.plan):
            continue
        changed = True
        _follow(state, case)
    return changed


def _follow(state: State, case: Case) -> None:
    """What a new verdict means: the scope goes on, or is stopped again."""
    if case.state == MERGED:
        assert case.counted.plan is not None
        plan = case.counted.plan
        others = [one for one in state.cases.values() if one.scope == case.scope and one.stops]
        if others:
            state.stopped[case.scope] = others[-1].id
        elif state.stopped.get(case.scope) in state.cases:
            del state.stopped[case.scope]
        voices = [f"{path or 'root'} of {mesh.hex()[:16]}" for mesh, path in case.counted.voices[plan.id]]
        state.record(
            "case",
            [case.id, plan.id, case.epoch],
            "merged",
            scope=case.scope,
            number=case.number,
            voices=voices,
        )
    else:
        state.stopped[case.scope] = case.id
        code = "plan-conflict" if case.state == CONFLICT else "reopened"
        state.record("case", [case.id, case.epoch], code, scope=case.scope)
    _write(state, case)


def _write(state: State, case: Case) -> None:
    plan = case.counted.plan
    shown = "settled" if case.settled else case.state
    state.row("case", case.id, case.scope, shown, *case.shown)
    state.row(
        "merge", case.id, None if plan is None else plan.to_cbor(), case.number, case.peer, "", _reason(case)
    )


def _reason(case: Case) -> str:
    """Why a case stands as it does where votes had a part in it; else empty."""
    if case.state == CONFLICT:
        return CODES["plan-conflict"][1]
    return ""


def merges_with(state: State, peer: bytes) -> tuple[Merged, ...]:
    """The merged cases between us and this bridge, oldest first, since both last began anew."""
    since = state.anew.get(peer, 0)
    found = [
        Merged(case.number, case.counted.plan, case.covered)
        for case in state.cases.values()
        if case.peer == peer and case.counted.plan is not None and case.number > since
    ]
    return tuple(sorted(found, key=lambda one: (one.number, one.plan.scope)))


def rest_on(state: State, found: Epoch) -> None:
    """An epoch was signed by both: the merges that it rests on are settled, whatever is voted later."""
    if not found.common:
        state.anew[found.peer] = found.number - 1
    for merge in found.merges:
        case = state.cases[merge.plan.case]
        if case.scope in found.joint and not case.settled:
            case.settled = True
            state.record("case", [case.id, merge.plan.id], "settled", scope=case.scope, number=found.number)
            _write(state, case)


def told(state: State, peer: bytes) -> tuple[list[bytes], list[bytes]]:
    """(tokens, votes) that this bridge is to hold too: the votes over what is open between us, with their chains."""
    votes = [
        vote.data
        for case in sorted(state.cases.values(), key=lambda one: (one.number, one.scope))
        if case.peer == peer and not case.settled
        for _, vote in sorted(case.votes.items())
    ]
    chains: dict[bytes, None] = {}
    for data in votes:
        for signer in state.trust.named(cose.decode(data, cose.MERGE_PLAN).kid):
            chains.update(dict.fromkeys(one.data for one in state.trust.chain(signer.id)))
    return list(chains), votes

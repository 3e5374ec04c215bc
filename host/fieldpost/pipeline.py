"""The pipeline: a fold over inputs. Same inputs in the same order give the same events and the same rows.

Decides which stage an input goes to. Refuses clocks, randomness, files and keys: they belong to the shell
that makes the inputs.
"""

from fieldpost import covenant, epoch, imports, picture, reconcile
from fieldpost.crossing import BOUNDARY
from fieldpost.epoch import Epoch, case_id
from fieldpost.model import Input, Outcome
from fieldpost.state import Mode, Profile, State
from fieldwire import cbor, cose
from fieldwire.errors import WireError

MODES = ("open", "partitioned", "one-way-in", "one-way-out")


class Bridge:
    """The fold. `state` is what has been learned so far."""

    def __init__(self) -> None:
        self.state = State()

    def apply(self, item: Input) -> Outcome:
        """Take one input; what it led to. Bytes that break the wire format are a recorded refusal."""
        state = self.state
        state.outcome, state.at = Outcome(), item.at
        _STAGES[item.kind](state, item.data)
        return state.outcome


def _config(state: State, data: bytes) -> None:
    mesh, thumbprint, name, utc_claims = cbor.decode(data)
    state.profile = Profile(mesh, thumbprint, name, utc_claims)
    state.record("start", [thumbprint, mesh], "started", name=name)


def _mode(state: State, data: bytes) -> None:
    channel, mode, withheld = cbor.decode(data)
    state.modes[channel] = Mode(mode, tuple(withheld))
    state.record("mode", [], mode, channel=channel, withheld=withheld)
    state.row("mode", channel, mode, cbor.encode(withheld))


def _solve(state: State, _: bytes) -> None:
    reconcile.solve(state)
    picture.redraw(state)


def _crossed(state: State, data: bytes) -> None:
    peer, released, withheld = cbor.decode(data)
    state.record("cross", [peer], "released", count=len(released))
    for identity, code in withheld:
        state.row("one_sided", identity, state.profile.mesh if state.profile else b"", code)
    if withheld:
        state.record("cross", [peer, *(one for one, _ in withheld)], "channel-withheld", channel=BOUNDARY)


def _epoch_offer(state: State, data: bytes) -> None:
    """[peer thumbprint, number]: what we bring is fixed now, whatever drains while the peer answers."""
    peer, number = cbor.decode(data)
    state.offered = epoch.offer(state, number)
    state.record("offer", [peer], "made", number=number)


def _epoch_open(state: State, data: bytes) -> None:
    """[peer thumbprint, their offer]: decide over both offers. Nothing stands until both signed."""
    peer, theirs = cbor.decode(data)
    try:
        if state.offered is None:
            raise WireError("offer-shape", "no offer of ours is open")
        state.pending = epoch.compute(state, state.offered, epoch.read_offer(theirs), peer)
    except WireError as error:
        state.pending = None
        state.refuse(peer, error.code, error.detail, "the session ends; both histories stand")
        return
    counts = {scope: len(ids) for scope, ids in state.pending.joint.items()}
    state.record(
        "diverge",
        [peer],
        "measured",
        **{one.scope: one.verdict for one in state.pending.resolution.divergence},
    )
    state.record("joint", [peer], "computed", **counts)


def _epoch_close(state: State, data: bytes) -> None:
    """[our epoch, their epoch, [signed report ...]]: both COSE; the epoch stands if both signed the same body."""
    ours, theirs, reports = cbor.decode(data)
    found = state.pending
    state.pending = None
    if not isinstance(found, Epoch):
        return
    agreed = cose.decode(theirs, cose.EPOCH).payload == found.body
    _write_epoch(state, found, ours, theirs, agreed)
    if not agreed:
        state.record("epoch", [found.peer], "epoch-mismatch", number=found.number)
        return
    state.record("epoch", [found.peer, found.resolution.decision_digest], "agreed", number=found.number)
    state.epochs.append(found)
    _open_cases(state, found, reports)
    state.decided.update(
        one for scope, ids in found.joint.items() if scope not in state.stopped for one in ids
    )
    _write_decisions(state, found)
    reconcile.judge_all(state)
    picture.redraw(state)


def _open_cases(state: State, found: Epoch, reports: list[bytes]) -> None:
    signed = {cose.decode(one, cose.REPORT).payload: one for one in reports}
    for scope, report in found.reports.items():
        identity = case_id(report)
        terms, thresholds = cbor.decode(report)[1:3]
        state.stopped[scope] = identity
        state.record("case", [identity], "opened", scope=scope)
        state.row(
            "case",
            identity,
            scope,
            "open",
            cbor.encode(terms),
            cbor.encode(thresholds),
            signed.get(report, report),
        )


def _write_epoch(state: State, found: Epoch, ours: bytes, theirs: bytes, agreed: bool) -> None:
    count = sum(len(ids) for ids in found.joint.values())
    digest = found.resolution.decision_digest
    state.row("epoch", found.number, found.peer, found.body, count, digest, ours, theirs, int(agreed))
    for scope, ids in found.joint.items():
        state.row("joint", found.number, found.peer, scope, len(ids))
    mine = {one for ids in found.ours.admitted.values() for one in ids}
    yours = {one for ids in found.theirs.admitted.values() for one in ids}
    for identity in sorted(mine - yours):
        state.row("one_sided", identity, found.peer, found.theirs.others.get(identity, "not-held"))
    for identity in sorted(yours - mine):
        state.row(
            "one_sided",
            identity,
            state.profile.thumbprint if state.profile else b"",
            found.ours.others.get(identity, "not-held"),
        )


def _write_decisions(state: State, found: Epoch) -> None:
    state.record(
        "decide", [found.resolution.decision_digest], "decided", rows=len(found.resolution.ruling.decisions)
    )
    for (identity, name), fate in sorted(found.resolution.ruling.fates.items()):
        entry = state.entries[identity]
        rivals = _rivals_of(found, identity, name)
        prevailing = identity if fate.prevails else fate.superseded_by
        subject = entry.observation[6]
        state.row(
            "decision",
            subject,
            name,
            identity,
            prevailing,
            cbor.encode(rivals),
            fate.rule,
            fate.function,
            b"\xa0",
            found.number,
            found.peer,
        )


def _rivals_of(found: Epoch, identity: bytes, name: str) -> list[bytes]:
    for contest in found.resolution.contests:
        if contest.property == name:
            for index, claim in enumerate(contest.claims):
                if claim.id == identity:
                    return sorted(contest.claims[other].id for other in contest.rivals.get(index, ()))
    return []


_STAGES = {
    "config": _config,
    "root": imports.add_root,
    "token": imports.add_token,
    "segment": lambda state, data: imports.add_envelope(state, "segment", data),
    "early": lambda state, data: imports.add_envelope(state, "early", data),
    "item": lambda state, data: imports.add_envelope(state, "item", data),
    "agreement": covenant.adopt,
    "mode": _mode,
    "solve": _solve,
    "crossed": _crossed,
    "epoch-offer": _epoch_offer,
    "epoch-open": _epoch_open,
    "epoch-close": _epoch_close,
}

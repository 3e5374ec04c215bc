"""The pipeline: a fold over inputs. Same inputs in the same order give the same events and the same rows.

Decides which stage an input goes to. Refuses clocks, randomness, files and keys: they belong to the shell
that makes the inputs.
"""

import hashlib
from dataclasses import replace

from fieldpost import cases, covenant, discovery, epoch, heads, imports, picks, picture, reconcile
from fieldpost.crossing import BOUNDARY, closed_to
from fieldpost.epoch import OFFER_MAX, Epoch
from fieldpost.model import Input, Outcome
from fieldpost.state import Mode, Profile, State
from fieldpost.tables import MemoryTables, Tables
from fieldwire import cbor, cose
from fieldwire import observation as obs
from fieldwire.errors import WireError

# Kinds after which placements and verdicts may be others.
JUDGED_BY = ("config", "root", "token", "segment", "early", "item", "agreement")
MODES = ("open", "partitioned", "one-way-in", "one-way-out")


class Bridge:
    """The fold. `state` is what has been learned so far, over `tables`: in memory, unless others are given."""

    def __init__(self, tables: Tables | None = None) -> None:
        self.state = State(tables or MemoryTables())

    def rest_on(self, tables: Tables) -> None:
        """Nothing was folded yet: what is kept of each observation lies in these tables from now on."""
        self.state = State(tables)

    def apply(self, item: Input) -> Outcome:
        """Take one input; what it led to. Bytes that break the wire format are a recorded refusal."""
        state = self.state
        state.begin(item.at)
        _STAGES[item.kind](state, item.data)
        state.unsolved = item.kind != "solve" and (state.unsolved or item.kind in JUDGED_BY)
        state.hand_over()
        return state.outcome


def _config(state: State, data: bytes) -> None:
    mesh, thumbprint, name, utc_claims = cbor.decode(data)
    state.profile = Profile(mesh, thumbprint, name, utc_claims)
    state.unsettle()
    state.record("start", [thumbprint, mesh], "started", name=name)


def _mode(state: State, data: bytes) -> None:
    channel, mode, withheld = cbor.decode(data)
    state.modes[channel] = Mode(mode, tuple(withheld))
    state.kept_out.clear()
    state.record("mode", [], mode, channel=channel, withheld=withheld)
    state.row("mode", channel, mode, cbor.encode(withheld))


def _solve(state: State, _: bytes) -> None:
    changed = cases.tally(state)  # a voice may have been taken back
    reconcile.solve(state)
    if changed:
        reconcile.judge_all(state)
    picture.redraw(state)


def _vote(state: State, data: bytes) -> None:
    if cases.take(state, data):
        reconcile.judge_all(state)
        picture.redraw(state)


def _item(state: State, data: bytes) -> None:
    """A crossing item: turned away, and once recorded, while a channel that it comes by is closed inward."""
    channel = closed_to(state, data)
    if channel is None:
        imports.add_envelope(state, "item", data)
        return
    name = hashlib.sha256(data).digest()
    if name not in state.kept_out:
        state.kept_out.add(name)
        remedy = f"fieldpost channel set {channel} open, then meet again"
        state.refuse(name, "channel-closed", f"channel {channel} lets nothing in", remedy)


def _crossed(state: State, data: bytes) -> None:
    """[peer, released ids, withheld, withheld by the peer]; what is withheld is [[id, code] ...]."""
    peer, released, withheld, lacking = cbor.decode(data, size_max=OFFER_MAX)
    state.kept_back[peer] = cbor.encode([withheld, lacking])
    state.record("cross", [peer], "released", count=len(released))
    for side, kept in ((_own_mesh(state), withheld), (peer, lacking)):
        if kept:
            state.record("cross", [side, *(one for one, _ in kept)], "channel-withheld", channel=BOUNDARY)
    _write_one_sided(state)


def _own_mesh(state: State) -> bytes:
    return state.profile.mesh if state.profile else b""


def _write_one_sided(state: State) -> None:
    """What either withheld when last they met, and what the last epoch with each peer found on one side only."""
    state.row("clear", "one_sided")
    for peer, kept in sorted(state.kept_back.items()):
        withheld, lacking = cbor.decode(kept, size_max=OFFER_MAX)
        for side, pairs in ((_own_mesh(state), withheld), (peer, lacking)):
            for identity, code in pairs:
                state.row("one_sided", identity, side, code)
    for found in {one.peer: one for one in state.epochs}.values():
        mine = {one for ids in found.ours.admitted.values() for one in ids}
        yours = {one for ids in found.theirs.admitted.values() for one in ids}
        us = state.profile.thumbprint if state.profile else b""
        for identity in sorted(mine - yours):
            state.row("one_sided", identity, found.peer, found.theirs.others.get(identity, "not-held"))
        for identity in sorted(yours - mine):
            state.row("one_sided", identity, us, found.ours.others.get(identity, "not-held"))


def _compared(state: State, data: bytes) -> None:
    """[peer, digest of our last epoch or nil, of theirs]: at this contact they differ; nothing counts as settled."""
    peer, ours, theirs = cbor.decode(data)
    state.compared[peer] = (ours, theirs)
    named = [one for one in (ours, theirs) if one is not None]
    state.record("epoch", [peer, *named], "epoch-mismatch", held=ours is not None, shown=theirs is not None)


def _epoch_offer(state: State, data: bytes) -> None:
    """[peer, number, common, again]: what we bring is fixed now, whatever drains while the peer answers.

    `common`: both hold the same last epoch, and what it settled is settled. `again`: as in that epoch.
    """
    peer, number, common, again = cbor.decode(data)
    last = epoch.last_with(state, peer)
    ours = replace(last.ours, number=number) if again and last else epoch.offer(state, number)
    settled = state.settled.get(peer, frozenset()) if common else frozenset()
    merges = cases.merges_with(state, peer) if common else ()
    state.offered[peer] = epoch.Opening(ours, settled, bool(common), merges)
    state.record("offer", [peer], "made", number=number)


def _epoch_open(state: State, data: bytes) -> None:
    """[peer, their offer]: decide over both offers. Nothing stands until both signed."""
    peer, theirs = cbor.decode(data, size_max=OFFER_MAX + 64)
    state.pending.pop(peer, None)
    opening = state.offered.pop(peer, None)
    try:
        if opening is None:
            raise WireError("offer-shape", "no offer of ours is open")
        found = epoch.compute(state, opening, epoch.read_offer(theirs), peer)
    except WireError as error:
        state.refuse(peer, error.code, error.detail, "the session ends; both histories stand")
        return
    state.pending[peer] = found
    state.numbers[peer] = max(found.number, state.numbers.get(peer, 0))
    counts = {scope: len(ids) for scope, ids in found.joint.items()}
    state.record(
        "diverge",
        [peer],
        "measured",
        **{one.scope: one.verdict for one in found.resolution.divergence if one.scope in found.joint},
    )
    state.record("joint", [peer], "computed", **counts)


def _epoch_close(state: State, data: bytes) -> None:
    """[our epoch, their epoch, [signed report ...]]: both COSE; the epoch stands if both signed the same body."""
    ours, theirs, reports = cbor.decode(data)
    body = cose.decode(ours, cose.EPOCH).payload
    found = next((one for one in state.pending.values() if one.body == body), None)
    if found is None:
        return
    del state.pending[found.peer]
    agreed = cose.decode(theirs, cose.EPOCH).payload == found.body
    _write_epoch(state, found, ours, theirs, agreed)
    if not agreed:
        state.record("epoch", [found.peer], "epoch-mismatch", number=found.number)
        return
    state.record("epoch", [found.peer, found.resolution.decision_digest], "agreed", number=found.number)
    state.epochs.append(found)
    state.settled[found.peer] = found.settled
    _write_one_sided(state)
    cases.rest_on(state, found)
    cases.begin(state, found, reports)
    state.decided.update(
        one for scope, ids in found.joint.items() if scope not in state.stopped for one in ids
    )
    _write_decisions(state, found)
    picks.note(state, found)
    reconcile.judge_all(state)
    picture.redraw(state)


def _write_epoch(state: State, found: Epoch, ours: bytes, theirs: bytes, agreed: bool) -> None:
    count = sum(len(ids) for ids in found.joint.values())
    digest = found.resolution.decision_digest
    state.row("epoch", found.number, found.peer, found.body, count, digest, ours, theirs, int(agreed))
    for scope, ids in found.joint.items():
        state.row("joint", found.number, found.peer, scope, len(ids))


def _write_decisions(state: State, found: Epoch) -> None:
    ruling = found.resolution.ruling
    state.record("decide", [found.resolution.decision_digest], "decided", rows=len(ruling.decisions))
    rivals = _rivals(found)
    keys = {(one, row.property): key for row in ruling.decisions for one, key in row.keys.items()}
    for (identity, name), fate in sorted(ruling.fates.items()):
        subject = state.entries[identity].observation[obs.SUBJECT]
        prevailing = identity if fate.prevails else fate.superseded_by
        met = rivals.get((identity, name), [])
        # A key's tie-break has 256 bits: all of them are written in decimal.
        compared = {
            one: [str(part) for part in keys[one, name]] for one in [identity, *met] if (one, name) in keys
        }
        decided = (prevailing, cbor.encode(met), fate.rule, fate.function, cbor.encode(compared))
        state.row("decision", subject, name, identity, *decided, found.number, found.peer)


def _rivals(found: Epoch) -> dict[tuple[bytes, str], list[bytes]]:
    """Sorted ids of the rivals of each claim, by (id, property)."""
    return {
        (contest.claims[index].id, contest.property): sorted(contest.claims[one].id for one in others)
        for contest in found.resolution.contests
        for index, others in contest.rivals.items()
    }


_STAGES = {
    "config": _config,
    "root": imports.add_root,
    "token": imports.add_token,
    "segment": lambda state, data: imports.add_envelope(state, "segment", data),
    "early": lambda state, data: imports.add_envelope(state, "early", data),
    "item": _item,
    "agreement": covenant.adopt,
    "mode": _mode,
    "solve": _solve,
    "crossed": _crossed,
    "compared": _compared,
    "met": discovery.met,
    "heads": heads.take,
    "twice": heads.twice,
    "epoch-offer": _epoch_offer,
    "epoch-open": _epoch_open,
    "epoch-close": _epoch_close,
    "vote": _vote,
}

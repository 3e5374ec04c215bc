"""Import: verified envelopes enter the state with their original bytes and their lineage.

Decides what is new, what was there, and what is a fork (by content only). Refuses to judge admission:
a fact may be held that will never be admitted. SPEC 6.5
"""

import hashlib

from fieldpost.clocks import check_placeable
from fieldpost.model import Refusal, Verified
from fieldpost.state import State
from fieldpost.verify import OPENERS
from fieldwire import cbor, seal
from fieldwire import observation as obs
from fieldwire.errors import WireError
from fieldwire.tokens import Token

WAITING_MAX = 4096  # envelopes kept until their tokens come; beyond it the newest is refused, not the oldest
RETRIED = ("credential-unknown", "attestation-unknown")


def add_root(state: State, public: bytes) -> None:
    mesh = state.trust.add_root(public)
    state.record("root", [mesh], "held")
    state.row("root", mesh, public)
    retry(state)


def add_token(state: State, data: bytes) -> None:
    """Hold a token, or record why not; then try what waited for it."""
    found = state.trust.add(data)
    if isinstance(found, Refusal):
        identity = hashlib.sha256(data).digest()[:16]
        if found.code == "token-issuer-unknown":
            state.record("token", [identity], "waiting", reason=found.reason)
        else:
            state.refuse(identity, found.code, found.reason, found.remedy)
        return
    _held(state, found)
    retry(state)


def _held(state: State, token: Token) -> None:
    if token.id not in state.arrived:
        state.arrived[token.id] = state.at
        state.record("token", [token.id], "held", typ=token.typ)
        state.row("token", token.id, token.typ, token.data)


def retry(state: State) -> None:
    """Tokens whose issuer came, then envelopes whose tokens came."""
    for token in state.trust.retry():
        _held(state, token)
    for name in sorted(state.waiting):
        kind, data = state.waiting[name]
        opened = _open(state, kind, data, name)
        if not isinstance(opened, Refusal):
            del state.waiting[name]
            _import(state, kind, data, name, opened)
        elif opened.code not in RETRIED:
            del state.waiting[name]
            state.refuse(name, opened.code, opened.reason, opened.remedy)


def add_envelope(state: State, kind: str, data: bytes) -> None:
    """An early copy, segment or crossing item as received. SPEC 5.7, 6.4, 10.3"""
    name = hashlib.sha256(data).digest()
    if name in state.envelopes:
        state.record("import", [name], "replayed")
        return
    opened = _open(state, kind, data, name)
    if not isinstance(opened, Refusal):
        _import(state, kind, data, name, opened)
    elif opened.code in RETRIED and len(state.waiting) < WAITING_MAX:
        if name not in state.waiting:
            state.waiting[name] = (kind, data)
            state.record("import", [name], "held", code=opened.code, reason=opened.reason)
            state.row("refusal", name, opened.code, opened.reason, opened.remedy)
    else:
        state.refuse(name, opened.code, opened.reason, opened.remedy)


def _open(state: State, kind: str, data: bytes, name: bytes) -> list[Verified] | Refusal:
    try:
        opened = OPENERS[kind](data, state.trust)
        for entry in [] if isinstance(opened, Refusal) else opened:
            check_placeable(entry.observation)
        return opened
    except WireError as error:
        return Refusal(
            error.code, error.detail, "the bytes stay refused; let the sender's own log speak again"
        )


def _import(state: State, kind: str, data: bytes, name: bytes, opened: list[Verified]) -> None:
    state.envelopes.add(name)
    state.row("envelope", name, kind, data)
    fresh = [entry for entry in opened if _enter(state, entry, name)]
    if opened[0].seal_hash is not None:
        _chain(state, opened[0], _previous(kind, data))
    state.record("import", [name] + [entry.id for entry in fresh], "new" if fresh else "known", form=kind)


def _enter(state: State, entry: Verified, envelope: bytes) -> bool:
    """True when the observation is new. A second content at its position is kept, and is a fork."""
    position = obs.position(entry.observation)
    known = state.entries.get(entry.id)
    if known is not None:
        if known.seal_hash is None and entry.seal_hash is not None:
            state.entries[entry.id] = entry
            _write(state, entry, envelope)
        return False
    other = state.positions.get(position)
    if other is not None:
        _fork(state, entry, other)
    else:
        state.positions[position] = entry.id
    state.entries[entry.id] = entry
    _write(state, entry, envelope)
    return True


def _previous(kind: str, data: bytes) -> bytes | None:
    seal_bytes = cbor.decode(data)[0 if kind == "segment" else 1]
    return seal.decode(seal_bytes)[1].previous


def _chain(state: State, entry: Verified, previous: bytes | None) -> None:
    assert entry.segment is not None and entry.seal_hash is not None
    device = entry.observation[obs.DEVICE]
    incarnation, stream, number = entry.segment
    key = (device, incarnation, stream, number)
    before, after = (device, incarnation, stream, number - 1), (device, incarnation, stream, number + 1)
    known = state.seals.setdefault(key, entry.seal_hash)
    state.previous.setdefault(key, previous)
    broken = known != entry.seal_hash
    broken = broken or (before in state.seals and state.seals[before] != previous)
    broken = broken or (after in state.previous and state.previous[after] != entry.seal_hash)
    if broken:
        _fork(state, entry, known)


def _fork(state: State, entry: Verified, other: bytes) -> None:
    device = entry.observation[obs.DEVICE]
    boot, ms = entry.observation[obs.TREF][:2]
    state.forks[device] = min(state.forks.get(device, (boot, ms)), (boot, ms))
    state.record("fork", [device, entry.id, other], "forked", boot=boot, ms=ms)
    state.row("fork", device, entry.id, other, boot, ms)


def _write(state: State, entry: Verified, envelope: bytes) -> None:
    observation = entry.observation
    content_format = observation[obs.FORMAT]
    shown = content_format.hex() if isinstance(content_format, bytes) else str(content_format)
    state.row(
        "observation",
        entry.id,
        *obs.position(observation),
        entry.mesh,
        entry.authority,
        observation[obs.SUBJECT],
        shown,
        observation[obs.TREF][0],
        observation[obs.TREF][1],
        entry.credential,
        entry.grade,
        envelope,
        entry.index,
        entry.leaf,
        int(entry.seal_hash is not None),
    )
    for source in observation.get(obs.SOURCES, []):
        state.row("edge", entry.id, source[4])

"""Import: verified envelopes enter the state with their original bytes and their lineage.

Decides what is new, what was there, what waits for its tokens, and what is too long to look at. Refuses to
judge admission: a fact may be held that will never be admitted. SPEC 6.4, 6.5, 7.7
"""

import hashlib

from fieldpost import forks, gaps, plain_bytes, trust
from fieldpost.boundary_messages import ITEM_MAX
from fieldpost.codes import refuse, refuse_wire
from fieldpost.model import Missing, Refusal, Verified
from fieldpost.state import State
from fieldpost.tables import SealRow
from fieldpost.verify import OPENERS, seal_of
from fieldwire import cbor, cose, limits, seal, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError
from fieldwire.tokens import Token

# Envelopes kept until their tokens come, of each authority and of all strangers together: 8 MB at most each.
WAITING_MAX = 256
SIZE_MAX = {"early": limits.EARLY_MAX, "segment": limits.SEGMENT_MAX, "item": ITEM_MAX}
# Codes of what may come in later as it is: nobody is told to keep it back for good.
PASSING = ("credential-unknown", "attestation-unknown", "token-issuer-unknown", "quota", "replayed")


def add_root(state: State, public: bytes) -> None:
    """Hold a mesh's root key; then try what waited for it."""
    try:
        mesh = state.trust.add_root(public)
    except WireError as error:
        _refuse(state, hashlib.sha256(public).digest(), refuse_wire(error))
        return
    state.record("root", [mesh], "held")
    state.row("root", mesh, public)
    state.unsettle()
    retry(state)


def add_token(state: State, data: bytes) -> None:
    """Hold a token, or record why not; then try what waited for it."""
    found = state.trust.add(data)
    for name in state.trust.gave_way():
        _refuse(state, name, refuse("quota", f"{trust.WAITING_MAX} younger tokens of that share wait"))
    if isinstance(found, Missing):
        state.record("token", [_token_name(data)], "waiting", reason=found.reason)
        state.row("refusal", _token_name(data), found.code, found.reason, found.remedy)
    elif isinstance(found, Refusal):
        _refuse(state, _token_name(data), found)
    elif found.id in state.arrived:
        state.replayed.add(found.id)
        state.record("token", [found.id], "replayed")
    else:
        _held(state, [found])
        retry(state)


def _token_name(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:16]


def _refuse(state: State, what: bytes, refusal: Refusal) -> None:
    state.refuse(what, refusal.code, refusal.reason, refusal.remedy)


def _held(state: State, fresh: list[Token]) -> None:
    """Write down tokens that are held from now on, and try the envelopes that waited for them."""
    for token in fresh:
        state.arrived[token.id] = state.at
        state.row("forget", token.id)
        state.record("token", [token.id], "held", typ=token.typ)
        state.row("token", token.id, token.typ, token.data)
        state.regrade = state.regrade or token.typ in (cose.ENDORSEMENT, cose.REVOCATION)
        if token.typ == cose.ENDORSEMENT:
            state.book.changed()
        elif token.typ != cose.BOOT and not _names_nobody(state, token):
            state.unsettle()
    wanted = [name for token in fresh for name in sorted(state.wanted.pop(token.id, ()))]
    for name in dict.fromkeys(wanted):
        kind, data = state.waiting.pop(name)
        state.shares.leave(name)
        _take(state, kind, data, name)


def _names_nobody(state: State, token: Token) -> bool:
    """True for a credential while only our own mesh's words are held: it translates nothing, its device is new."""
    return (
        token.typ == cose.CREDENTIAL
        and state.profile is not None
        and state.book.meshes <= {state.profile.mesh}
    )


def retry(state: State) -> None:
    """Tokens whose issuer came, then envelopes whose tokens came."""
    fresh, refused = state.trust.retry()
    for identity, refusal in refused:
        _refuse(state, identity, refusal)
    _held(state, fresh)


def add_envelope(state: State, kind: str, data: bytes) -> None:
    """An early copy, segment or crossing item as received. SPEC 5.7, 6.4, 10.3"""
    name = hashlib.sha256(data).digest()
    if name in state.waiting:
        state.replayed.add(name)
        state.record("import", [name], "replayed")
    elif state.entries.has_envelope(name):
        state.replayed.add(name)
        state.record("import", [name], "replayed")
        known = refuse("replayed", f"{kind} {name.hex()} came before")
        state.row("refusal", name, known.code, known.reason, known.remedy)
    else:
        _take(state, kind, data, name)


def heard(state: State, data: bytes) -> bool:
    """True for bytes of which it is written that they came again: a storm of them is worth no further input."""
    digest = hashlib.sha256(data).digest()
    return digest in state.replayed or digest[:16] in state.replayed


def _take(state: State, kind: str, data: bytes, name: bytes) -> None:
    opened = _open(state, kind, data)
    if not isinstance(opened, Refusal):
        _import(state, kind, data, name, opened)
    elif not isinstance(opened, Missing):
        state.replayed.discard(name)  # it waited; whoever brings it again is to hear why it is refused
        _refuse(state, name, opened)
    else:
        _make_room(state, name, opened)
        state.waiting[name] = (kind, data)
        state.wanted.setdefault(opened.what, set()).add(name)
        state.record("import", [name], "held", code=opened.code, reason=opened.reason)
        state.row("refusal", name, opened.code, opened.reason, opened.remedy)


def _make_room(state: State, name: bytes, missing: Missing) -> None:
    """The oldest of a full share gives way; it may come again. SPEC 7.7"""
    out = state.shares.enter(name, missing.what, missing.whose, WAITING_MAX)
    if out is None:
        return
    oldest, what = out
    state.replayed.discard(oldest)
    del state.waiting[oldest]
    state.wanted[what].discard(oldest)
    if not state.wanted[what]:
        del state.wanted[what]
    _refuse(
        state, oldest, refuse("quota", f"{WAITING_MAX} younger envelopes of that share wait for their tokens")
    )


def _open(state: State, kind: str, data: bytes) -> list[Verified] | Refusal:
    try:
        if len(data) > SIZE_MAX[kind]:
            raise WireError("cbor-size", f"{kind} of {len(data)} bytes, at most {SIZE_MAX[kind]} allowed")
        return OPENERS[kind](data, state.trust)
    except WireError as error:
        return refuse_wire(error)


def _import(state: State, kind: str, data: bytes, name: bytes, opened: list[Verified]) -> None:
    state.hand_over()  # a token may have let in several
    state.entries.envelopes += 1
    state.row("forget", name)
    state.row("envelope", state.entries.envelopes, name, kind, data)
    first = opened[0]
    near, seal_number = _seals_near(state, first)
    perhaps = state.entries.perhaps(opened)
    enter = _known if perhaps else _new
    found = [enter(state, entry, name, seal_number) for entry in opened]
    fresh = [one for one in found if one is not None]
    pair = (first.credential, first.observation[obs.BOOT_ATTESTATION])
    state.grades.setdefault(pair, set()).add(first.grade)
    may_date = "time" in state.trust.credentials[opened[0].credential].claims[tokens.RIGHTS]
    if first.mesh == state.own().mesh:
        state.docket.runs.add(fresh)
    state.book.note(fresh, may_date, state.entries)
    if first.seal_hash is not None and first.segment is not None:
        forks.chain(state, opened, near, _previous(kind, data))
        if kind == "segment":
            rivals = [one for one in near if one.segment == first.segment[2] and one.hash != first.seal_hash]
            state.whole.note(first.observation[obs.DEVICE], first.segment, first.seal_hash, rivals)
    state.record("import", [name] + [entry.id for entry in fresh], "new" if fresh else "known", form=kind)
    state.let_go()


def _seals_near(state: State, entry: Verified) -> tuple[list[SealRow], int]:
    """The seals around an observation's, and the number that its own one has or will have; 0 for an early copy."""
    if entry.segment is None:
        return [], 0
    near = state.chains.near(entry.observation[obs.DEVICE], entry.segment)
    known = next((one.n for one in near if one.hash == entry.seal_hash), None)
    return near, state.chains.count + 1 if known is None else known


def _known(state: State, entry: Verified, envelope: bytes, seal_number: int) -> Verified | None:
    """The observation with its number, unless it is held. A second content at its position is kept, and is a fork."""
    held = state.entries
    known = held.get(entry.id)
    if known is not None:
        if known.seal_hash is None and entry.seal_hash is not None:
            entry = entry._replace(n=known.n)
            held.seal(entry)
            state.docket.add(entry.n)
            write(state, entry, envelope, seal_number)
        return None
    other = held.at(entry.observation)
    if other is not None:
        forks.second_content(state, entry, other)
    return _new(state, entry, envelope, seal_number)


def _new(state: State, entry: Verified, envelope: bytes, seal_number: int) -> Verified:
    """The same where nothing is held at its position."""
    entry = state.entries.add(entry)
    write(state, entry, envelope, seal_number)
    observation = entry.observation
    if observation[obs.FORMAT] == obs.GAP_FORMAT:
        gaps.note(state, entry)
    for place, source in enumerate(observation.get(obs.SOURCES, ())):
        state.row("edge", entry.id, source[4], place)
    return entry


def _previous(kind: str, data: bytes) -> bytes | None:
    if kind == "segment":
        sealed, _ = plain_bytes.segment(data) or seal.decode_segment(data)
    else:
        sealed = cbor.decode(data)[1]
    return seal_of(sealed)[1].previous


def write_again(state: State, entry: Verified) -> None:
    """The row of what was held before and is graded otherwise now."""
    held, seal = state.entries, 0 if entry.seal_hash is None else state.chains.number(entry.seal_hash)
    held.grade(entry)
    write(state, entry, held.envelope_of(entry), seal)


def write(state: State, entry: Verified, envelope: bytes, seal_number: int) -> None:
    """An observation's row, as it is known now."""
    identity, leaf, observation, mesh, authority, credential, grade, seal_hash, _, index, _, number = entry
    content_format = observation[obs.FORMAT]
    shown = content_format.hex() if isinstance(content_format, bytes) else str(content_format)
    boot, ms = observation[obs.TREF][:2]
    place = observation[obs.INCARNATION], observation[obs.STREAM], observation[obs.SEQ]
    about = mesh, authority, observation[obs.SUBJECT], shown, boot, ms, credential, grade
    proof = envelope, index, leaf, int(seal_hash is not None), seal_number
    state.outcome.rows.append(
        ("observation", (number, identity, observation[obs.DEVICE], *place, *about, *proof))
    )

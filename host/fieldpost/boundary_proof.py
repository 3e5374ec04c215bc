"""The boundary handshake's proof: one signature over both sides' fresh words, and the credentials behind it.

Decides whether a peer is a boundary agent of its mesh and of ours, here and now. Refuses to judge anything
that the peer signed for another session, another role or another pair of keys. SPEC 10.1
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fieldpost import boundary_messages as messages
from fieldpost.codes import refuse
from fieldpost.model import Refusal
from fieldpost.signing import verify
from fieldpost.state import State
from fieldpost.timeline.evidence import Interval
from fieldpost.timeline.utc import validity
from fieldpost.trust import Trust, revoked
from fieldwire import cbor, cose, keys, tokens
from fieldwire.errors import WireError
from fieldwire.tokens import Token

LABEL = "boundary/1"
DIALER, LISTENER = 0, 1
RIGHT = "boundary"
NS = 1_000_000_000


@dataclass(frozen=True)
class Hello:
    """What a side says first: its own mesh stands first in `meshes`."""

    nonce: bytes
    thumbprint: bytes
    meshes: tuple[bytes, ...]


@dataclass(frozen=True)
class Peer:
    """A peer that proved itself. `note` says what could not be checked."""

    public: bytes
    thumbprint: bytes
    mesh: bytes
    credentials: tuple[bytes, bytes]  # in its own mesh, in ours
    version: int
    digest: bytes
    ephemeral: bytes
    roots: tuple[bytes, ...]
    tokens: tuple[bytes, ...]
    note: str


def standing_of(state: State, thumbprint: bytes, utc: Interval | None = None) -> dict[bytes, Token]:
    """{mesh id: the latest credential with the right `boundary`} that a key holds and nobody took back.

    One that may be valid now goes before one that surely is not: a renewal may be laid in ahead of its time.
    """
    found: dict[bytes, Token] = {}

    def rank(token: Token) -> tuple[bool, int]:
        nbf, exp = token.claims[tokens.NBF], token.claims[tokens.EXP]
        return validity(utc, nbf, exp) != "outside", nbf

    for _, token in sorted(state.trust.credentials.items()):
        claims = token.claims
        is_ours = RIGHT in claims[tokens.RIGHTS] and keys.thumbprint(token.public) == thumbprint
        if is_ours and revoked(state.trust, token.id) is None:
            known = found.get(claims[tokens.MESH])
            if known is None or rank(known) <= rank(token):
                found[claims[tokens.MESH]] = token
    return found


def hello(state: State, thumbprint: bytes, nonce: bytes) -> Hello:
    """Our own first words."""
    own = state.own().mesh
    return Hello(nonce, thumbprint, (own, *sorted(set(standing_of(state, thumbprint)) - {own})))


def body(
    dialer: Hello,
    listener: Hello,
    credentials: tuple[bytes, bytes],
    version: int,
    digest: bytes,
    ephemeral: bytes,
    role: int,
) -> bytes:
    """What a side signs: both nonces, keys and meshes, then its own words and its role."""
    both = [one for pair in zip(_words(dialer), _words(listener), strict=True) for one in pair]
    return cbor.encode([LABEL, *both, list(credentials), version, digest, ephemeral, role])


def _words(one: Hello) -> tuple[bytes, bytes, bytes]:
    return one.nonce, one.thumbprint, one.meshes[0]


def in_order(role: int, ours: Hello, theirs: Hello) -> tuple[Hello, Hello]:
    """(dialer's, listener's)."""
    return (ours, theirs) if role == DIALER else (theirs, ours)


def greet(state: State, ours: Hello, theirs: Hello) -> Refusal | None:
    """Why a first word leads to nothing, before anything is proved."""
    if theirs.thumbprint == ours.thumbprint or theirs.nonce == ours.nonce:
        return refuse("peer-unauthenticated", "our own words came back")
    own = ours.meshes[0]
    if not theirs.meshes or own not in theirs.meshes:
        return refuse("peer-unauthenticated", f"the peer names no credential in our mesh {own.hex()[:16]}")
    mesh = theirs.meshes[0]
    if mesh == own or mesh not in ours.meshes:
        return refuse("peer-unauthenticated", f"we hold no boundary credential in mesh {mesh.hex()[:16]}")
    if state.agreement is None or not {own, mesh} <= set(state.agreement.parties):
        return refuse("agreement-none", f"no agreement in force here names mesh {mesh.hex()[:16]}")
    return None


def pair_of(state: State, ours: Hello, theirs: Hello, utc: Interval | None = None) -> tuple[Token, Token]:
    """Our credentials for a meeting: in our own mesh, in the peer's. WireError where one was taken back meanwhile."""
    standing = standing_of(state, ours.thumbprint, utc)
    if ours.meshes[0] not in standing or theirs.meshes[0] not in standing:
        raise WireError("peer-unauthenticated", "a boundary credential of ours was taken back")
    return standing[ours.meshes[0]], standing[theirs.meshes[0]]


def prove(
    state: State,
    ours: Hello,
    theirs: Hello,
    pair: tuple[Token, Token],
    role: int,
    ephemeral: bytes,
    sign: Any,
) -> bytes:
    """Our PROOF message, showing `pair`; `sign(typ, payload) -> COSE_Sign1`."""
    said = body(
        *in_order(role, ours, theirs),
        (pair[0].id, pair[1].id),
        state.agreement.version,
        state.agreement_digest or b"",
        ephemeral,
        role,
    )
    chain = dict.fromkeys(one.data for token in pair for one in state.trust.chain(token.id))
    roots = [state.trust.roots[mesh] for mesh in state.agreement.parties if mesh in state.trust.roots]
    return messages.encode("PROOF", sign(cose.HANDSHAKE, said), roots, list(chain))


def check(
    state: State, ours: Hello, theirs: Hello, role: int, fields: list[Any], utc: Interval | None
) -> Peer | Refusal:
    """The peer behind a PROOF message's fields. `role` is ours; `utc` what UTC it is, ns since 1970, or None."""
    try:
        return _check(state, ours, theirs, role, fields, utc)
    except WireError as error:
        return refuse("peer-unauthenticated", f"{error.code}: {error.detail}")


def _check(
    state: State, ours: Hello, theirs: Hello, role: int, fields: list[Any], utc: Interval | None
) -> Peer | Refusal:
    signed, roots, given = fields
    message = cose.decode(signed, cose.HANDSHAKE)
    said = cbor.decode(message.payload or b"")
    if not isinstance(said, list) or len(said) != 12 or not _own_words(said[7:11]):
        raise WireError("frame-shape", "the signed words are not those of SPEC 10.1")
    credentials, version, digest, ephemeral = (said[7][0], said[7][1]), said[8], said[9], said[10]
    expected = body(*in_order(role, ours, theirs), credentials, version, digest, ephemeral, 1 - role)
    if message.payload != expected:
        return refuse("peer-unauthenticated", "the signed words are of another session, pair or role")
    pool = _pool(state, roots, given)
    public, notes = b"", []
    for mesh, identity in zip((theirs.meshes[0], ours.meshes[0]), credentials, strict=True):
        token = _credential(pool, mesh, identity, theirs.thumbprint)
        if isinstance(token, Refusal):
            return token
        judged = _in_time(pool, token, utc)
        if isinstance(judged, Refusal):
            return judged
        public, notes = token.public, [*notes, judged]
    cose.check(message, public, verify)
    return Peer(
        public, theirs.thumbprint, theirs.meshes[0], credentials, version, digest, ephemeral,
        tuple(roots), tuple(given), "; ".join(dict.fromkeys(filter(None, notes))),
    )  # fmt: skip


def _own_words(words: list[Any]) -> bool:
    pair, version, digest, ephemeral = words
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and all(isinstance(one, bytes) and len(one) == 16 for one in pair)
        and isinstance(version, int)
        and not isinstance(version, bool)
        and 0 <= version < messages.COUNT_MAX
        and all(isinstance(one, bytes) and len(one) == 32 for one in (digest, ephemeral))
    )


def _pool(state: State, roots: list[bytes], given: list[bytes]) -> Trust:
    """Held trust and what the peer showed, apart from the state: nothing of it is kept unless all holds."""
    pool = state.trust.apart()
    for public in [*roots, *state.trust.roots.values()]:
        if keys.thumbprint(public) in state.agreement.parties:
            pool.add_root(public)
    for data in given:
        pool.add(data)
    pool.retry()
    return pool


def _credential(pool: Trust, mesh: bytes, identity: bytes, thumbprint: bytes) -> Token | Refusal:
    named = f"credential {identity.hex()} of mesh {mesh.hex()[:16]}"
    token = pool.credentials.get(identity)
    if token is None:
        return refuse("peer-unauthenticated", f"{named} is not shown, or does not reach the mesh's root")
    if token.claims[tokens.MESH] != mesh or RIGHT not in token.claims[tokens.RIGHTS]:
        return refuse("peer-unauthenticated", f"{named} gives no right to cross")
    if keys.thumbprint(token.public) != thumbprint:
        return refuse("peer-unauthenticated", f"{named} is another key's")
    for one in pool.chain(identity):
        taken_back = revoked(pool, one.id)
        if taken_back is not None:
            return refuse("peer-unauthenticated", f"{named} is revoked by {taken_back.id.hex()}")
    return token


def _in_time(pool: Trust, token: Token, utc: Interval | None) -> str | Refusal:
    """A refusal where it is surely not valid now; else what could not be said of that, in words."""
    lo, hi = ("unknown" if one is None else str(one // NS) for one in utc or (None, None))
    proved = True
    for one in pool.chain(token.id):
        nbf, exp = one.claims[tokens.NBF], one.claims[tokens.EXP]
        found = validity(utc, nbf, exp)
        if found == "outside":
            named = f"credential {one.id.hex()} of mesh {one.claims[tokens.MESH].hex()[:16]}"
            words = f"is valid from {nbf} to {exp}, and UTC is {lo} to {hi}; its root issues another"
            return refuse("peer-unauthenticated", f"{named} {words}")
        proved = proved and found == "valid"
    if proved:
        return ""
    if utc is None or utc == (None, None):
        return "validity not judged: UTC is not known"
    return "validity not proved: UTC is not known closely enough"


def still_stand(state: State, credentials: Iterable[bytes]) -> Refusal | None:
    """Whether a mesh has taken one of these credentials back since it was shown."""
    for identity in credentials:
        if identity not in state.trust.credentials:
            continue
        taken_back = revoked(state.trust, identity)
        if taken_back is not None:
            return refuse("credential-revoked", f"{identity.hex()} is revoked by {taken_back.id.hex()}")
    return None

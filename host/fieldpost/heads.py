"""Log heads of other bridges, and epochs: what each signed, to whomever it said it.

Decides which two words of one bridge cannot both be true: two roots under one size, or two epochs under one number, are
a fork proof; a later head that is not shown to follow an earlier one is `log-root`. Refuses to act on either: a log
gives nobody authority, and who takes a bridge's credential back is its mesh or ours. SPEC 10.5, 10.8
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from fieldpost.epoch import EPOCH_LABEL
from fieldpost.signing import verify
from fieldpost.state import State
from fieldwire import cbor, cose, keys, merkle, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError

KEPT = 8  # heads of one bridge, the largest: each is asked for at every meeting with it
OTHERS_MAX = 64  # heads of third bridges that are passed on
RIGHT = "boundary"


@dataclass(frozen=True)
class Head:
    """A bridge's word about its log: `data` is the checkpoint as signed."""

    origin: bytes
    size: int
    root: bytes
    data: bytes


def read(data: bytes, public: bytes | None = None) -> Head:
    """The head in a signed checkpoint; with `public` its signature is checked. WireError."""
    message = cose.decode(data, cose.CHECKPOINT)
    value = cbor.decode(message.payload or b"")
    if not isinstance(value, list) or len(value) != 3 or not obs.is_uint(value[1]):
        raise WireError("cose-shape", "a checkpoint is [origin, size, root]")
    if not obs.is_bytes(value[0], 32) or not obs.is_bytes(value[2], 32):
        raise WireError("cose-shape", "a checkpoint is [origin, size, root]")
    if public is not None:
        if keys.thumbprint(public) != value[0]:
            raise WireError("signature-bad", "a checkpoint is signed by the bridge whose log it names")
        cose.check(message, public, verify)
    return Head(value[0], value[1], value[2], data)


def told(state: State, peer: bytes, peer_mesh: bytes) -> list[bytes]:
    """What we show a peer: its own heads, and the newest of each other bridge that stands in its mesh or in ours."""
    shown = [*state.heads.get(peer, {}).values()]
    standing = {
        keys.thumbprint(one.public)
        for one in state.trust.credentials.values()
        if RIGHT in one.claims[tokens.RIGHTS] and one.claims[tokens.MESH] in (peer_mesh, state.own().mesh)
    }
    others = [
        held[max(held)]
        for origin, held in sorted(state.heads.items())
        if origin != peer and origin in standing and held
    ]
    return shown + others[:OTHERS_MAX]


def is_news(state: State, head: Head) -> bool:
    """True unless this very head is held, larger ones fill its place, or its origin's log is known to be forked."""
    known = state.heads.get(head.origin, {})
    held = known.get(head.size)
    if held is None:
        return len(known) < KEPT or head.size > min(known)
    return read(held).root != head.root and state.doubted.get(head.origin) != "forked"


def _publics(state: State) -> dict[bytes, bytes]:
    """The keys of bridges by thumbprint, as far as a credential with the right `boundary` is held."""
    credentials = state.trust.credentials.values()
    return {
        keys.thumbprint(one.public): one.public for one in credentials if RIGHT in one.claims[tokens.RIGHTS]
    }


def take(state: State, data: bytes) -> None:
    """The pipeline's input `heads`: [peer, [checkpoint ...], [[earlier checkpoint, later checkpoint] ...]].

    The first were shown by the peer, whoever signed them; of the pairs the second is not shown to follow the first.
    """
    peer, shown, ungrown = cbor.decode(data)
    publics = _publics(state)
    for one in shown:
        try:
            head = read(one)
            if head.origin in publics:
                _keep(state, read(one, publics[head.origin]), peer)
        except WireError as error:
            state.refuse(
                merkle.leaf_hash(one), error.code, error.detail, "ask the bridge that it names for it"
            )
    for earlier, later in ungrown:
        one, other = read(earlier), read(later)
        named = [one.origin, one.root, other.root]
        if state.doubted.setdefault(one.origin, "log-root") == "log-root":
            state.record("head", named, "log-root", earlier=one.size, later=other.size)


def _keep(state: State, head: Head, peer: bytes) -> None:
    held = state.heads.setdefault(head.origin, {})
    before = held.get(head.size)
    if before is not None and read(before).root != head.root:
        if state.doubted.get(head.origin) != "forked":
            state.doubted[head.origin] = "forked"
            named = [head.origin, *sorted((read(before).root, head.root))]
            state.record("fork", named, "forked", size=head.size, shown_by=peer)
        return
    held[head.size] = head.data
    if len(held) > KEPT:
        del held[min(held)]


def twice(state: State, data: bytes) -> None:
    """The pipeline's input `twice`: [peer, epoch, number]; the peer signed another one under that number with us."""
    peer, signed, number = cbor.decode(data)
    body = cose.decode(signed, cose.EPOCH).payload or b""
    held = next(one.body for one in state.epochs if one.peer == peer and one.number == number)
    if state.doubted.get(peer) != "forked":
        state.doubted[peer] = "forked"
        named = [peer, *sorted(hashlib.sha256(EPOCH_LABEL + one).digest() for one in (held, body))]
        state.record("fork", named, "forked", number=number)


class Compared:
    """One session's comparison of heads. `peer`: its thumbprint, public key and mesh."""

    def __init__(self, desk: Any, peer: Any) -> None:
        self._desk, self._peer = desk, peer
        self._size = 0
        self._asked: list[Head] = []
        self._theirs: Head | None = None

    def say(self) -> tuple[bytes, list[bytes]]:
        """HEADS: our own head now, and those of others that we hold."""
        self._size, own = self._desk.head.checkpoint()
        shown = told(self._desk.state, self._peer.thumbprint, self._peer.mesh)
        self._asked = [head for head in map(read, shown) if head.origin == self._peer.thumbprint]
        return own, shown

    def hear(self, own: bytes, shown: list[bytes]) -> list[list[Any]]:
        """Take the peer's HEADS; GROWTH for those of our own heads that are among them: [[size, path or nil] ...]."""
        self._theirs = read(own, self._peer.public)
        ours, fresh, publics = [], [], _publics(self._desk.state)
        for one in [own, *shown]:
            head = read(one)
            if head.origin == self._desk.thumbprint:
                ours.append(head)
            elif head.origin in publics and is_news(self._desk.state, head):
                fresh.append(read(one, publics[head.origin]).data)
        if fresh:
            self._desk.submit("heads", cbor.encode([self._peer.thumbprint, fresh, []]))
        return [[head.size, self._desk.head.growth(head.size, self._size)] for head in ours[:KEPT]]

    def check(self, growth: list[list[Any]]) -> None:
        """Hold the peer's GROWTH against the heads of it that we showed."""
        now = self._theirs
        if now is None:
            raise WireError("frame-state", "no head was shown that could have grown")
        paths = {one[0]: one[1] for one in growth}
        ungrown = []
        for head in self._asked:
            path = paths.get(head.size)
            if path is None or not merkle.verify_consistency(head.size, now.size, path, head.root, now.root):
                ungrown.append([head.data, now.data])
        if ungrown and now.origin not in self._desk.state.doubted:
            self._desk.submit("heads", cbor.encode([self._peer.thumbprint, [], ungrown[:1]]))

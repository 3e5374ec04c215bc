"""The session of two boundary agents: prove, agree, compare, trade, decide together, part.

Decides which message may come when and what is asked of the desk for it. Refuses sockets, clocks, randomness
and keys: they come in as arguments or stay behind the desk. Any refusal ends the session, is recorded here and
told to the peer; what was durable before it stands. SPEC 10.1 to 10.5
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from fieldpost import boundary_messages as messages
from fieldpost import boundary_proof as proofs
from fieldpost import boundary_trade as trade
from fieldpost import imports
from fieldpost.agreement import Agreement
from fieldpost.boundary_proof import DIALER, Hello, Peer
from fieldpost.codes import CODES, refuse
from fieldpost.covenant import NEWER, STALE, open_proof, refusal_of, signers, standing
from fieldpost.crossing import BOUNDARY, INWARD
from fieldpost.discovery import TALKS, Heard, is_news
from fieldpost.heads import Compared
from fieldpost.model import Outcome, Refusal
from fieldpost.own_head import OwnHead
from fieldpost.secure_channel import SecureChannel, ephemeral_public
from fieldpost.state import State
from fieldpost.timeline.evidence import Interval
from fieldwire import keys
from fieldwire.error_numbers import NUMBER
from fieldwire.errors import WireError

PATIENCE_MS = 10_000  # a stranger that says nothing for this long is let go
WORK_MS_MAX = 300_000  # placing and deciding a year's observations takes the peer minutes, not hours
DONE = "done"

_PROVED = {
    "agreeing": {"AGREEMENT": "heading", "BYE": "closed", "end": "closed"},
    "heading": {"HEADS": "growing", "BYE": "closed", "end": "closed"},
    "growing": {"GROWTH": "recalling", "BYE": "closed", "end": "closed"},
    "recalling": {"STANDING": "merging", "BYE": "closed", "end": "closed"},
    "merging": {"VOTES": "comparing", "BYE": "closed", "end": "closed"},
    "comparing": {"FRONTIER": "trading", "BYE": "closed", "end": "closed"},
    "trading": {
        "TOKENS": "trading", "ITEMS": "trading", "DONE": "finishing", "sent": "awaiting",
        "BYE": "closed", "end": "closed",
    },
    "awaiting": {"TOKENS": "awaiting", "ITEMS": "awaiting", "DONE": "offering", "BYE": "closed", "end": "closed"},
    "finishing": {"sent": "offering", "BYE": "closed", "end": "closed"},
    "offering": {"OFFER": "deciding", "CHANGE": "deciding", "BYE": "closed", "end": "closed"},
    "deciding": {"EPOCH": "parting", "same": "parting", "BYE": "closed", "end": "closed"},
    "parting": {"BYE": "closed", "end": "closed"},
    "closed": {},
}  # fmt: skip
TABLES = (
    {
        "new": {"open": "calling", "end": "closed"},
        "calling": {"HELLO": "proving", "REFUSED": "closed", "end": "closed"},
        "proving": {"PROOF": "agreeing", "REFUSED": "closed", "end": "closed"},
        **_PROVED,
    },
    {
        "new": {"open": "waiting", "end": "closed"},
        "waiting": {"HELLO": "answering", "end": "closed"},
        "answering": {"PROOF": "agreeing", "REFUSED": "closed", "end": "closed"},
        **_PROVED,
    },
)
_PLAIN = ("new", "calling", "proving", "waiting", "answering")


class Port(Protocol):
    """What a session needs of a desk."""

    thumbprint: bytes
    head: OwnHead
    meetings: dict[bytes, Any]  # by peer: the session that goes on

    @property
    def state(self) -> State: ...
    def catch_up(self) -> None: ...
    def submit(self, kind: str, data: bytes) -> Outcome: ...
    def submit_many(self, things: Sequence[tuple[str, bytes]]) -> list[Outcome]: ...
    def item(self, identity: bytes) -> bytes: ...
    def sign(self, typ: int, payload: bytes) -> bytes: ...


class BoundarySession:
    """One meeting. `role` DIALER or LISTENER, `nonce` 16 and `secret` 32 random bytes, `utc` in ns or None."""

    def __init__(
        self, role: int, desk: Port, address: str, nonce: bytes, secret: bytes, utc: Interval | None = None
    ) -> None:
        if len(nonce) != 16 or len(secret) != 32:
            raise ValueError("a nonce is 16 random bytes, an ephemeral secret 32")
        self.state = "new"
        self.peer: Peer | None = None
        self.role = role
        self._desk, self._address, self._utc = desk, address, utc
        self._nonce, self._secret = nonce, secret
        self._ours: Hello | None = None
        self._theirs: Hello | None = None
        self._own_pair: tuple[bytes, ...] = ()  # our credentials, as the peer saw them
        self._channel: SecureChannel | None = None
        self._trade: trade.Trade | None = None
        self._heads: Compared | None = None
        self._out: deque[tuple[bool, bytes]] = deque()  # (boxed, message)
        self._events: deque[tuple[Any, ...]] = deque()
        self._due_ms: int | None = None

    def open(self, now_ms: int) -> None:
        """Begin: the dialer speaks, the listener waits. A partitioned boundary meets nobody."""
        self._step("open")
        self._due_ms = now_ms + PATIENCE_MS
        self._desk.catch_up()
        closed = self._closed_channel()
        if closed is not None and self.role == DIALER:
            self._give_up(closed)
            return
        self._ours = proofs.hello(self._desk.state, self._desk.thumbprint, self._nonce)
        if self.role == DIALER:
            self._say_hello()

    def receive(self, data: bytes, now_ms: int) -> None:
        """Takes one message (a box once both have proved themselves). Never raises on what the peer sent."""
        if self.state == "closed":
            return
        try:
            name, fields = self._opened(data)
            if name not in self._table:
                raise WireError("frame-state", f"{name} in state {self.state}")
            self._desk.catch_up()
            self._due_ms = now_ms + (PATIENCE_MS if self.state in _PLAIN else WORK_MS_MAX)
            self._HANDLERS[name](self, fields)
        except WireError as error:
            self._refuse(Refusal(error.code, error.detail, "the session ends; what was durable stands"))

    def next_event(self) -> tuple[Any, ...] | None:
        """("met", Peer), ("epoch", number, agreed), ("refused" or "told", Refusal), ("closed", why); or None."""
        return self._events.popleft() if self._events else None

    def to_send(self, now_ms: int) -> bytes | None:
        """The next message, ready for the stream; what is to cross is read batch by batch as it leaves."""
        if not self._out and "sent" in self._table and self._trade is not None:
            self._send_batch()
        if not self._out:
            return None
        boxed, message = self._out.popleft()
        return self._channel.seal(message) if boxed and self._channel else message

    def deadline(self) -> int | None:
        return None if self.state == "closed" else self._due_ms

    def on_deadline(self, now_ms: int) -> None:
        if self.state != "closed" and self._due_ms is not None and now_ms >= self._due_ms:
            self._end("timeout")

    def close(self, why: str) -> None:
        """The link is gone, or the shell ends it."""
        self._end(why)

    @property
    def speaker(self) -> str:
        """The name of the bridge on this side."""
        return self._desk.state.own().name

    @property
    def size_max(self) -> int:
        """The longest message that may come now: little before the peer has proved itself."""
        return (
            messages.HANDSHAKE_MAX if self.state in _PLAIN else messages.MESSAGE_MAX + messages.BOX_OVERHEAD
        )

    # What comes in.

    def _opened(self, data: bytes) -> tuple[str, list[Any]]:
        if self.state in _PLAIN:
            return messages.decode(data, messages.HANDSHAKE_MAX)
        assert self._channel is not None
        try:
            return messages.decode(self._channel.open(data))
        except WireError as error:
            if self.state == "agreeing" and self.role != DIALER:
                return self._refused_in_clear(data, error)
            raise

    def _refused_in_clear(self, data: bytes, error: WireError) -> tuple[str, list[Any]]:
        """A dialer that refuses our proof has no box to say so in."""
        try:
            name, fields = messages.decode(data, messages.HANDSHAKE_MAX)
        except WireError:
            raise error from None
        if name != "REFUSED":
            raise error
        return "BYE", fields

    def _on_hello(self, fields: list[Any]) -> None:
        assert self._ours is not None
        self._theirs = Hello(fields[0], fields[1], tuple(fields[2]))
        refusal = self._closed_channel() or proofs.greet(self._desk.state, self._ours, self._theirs)
        if refusal is not None:
            self._refuse(refusal)
            return
        self._step("HELLO")
        if self.role == DIALER:
            self._say_proof()
        else:
            self._say_hello()

    def _on_proof(self, fields: list[Any]) -> None:
        assert self._ours is not None and self._theirs is not None
        found = proofs.check(self._desk.state, self._ours, self._theirs, self.role, fields, self._utc)
        if isinstance(found, Refusal):
            self._refuse(found)
            return
        channel = SecureChannel(self._secret, found.ephemeral, self.role)
        if self.role != DIALER:
            self._say_proof()
        self._step("PROOF")
        self.peer, self._channel = found, channel
        self._trade, self._heads = trade.Trade(self._desk, found), Compared(self._desk, found)
        held = self._desk.state.arrived
        self._desk.submit_many([("token", one) for one in found.tokens if trade.id_of(one) not in held])
        self._listed(TALKS, found.note)
        if not self._takes_over():
            self._say("BYE", DONE, "another session of ours goes on")
            self._end("replaced")
            return
        self._events.append(("met", found))
        agreement, digest = self._desk.state.agreement, self._desk.state.agreement_digest
        self._say("AGREEMENT", agreement.version, digest, self._desk.state.agreement_proof)
        self._say("HEADS", *self._heads.say())

    def _on_agreement(self, fields: list[Any]) -> None:
        version, digest, proof = fields
        assert self.peer is not None
        if version < self.peer.version or (version == self.peer.version and digest != self.peer.digest):
            words = f"it proved itself under version {self.peer.version} and now shows another, {version}"
            self._refuse(refuse("peer-unauthenticated", words))
            return
        held, held_digest = self._desk.state.agreement, self._desk.state.agreement_digest
        if digest != held_digest:
            refusal = self._shown(held, version, digest, proof)
            if refusal is not None and refusal.code == "agreement-stale":
                self._listed("agreement-stale", f"its agreement is version {version}, ours {held.version}")
            elif refusal is not None:
                self._refuse(refusal)
                return
        self._step("AGREEMENT")

    def _shown(self, held: Agreement, version: int, digest: bytes, proof: bytes) -> Refusal | None:
        """Adopt a newer agreement if our own root signed it too; whatever else was shown is told why not."""
        assert self.peer is not None
        state = self._desk.state
        roots = {keys.thumbprint(public): public for public in self.peer.roots} | state.trust.roots
        found = open_proof(proof, roots)
        if isinstance(found, Refusal):
            return found
        if (found[0].version, found[1]) != (version, digest):
            raise WireError("agreement-shape", "the proof is of another agreement than announced")
        how = standing(held, found[0], signers(proof, roots))
        if how == STALE:
            return refusal_of(held, found[0], how)
        news = [("root", roots[mesh]) for mesh in found[0].parties if mesh not in state.trust.roots]
        self._desk.submit_many([*news, ("agreement", proof)])
        if how != NEWER:
            return refusal_of(held, found[0], how)
        if self.peer.mesh not in self._desk.state.agreement.parties:
            return refuse("agreement-none", f"version {version} no longer names the peer's mesh")
        return None

    def _on_heads(self, fields: list[Any]) -> None:
        assert self._trade is not None and self._heads is not None
        grown = self._heads.hear(*fields)
        self._step("HEADS")
        self._say("GROWTH", grown)
        self._say("STANDING", *self._trade.standing())

    def _on_growth(self, fields: list[Any]) -> None:
        assert self._heads is not None
        self._heads.check(fields[0])
        self._step("GROWTH")

    def _on_standing(self, fields: list[Any]) -> None:
        assert self._trade is not None
        closed = self._trade.recall(*fields)
        if closed is not None:
            self._events.append(("epoch", *closed))
        self._step("STANDING")
        self._say("VOTES", *self._trade.votes())

    def _on_votes(self, fields: list[Any]) -> None:
        assert self._trade is not None
        self._trade.hear(*fields)
        self._step("VOTES")
        self._say("FRONTIER", *self._trade.frontier())

    def _on_frontier(self, fields: list[Any]) -> None:
        assert self._trade is not None
        self._trade.prepare(*fields)
        self._step("FRONTIER")

    def _on_things(self, kind: str, fields: list[Any]) -> None:
        refusal = self._barred()
        if refusal is not None:
            self._refuse(refusal)
            return
        state = self._desk.state
        self._desk.submit_many([(kind, one) for one in fields[0] if not imports.heard(state, one)])

    def _on_tokens(self, fields: list[Any]) -> None:
        self._on_things("token", fields)

    def _on_items(self, fields: list[Any]) -> None:
        self._on_things("item", fields)

    def _on_done(self, fields: list[Any]) -> None:
        assert self._trade is not None
        self._trade.received(fields[0])
        self._step("DONE")
        if self.state == "offering":
            self._offer()

    def _on_offer(self, fields: list[Any]) -> None:
        assert self._trade is not None
        number, data = fields
        self._step("OFFER")
        if self._trade.nothing_new(data):
            self._step("same")
            self._say("BYE", DONE, "")
            return
        self._say("EPOCH", *self._trade.decide(number, data))

    def _on_change(self, fields: list[Any]) -> None:
        assert self._trade is not None
        number, named, data = fields
        self._step("CHANGE")
        self._say("EPOCH", *self._trade.decide(number, self._trade.followed(number, named, data)))

    def _on_epoch(self, fields: list[Any]) -> None:
        assert self._trade is not None
        number, agreed = self._trade.close(*fields)
        self._events.append(("epoch", number, agreed))
        if not agreed:
            # Our own signature still goes out: the mismatch is to stand in both logs.
            refusal = refuse("epoch-mismatch", f"epoch {number}: the peer signed another outcome")
            self._say("BYE", refusal.code, refusal.reason)
            self._give_up(refusal)
            return
        self._step("EPOCH")
        self._say("BYE", DONE, "")

    def _on_bye(self, fields: list[Any]) -> None:
        said, reason = fields
        code = said if said in CODES or said in NUMBER or said == DONE else "told"
        self._step("REFUSED" if "REFUSED" in self._table else "BYE")
        if code != DONE:
            remedy = CODES[code][2] if code in CODES else "see the peer's own record"
            self._listed(code, f"the peer says: {reason}")
            self._events.append(("told", Refusal(code, reason, remedy)))
        self._events.append(("closed", code))

    # What goes out.

    def _say(self, name: str, *fields: Any) -> None:
        self._out.append((True, messages.encode(name, *fields)))

    def _say_hello(self) -> None:
        assert self._ours is not None
        one = self._ours
        self._out.append((False, messages.encode("HELLO", one.nonce, one.thumbprint, list(one.meshes))))

    def _say_proof(self) -> None:
        assert self._ours is not None and self._theirs is not None
        state = self._desk.state
        pair = proofs.pair_of(state, self._ours, self._theirs, self._utc)
        self._own_pair = tuple(one.id for one in pair)
        ephemeral = ephemeral_public(self._secret)
        said = proofs.prove(state, self._ours, self._theirs, pair, self.role, ephemeral, self._desk.sign)
        self._out.append((False, said))

    def _send_batch(self) -> None:
        assert self._trade is not None
        found = self._barred_outward() or self._trade.next_batch()
        if isinstance(found, Refusal):
            self._refuse(found)
            return
        self._say(*found)
        if found[0] == "DONE":
            self._step("sent")
            if self.state == "offering":
                self._offer()

    def _offer(self) -> None:
        assert self._trade is not None
        self._say(*self._trade.offer())

    # What may not be.

    def _closed_channel(self) -> Refusal | None:
        mode = self._desk.state.mode_of(BOUNDARY).mode
        return refuse("channel-closed", f"the boundary is {mode}") if mode == "partitioned" else None

    def _barred_outward(self) -> Refusal | None:
        assert self.peer is not None
        return self._closed_channel() or proofs.still_stand(
            self._desk.state, (*self.peer.credentials, *self._own_pair)
        )

    def _barred(self) -> Refusal | None:
        mode = self._desk.state.mode_of(BOUNDARY).mode
        if mode not in INWARD:
            return refuse("channel-closed", f"the boundary is {mode}: nothing comes in")
        return self._barred_outward()

    def _refuse(self, refusal: Refusal) -> None:
        """Our own verdict: told, recorded, the end."""
        self._out.clear()
        boxed = self._channel is not None
        said = messages.encode("BYE" if boxed else "REFUSED", refusal.code, refusal.reason[:200])
        self._out.append((boxed, said))
        self._give_up(refusal)

    def _give_up(self, refusal: Refusal) -> None:
        self._listed(refusal.code, refusal.reason)
        self._events.append(("refused", refusal))
        self._end(refusal.code)

    def _takes_over(self) -> bool:
        """Two sessions of one pair would decide twice: that which the lesser thumbprint dialed goes on."""
        assert self._theirs is not None
        other = self._desk.meetings.get(self._theirs.thumbprint)
        if other is not None and other is not self and other.state != "closed":
            preferred = (self.role == DIALER) == (self._desk.thumbprint < self._theirs.thumbprint)
            if other.role != self.role and not preferred:
                return False
            other.close("replaced")
        self._desk.meetings[self._theirs.thumbprint] = self
        return True

    def _end(self, why: str) -> None:
        if self.state != "closed":
            self.state = "closed"
            self._events.append(("closed", why))

    def _listed(self, code: str, reason: str) -> None:
        """Discovery's record of this peer, if it says anything new."""
        proved = self.peer
        meshes = () if self._theirs is None else self._theirs.meshes
        heard = Heard(
            self._address,
            proved.thumbprint if proved else None,
            meshes,
            proved.version if proved else None,
            code,
            reason,
        )
        if is_news(self._desk.state, heard):
            self._desk.submit("met", heard.to_cbor())

    @property
    def _table(self) -> dict[str, str]:
        return TABLES[self.role][self.state]

    def _step(self, name: str) -> None:
        self.state = self._table[name]

    _HANDLERS: ClassVar[dict[str, Any]] = {
        "HELLO": _on_hello, "PROOF": _on_proof, "REFUSED": _on_bye, "AGREEMENT": _on_agreement,
        "STANDING": _on_standing, "FRONTIER": _on_frontier, "TOKENS": _on_tokens, "ITEMS": _on_items,
        "DONE": _on_done, "OFFER": _on_offer, "EPOCH": _on_epoch, "BYE": _on_bye, "VOTES": _on_votes,
        "CHANGE": _on_change, "HEADS": _on_heads, "GROWTH": _on_growth,
    }  # fmt: skip

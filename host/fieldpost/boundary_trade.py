"""What two proved bridges do for each other: recall, compare, hand over, offer, decide.

Decides what to say and what to ask of the desk at each step of a session. Refuses to judge observations: the
pipeline does, from the inputs that are made here. SPEC 10.2 to 10.5
"""

from collections import deque
from dataclasses import replace
from typing import Any

from fieldpost import boundary_messages as messages
from fieldpost import cases, epoch, offer_change
from fieldpost.boundary_proof import Peer
from fieldpost.crossing import BOUNDARY, INWARD, Release, release
from fieldpost.epoch import Epoch, Offer
from fieldpost.frontier import Held, frontier
from fieldpost.signing import verify
from fieldwire import cbor, cose, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError


def id_of(token: bytes) -> bytes:
    return tokens.token_id(token)


class Trade:
    """One session's dealings with `peer` at `desk`. WireError where the peer's signatures or shapes are wrong."""

    def __init__(self, desk: Any, peer: Peer) -> None:
        self._desk, self._peer = desk, peer
        self._common = False
        self._tokens: list[bytes] = []
        self._waiting: deque[bytes] = deque()
        self._sent: list[bytes] = []
        self._release = Release((), (), ())
        self._lacking: list[list[Any]] = []
        self._number = 0
        self._said_same = False

    # What both signed before.

    def standing(self) -> tuple[bytes | None, bytes | None, list[bytes]]:
        """Our signatures of the last epoch that both signed, and of one that is decided here and open."""
        last = epoch.last_with(self._desk.state, self._peer.thumbprint)
        pending = self._pending()
        return (
            self._desk.sign(cose.EPOCH, last.body) if last else None,
            self._desk.sign(cose.EPOCH, pending.body) if pending else None,
            self._reports(pending) if pending else [],
        )

    def recall(
        self, last: bytes | None, pending: bytes | None, reports: list[bytes]
    ) -> tuple[int, bool] | None:
        """Close an epoch that a cut had left open, if the peer signed it; (number, agreed) of it."""
        theirs = {self._body(one): one for one in (last, pending) if one is not None}
        for body, signed in theirs.items():
            self._tell_twice(body, signed)
        mine = self._pending()
        closed = None
        if mine is not None:
            rival = next((one for body, one in theirs.items() if cbor.decode(body)[0] == mine.number), None)
            found = theirs.get(mine.body, rival)
            if found is not None:
                closed = self.close(found, reports)
        base = epoch.last_with(self._desk.state, self._peer.thumbprint)
        self._common = base is not None and base.body in theirs
        if not self._common:
            self._tell_mismatch(base, self._body(last) if last else None)
        return closed

    def _tell_twice(self, body: bytes, signed: bytes) -> None:
        """The peer shows another epoch under a number that both have signed: two words of its own that convict it."""
        number, state, peer = cbor.decode(body)[0], self._desk.state, self._peer.thumbprint
        held = [one.body for one in state.epochs if (one.peer, one.number) == (peer, number)]
        if held and body not in held and state.doubted.get(peer) != "forked":
            self._desk.submit("twice", cbor.encode([peer, signed, number]))

    def _tell_mismatch(self, base: Epoch | None, theirs: bytes | None) -> None:
        """The last epochs of both differ, or one side has none: that stands in the log, once."""
        pair = [base.body if base else b"", theirs or b""]
        if pair[0] != pair[1]:
            told = [self._peer.thumbprint, *(epoch.epoch_digest(one) if one else None for one in pair)]
            if self._desk.state.compared.get(self._peer.thumbprint) != tuple(told[1:]):
                self._desk.submit("compared", cbor.encode(told))

    def _pending(self) -> Epoch | None:
        return self._desk.state.pending.get(self._peer.thumbprint)

    def _body(self, signed: bytes) -> bytes:
        message = cose.decode(signed, cose.EPOCH)
        cose.check(message, self._peer.public, verify)
        body = message.payload or b""
        value = cbor.decode(body)
        if not isinstance(value, list) or len(value) != 7 or not obs.is_uint(value[0]):
            raise WireError(
                "frame-shape",
                "an epoch is [number, agreement, joint, evidence, decisions, verdicts, bridges]",
            )
        if value[6] != epoch.bridges(self._desk.state, self._peer.thumbprint):
            raise WireError("frame-shape", "an epoch names the two bridges of this session")
        return body

    def _reports(self, found: Epoch) -> list[bytes]:
        return [self._desk.sign(cose.REPORT, one) for _, one in sorted(found.reports.items())]

    # What was voted over the cases between us.

    def votes(self) -> tuple[list[bytes], list[bytes]]:
        """(tokens, votes): those over cases that no common epoch rests on, with the chains of who signed them."""
        given, said = cases.told(self._desk.state, self._peer.thumbprint)
        votes: list[bytes] = []
        size = sum(map(len, given[: messages.VOTES_MAX]))
        for one in said[: messages.VOTES_MAX]:
            size += len(one)
            if size > messages.MESSAGE_MAX // 2:
                break
            votes.append(one)
        return given[: messages.VOTES_MAX], votes

    def hear(self, given: list[bytes], votes: list[bytes]) -> None:
        """Take the peer's; what is known already is not written again."""
        state = self._desk.state
        known = set(cases.told(state, self._peer.thumbprint)[1])
        fresh = [("token", one) for one in given if not state.trust.holds(id_of(one))]
        fresh += [("vote", one) for one in votes if one not in known]
        if fresh:
            self._desk.submit_many(fresh)

    # What each holds.

    def frontier(self) -> tuple[list[list[Any]] | None, list[bytes]]:
        """Positions held of other meshes, and of ours what we would show anyway; nil where nothing may come in."""
        state = self._desk.state
        if state.mode_of(BOUNDARY).mode not in INWARD:
            return None, []
        shown = set(release(state, self._peer.mesh).ids)
        own = state.profile.mesh
        known = (entry for entry in state.entries.entries() if entry.mesh != own or entry.id in shown)
        return frontier(known), sorted(state.arrived)

    def prepare(self, lanes: list[list[Any]] | None, held: list[bytes]) -> None:
        """Line up what the peer lacks and may have."""
        self._release = release(self._desk.state, self._peer.mesh)
        if lanes is None:
            return
        there, entries = Held(lanes), self._desk.state.entries
        self._waiting.extend(one.id for one in entries.named(self._release.ids) if there.lacks(one))
        known = set(held)
        self._tokens = [one for one in self._release.tokens if id_of(one) not in known]

    def next_batch(self) -> tuple[Any, ...]:
        """("TOKENS", [...]) first, then ("ITEMS", [...]) by batches, at last ("DONE", withheld)."""
        if self._tokens:
            batch, self._tokens = self._tokens[:128], self._tokens[128:]
            return "TOKENS", batch
        items: list[bytes] = []
        size = 0
        while self._waiting and size < messages.BATCH_MAX:
            identity = self._waiting.popleft()
            items.append(self._desk.item(identity))
            self._sent.append(identity)
            size += len(items[-1])
        return ("ITEMS", items) if items else ("DONE", self._withheld())

    def _withheld(self) -> list[list[Any]]:
        return [[identity, code] for identity, code in self._release.withheld]

    def received(self, lacking: list[list[Any]]) -> None:
        """The peer has handed over all that it will: place and judge."""
        self._lacking = lacking
        if self._desk.state.unsolved:
            self._desk.submit("solve", b"")

    # What both decide.

    def offer(self) -> tuple[Any, ...]:
        """("OFFER", number, offer): nil where it is that of the last epoch, which both hold; or what changed since."""
        thumbprint = self._peer.thumbprint
        kept = cbor.encode([self._withheld(), self._lacking])
        if self._sent or self._desk.state.kept_back.get(thumbprint, cbor.encode([[], []])) != kept:
            crossed = cbor.encode([thumbprint, self._sent, self._withheld(), self._lacking])
            self._desk.submit("crossed", crossed)
        state = self._desk.state
        self._number = state.numbers.get(thumbprint, 0) + 1
        last = epoch.last_with(state, thumbprint)
        merges = cases.merges_with(state, thumbprint)
        if self._common and last and epoch.unchanged(state, epoch.offer(state, self._number), last, merges):
            self._said_same = True
            return "OFFER", self._number, None
        made = self._fixed(again=False)
        whole = made.to_cbor()
        if self._common and last:
            news = offer_change.change(last.ours, made)
            if len(news) < len(whole):
                return "CHANGE", self._number, offer_change.root(made), news
        return "OFFER", self._number, whole

    def followed(self, number: int, named: bytes, news: bytes) -> bytes:
        """The peer's offer, from its last one and what changed since."""
        return offer_change.follow(self._last_theirs(), number, news, named)

    def _last_theirs(self) -> Offer:
        last = epoch.last_with(self._desk.state, self._peer.thumbprint)
        if last is None or not self._common:
            raise WireError("offer-shape", "no last epoch that both hold, yet the offer is to follow from it")
        return last.theirs

    def _fixed(self, again: bool) -> Offer:
        thumbprint = self._peer.thumbprint
        self._desk.submit("epoch-offer", cbor.encode([thumbprint, self._number, self._common, again]))
        return self._desk.state.offered[thumbprint].ours

    def nothing_new(self, theirs: bytes | None) -> bool:
        """True when both sides would offer what the last epoch decided already."""
        return self._said_same and theirs is None

    def decide(self, number: int, theirs: bytes | None) -> tuple[bytes, list[bytes]]:
        """Our signature of the epoch over both offers, and of each stopped scope's report."""
        thumbprint = self._peer.thumbprint
        if theirs is None:
            theirs = replace(self._last_theirs(), number=number).to_cbor()
        if self._said_same:
            self._fixed(again=True)
        self._desk.submit("epoch-open", cbor.encode([thumbprint, theirs]))
        found = self._pending()
        if found is None:
            raise WireError("offer-shape", "no epoch follows from the peer's offer")
        return self._desk.sign(cose.EPOCH, found.body), self._reports(found)

    def close(self, theirs: bytes, reports: list[bytes]) -> tuple[int, bool]:
        """Both signatures are here: (number, whether they are of one outcome)."""
        body, found = self._body(theirs), self._pending()
        if found is None:
            raise WireError("frame-state", "no epoch is open with this peer")
        agreed = body == found.body
        if agreed:
            self._check_reports(found, reports)
        ours = self._desk.sign(cose.EPOCH, found.body)
        self._desk.submit("epoch-close", cbor.encode([ours, theirs, self._reports(found)]))
        return found.number, agreed

    def _check_reports(self, found: Epoch, reports: list[bytes]) -> None:
        """The peer vouches for the same report of each stopped scope. A recalled epoch may come without them."""
        for signed in reports:
            message = cose.decode(signed, cose.REPORT)
            cose.check(message, self._peer.public, verify)
            if message.payload not in found.reports.values():
                raise WireError("offer-shape", "a divergence report is not of this epoch")

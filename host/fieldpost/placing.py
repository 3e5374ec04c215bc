"""Placing: when observations were, asked one by one from what the last reconciliation solved.

Decides nothing new: the time engine does, over the evidence given. A placement follows from evidence, anchor and stamp
alone, so none is stored. Refuses to place by another timeline than the one that the bridge last judged by. SPEC 9
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from fieldpost.timeline.evidence import (
    Anchor,
    Assumption,
    Causal,
    Claim,
    Evidence,
    Exchange,
    Stamp,
)
from fieldpost.timeline.isolate import Graphs
from fieldpost.timeline.place import Contradiction, Placement, Timeline, place_on, same
from fieldwire import cbor

KEPT_MAX = 10_000  # placements remembered before the older ones are let go: 15 MB with these


@dataclass
class Solved:
    """A timeline that can be asked about any stamp of a boot that its evidence knows."""

    evidence: Evidence
    anchor: Anchor
    contradiction: Contradiction | None = None
    graphs: Graphs = field(init=False, repr=False, compare=False)
    _before: dict[Stamp, Placement] = field(default_factory=dict, repr=False, compare=False)
    _placed: dict[Stamp, Placement] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.graphs = Graphs(self.evidence, same)
        self.contradiction = place_on(self.graphs, self.anchor, ()).contradiction

    def place(self, stamps: Iterable[Stamp]) -> dict[Stamp, Placement]:
        """The placement of each stamp."""
        asked = dict.fromkeys(stamps)
        found = {}
        for one in asked:
            known = self._placed.get(one) or self._before.get(one)
            if known is not None:
                found[one] = known
        if len(found) < len(asked):
            found |= self.timeline([one for one in asked if one not in found]).placements
        if len(self._placed) > KEPT_MAX:
            self._before, self._placed = self._placed, {}
        self._placed |= found
        return found

    def timeline(self, stamps: Iterable[Stamp]) -> Timeline:
        """The same with the paths that bind them."""
        return place_on(self.graphs, self.anchor, stamps)

    def to_cbor(self) -> bytes:
        """[anchor, its other end or nil, assumptions, exchanges, causal edges, claims, stamps seen]"""
        one = self.evidence
        lists = [one.assumptions, one.exchanges, one.causals, one.claims, one.seen]
        other = None if self.anchor.other is None else self.anchor.other.as_list()
        told = [[item.as_list() for item in items] for items in lists]
        return cbor.encode([self.anchor.at.as_list(), other, *told])


@dataclass
class Times:
    """What was solved last: our own mesh's timeline, the one on which foreign words are placed, their zero in UTC."""

    home: Solved | None = None
    joined: Solved | None = None
    offset: tuple[int, int] | None = None
    digest: bytes = b""  # of the home evidence
    edition: int = -1  # of the evidence book
    readings: int = -1
    upto: int = 0  # the number of the last that was held: nothing places those that came since
    valid: dict[tuple[bytes, int], list[int]] = field(default_factory=dict)
    # by (credential, boot): the first and last reading, in ms, between which all lie within its validity

    def forget(self) -> None:
        """Nothing is placed any more."""
        self.home = self.joined = self.offset = None
        self.valid = {}


def read(data: bytes) -> Solved:
    """The timeline in `to_cbor`'s bytes. TypeError or ValueError for others."""
    at, other, assumptions, exchanges, causals, claims, seen = cbor.decode(data, size_max=len(data))
    evidence = Evidence(
        tuple(Assumption(*one) for one in assumptions),
        tuple(Exchange(Stamp(*tx), Stamp(*rx), least, most) for tx, rx, least, most in exchanges),
        tuple(Causal(Stamp(*earlier), Stamp(*later)) for earlier, later in causals),
        tuple(Claim(Stamp(*where), utc_ns, within_ns) for where, utc_ns, within_ns in claims),
        tuple(Stamp(*one) for one in seen),
    )
    return Solved(evidence, Anchor(Stamp(*at), None if other is None else Stamp(*other)))

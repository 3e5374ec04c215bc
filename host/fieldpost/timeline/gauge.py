"""Which exchange a timeline starts from. A rule, not a choice: both sides must name the same one.

Decides by positions and ids only, never by arrival. A change of gauge shifts every interval and changes no
pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fieldpost.timeline.evidence import Anchor, Device, Exchange


@dataclass(frozen=True, slots=True)
class Recorded:
    """An exchange and the position (device, incarnation, stream, seq) of the record that sorts first for
    it.
    """

    exchange: Exchange
    position: tuple[bytes, bytes, int, int]


def mesh_anchor(exchanges: Iterable[Exchange], excluded: frozenset[Device] = frozenset()) -> Anchor | None:
    """For one mesh: the exchange whose sending has the least (boot, reading), then the least ids.

    `excluded` are devices that must not carry the timeline (quarantined ones). None without an exchange.
    """
    usable = (x for x in exchanges if not excluded & {x.tx.device, x.rx.device})
    first = min(usable, key=lambda x: (x.tx.boot, x.tx.t_ns, x.key), default=None)
    return None if first is None else Anchor(first.tx, first.rx)


def epoch_anchor(recorded: Iterable[Recorded], pairs: Sequence[tuple[Device, Device]]) -> Anchor | None:
    """For an epoch: of the exchanges of the first listed pair that has any, the one whose position sorts
    first.

    `recorded` holds only exchanges signed by devices of both meshes. Positions of one device sort by
    incarnation bytes before seq; ties fall to the exchange's own order. None when no listed pair ever met.
    """
    known = list(recorded)
    for pair in pairs:
        met = [r for r in known if {r.exchange.tx.device, r.exchange.rx.device} == set(pair)]
        if met:
            first = min(met, key=lambda r: (r.position, r.exchange.key)).exchange
            return Anchor(first.tx, first.rx)
    return None

"""One timeline for meshes that bridging exchanges join, such that none re-times what another saw.

home: a stamp of mesh X about X's end of the exchange that joins it (of two meshes: the anchor), from evidence
whose devices all belong to X. offset: X's end about the zero (the anchor's `at`), from all evidence of the meshes
but causal edges between them; left out is a whole authority at a time, save the anchor's two devices.
gauge: home widened by the offset, [home.lo + offset.lo, home.hi + offset.hi]; the zero's own mesh has 0.
Pairs of one mesh compare at home, so evidence of mesh Y alone never narrows a pair of X; others on the gauge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fieldpost.timeline.evidence import Anchor, Device, Evidence, Interval, Stamp
from fieldpost.timeline.isolate import Unit
from fieldpost.timeline.place import UNPLACED, Placement, Timeline, place, side_status

Authority = tuple[bytes, str]  # (mesh id, path)


@dataclass(frozen=True)
class Joint:
    """home: by mesh id. offset: by mesh id, where its end of the anchor stands. gauge: every stamp asked
    for.
    """

    home: dict[bytes, Timeline]
    offset: dict[bytes, Placement]
    gauge: dict[Stamp, Placement]
    crossing: Timeline
    authority_of: Mapping[Device, Authority]

    def between(self, a: Stamp, b: Stamp) -> dict[Stamp, Placement]:
        """The placements by which these two are compared."""
        meshes = {self.authority_of[stamp.device][0] for stamp in (a, b) if stamp.device in self.authority_of}
        if len(meshes) == 1 and a.device in self.authority_of and b.device in self.authority_of:
            timeline = self.home.get(meshes.pop())
            return {} if timeline is None else timeline.placements
        return self.gauge


def shifted(interval: Interval, by: Interval) -> Interval:
    """The sum of two intervals; a side that either lacks is None."""
    lo = None if interval[0] is None or by[0] is None else interval[0] + by[0]
    hi = None if interval[1] is None or by[1] is None else interval[1] + by[1]
    return lo, hi


def crossing_evidence(evidence: Evidence, mesh_of: Mapping[Device, bytes], meshes: set[bytes]) -> Evidence:
    """What joins the meshes: everything of theirs but causal edges from one into the other."""
    theirs = evidence.within(frozenset(device for device, mesh in mesh_of.items() if mesh in meshes))
    causals = (c for c in theirs.causals if mesh_of[c.earlier.device] == mesh_of[c.later.device])
    return Evidence(theirs.assumptions, theirs.exchanges, tuple(causals), theirs.claims, theirs.seen)


def on_gauge(home: Placement, offset: Placement, assumptions: bytes) -> Placement:
    strict = shifted(home.strict, offset.strict)
    depends_on: tuple[Unit, ...] = home.depends_on + offset.depends_on
    status = home.status if home.status == "quarantined" else side_status(strict)
    return Placement(
        home.at, strict, shifted(home.resilient, offset.resilient), depends_on, status, assumptions
    )


def place_joint(
    evidence: Evidence, anchor: Anchor, stamps: Iterable[Stamp], authority_of: Mapping[Device, Authority]
) -> Joint:
    """Places stamps of two meshes; both sides compute the same integers from the same evidence.

    `anchor` needs both ends, in two meshes. Exchanges between meshes must be signed on both sides: the
    caller keeps others out. Stamps of a third mesh, or of a device without authority, are unplaced.
    """
    return _about(evidence, anchor, stamps, authority_of, _ends(anchor, authority_of))


def place_meshes(
    evidence: Evidence, anchor: Anchor, stamps: Iterable[Stamp], authority_of: Mapping[Device, Authority]
) -> Joint:
    """The same for as many meshes as bridging exchanges join, from the anchor's outward.

    A mesh hangs on its end of the exchange, least in canonical order, that joins it to one already reached.
    """
    ends = _ends(anchor, authority_of)
    mesh_of = {device: authority[0] for device, authority in authority_of.items()}
    bridging = [(x, mesh_of.get(x.tx.device), mesh_of.get(x.rx.device)) for x in evidence.exchanges]
    bridging = [
        (x, one, two) for x, one, two in bridging if one is not None and two is not None and one != two
    ]
    while bridging:
        reached = [(x, one, two) for x, one, two in bridging if (one in ends) != (two in ends)]
        if not reached:
            break
        first, one, two = reached[0]
        ends |= {one: first.tx} if two in ends else {two: first.rx}
    return _about(evidence, anchor, stamps, authority_of, ends)


def _ends(anchor: Anchor, authority_of: Mapping[Device, Authority]) -> dict[bytes, Stamp]:
    """By mesh id: the end of the anchor exchange on which it hangs."""
    if anchor.other is None:
        raise ValueError("a joint timeline starts from an exchange: its anchor needs both ends")
    ends = {authority_of[end.device][0]: end for end in (anchor.at, anchor.other)}
    if len(ends) != 2:
        raise ValueError("a joint timeline starts from an exchange between two meshes, not inside one")
    return ends


def _about(
    evidence: Evidence,
    anchor: Anchor,
    stamps: Iterable[Stamp],
    authority_of: Mapping[Device, Authority],
    ends: dict[bytes, Stamp],
) -> Joint:
    mesh_of = {device: authority[0] for device, authority in authority_of.items()}
    asked = list(stamps)
    home = {}
    for mesh, end in sorted(ends.items()):
        devices = frozenset(device for device, own in mesh_of.items() if own == mesh)
        own = [stamp for stamp in asked if stamp.device in devices]
        home[mesh] = place(evidence.within(devices), Anchor(end), own)
    accused = frozenset(unit for timeline in home.values() for unit in timeline.quarantined)
    trusted = {device: mesh for device, mesh in mesh_of.items() if device not in accused}
    crossing = place(
        crossing_evidence(evidence, trusted, set(ends)),
        anchor,
        ends.values(),
        lambda device: authority_of[device],
    )
    offset = {mesh: crossing.placements[end] for mesh, end in ends.items()}
    gauge, assumptions = {}, evidence.assumptions_digest
    for stamp in asked:
        mesh = mesh_of.get(stamp.device)
        if mesh is not None and mesh in home:
            gauge[stamp] = on_gauge(home[mesh].placements[stamp], offset[mesh], assumptions)
        else:
            gauge[stamp] = Placement(stamp, UNPLACED, UNPLACED, (), "unplaced", assumptions)
    return Joint(home, offset, gauge, crossing, authority_of)


def pair(evidence: Evidence, a: Stamp, b: Stamp, authority_of: Mapping[Device, Authority]) -> Placement:
    """b about a: the exact bounds of one pair, in which no gauge has a part. For people; no verdict rests on it.

    Two stamps of one mesh: by the evidence of that mesh alone. Two meshes: by all that joins them.
    """
    mesh_of = {device: authority[0] for device, authority in authority_of.items()}
    meshes = {mesh_of[a.device], mesh_of[b.device]}
    if len(meshes) == 1:
        devices = frozenset(device for device, mesh in mesh_of.items() if mesh in meshes)
        return place(evidence.within(devices), Anchor(a), [b]).placements[b]
    joining = crossing_evidence(evidence, mesh_of, set(mesh_of.values()))
    return place(joining, Anchor(a, b), [b], lambda device: authority_of[device]).placements[b]

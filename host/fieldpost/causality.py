"""What lies in an observation's past by its sources and by the order of each device's own ticks.

Decides whether a causal path leads from one stamp to another: a source precedes what is derived from it, and a
device's earlier ticks precede its later ones. Stamps of one device at one tick count as one. It refuses to look
at intervals, and at sources outside the set it is given. SPEC 14.1
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping

from fieldpost.cycles import cycles

Stamp = tuple[int, ...]
Node = tuple[bytes, Stamp]
Past = Mapping[bytes, Stamp]


class Causality:
    """The pasts of a set of observations: `(id, device, stamp, ids of sources)` each."""

    def __init__(self, observations: Iterable[tuple[bytes, bytes, Stamp, tuple[bytes, ...]]]):
        observations = list(observations)
        place: dict[bytes, Node] = {one: (device, stamp) for one, device, stamp, _ in observations}
        sources: defaultdict[Node, set[Node]] = defaultdict(set)
        for one, _, _, named in observations:
            known = {place[source] for source in named if source in place and place[source] != place[one]}
            if known:
                sources[place[one]] |= known
        self._stamps: dict[bytes, list[Stamp]] = {}
        for device, stamp in sorted(sources):
            self._stamps.setdefault(device, []).append(stamp)
        self._past = self._pasts(sources)

    def leads(self, device: bytes, stamp: Stamp, later_device: bytes, later_stamp: Stamp) -> bool:
        """True when a causal path leads from the first stamp to the later one, another device's."""
        node = self._latest(later_device, later_stamp)
        known = None if node is None else self._past[node].get(device)
        return known is not None and stamp <= known

    def _latest(self, device: bytes, stamp: Stamp) -> Node | None:
        """The device's last node that is not after `stamp`."""
        stamps = self._stamps.get(device, [])
        index = bisect_right(stamps, stamp)
        return (device, stamps[index - 1]) if index else None

    def _previous(self, node: Node) -> Node | None:
        stamps = self._stamps[node[0]]
        index = bisect_right(stamps, node[1]) - 1
        return (node[0], stamps[index - 1]) if index else None

    def _pasts(self, sources: Mapping[Node, set[Node]]) -> dict[Node, Past]:
        """Per node, the latest stamp of each device in its past, parents first and without recursion.

        Hashes make a cycle of sources impossible; together with ticks that run backwards there are some. All nodes
        of a cycle have one past, so that the result does not depend on where a walk begins.
        """
        parents = {
            node: {
                one for one in (self._previous(node), *(self._latest(*s) for s in known)) if one is not None
            }
            for node, known in sources.items()
        }
        past: dict[Node, Past] = {}
        for group in cycles(parents):
            above = {one for node in group for one in parents[node]}.difference(group)
            direct = [stamp for node in group for stamp in _direct(sources[node])]
            past |= dict.fromkeys(group, _latest_of([*(past[one] for one in above), *direct]))
        return past


def _direct(known: Iterable[Node]) -> list[Past]:
    return [{device: stamp} for device, stamp in known]


def _latest_of(pasts: Iterable[Past]) -> Past:
    merged: dict[bytes, Stamp] = {}
    for past in pasts:
        for device, stamp in past.items():
            if device not in merged or merged[device] < stamp:
                merged[device] = stamp
    return merged

"""The evidence book: what is held that speaks of time, so that nothing else is looked at to place anything.

Decides which observations speak of time, and whether what came may change a placement: a boot that was seen to go on
a little longer, with no other boot of its device beside it, bounds nobody. Refuses to place anything. SPEC 9
"""

from array import array
from collections.abc import Container, Iterator, Sequence

from fieldpost import clocks
from fieldpost.model import Verified
from fieldpost.timeline.evidence import Stamp
from fieldwire import observation as obs

Boot = tuple[bytes, int]  # (device, boot)


class EvidenceBook:
    """`speakers`: their numbers, as they arrived. `edition`: another one when placements may be others; `readings`:
    when boots were seen to last longer.
    """

    def __init__(self) -> None:
        self.speakers = array("Q")
        self.edition = 0
        self.readings = 0
        self._ends: dict[
            bytes, dict[Boot, list[int]]
        ] = {}  # by mesh: first and last reading of each boot, in ms
        self._boots: dict[bytes, set[int]] = {}  # by device
        self._heard: dict[bytes, bytes] = {}  # device: the mesh under which it spoke last
        self._awaited: set[bytes] = set()  # ids that are named as sources and not held

    def note(self, entries: Sequence[Verified], may_date: bool, held: Container[bytes]) -> None:
        """Observations that are new, all of one envelope. `may_date`: their credential has the right `time`.

        `held`: the ids of all that are held, these among them.
        """
        if not entries:
            return
        first = entries[0]
        device, boot = first.observation[obs.DEVICE], first.observation[obs.TREF][0]
        self._heard[device] = first.mesh
        read = [entry.observation[obs.TREF][1] for entry in entries]
        self._see(first.mesh, (device, boot), min(read), max(read))
        for entry in entries:
            observation = entry.observation
            sources = observation.get(obs.SOURCES)
            dated = may_date and len(observation[obs.TREF]) == 3
            if sources is not None or dated or observation[obs.FORMAT] == obs.TIME_FORMAT:
                self.speakers.append(entry.n)
                self._awaited.update(source[4] for source in sources or () if source[4] not in held)
                self.changed()
            elif entry.id in self._awaited:
                self._awaited.remove(entry.id)
                self.changed()

    def _see(self, mesh: bytes, boot: Boot, first: int, last: int) -> None:
        ends = self._ends.setdefault(mesh, {}).get(boot)
        if ends is None:
            self._ends[mesh][boot] = [first, last]
            self._boots.setdefault(boot[0], set()).add(boot[1])
            self.changed()
        elif first < ends[0] or last > ends[1]:
            ends[0], ends[1] = min(ends[0], first), max(ends[1], last)
            self.readings += 1
            self.edition += len(self._boots[boot[0]]) > 1

    def changed(self) -> None:
        """Something that may change placements: evidence, who may speak, or how well clocks are known to run."""
        self.edition += 1
        self.readings += 1

    def devices(self, mesh: bytes | None) -> dict[bytes, bytes]:
        """The mesh of each device that spoke under this one, or under any for None."""
        if mesh is None:
            return self._heard
        return {device: mesh for device, _ in self._ends.get(mesh, {})}

    def ends(self, mesh: bytes | None) -> Iterator[Stamp]:
        """The first and the last stamp of each boot, as far as it spoke under this mesh, or under any."""
        merged: dict[Boot, list[int]] = {}
        for one in self._ends if mesh is None else [mesh]:
            for boot, (first, last) in self._ends.get(one, {}).items():
                known = merged.get(boot, [first, last])
                merged[boot] = [min(first, known[0]), max(last, known[1])]
        for (device, boot), both in merged.items():
            for ms in both:
                yield Stamp(device, boot, ms * clocks.MS)

    def of_boot(self, mesh: bytes, boot: Boot) -> tuple[int, int]:
        """The first and the last reading of a boot under a mesh, in ms. KeyError where nothing was read."""
        first, last = self._ends[mesh][boot]
        return first, last

    @property
    def meshes(self) -> set[bytes]:
        """Meshes of which anything is held."""
        return set(self._ends)

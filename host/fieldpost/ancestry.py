"""Ancestry: whose lineage is held whole, and through which source the others lack something.

Decides by what is held alone. Of a lineage that lacks something it keeps the first step towards that, so that each
step is walked once, however deep it is and however often it is asked about. Refuses to judge: that is admission's.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from fieldpost.held import COMPLETE, Held


class Ancestry:
    """About what `held` holds; some 300 bytes for each observation that was asked about and lacks something."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._through: dict[bytes, bytes] = {}  # who lacks something: the source through which
        self._waiting: dict[bytes, list[bytes]] = {}  # that source: who lacks something through it

    def lacks(self, identity: bytes) -> bytes | None:
        """The source of a held observation that is not held or lacks something itself; None where nothing lacks."""
        number = self._held.number(identity)
        if number is None or self._held.marked(number, COMPLETE):
            return None
        if identity in self._through:
            return self._through[identity]
        path: list[tuple[bytes, int, Iterator[bytes]]] = [self._step(identity, number)]
        on_path = {identity}
        while path:
            one, number, rest = path[-1]
            source = next(rest, None)
            if source is None:
                self._held.mark(number, COMPLETE)
                on_path.discard(one)
                path.pop()
                continue
            found = self._held.number(source)
            if found is None or source in self._through or source in on_path:
                self._block([*(step[0] for step in path), source])
                return self._through[identity]
            if not self._held.marked(found, COMPLETE):
                path.append(self._step(source, found))
                on_path.add(source)
        return None

    def arrived(self, identities: Iterable[bytes]) -> list[int]:
        """The numbers of those whose lineage is whole now that these are held, too."""
        found: list[int] = []
        if not self._waiting:
            return found
        arrived = [one for one in identities if one in self._waiting]
        while arrived:
            source = arrived.pop()
            if self.lacks(source) is not None:
                continue
            for one in self._waiting.pop(source, ()):
                del self._through[one]
                if self.lacks(one) is None:
                    arrived.append(one)
                    number = self._held.number(one)
                    found.extend([] if number is None else [number])
        return found

    def _step(self, identity: bytes, number: int) -> tuple[bytes, int, Iterator[bytes]]:
        return identity, number, iter(self._held.sources(identity))

    def _block(self, path: list[bytes]) -> None:
        """Each but the last lacks something through the next."""
        for one, source in pairwise(path):
            self._through[one] = source
            self._waiting.setdefault(source, []).append(one)

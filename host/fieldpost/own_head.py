"""The growing end of the bridge's own log: a signed checkpoint of it, and the proof that it only grew.

Shell over the stored events, read once and only as far as they are new. Decides nothing. SPEC 15.2, 15.3, 10.8
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fieldpost.recorder import checkpoint
from fieldwire import keys, merkle

HASH = 32


class _Hashes:
    """Leaf hashes side by side: a log of a million events takes 32 MB."""

    def __init__(self, data: bytearray, size: int) -> None:
        self._data, self._size = data, size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> Iterator[bytes]:
        first, last, _ = part.indices(self._size)
        return (bytes(self._data[HASH * at : HASH * (at + 1)]) for at in range(first, last))


class OwnHead:
    """`events(after)` are the log's leaves without the first `after`, `signer` is the bridge's key."""

    def __init__(self, events: Callable[[int], Iterable[bytes]], signer: Any) -> None:
        self._events, self._signer = events, signer
        self._tree, self._hashes = merkle.Tree(), bytearray()

    def checkpoint(self) -> tuple[int, bytes]:
        """(size, signed checkpoint) of the log as it is stored now. SPEC 15.3"""
        for data in self._events(self._tree.size):
            leaf = merkle.leaf_hash(data)
            self._tree.add(leaf)
            self._hashes += leaf
        size = self._tree.size
        return size, checkpoint(keys.thumbprint(self._signer.public), size, self._tree.root(), self._signer)

    def growth(self, first: int, size: int) -> list[bytes] | None:
        """The path which shows that the first `first` events begin the log of `size`; None where they cannot."""
        if not 0 <= first <= size <= self._tree.size:
            return None
        return merkle.consistency_path(_Hashes(self._hashes, size), first) if first else []

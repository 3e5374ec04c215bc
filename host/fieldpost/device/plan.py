"""What must be copied and what removed, that a board holds what it should: from digests and sizes alone.

Decides nothing about what belongs on a board, and moves no byte.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Held:
    """One file: SHA-256 of its bytes, and how many they are."""

    digest: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Paths, sorted; `copy_bytes` go over the cable."""

    copy: tuple[str, ...]
    keep: tuple[str, ...]
    remove: tuple[str, ...]
    copy_bytes: int

    @property
    def is_done(self) -> bool:
        return not self.copy and not self.remove


def held(data: bytes) -> Held:
    return Held(sha256(data).digest(), len(data))


def plan(present: Mapping[str, Held], wanted: Mapping[str, Held]) -> Plan:
    """`present`: what the board holds below the places that are ours, path -> Held; `wanted` the same of a build."""
    copy = tuple(sorted(path for path, one in wanted.items() if present.get(path) != one))
    return Plan(
        copy=copy,
        keep=tuple(sorted(wanted.keys() - set(copy))),
        remove=tuple(sorted(present.keys() - wanted.keys())),
        copy_bytes=sum(wanted[path].size for path in copy),
    )


def room_bytes(chosen: Plan, wanted: Mapping[str, Held], block_bytes: int) -> int:
    """What the copied files take of a file system of whole blocks, while the old ones are still beside them."""
    return sum(-(-max(1, wanted[path].size) // block_bytes) for path in chosen.copy) * block_bytes

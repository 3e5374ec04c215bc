"""The values that stages of the pipeline hand to each other.

Decides nothing. A `Refusal` is a recorded outcome, never an exception; bytes that break the wire format
become one at the pipeline's edge.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Position = tuple[bytes, bytes, int, int]
Authority = tuple[bytes, str]  # (mesh id, path)


@dataclass(frozen=True)
class Refusal:
    """What was not accepted: `code` of SPEC 16, `reason` in words with the thing named, `remedy`.

    `rests_on`: ids of the tokens by which it was refused.
    """

    code: str
    reason: str
    remedy: str
    rests_on: tuple[bytes, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class Missing(Refusal):
    """A refusal that ends when `what` is held: a token id of 16 bytes, a key's kid of 8, a mesh id of 32.

    `whose`: the authority whose signature holds over what waits; None where nobody known has signed.
    """

    what: bytes
    whose: Authority | None = None


@dataclass(frozen=True)
class Input:
    """One thing that reached the bridge, in order: the whole truth from which everything else is rebuilt.

    `kind`: config root token segment early item agreement mode solve met heads twice crossed compared epoch-offer
    epoch-open epoch-close vote.
    `at`: (boot, ms) of the bridge's own clock. `data`: bytes as received (CBOR where we made them).
    """

    n: int
    kind: str
    at: tuple[int, int]
    data: bytes


class Verified(NamedTuple):
    """An observation under a signature that holds: sealed (`seal_hash`) or an early copy (None)."""

    id: bytes
    leaf: bytes
    observation: dict[int, Any]
    mesh: bytes
    authority: str
    credential: bytes
    grade: int
    seal_hash: bytes | None
    segment: tuple[bytes, int, int] | None  # (incarnation, stream, segment)
    index: int  # pyright: ignore[reportIncompatibleMethodOverride] (nobody searches an observation)
    path: tuple[bytes, ...] | None  # where it came alone: its inclusion path
    n: int = 0  # which one it is of all that are held, by arrival; 0 before


class Verdict(NamedTuple):
    """admitted | held | refused, with its code; `under` the local authority and `equivalences` used (ids)."""

    state: str
    code: str
    reason: str
    remedy: str
    under: Authority | None = None
    equivalences: tuple[bytes, ...] = ()
    ages_ms: tuple[tuple[bytes, int], ...] = ()


@dataclass
class Outcome:
    """What one input led to: event bytes for the log, rows for the store's tables, both in order."""

    events: list[bytes] = field(default_factory=list)
    rows: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

"""Which claims about one property cannot both stand: rivals, pair by pair.

Decides the order of two claims (ticks of one device, then causal path, then disjoint intervals), whether two
values differ by more than the tolerance, and so who rivals whom. Rivalry is not closed transitively. It
refuses to decide who prevails, and never looks at an author's clock or at the order of arrival. SPEC 14.1,
14.2
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fieldpost.agreement import Tolerance
from fieldpost.causality import Causality
from fieldpost.lines import Line, place

Value = int | str | tuple[int, int, int]
_TURN = 3_600_000_000  # 360 degrees in 1e-7 degree


@dataclass(frozen=True, slots=True)
class Claim:
    """One property's value in one observation. Times are nanoseconds since the anchor, None unbounded."""

    id: bytes
    mesh: bytes
    authority: str
    device: bytes
    incarnation: bytes
    stream: int
    seq: int
    boot: int
    ticks_ms: int
    subject: str
    property: str
    value: Value
    interval_ns: tuple[int | None, int | None]
    attestation_grade: int
    complete: bool
    credential_age_s: int | None
    sources: tuple[bytes, ...] = ()
    admitted_by: tuple[bytes, ...] = ()

    def stamp(self) -> tuple[int, int]:
        """When, on its own device."""
        return self.boot, self.ticks_ms


@dataclass(slots=True)
class Contest:
    """All claims about one property of one subject, sorted by id; rivals and agreeing claims by index.

    `agrees` holds unordered claims of other devices whose values are within the tolerance.
    """

    subject: str
    property: str
    claims: list[Claim]
    rivals: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    agrees: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))


class Order:
    """What is known to come before what, from ticks, sources and intervals."""

    def __init__(self, claims: Iterable[Claim], lines: Mapping[bytes, Line] | None = None):
        """`claims`: the whole joint set, whatever its subjects, so that causal paths are complete.

        `lines`: devices that count as one because their keys followed one another.
        """
        self._lines = lines or {}
        self._causality = Causality((claim.id, *self._place(claim), claim.sources) for claim in claims)

    def _place(self, claim: Claim) -> tuple[bytes, tuple[int, int, int]]:
        return place(self._lines, claim.device, claim.stamp())

    def before(self, a: Claim, b: Claim) -> str | None:
        """Why a came before b: "ticks", "causal" or "interval"; None when that is not known."""
        (one, at), (other, then) = self._place(a), self._place(b)
        if one == other:
            return "ticks" if at < then else None
        leads = self._causality.leads(one, at, other, then)
        if leads != self._causality.leads(other, then, one, at):
            return "causal" if leads else None
        return "interval" if _ended(a, b.interval_ns[0]) else None

    def unordered(self, a: Claim, b: Claim) -> bool:
        """True when neither is known to come before the other."""
        (one, at), (other, then) = self._place(a), self._place(b)
        if one == other:
            return at == then
        if self._causality.leads(one, at, other, then) != self._causality.leads(other, then, one, at):
            return False
        return not _ended(a, b.interval_ns[0]) and not _ended(b, a.interval_ns[0])

    def latest(self, claims: Sequence[Claim]) -> list[int]:
        """Indexes of the claims that none of the others is known to follow; all, should each be followed.

        The latest start and each device's latest tick narrow the candidates: a long series stays cheap.
        """
        start = max((c.interval_ns[0] for c in claims if c.interval_ns[0] is not None), default=None)
        last: dict[bytes, tuple[int, int, int]] = {}
        places = [self._place(claim) for claim in claims]
        for line, at in places:
            last[line] = max(at, last.get(line, at))
        near = [
            index
            for index, (claim, (line, at)) in enumerate(zip(claims, places, strict=True))
            if at == last[line] and not _ended(claim, start)
        ]
        near = near or list(range(len(claims)))
        free = [a for a in near if not any(self.before(claims[a], claims[b]) for b in near)]
        return free or near


def contests(claims: Iterable[Claim], order: Order, tolerances: Mapping[str, Tolerance]) -> list[Contest]:
    """The contests of one scope, sorted by subject and property."""
    found: list[Contest] = []
    for contest in _contests(claims):
        name = contest.property
        tolerance = tolerances.get(name, 0)
        for a, b in _overlapping(contest.claims):
            one, other = contest.claims[a], contest.claims[b]
            if order.unordered(one, other):
                pairs = contest.rivals if differ(one.value, other.value, tolerance) else contest.agrees
                pairs[a].append(b)
                pairs[b].append(a)
        found.append(contest)
    return found


def comparisons(claims: Iterable[Claim]) -> dict[tuple[str, str], int]:
    """{(subject, property): pairs of claims that `contests` has to compare}, at the cost of a sort."""
    return {
        (contest.subject, contest.property): _meetings(contest.claims)
        - sum(map(_meetings, _by_device(contest.claims)))
        for contest in _contests(claims)
    }


def _contests(claims: Iterable[Claim]) -> Iterator[Contest]:
    """The contests, sorted, before anything in them is compared."""
    groups: defaultdict[tuple[str, str], dict[bytes, Claim]] = defaultdict(dict)
    for claim in claims:
        groups[claim.subject, claim.property][claim.id] = claim
    for (subject, name), group in sorted(groups.items()):
        yield Contest(subject, name, [group[one] for one in sorted(group)])


def _by_device(claims: Iterable[Claim]) -> Iterable[list[Claim]]:
    groups: defaultdict[bytes, list[Claim]] = defaultdict(list)
    for claim in claims:
        groups[claim.device].append(claim)
    return groups.values()


def _meetings(claims: Sequence[Claim]) -> int:
    """How many pairs have intervals that are not disjoint."""
    starts = sorted(claim.interval_ns[0] for claim in claims if claim.interval_ns[0] is not None)
    ends = (claim.interval_ns[1] for claim in claims)
    apart = sum(len(starts) - bisect_right(starts, end) for end in ends if end is not None)
    return len(claims) * (len(claims) - 1) // 2 - apart


def differ(a: Value, b: Value, tolerance: Tolerance) -> bool:
    """True when two values are further apart than the tolerance allows."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        lat, lon = (tolerance, tolerance) if isinstance(tolerance, int) else tolerance
        east = abs(a[1] - b[1]) % _TURN
        return abs(a[0] - b[0]) > lat or min(east, _TURN - east) > lon
    if isinstance(a, int) and isinstance(b, int):
        return abs(a - b) > (tolerance if isinstance(tolerance, int) else 0)
    return a != b


def _overlapping(claims: Sequence[Claim]) -> Iterator[tuple[int, int]]:
    """Pairs of different devices whose intervals are not disjoint, each once.

    One sweep by lower bound; the cost is the sort and the pairs, however long one device's own series is.
    """
    unbounded = [index for index, claim in enumerate(claims) if claim.interval_ns[0] is None]
    bounded = sorted(
        (claim.interval_ns[0], index)
        for index, claim in enumerate(claims)
        if claim.interval_ns[0] is not None
    )
    active: dict[bytes, list[int]] = {}
    for index in (*unbounded, *(index for _, index in bounded)):
        claim = claims[index]
        start = claim.interval_ns[0]
        for device in [device for device in active if device != claim.device]:
            active[device] = [one for one in active[device] if not _ended(claims[one], start)]
            if not active[device]:
                del active[device]
            for one in active.get(device, ()):
                yield one, index
        active.setdefault(claim.device, []).append(index)


def _ended(claim: Claim, start: int | None) -> bool:
    end = claim.interval_ns[1]
    return end is not None and start is not None and end < start

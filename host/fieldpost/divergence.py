"""How far two histories of one scope drifted apart, in named integers, and whether the gate stops it.

Decides from the joint claims, their contests and the agreement alone. Claims of a zero-weight authority count
nowhere. It refuses to decide what becomes of a stopped scope: that is a case, closed by a merge. SPEC 13
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from fieldpost.agreement import TERMS, Agreement, Gate
from fieldpost.conflict import Claim, Contest

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Divergence:
    """One scope's measured terms and what the gate says of them."""

    scope: str
    terms: Mapping[str, int]
    verdict: str


def measure(
    claims: Iterable[Claim],
    contests: Iterable[Contest],
    agreement: Agreement,
    settled: Collection[bytes] = frozenset(),
) -> dict[str, int]:
    """The terms of one scope, by name, over its joint claims that no epoch signed by both sides has covered.

    `settled`: ids that such an epoch covers; they count as rivals of new claims, and nowhere else.
    """

    def weight(claim: Claim) -> int:
        return agreement.weight(claim.mesh, claim.authority)

    counted = [claim for claim in claims if claim.id not in settled and weight(claim) > 0]
    contests = list(contests)
    disputed = _met(contests, lambda contest: contest.rivals, settled, weight)
    agreeing = _met(contests, lambda contest: contest.agrees, settled, weight)
    overlapping = {(claim.id, claim.property) for claim in (*disputed, *agreeing)}
    terms: dict[str, int] = dict.fromkeys(TERMS, 0)
    terms["conflict_ratio"] = _per_mille(len(disputed), len(counted))
    terms["forks"] = _forks(counted)
    authorities = {(claim.mesh, claim.authority) for claim in counted}
    terms["unmapped"] = sum(not agreement.listed(*authority) for authority in authorities)
    terms["incomplete"] = len({claim.id for claim in counted if not claim.complete})
    terms["weighted_disagreement"] = _per_mille(sum(map(weight, disputed)), sum(map(weight, counted)))
    terms["subjects_touched"] = len({claim.subject for claim in disputed})
    terms["time_overlap"] = _per_mille(len(overlapping), len(counted))
    terms["partition_length"] = _span_s(counted)
    return terms


def verdict(terms: Mapping[str, int], gate: Gate) -> str:
    """ "stop" when a term exceeds its threshold, or the weighted sum the total; else "resolve". SPEC 13.3"""
    if any(terms[name] > threshold for name, threshold in gate.thresholds.items()):
        return "stop"
    weighed = sum(terms[name] * weight for name, weight in gate.weights.items())
    return "stop" if gate.total is not None and weighed > gate.total else "resolve"


def _met(
    contests: Iterable[Contest],
    pairs_of: Callable[[Contest], Mapping[int, list[int]]],
    settled: Collection[bytes],
    weight: Callable[[Claim], int],
) -> list[Claim]:
    """The counted claims that meet, in the pairs named, a claim whose authority has weight."""
    found: list[Claim] = []
    for contest in contests:
        weighty = [weight(claim) > 0 for claim in contest.claims]
        for index, others in sorted(pairs_of(contest).items()):
            claim = contest.claims[index]
            if weighty[index] and claim.id not in settled and any(weighty[other] for other in others):
                found.append(claim)
    return found


def _per_mille(part: int, whole: int) -> int:
    return 1000 * part // whole if whole else 0


def _forks(claims: Iterable[Claim]) -> int:
    """Positions that hold two different ids. SPEC 6.5"""
    holders: dict[tuple[bytes, bytes, int, int], set[bytes]] = {}
    for claim in claims:
        position = (claim.device, claim.incarnation, claim.stream, claim.seq)
        holders.setdefault(position, set()).add(claim.id)
    return sum(len(ids) > 1 for ids in holders.values())


def _span_s(claims: Iterable[Claim]) -> int:
    """Whole seconds from the earliest lower to the latest upper bound; unbounded sides are left out."""
    starts: list[int] = []
    ends: list[int] = []
    for claim in claims:
        start, end = claim.interval_ns
        if start is not None:
            starts.append(start)
        if end is not None:
            ends.append(end)
    return max(0, max(ends) - min(starts)) // NS if starts and ends else 0

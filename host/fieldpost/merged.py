"""Merged cases at work: which pairs of rivals a plan has settled, and how.

Decides only between claims that were joint when their scope was stopped; newer claims are not touched by a
plan. What a plan leaves open the agreement's chain decides. SPEC 13.7
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fieldpost.conflict import Claim, Contest
from fieldpost.plan import Plan


@dataclass(frozen=True, slots=True)
class Merged:
    """A case closed by a plan: `number` of the epoch that stopped it, and the ids that were joint there."""

    number: int
    plan: Plan
    covered: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Settled:
    """Of one contest, by index: `rivals` that are left to the chain, and `losers` with those preferred to them."""

    rivals: dict[int, list[int]]
    losers: dict[int, list[int]]


def settle(contest: Contest, merges: Sequence[Merged]) -> Settled:
    """What the plans leave of a contest's rivalries. A loser is nobody's rival any more."""
    if not merges:
        return Settled(contest.rivals, {})
    losers: dict[int, list[int]] = {}
    open_pairs: dict[int, list[int]] = {}
    for index, others in contest.rivals.items():
        for other in others:
            plan = _plan_over(merges, contest.claims[index], contest.claims[other])
            if plan is None:
                open_pairs.setdefault(index, []).append(other)
                continue
            choice = plan.choice_of(contest.subject)
            mine, theirs = (contest.claims[one].mesh == choice for one in (index, other))
            if choice is not None and mine == theirs:
                open_pairs.setdefault(index, []).append(other)
            elif theirs:
                losers.setdefault(index, []).append(other)
    left = {
        index: [one for one in others if one not in losers]
        for index, others in open_pairs.items()
        if index not in losers
    }
    return Settled({index: others for index, others in left.items() if others}, losers)


def _plan_over(merges: Iterable[Merged], one: Claim, other: Claim) -> Plan | None:
    """The latest plan that covers both claims."""
    found = [merge for merge in merges if one.id in merge.covered and other.id in merge.covered]
    return max(found, key=lambda merge: merge.number).plan if found else None

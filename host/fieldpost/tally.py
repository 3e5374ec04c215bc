"""The tally: which merge plan, if any, the votes over one case carry.

Decides from the set of votes and the agreement's quorum alone, whatever the order in which they came: two
bridges that hold the same votes have the same verdict. It refuses to check signatures: a vote that comes here
is one of a voice. SPEC 13.6
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fieldpost.agreement import Agreement, Authority, Merge
from fieldpost.plan import Plan

OPEN, MERGED, CONFLICT = "open", "merged", "conflict"


@dataclass(frozen=True, slots=True)
class Vote:
    """One voice, for a plan or against it; `data` as it was signed."""

    voice: Authority
    plan: Plan
    favours: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Count:
    """`state` of the case, the `plan` that closes it, and the voices that count for each plan, by plan id."""

    state: str
    plan: Plan | None
    voices: dict[bytes, tuple[Authority, ...]]


def voices_of(agreement: Agreement) -> tuple[Authority, ...]:
    """Who may vote: the authorities that [merge] names, else the parties' roots. The path "" is a mesh's root."""
    return agreement.merge.authorities or tuple((mesh, "") for mesh in agreement.parties)


def count(merge: Merge, votes: Iterable[Vote]) -> Count:
    """The verdict over a case. Who rejected a plan is not for it; who is for two plans at once is for neither."""
    votes = list(votes)
    against = {(one.voice, one.plan.id) for one in votes if not one.favours}
    supported: dict[Authority, dict[bytes, Plan]] = {}
    for one in votes:
        if one.favours and (one.voice, one.plan.id) not in against:
            supported.setdefault(one.voice, {})[one.plan.id] = one.plan
    plans: dict[bytes, Plan] = {one.plan.id: one.plan for one in votes}
    heard: dict[bytes, tuple[Authority, ...]] = dict.fromkeys(sorted(plans), ())
    for voice in sorted(supported):
        if len(supported[voice]) == 1:
            [identity] = supported[voice]
            heard[identity] = (*heard[identity], voice)
    carried = [identity for identity, voices in heard.items() if len(voices) >= merge.quorum]
    if len(carried) > 1:
        return Count(CONFLICT, None, heard)
    return Count(MERGED, plans[carried[0]], heard) if carried else Count(OPEN, None, heard)

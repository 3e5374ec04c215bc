"""From claims and an agreement to decisions: the joint set, its order, divergence, gate, arbitration.

Decides what two sides decide alike: everything here is a function of the joint claims and the agreement,
whatever the order of arrival. What only one side admits is named and left out. SPEC 10.4, 13, 14
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fieldpost.agreement import Agreement
from fieldpost.arbitration import Ruling, decide, decision_digest
from fieldpost.conflict import Claim, Contest, Order, comparisons, contests
from fieldpost.divergence import Divergence, measure, verdict
from fieldpost.lines import Line
from fieldpost.merged import Merged

# The worst, two series of 1,448 claims each and all at one time, prints most of a gigabyte.
COMPARISONS_MAX = 2**21


@dataclass(frozen=True, slots=True)
class Resolution:
    """All that follows. `one_sided` and `outside` (no scope covers them) hold claims that decide nothing."""

    joint: tuple[Claim, ...]
    one_sided: tuple[Claim, ...]
    outside: tuple[Claim, ...]
    contests: tuple[Contest, ...]
    divergence: tuple[Divergence, ...]
    ruling: Ruling
    decision_digest: bytes


def crowd(claims: Iterable[Claim], agreement: Agreement) -> tuple[str, str, int] | None:
    """(subject, property, pairs) where most is to be compared; None while all pairs are at most COMPARISONS_MAX."""
    counted: dict[tuple[str, str], int] = {}
    for group in _sorted_out(claims, agreement)[0].values():
        counted |= comparisons(group)
    if sum(counted.values()) <= COMPARISONS_MAX:
        return None
    (subject, name), pairs = max(counted.items(), key=lambda one: one[1])
    return subject, name, pairs


def resolve(
    claims: Iterable[Claim],
    agreement: Agreement,
    settled: Collection[bytes] = frozenset(),
    merges: Sequence[Merged] = (),
    lines: Mapping[bytes, Line] | None = None,
) -> Resolution:
    """Resolve all claims, each counted once. `lines`: devices that count as one, their keys having been rotated.

    `settled`: ids that the last epoch signed by both covers, or a merge. `merges`: the cases that plans closed.
    """
    joint, one_sided, outside = _sorted_out(claims, agreement)
    together = tuple(claim for group in joint.values() for claim in group)
    order = Order(together, lines)
    found: list[Contest] = []
    measured: list[Divergence] = []
    for scope in agreement.scopes:
        group = joint[scope.subject]
        held = contests(group, order, scope.tolerances)
        terms = measure(group, held, agreement, settled)
        measured.append(Divergence(scope.subject, terms, verdict(terms, scope.gate)))
        found.extend(held)
    stopped = frozenset(one.scope for one in measured if one.verdict == "stop")
    ruling = decide(found, agreement, order, stopped, merges)
    digest = decision_digest(ruling.decisions)
    return Resolution(
        together, tuple(one_sided), tuple(outside), tuple(found), tuple(measured), ruling, digest
    )


def _sorted_out(
    claims: Iterable[Claim], agreement: Agreement
) -> tuple[dict[str, list[Claim]], list[Claim], list[Claim]]:
    """The joint claims by their scope's subject, those that a party did not admit, those that no scope covers."""
    parties = set(agreement.parties)
    joint: dict[str, list[Claim]] = {scope.subject: [] for scope in agreement.scopes}
    one_sided: list[Claim] = []
    outside: list[Claim] = []
    unique = {(claim.id, claim.property): claim for claim in claims}
    for _, claim in sorted(unique.items()):
        scope = agreement.scope_of(claim.subject)
        if scope is None:
            outside.append(claim)
        elif parties <= set(claim.admitted_by):
            joint[scope.subject].append(claim)
        else:
            one_sided.append(claim)
    return joint, one_sided, outside

"""Who prevails among rivals: an ordered chain of functions, then a tie-break that nobody can grind.

Decides each claim's fate from its own rivals alone, and per subject and property the latest prevailing claim.
All arithmetic is on integers; nothing is loaded, no clock is read, order of arrival and authors' timestamps
have no say. The losing record stays as it was: only a decision names it. SPEC 14.3 to 14.7
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fieldpost.agreement import VARIABLES, Agreement, Function, longest_prefix
from fieldpost.agreement_cbor import agreement_digest
from fieldpost.conflict import Claim, Contest, Order
from fieldpost.expression import INT_MAX, INT_MIN, evaluate, parse
from fieldpost.merged import Merged, Settled, settle
from fieldwire import cbor

LABEL = b"fieldpost/decisions/1"
TIE_BREAK = "tie-break"
UNOPPOSED = "unopposed"
STOPPED = "stopped"
PLANNED = "merge-plan"
NO_RULE, PLAN_RULE = -1, -2

Keys = tuple[int, ...]
Score = Callable[[Contest, int], int]


@dataclass(frozen=True, slots=True)
class Fate:
    """A claim prevails over all its rivals, or the best of them supersedes it by a rule."""

    prevails: bool
    superseded_by: bytes | None
    rule: int
    function: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One row of decisions. `rivals` are sorted ids; `keys` has the key of each id that the row names."""

    subject: str
    property: str
    prevailing: bytes | None
    rivals: tuple[bytes, ...]
    rule: int
    function: str
    keys: Mapping[bytes, Keys] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Ruling:
    """The rows, the fate of each claim by (id, property), and the picture's pick by (subject, property)."""

    decisions: tuple[Decision, ...]
    fates: Mapping[tuple[bytes, str], Fate]
    picks: Mapping[tuple[str, str], Claim]


class Chain:
    """An agreement's functions, ready to give keys. Greater keys prevail; all keys of one contest differ."""

    def __init__(self, agreement: Agreement):
        self._agreement = agreement
        self._digest = agreement_digest(agreement)
        self._scores = [self._score(link) for link in agreement.chain]
        self.names = [link.name for link in agreement.chain]

    def name(self, rule: int) -> str:
        """The name of the function at an index; the one after the last is the tie-break."""
        return self.names[rule] if rule < len(self.names) else TIE_BREAK

    def keys(self, contest: Contest, index: int) -> Keys:
        """One integer a function, then the tie-break: minus the digest, minus seq, minus stream."""
        claim = contest.claims[index]
        ground = self._digest + claim.subject.encode() + claim.property.encode() + claim.device
        digest = int.from_bytes(hashlib.sha256(ground).digest(), "big")
        scores = [score(contest, index) for score in self._scores]
        return (*scores, -digest, -claim.seq, -claim.stream)

    def _score(self, link: Function) -> Score:
        """The scoring function of one link."""
        if link.name == "priority":
            ranks = {authority: len(link.order) - place for place, authority in enumerate(link.order)}
            return lambda contest, index: _rank(ranks, contest.claims[index])
        if link.name == "authority-weight":
            return lambda contest, index: self._weight(contest.claims[index])
        if link.name == "composite":
            terms = link.terms
            return lambda contest, index: sum(
                terms.get(name, 0) * value for name, value in self._measures(link, contest, index).items()
            )
        tree = parse(link.expression, VARIABLES)

        def score(contest: Contest, index: int) -> int:
            found = evaluate(tree, self._variables(link, contest, index))
            return INT_MIN if found is None else int(found)

        return score

    def _weight(self, claim: Claim) -> int:
        return self._agreement.weight(claim.mesh, claim.authority)

    def _measures(self, link: Function, contest: Contest, index: int) -> dict[str, int]:
        """The named terms of one claim; all of them 0 under an authority that weighs 0. SPEC 14.3"""
        claim = contest.claims[index]
        weight = self._weight(claim)
        age = link.freshness_s if claim.credential_age_s is None else claim.credential_age_s
        measures = {
            "attestation_grade": claim.attestation_grade,
            "authority_weight": weight,
            "corroboration": self._corroboration(link, contest, index),
            "credential_freshness": 1000
            * min(max(0, link.freshness_s - age), link.freshness_s)
            // link.freshness_s,
            "lineage_completeness": int(claim.complete),
        }
        return measures if weight > 0 else dict.fromkeys(measures, 0)

    def _corroboration(self, link: Function, contest: Contest, index: int) -> int:
        """How many authorities listed by name, none of the claim's own mesh, agree with it."""
        mesh = contest.claims[index].mesh
        listed = {authority: authority for authority in link.corroborators}
        voices = set()
        for other in contest.agrees.get(index, ()):
            claim = contest.claims[other]
            if claim.mesh != mesh and self._weight(claim) > 0:
                voices.add(longest_prefix(listed, claim.mesh, claim.authority))
        return len(voices - {None})

    def _variables(self, link: Function, contest: Contest, index: int) -> dict[str, int | None]:
        claim = contest.claims[index]
        start, end = claim.interval_ns
        value = claim.value if isinstance(claim.value, int) and INT_MIN <= claim.value <= INT_MAX else None
        return {
            **self._measures(link, contest, index),
            "credential_age_s": claim.credential_age_s,
            "sources": len(claim.sources),
            "value": value,
            "width_ms": None if start is None or end is None else -((start - end) // 1_000_000),
        }


def decide(
    contests: Iterable[Contest],
    agreement: Agreement,
    order: Order,
    stopped: frozenset[str] = frozenset(),
    merges: Sequence[Merged] = (),
) -> Ruling:
    """Rows, fates and picks of all contests. `stopped`: subjects of the scopes that the gate has stopped.

    `merges`: cases that a plan has closed; between the claims it covers the plan comes before the chain.
    """
    chain = Chain(agreement)
    rows: set[Decision] = set()
    fates: dict[tuple[bytes, str], Fate] = {}
    picks: dict[tuple[str, str], Claim] = {}
    for contest in contests:
        scope = agreement.scope_of(contest.subject)
        if scope is not None and scope.subject in stopped:
            rows.update(_stopped(contest))
            continue
        keys = {index: chain.keys(contest, index) for index in contest.rivals}
        settled = settle(contest, merges)
        found = [_fate(contest, index, keys, chain, settled) for index in range(len(contest.claims))]
        fates.update(
            ((claim.id, claim.property), fate) for claim, fate in zip(contest.claims, found, strict=True)
        )
        pick = _pick(contest, found, keys, chain, order)
        picks[contest.subject, contest.property] = contest.claims[pick]
        rows.update(_rows(contest, found, keys, pick))
    return Ruling(tuple(sorted(rows, key=_row_order)), fates, picks)


def decision_bytes(decisions: Iterable[Decision]) -> bytes:
    """Canonical CBOR of the sorted rows. SPEC 14.7"""
    rows = sorted(decisions, key=_row_order)
    return cbor.encode(
        [[row.subject, row.property, row.prevailing, list(row.rivals), row.rule] for row in rows]
    )


def decision_digest(decisions: Iterable[Decision]) -> bytes:
    """SHA-256 over the label and the decision bytes. SPEC 14.7"""
    return hashlib.sha256(LABEL + decision_bytes(decisions)).digest()


def _row_order(row: Decision) -> tuple[bytes, bytes, bytes, tuple[bytes, ...], int]:
    return row.subject.encode(), row.property.encode(), row.prevailing or b"", row.rivals, row.rule


def _rank(ranks: Mapping[tuple[bytes, str], int], claim: Claim) -> int:
    return longest_prefix(ranks, claim.mesh, claim.authority) or 0


def _deciding(a: Keys, b: Keys) -> int:
    """The index of the first function that tells two keys apart."""
    return next(rule for rule, (one, other) in enumerate(zip(a, b, strict=True)) if one != other)


def _fate(contest: Contest, index: int, keys: Mapping[int, Keys], chain: Chain, settled: Settled) -> Fate:
    if not contest.rivals.get(index):
        return Fate(True, None, NO_RULE, UNOPPOSED)
    preferred = settled.losers.get(index)
    if preferred:
        best = max(preferred, key=lambda other: keys[other])
        return Fate(False, contest.claims[best].id, PLAN_RULE, PLANNED)
    rivals = settled.rivals.get(index)
    if not rivals:
        return Fate(True, None, PLAN_RULE, PLANNED)
    best = max(rivals, key=lambda other: keys[other])
    rule = min(_deciding(keys[index], keys[best]), len(chain.names))
    prevails = keys[index] > keys[best]
    return Fate(prevails, None if prevails else contest.claims[best].id, rule, chain.name(rule))


def _pick(
    contest: Contest, fates: Sequence[Fate], keys: Mapping[int, Keys], chain: Chain, order: Order
) -> int:
    """The latest prevailing claim; where none is known to be later, the one with the greatest key."""
    standing = [index for index, fate in enumerate(fates) if fate.prevails] or list(range(len(fates)))
    latest = order.latest([contest.claims[index] for index in standing])
    return max(
        (standing[place] for place in latest), key=lambda index: _full_key(contest, index, keys, chain)
    )


def _full_key(contest: Contest, index: int, keys: Mapping[int, Keys], chain: Chain) -> tuple[Keys, bytes]:
    return keys.get(index) or chain.keys(contest, index), contest.claims[index].id


def _rows(contest: Contest, fates: Sequence[Fate], keys: Mapping[int, Keys], pick: int) -> Iterable[Decision]:
    """A row for each prevailing claim with rivals, for the pick, and for who loses to losers only."""
    for index, fate in enumerate(fates):
        rivals = contest.rivals.get(index, [])
        if fate.prevails and (rivals or index == pick):
            yield _row(contest, contest.claims[index].id, rivals, fate, keys, index)
        elif not fate.prevails and not any(fates[other].prevails for other in rivals):
            yield _row(contest, None, [index, *rivals], fate, keys, index)


def _row(
    contest: Contest,
    prevailing: bytes | None,
    rivals: Sequence[int],
    fate: Fate,
    keys: Mapping[int, Keys],
    index: int,
) -> Decision:
    named = {contest.claims[one].id: keys[one] for one in {index, *rivals} if one in keys}
    ids = tuple(sorted(contest.claims[one].id for one in rivals))
    return Decision(contest.subject, contest.property, prevailing, ids, fate.rule, fate.function, named)


def _stopped(contest: Contest) -> Iterable[Decision]:
    """In a stopped scope nobody prevails; the row names all who are in dispute."""
    if contest.rivals:
        ids = tuple(sorted(contest.claims[index].id for index in contest.rivals))
        yield Decision(contest.subject, contest.property, None, ids, NO_RULE, STOPPED)

"""The agreement: the terms under which meshes reconcile, as values, and what makes them sound.

Decides which text or bytes may be an agreement (`fault`), which scope a subject lies in, and what weight or
rank an authority has. It refuses to decide whether an agreement is in force: signatures and versions are
judged where tokens are held. TOML is read in `agreement_toml`, bytes in `agreement_cbor`. SPEC 11
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeVar

from fieldpost.expression import ExpressionError, parse
from fieldwire.observation import covers, is_path

ENGINE = "arbitration/1"
TIME_ENGINE = "timeline/1"
# A person reads the shown form aloud to the other side.
SCOPES_MAX, CHAIN_MAX, LISTED_MAX = 64, 16, 256
# Every sum of products of these stays far inside 64 bits.
NUMBER_MAX = 1_000_000
TOLERANCE_MAX = 2**63 - 1
TERM_MAX = 2**32
NAME_MAX = 64

# What a claim is scored by, and the type each has in an expression. SPEC 14.3
MEASURES = (
    "attestation_grade",
    "authority_weight",
    "corroboration",
    "credential_freshness",
    "lineage_completeness",
)
_FACTS = ("credential_age_s", "sources", "value", "width_ms")
VARIABLES: Mapping[str, str] = dict.fromkeys((*MEASURES, *_FACTS), "int")
# What a scope's divergence is measured in. SPEC 13.2
TERMS = (
    "conflict_ratio",
    "forks",
    "incomplete",
    "partition_length",
    "subjects_touched",
    "time_overlap",
    "unmapped",
    "weighted_disagreement",
)

Authority = tuple[bytes, str]
Tolerance = int | tuple[int, int]
Where = tuple[str | int, ...]
Number = TypeVar("Number")


@dataclass(frozen=True, slots=True)
class TimeTerms:
    """Which interval decides, how many UTC sources must agree, and which device pairs may carry the gauge."""

    interval: str = "resilient"
    k: int = 2
    engine: str = TIME_ENGINE
    anchors: tuple[tuple[bytes, bytes], ...] = ()
    unproven: str = "hold"
    rate_floor_ppb: int = 0


@dataclass(frozen=True, slots=True)
class Gate:
    """Thresholds a term; and, with `total`, one threshold over the weighted sum. Empty: the gate is off."""

    thresholds: Mapping[str, int] = field(default_factory=dict)
    weights: Mapping[str, int] = field(default_factory=dict)
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """A subject tree, the directions (mesh id, mesh id) in which it crosses, and how claims compare."""

    subject: str
    directions: tuple[tuple[bytes, bytes], ...]
    channel: str | None = None
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    gate: Gate = field(default_factory=Gate)


@dataclass(frozen=True, slots=True)
class Function:
    """One link of the chain. Parameters that its name does not use are empty."""

    name: str
    order: tuple[Authority, ...] = ()
    terms: Mapping[str, int] = field(default_factory=dict)
    expression: str = ""
    corroborators: tuple[Authority, ...] = ()
    freshness_s: int = 86_400


# Each function's name and the parameters it uses.
USES: Mapping[str, frozenset[str]] = {
    "priority": frozenset({"order"}),
    "authority-weight": frozenset(),
    "composite": frozenset({"terms", "corroborators", "freshness_s"}),
    "expression": frozenset({"expression", "corroborators", "freshness_s"}),
}
_PARAMETERS = frozenset().union(*USES.values())


@dataclass(frozen=True, slots=True)
class Merge:
    """How many of the named authorities close a case; none named: the meshes' roots."""

    quorum: int
    authorities: tuple[Authority, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """Terms between meshes. Equal agreements have equal bytes once `ordered`."""

    version: int
    parties: tuple[bytes, ...]
    time: TimeTerms
    scopes: tuple[Scope, ...]
    chain: tuple[Function, ...]
    weights: Mapping[Authority, int]
    unlisted: int
    merge: Merge
    engine: str = ENGINE

    def scope_of(self, subject: str) -> Scope | None:
        """The one scope that covers a subject."""
        for scope in self.scopes:
            if covers(scope.subject, subject):
                return scope
        return None

    def listed(self, mesh: bytes, path: str) -> bool:
        """True when a prefix of the authority stands in the weights."""
        return longest_prefix(self.weights, mesh, path) is not None

    def weight(self, mesh: bytes, path: str) -> int:
        """The weight of the longest listed prefix."""
        found = longest_prefix(self.weights, mesh, path)
        return self.unlisted if found is None else found

    def crosses(self, subject: str, source: bytes, target: bytes) -> bool:
        """True when a scope lets this subject go from one mesh to the other."""
        scope = self.scope_of(subject)
        return scope is not None and (source, target) in scope.directions


def longest_prefix(table: Mapping[Authority, Number], mesh: bytes, path: str) -> Number | None:
    """The entry of the longest listed prefix of an authority; the path "" stands for the whole mesh."""
    while True:
        found = table.get((mesh, path))
        if found is not None or not path:
            return found
        path = path.rpartition("/")[0]


def ordered(agreement: Agreement) -> Agreement:
    """The same terms with everything whose order means nothing sorted bytewise."""
    scopes = tuple(
        replace(scope, directions=tuple(sorted(set(scope.directions)))) for scope in agreement.scopes
    )
    chain = tuple(
        replace(link, corroborators=tuple(sorted(set(link.corroborators)))) for link in agreement.chain
    )
    merge = replace(agreement.merge, authorities=tuple(sorted(set(agreement.merge.authorities))))
    return replace(
        agreement,
        parties=tuple(sorted(agreement.parties)),
        scopes=tuple(sorted(scopes, key=lambda scope: scope.subject)),
        chain=chain,
        merge=merge,
    )


def fault(agreement: Agreement) -> tuple[Where, str] | None:
    """Where the first unsound term stands, and what was expected there; None for a sound agreement."""
    return next(_faults(agreement), None)


def weight_fault(authority: Authority, weight: int, parties: Collection[bytes]) -> str | None:
    """What was expected where an authority's weight stands; None for a sound one."""
    if not _is_authority(authority, parties):
        return "expected an authority of a party"
    return None if 0 <= weight <= NUMBER_MAX else f"expected an integer from 0 to {NUMBER_MAX}"


def _faults(agreement: Agreement) -> Iterator[tuple[Where, str]]:
    if not 1 <= agreement.version < 2**32:
        yield ("version",), f"expected an integer from 1 to {2**32 - 1}"
    if agreement.engine != ENGINE:
        yield ("engine",), f'expected "{ENGINE}", the one this program has'
    parties = agreement.parties
    if len(set(parties)) != len(parties) or not 2 <= len(parties) <= 16:
        yield ("parties",), "expected two to sixteen different meshes"
    yield from _time_faults(agreement.time)
    yield from _scope_faults(agreement)
    if len(agreement.chain) > CHAIN_MAX:
        yield ("chain",), f"expected at most {CHAIN_MAX} functions"
    for index, link in enumerate(agreement.chain):
        for where, expected in _function_faults(link, parties):
            yield ("chain", index, *where), expected
    if len(agreement.weights) > LISTED_MAX:
        yield ("weights",), f"expected at most {LISTED_MAX} authorities"
    for authority, weight in agreement.weights.items():
        expected = weight_fault(authority, weight, parties)
        if expected is not None:
            yield ("weights", f"{authority[0].hex()}:{authority[1]}"), expected
    if not 0 <= agreement.unlisted <= NUMBER_MAX:
        yield ("weights", "unlisted"), f"expected an integer from 0 to {NUMBER_MAX}"
    yield from _merge_faults(agreement.merge, parties)


def _time_faults(time: TimeTerms) -> Iterator[tuple[Where, str]]:
    if time.interval not in ("strict", "resilient"):
        yield ("time", "interval"), 'expected "strict" or "resilient"'
    if time.unproven not in ("hold", "admit"):
        yield ("time", "unproven"), 'expected "hold" or "admit"'
    if not 1 <= time.k <= 255:
        yield ("time", "k"), "expected an integer from 1 to 255"
    if time.engine != TIME_ENGINE:
        yield ("time", "engine"), f'expected "{TIME_ENGINE}", the one this program has'
    if not 0 <= time.rate_floor_ppb <= 10**9:
        yield ("time", "rate_floor_ppb"), "expected parts per billion from 0 to 1000000000"
    pairs = [frozenset(pair) for pair in time.anchors]
    if len(pairs) > LISTED_MAX or len(set(pairs)) != len(pairs) or any(len(pair) != 2 for pair in pairs):
        yield ("time", "anchors"), "expected different pairs of two different devices"


def _scope_faults(agreement: Agreement) -> Iterator[tuple[Where, str]]:
    if not 1 <= len(agreement.scopes) <= SCOPES_MAX:
        yield ("scope",), f"expected one to {SCOPES_MAX} scopes"
    for index, scope in enumerate(agreement.scopes):
        where: Where = ("scope", index)
        if not is_path(scope.subject):
            yield (*where, "subject"), "expected a subject (SPEC 5.2), without wildcards"
        ends = {mesh for direction in scope.directions for mesh in direction}
        if (
            not scope.directions
            or not ends <= set(agreement.parties)
            or any(a == b for a, b in scope.directions)
        ):
            yield (*where, "direction"), 'expected "both" or "NAME -> NAME" between two parties'
        if scope.channel is not None and not 1 <= len(scope.channel) <= NAME_MAX:
            yield (*where, "channel"), f"expected a name of 1 to {NAME_MAX} characters"
        for name, tolerance in scope.tolerances.items():
            bounds = (tolerance,) if isinstance(tolerance, int) else tolerance
            if not 1 <= len(name) <= NAME_MAX or not all(0 <= bound <= TOLERANCE_MAX for bound in bounds):
                expected = f"expected property = n or [lat, lon], from 0 to {TOLERANCE_MAX}"
                yield (*where, "tolerances", name), expected
        yield from ((where + rest, expected) for rest, expected in _gate_faults(scope.gate))
    subjects = sorted((scope.subject + "/", index) for index, scope in enumerate(agreement.scopes))
    for (outer, first), (inner, second) in pairwise(subjects):
        if inner.startswith(outer):
            late, early = max(first, second), min(first, second)
            other = agreement.scopes[early].subject
            yield ("scope", late, "subject"), f"expected no overlap with the scope of {other!r}"


def _gate_faults(gate: Gate) -> Iterator[tuple[Where, str]]:
    for where, terms in ((("gate",), gate.thresholds), (("gate", "weights"), gate.weights)):
        for name, number in terms.items():
            if name not in TERMS:
                yield (*where, name), f"expected one of {', '.join(TERMS)}"
            if not 0 <= number <= TERM_MAX:
                yield (*where, name), f"expected an integer from 0 to {TERM_MAX}"
    if (gate.total is None) != (not gate.weights):
        yield ("gate",), "expected weights and total together"
    if gate.total is not None and not 0 <= gate.total < 2**63:
        yield ("gate", "total"), f"expected an integer from 0 to {2**63 - 1}"


def _function_faults(link: Function, parties: tuple[bytes, ...]) -> Iterator[tuple[Where, str]]:
    if link.name not in USES:
        yield ("function",), f"expected one of {', '.join(USES)}"
        return
    for key, listed in (("order", link.order), ("corroborators", link.corroborators)):
        if len(listed) > LISTED_MAX or not all(_is_authority(one, parties) for one in listed):
            yield (key,), "expected authorities of the parties"
    if link.name == "priority" and (not link.order or len(set(link.order)) != len(link.order)):
        yield ("order",), "expected different authorities, the first ranking highest"
    if link.name == "composite":
        known = all(name in MEASURES and 0 <= n <= NUMBER_MAX for name, n in link.terms.items())
        if not link.terms or not known:
            yield ("terms",), f"expected integers from 0 to {NUMBER_MAX} for some of {', '.join(MEASURES)}"
    for key in sorted(_PARAMETERS - USES[link.name]):
        if getattr(link, key) != getattr(Function(link.name), key):
            yield (key,), f"expected none: {link.name} does not use it"
    if not 1 <= link.freshness_s < 2**32:
        yield ("freshness_s",), f"expected seconds from 1 to {2**32 - 1}"
    if link.name == "expression":
        try:
            parse(link.expression, VARIABLES)
        except ExpressionError as error:
            yield ("expression",), f"expected an expression (SPEC 14.4); {error}"


def _merge_faults(merge: Merge, parties: tuple[bytes, ...]) -> Iterator[tuple[Where, str]]:
    if len(merge.authorities) > LISTED_MAX or not all(
        _is_authority(one, parties) for one in merge.authorities
    ):
        yield ("merge", "authorities"), "expected authorities of the parties"
    voices = len(merge.authorities) or len(parties)
    if not 1 <= merge.quorum <= voices:
        yield ("merge", "quorum"), f"expected an integer from 1 to {voices}, the number who may sign"


def _is_authority(authority: Authority, parties: Collection[bytes]) -> bool:
    mesh, path = authority
    return mesh in parties and (path == "" or is_path(path))

"""Which authority of one mesh may stand for which of another, and along which signed equivalences.

Decides from held statements alone: who may issue them, which are void, revoked, out of scope or time, denied,
or too long a chain. Void statements change nothing at all. It refuses to follow wildcards, to enter a mesh
twice, and to judge signatures: what it is given has been verified. SPEC 12
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fieldpost.lines import leads, lines
from fieldwire.observation import covers

Mesh = bytes | str
Node = tuple[Mesh, str]
Key = bytes | str
Format = int | bytes | str
Subjects = tuple[str, ...] | None
Formats = tuple[Format, ...] | None

TRANSLATE = "translate"
# A search that takes more steps than this is cut, and says so. To look at one statement from a path takes a step
# for each authority on the path, so that time, memory and the answer are bounded, however long the paths are.
STEPS_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Authority:
    """A path in a mesh's own taxonomy with the key that now holds it. None in a scope means all."""

    mesh: Mesh
    path: str
    key: Key | None = None
    rights: frozenset[str] = frozenset({TRANSLATE})
    subjects: Subjects = None
    formats: Formats = None


@dataclass(frozen=True, slots=True)
class Equivalence:
    """`foreign` may stand for `local` (or, negative, never may). Times are UTC seconds, exp exclusive.

    `subjects` and `formats`: None is all that the issuer's own scope holds, an empty tuple is none.
    """

    id: bytes | str
    issuer: Node
    foreign: Node
    local: Node
    subjects: Subjects
    formats: Formats
    nbf: int
    exp: int
    path_length: int = 0
    negative: bool = False
    foreign_key: Key | None = None


@dataclass(frozen=True, slots=True)
class Revocation:
    """`by` takes back the equivalence with this id."""

    id: bytes | str
    by: Node


@dataclass(frozen=True, slots=True)
class Rotation:
    """An authority's shown, verified move from one key to the next."""

    authority: Node
    old: Key
    new: Key


@dataclass(frozen=True, slots=True)
class Query:
    """May an observation of `origin` be admitted in mesh `to`? `at` is its UTC interval in seconds.

    `unproven`: "hold" asks that the whole interval lie in each statement's validity, "admit" that it may.
    """

    origin: Node
    to: Mesh
    subject: str
    format: Format
    at: tuple[int | None, int | None]
    subjects: Subjects = None
    formats: Formats = None
    unproven: str = "hold"


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a step was not taken: a code, and the statement, mesh or authority where it was met."""

    code: str
    at: bytes | str | Node


@dataclass(frozen=True, slots=True)
class Answer:
    """Local authorities, sorted; paths of ids, shortest first, then by ids; reasons when there is no path.

    `cut` is True when the search stopped at its bound: then there may be more paths.
    """

    admitted_under: tuple[Node, ...] = ()
    paths: tuple[tuple[bytes | str, ...], ...] = ()
    refused_because: tuple[Refused, ...] = ()
    cut: bool = False


@dataclass(frozen=True)
class Taxonomy:
    """Held statements, sorted out. Make it with `taxonomy_of`."""

    authorities: Mapping[Node, Authority]
    trusted: frozenset[Mesh]
    by_foreign: Mapping[Node, tuple[Equivalence, ...]]
    negatives: tuple[Equivalence, ...]
    revoked: frozenset[bytes | str]
    lines: Mapping[Node, Mapping[Key, tuple[Key, int]]] = field(default_factory=dict)
    by_local: Mapping[Node, frozenset[Node]] = field(default_factory=dict)

    def paths(self, query: Query, steps_max: int = STEPS_MAX) -> Answer:
        """All paths from the query's authority into its mesh, or why there is none."""
        refused = self._origin_refused(query)
        if refused is not None:
            return Answer(refused_because=(refused,))
        if query.origin[0] == query.to:
            return Answer((query.origin,), ((),))
        leading = self._leading_to(query.to)
        denials = Denials(one for one in self.negatives if self._in_force(one, query))
        ends: list[tuple[tuple[bytes | str, ...], Node]] = []
        reasons: set[Refused] = set()
        level: list[tuple[tuple[Equivalence, ...], tuple[Node, ...]]] = [((), (query.origin,))]
        steps = 0
        reach = self._reach(query.to)
        while level and not (ends and len(level[0][0]) > reach):
            deeper: list[tuple[tuple[Equivalence, ...], tuple[Node, ...]]] = []
            for path, nodes in level:
                for link in self.by_foreign.get(nodes[-1], ()):
                    if link.local[0] != query.to and link.local not in leading:
                        continue
                    steps += len(nodes)
                    if steps > steps_max:
                        return _answer(ends, {Refused("taxonomy-bound", query.origin)}, cut=True)
                    blocked = self._blocked(link, nodes, query) + denials.between(nodes, link.local)
                    if blocked:
                        reasons.update(blocked)
                    elif link.local[0] == query.to:
                        ends.append((tuple(one.id for one in (*path, link)), link.local))
                    else:
                        deeper.append(((*path, link), (*nodes, link.local)))
            level = deeper
        if not ends and not reasons:
            reasons = {Refused("unmapped", query.origin), *denials.into(query.origin, query.to)}
        return _answer(ends, reasons, cut=False)

    def _origin_refused(self, query: Query) -> Refused | None:
        for mesh in (query.origin[0], query.to):
            if mesh not in self.trusted:
                return Refused("mesh-unknown", mesh)
        if query.origin not in self.authorities:
            return Refused("authority-unknown", query.origin)
        if not _within(query.subject, query.format, query.subjects, query.formats):
            return Refused("credential-scope", query.origin)
        return None

    def _leading_to(self, mesh: Mesh) -> set[Node]:
        """The authorities from which a chain of statements leads into the mesh."""
        leading: set[Node] = set()
        frontier = [node for local, nodes in self.by_local.items() if local[0] == mesh for node in nodes]
        while frontier:
            node = frontier.pop()
            if node not in leading:
                leading.add(node)
                frontier.extend(self.by_local.get(node, ()))
        return leading

    def _reach(self, mesh: Mesh) -> int:
        """The most equivalences that any statement into the mesh lets stand before it."""
        links = (link for links in self.by_foreign.values() for link in links)
        return max((link.path_length for link in links if link.local[0] == mesh), default=0)

    def _blocked(self, link: Equivalence, nodes: tuple[Node, ...], query: Query) -> tuple[Refused, ...]:
        """What keeps a link from being the next of a path through these nodes, denials aside: one or none."""
        issuer = self.authorities[link.issuer]
        if link.issuer[0] not in self.trusted:
            return (Refused("mesh-unknown", link.issuer[0]),)
        code: str | None
        if link.id in self.revoked:
            code = "equivalence-revoked"
        elif not self._still_held(link):
            code = "equivalence-key"
        elif link.local[0] in (mesh for mesh, _ in nodes):
            code = "equivalence-cycle"
        elif len(nodes) - 1 > link.path_length:
            code = "equivalence-path-length"
        elif not _within(query.subject, query.format, link.subjects, link.formats):
            code = "equivalence-scope"
        elif not _within(query.subject, query.format, issuer.subjects, issuer.formats):
            code = "issuer-scope"
        else:
            code = _at(link, query.at)
        if code is None or (code, query.unproven) == ("unproven-time", "admit"):
            return ()
        return (Refused(code, link.id),)

    def _still_held(self, link: Equivalence) -> bool:
        """True when the foreign key bound is the present one, or shown rotations lead from it to there."""
        holder = self.authorities.get(link.foreign)
        if holder is None:
            return False
        if link.foreign_key is None or holder.key is None:
            return True
        return leads(self.lines.get(link.foreign, {}), link.foreign_key, holder.key)

    def _in_force(self, negative: Equivalence, query: Query) -> bool:
        issuer = self.authorities[negative.issuer]
        return (
            negative.id not in self.revoked
            and negative.issuer[0] in self.trusted
            and _within(query.subject, query.format, negative.subjects, negative.formats)
            and _within(query.subject, query.format, issuer.subjects, issuer.formats)
            and _touches(negative, query.at)
        )


class Denials:
    """The negatives in force for one query, found by what they deny, however many there are. SPEC 12.5"""

    def __init__(self, negatives: Iterable[Equivalence]) -> None:
        self._by_local: defaultdict[Node, dict[Node, Equivalence]] = defaultdict(dict)
        for one in negatives:
            self._by_local[one.local].setdefault(one.foreign, one)

    def between(self, nodes: tuple[Node, ...], local: Node) -> tuple[Refused, ...]:
        """One that keeps a node of the path so far from standing for the next one, subtrees included, or none."""
        uppers = (upper for upper in _upwards(local) if upper in self._by_local)
        return _denied(
            self._by_local[upper].get(foreign)
            for upper in uppers
            for node in nodes
            for foreign in _upwards(node)
        )

    def into(self, node: Node, mesh: Mesh) -> tuple[Refused, ...]:
        """One that keeps a node from standing for some authority of a mesh, or none."""
        denying = (denied for local, denied in self._by_local.items() if local[0] == mesh)
        return _denied(denied.get(foreign) for denied in denying for foreign in _upwards(node))


def taxonomy_of(
    authorities: Iterable[Authority],
    trusted: Iterable[Mesh],
    equivalences: Iterable[Equivalence],
    revocations: Iterable[Revocation] = (),
    rotations: Iterable[Rotation] = (),
) -> Taxonomy:
    """Sort held statements out; those that are void are left out as if never heard."""
    known = {(one.mesh, one.path): one for one in authorities}
    sound = {one.id: one for one in equivalences if void(one, known) is None}
    by_foreign: defaultdict[Node, list[Equivalence]] = defaultdict(list)
    by_local: defaultdict[Node, set[Node]] = defaultdict(set)
    for one in sound.values():
        if not one.negative:
            by_foreign[one.foreign].append(one)
            by_local[one.local].add(one.foreign)
    revoked = {
        one.id
        for one in revocations
        if one.id in sound and one.by in known and _may_revoke(known[one.by], sound[one.id])
    }
    moves: defaultdict[Node, list[tuple[Key, Key]]] = defaultdict(list)
    for rotation in rotations:
        moves[rotation.authority].append((rotation.old, rotation.new))
    return Taxonomy(
        known,
        frozenset(trusted),
        {node: tuple(sorted(links, key=lambda link: str(link.id))) for node, links in by_foreign.items()},
        tuple(sorted((one for one in sound.values() if one.negative), key=lambda one: str(one.id))),
        frozenset(revoked),
        {node: lines(pairs) for node, pairs in moves.items()},
        {node: frozenset(nodes) for node, nodes in by_local.items()},
    )


def void(one: Equivalence, authorities: Mapping[Node, Authority]) -> str | None:
    """Why a statement is void from the start, or None. SPEC 12.3"""
    patterns = [one.foreign[1], one.local[1], *(one.subjects or ())]
    if not all(map(_plain, patterns)):
        return "equivalence-wildcard"
    if one.foreign[0] == one.local[0]:
        return "equivalence-same-mesh"
    if one.path_length < 0 or one.nbf >= one.exp:
        return "equivalence-shape"
    issuer = authorities.get(one.issuer)
    if issuer is None or one.issuer[0] != one.local[0] or not covers(one.issuer[1], one.local[1]):
        return "equivalence-issuer"
    return None if TRANSLATE in issuer.rights else "equivalence-right"


def _may_revoke(by: Authority, one: Equivalence) -> bool:
    """The issuer, or an authority above it in its mesh, with the same right."""
    return by.mesh == one.issuer[0] and covers(by.path, one.issuer[1]) and TRANSLATE in by.rights


def _denied(found: Iterable[Equivalence | None]) -> tuple[Refused, ...]:
    first = min((one for one in found if one is not None), key=lambda one: str(one.id), default=None)
    return () if first is None else (Refused("denied", first.id),)


def _upwards(node: Node) -> Iterator[Node]:
    """An authority and those above it."""
    mesh, path = node
    while path:
        yield mesh, path
        path = path.rpartition("/")[0]


def _answer(ends: list[tuple[tuple[bytes | str, ...], Node]], reasons: set[Refused], cut: bool) -> Answer:
    paths = sorted({ids for ids, _ in ends}, key=lambda ids: (len(ids), [_text(one) for one in ids]))
    under = sorted({node for _, node in ends}, key=lambda node: (_text(node[0]), node[1]))
    because = sorted(reasons, key=lambda one: (one.code, repr(one.at)))
    return Answer(tuple(under), tuple(paths), () if ends and not cut else tuple(because), cut)


def _text(value: bytes | str) -> str:
    return value.hex() if isinstance(value, bytes) else value


def _plain(path: str) -> bool:
    """True for a path without empty segments and wildcards."""
    return all(segment and not set(segment) & set("*?#+") for segment in path.split("/"))


def _under(upper: Node, node: Node) -> bool:
    return upper[0] == node[0] and covers(upper[1], node[1])


def _within(subject: str, content_format: Format, subjects: Subjects, formats: Formats) -> bool:
    if subjects is not None and not any(covers(one, subject) for one in subjects):
        return False
    return formats is None or content_format in formats


def _at(one: Equivalence, at: tuple[int | None, int | None]) -> str | None:
    """Why a statement is not proven valid over the whole interval, or None."""
    start, end = at
    if start is not None and start >= one.exp:
        return "equivalence-expired"
    if end is not None and end < one.nbf:
        return "equivalence-early"
    inside = start is not None and end is not None and one.nbf <= start and end < one.exp
    return None if inside else "unproven-time"


def _touches(one: Equivalence, at: tuple[int | None, int | None]) -> bool:
    """True when a statement may have been valid at some instant of the interval."""
    start, end = at
    return (start is None or start < one.exp) and (end is None or end >= one.nbf)

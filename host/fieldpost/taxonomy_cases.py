"""Questions to a taxonomy as JSON Lines, and its answers.

Decides whether each line is a statement, a trusted mesh or a query. All statements count for all queries,
wherever they stand; an equivalence that names no key binds the one that the file gives its foreign authority
at that line. SPEC 12.8
"""

from dataclasses import dataclass, field, replace
from typing import Any

from fieldpost.json_lines import REQUIRED, Line, lines
from fieldpost.mapping import Statements
from fieldpost.taxonomy import (
    TRANSLATE,
    Answer,
    Authority,
    Equivalence,
    Format,
    Formats,
    Node,
    Query,
    Refused,
    Revocation,
    Rotation,
    Subjects,
    taxonomy_of,
)


@dataclass
class Cases:
    """What a file holds."""

    authorities: dict[Node, Authority] = field(default_factory=dict)
    first_keys: dict[Node, Any] = field(default_factory=dict)
    trusted: set[str] = field(default_factory=set)
    equivalences: dict[str, Equivalence] = field(default_factory=dict)
    revocations: list[Revocation] = field(default_factory=list)
    rotations: list[Rotation] = field(default_factory=list)
    queries: list[tuple[str, Query]] = field(default_factory=list)


def answers(text: str, signed: Statements | None = None) -> list[dict[str, Any]]:
    """One answer a query, in the order of the queries. Raises LineError.

    `signed`: verified statements that count beside those of the file; of one authority theirs has the present key.
    """
    cases = Cases()
    for line in lines(text):
        kind = line.text("type")
        reader = _READERS.get(kind)
        if reader is None:
            line.wrong("type", f"expected one of {', '.join(_READERS)}")
        reader(cases, line)
    bound = (
        one if one.foreign_key is not None else replace(one, foreign_key=cases.first_keys.get(one.foreign))
        for one in cases.equivalences.values()
    )
    named = _named(signed or Statements([], [], [], []))
    taxonomy = taxonomy_of(
        [*cases.authorities.values(), *named.authorities],
        cases.trusted,
        [*bound, *named.equivalences],
        [*cases.revocations, *named.revocations],
        [*cases.rotations, *named.rotations],
    )
    return [_answer(name, taxonomy.paths(query)) for name, query in cases.queries]


def _named(signed: Statements) -> Statements:
    """The same with text for bytes: meshes, ids, keys and schema digests in lower-case hex, as files write them."""
    return Statements(
        [
            replace(one, mesh=_hex(one.mesh), key=_hex(one.key), formats=_hexes(one.formats))
            for one in signed.authorities
        ],
        [
            replace(
                one,
                id=_hex(one.id),
                issuer=_hex_node(one.issuer),
                foreign=_hex_node(one.foreign),
                local=_hex_node(one.local),
                formats=_hexes(one.formats),
                foreign_key=_hex(one.foreign_key),
            )
            for one in signed.equivalences
        ],
        [Revocation(_hex(one.id), _hex_node(one.by)) for one in signed.revocations],
        [Rotation(_hex_node(one.authority), _hex(one.old), _hex(one.new)) for one in signed.rotations],
    )


def _hex(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _hexes(formats: Formats) -> Formats:
    return None if formats is None else tuple(map(_hex, formats))


def _hex_node(node: Node) -> Node:
    return _hex(node[0]), node[1]


def _answer(name: str, answer: Answer) -> dict[str, Any]:
    return {
        "id": name,
        "admitted_under": [list(node) for node in answer.admitted_under],
        "paths": [list(path) for path in answer.paths],
        "refused_because": [{"code": one.code, "at": _place(one)} for one in answer.refused_because],
    }


def _place(refused: Refused) -> Any:
    return list(refused.at) if isinstance(refused.at, tuple) else refused.at


def _authority(cases: Cases, line: Line) -> None:
    node = (line.text("mesh"), line.text("authority"))
    rights = line.texts_or_null("rights", (TRANSLATE,)) or ()
    key = line.text("key")
    subjects = line.texts_or_null("subjects", None)
    cases.first_keys.setdefault(node, key)
    cases.authorities[node] = Authority(*node, key, frozenset(rights), subjects, _formats(line))


def _trust(cases: Cases, line: Line) -> None:
    cases.trusted.add(line.text("mesh"))


def _equivalence(cases: Cases, line: Line) -> None:
    foreign = line.read("foreign", REQUIRED, _foreign, "expected [mesh, authority] or [mesh, authority, key]")
    node: Node = (foreign[0], foreign[1])
    holder = cases.authorities.get(node)
    found = Equivalence(
        id=line.text("id"),
        issuer=_node(line, "issuer"),
        foreign=node,
        local=_node(line, "local"),
        subjects=line.texts_or_null("subjects", None),
        formats=_formats(line),
        nbf=line.integer("nbf"),
        exp=line.integer("exp"),
        path_length=line.integer("path_length", 0),
        negative=line.boolean("negative", False),
        foreign_key=foreign[2] if len(foreign) == 3 else holder.key if holder else None,
    )
    if cases.equivalences.setdefault(str(found.id), found) != found:
        line.wrong("id", "expected an id of its own: another statement has this one")


def _revoke(cases: Cases, line: Line) -> None:
    cases.revocations.append(Revocation(line.text("id"), _node(line, "by")))


def _rotate(cases: Cases, line: Line) -> None:
    node = (line.text("mesh"), line.text("authority"))
    cases.rotations.append(Rotation(node, line.text("from"), line.text("to")))


def _query(cases: Cases, line: Line) -> None:
    subjects, formats = line.read(
        "credential_scope", (None, None), _scope, "expected a list of subjects, or [subjects, formats]"
    )
    query = Query(
        origin=_node(line, "from"),
        to=line.text("to"),
        subject=line.text("subject"),
        format=line.read("format", REQUIRED, _format, "expected a content format: an integer or text"),
        at=line.interval("at"),
        subjects=subjects,
        formats=formats,
    )
    cases.queries.append((line.text("id"), query))


_READERS = {
    "authority": _authority,
    "trust": _trust,
    "equivalence": _equivalence,
    "revoke": _revoke,
    "rotate": _rotate,
    "query": _query,
}


def _node(line: Line, key: str) -> Node:
    mesh, path = line.read(key, REQUIRED, _pair, "expected [mesh, authority]")
    return mesh, path


def _formats(line: Line) -> Formats:
    return line.read("formats", None, _format_list, "expected a list of formats or null")


def _pair(value: Any) -> tuple[str, str]:
    mesh, path = _texts(value)
    return mesh, path


def _foreign(value: Any) -> tuple[str, ...]:
    found = _texts(value)
    if len(found) not in (2, 3):
        raise ValueError
    return found


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError
    for one in value:
        one.encode()  # a lone surrogate is no text: UnicodeEncodeError is a ValueError
    return tuple(value)


def _format(value: Any) -> Format:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError
    return value


def _format_list(value: Any) -> Formats:
    if value is None:
        return None
    if not isinstance(value, list):
        raise ValueError
    return tuple(map(_format, value))


def _scope(value: Any) -> tuple[Subjects, Formats]:
    """A list of subjects, or the pair [subjects or null, formats or null] as tokens have it."""
    if value is None:
        return None, None
    if (
        isinstance(value, list)
        and len(value) == 2
        and all(one is None or isinstance(one, list) for one in value)
    ):
        subjects, formats = value
        return None if subjects is None else _texts(subjects), _format_list(formats)
    return _texts(value), None

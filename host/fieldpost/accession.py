"""Accession: which key of an authority followed which, by the rotations that are held.

Tells which rotations lead from the key that a statement binds to the one that holds the authority now. Refuses to
decide what follows from that: `taxonomy` does. SPEC 7.6, 12.4
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from fieldpost.lines import leads, lines
from fieldpost.model import Authority
from fieldpost.taxonomy import Taxonomy
from fieldpost.trust import Trust, may_issue
from fieldwire import keys, tokens
from fieldwire.rotation import Statement
from fieldwire.tokens import Token


def accessions(trust: Trust) -> Iterator[tuple[Authority, Token, Statement]]:
    """(authority, rotation, its statement) of every held rotation of an authority's key, by token id."""
    for token, statement in sorted(trust.rotations, key=lambda pair: pair[0].id):
        before = trust.credentials[token.claims[tokens.BEFORE]]
        if may_issue(before):
            yield (before.claims[tokens.MESH], before.claims[tokens.AUTHORITY]), token, statement


def leading(trust: Trust, authority: Authority, former: bytes, present: bytes) -> list[Token]:
    """The rotations that lead from one key's thumbprint to another's, in their order; [] where none do."""
    moves = {
        (keys.thumbprint(one.old), keys.thumbprint(one.new)): token
        for node, token, one in accessions(trust)
        if node == authority
    }
    known = lines(moves)
    if former == present or not leads(known, former, present):
        return []
    between = range(known[former][1], known[present][1])
    line = {
        known[old][1]: token
        for (old, _), token in moves.items()
        if known.get(old, (b"",))[0] == known[former][0]
    }
    return [line[count] for count in between]


@dataclass(frozen=True)
class Bound:
    """The thumbprint that a statement binds, the present one (None: not held), and the rotations between them."""

    key: bytes
    present: bytes | None
    rotations: tuple[bytes, ...]

    @property
    def holds(self) -> bool:
        return self.present in (None, self.key) or bool(self.rotations)


def bound(trust: Trust, equivalence: Token, taxonomy: Taxonomy) -> Bound:
    """How the key that an equivalence binds stands to the one that now holds the foreign authority."""
    mesh, path, key = equivalence.claims[tokens.FOREIGN]
    holder = taxonomy.authorities.get((mesh, path))
    present = None if holder is None else cast(bytes | None, holder.key)
    between = [] if present is None else leading(trust, (mesh, path), key, present)
    return Bound(key, present, tuple(one.id for one in between))

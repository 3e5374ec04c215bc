"""Functions and methods that nothing on a board names, left out of modules that a host needs more of.

Decides by the spelling alone: one stays where any file says its name, as an attribute, an import or a text. A method is
named as an attribute. It refuses to judge what a person's own files may call: those modules are not given to it.
"""

import ast
from collections.abc import Iterable, Mapping
from functools import lru_cache

Function = ast.FunctionDef | ast.AsyncFunctionDef


def leave_out_unused(shared: Mapping[str, bytes], others: Iterable[bytes]) -> dict[str, bytes]:
    """`shared`: the modules to change, path -> source; `others`: sources that may call into them."""
    trees = {path: ast.parse(data) for path, data in shared.items()}
    outside = set().union(*map(_said_in, others))
    said = {path: _said(tree) for path, tree in trees.items()}
    changed = True
    while changed:  # what a dropped one called may be unused by now
        named = outside.union(*said.values())
        changed = False
        for path, tree in trees.items():
            if _drop(tree, named):
                said[path] = _said(tree)
                changed = True
    return {path: ast.unparse(tree).encode() for path, tree in trees.items()}


@lru_cache(maxsize=1_024)  # a build asks twice, builds for several boards again
def _said_in(data: bytes) -> frozenset[str]:
    return frozenset(_said(ast.parse(data)))


def _said(tree: ast.AST) -> set[str]:
    """Names that are loaded, imported or written as a text. A method's own name is none of them."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case (
                ast.Attribute(attr=name)
                | ast.Name(id=name)
                | ast.alias(name=name)
                | ast.Constant(value=str(name))
            ):
                found.add(name)
    return found


def _drop(tree: ast.Module, said: set[str]) -> bool:
    """Changes the module; whether anything was left out."""
    dropped = False
    for place in (tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))):
        kept = [
            one
            for one in place.body
            if not isinstance(one, Function) or one.name in said or one.name.startswith("__")
        ]
        dropped = dropped or len(kept) < len(place.body)
        place.body = kept
    return dropped

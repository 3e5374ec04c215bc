"""Which modules a program can come to import on a board, by the sources alone.

Decides by every import statement, wherever it stands, since a board imports much of what it needs late. It refuses to
follow what only CPython would import: the other branch of `if MICROPYTHON`.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping


def reached(sources: Mapping[str, bytes], roots: Iterable[str]) -> set[str]:
    """Module names, of those in `sources` (module name -> source), that the roots import, directly or not.

    A module's package is imported with it. Names that are in no source are the port's own.
    """
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found or name not in sources:
            continue
        found.add(name)
        parts = name.split(".")
        waiting += [".".join(parts[:count]) for count in range(1, len(parts))]
        waiting += _imports(ast.parse(sources[name]).body)
    return found


def _imports(body: Iterable[ast.AST]) -> Iterator[str]:
    """Names that may be modules."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "MICROPYTHON":
            yield from _imports(node.body)
        else:
            yield from _imports(ast.iter_child_nodes(node))

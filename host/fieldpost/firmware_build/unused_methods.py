"""Methods that nothing on a board names, left out of the start: it shares them with a host that needs more of them.

Decides by the spelling alone: a method stays where any file says its name, as an attribute or as a text.
"""

import ast
from collections.abc import Iterable, Mapping


def leave_out_unused(start: Mapping[str, bytes], others: Iterable[bytes]) -> dict[str, bytes]:
    """`start`: the modules to change, path -> source; `others`: sources that may call into them."""
    trees = {path: ast.parse(data) for path, data in start.items()}
    fixed = [ast.parse(data) for data in others]
    while any(_dropped(tree, _said([*trees.values(), *fixed])) for tree in trees.values()):
        pass  # what a dropped method called may be unused by now
    return {path: ast.unparse(tree).encode() for path, tree in trees.items()}


def _said(trees: Iterable[ast.AST]) -> set[str]:
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return names | {
        node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _dropped(tree: ast.Module, said: set[str]) -> bool:
    dropped = False
    for group in [node for node in tree.body if isinstance(node, ast.ClassDef)]:
        kept = [
            one
            for one in group.body
            if not isinstance(one, ast.FunctionDef) or one.name in said or one.name.startswith("__")
        ]
        dropped = dropped or len(kept) < len(group.body)
        group.body = kept
    return dropped

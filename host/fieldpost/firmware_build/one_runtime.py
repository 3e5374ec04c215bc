"""What only CPython runs, left out: on a board it would be code that is never reached, and names for good.

Decides by the spelling alone: `if MICROPYTHON`, as modules of both runtimes say it.
"""

import ast
from collections.abc import Mapping


def leave_out_cpython(trees: Mapping[str, ast.Module]) -> None:
    """Changes the modules in place."""
    for tree in trees.values():
        _OneRuntime().visit(tree)


class _OneRuntime(ast.NodeTransformer):
    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        match ast.unparse(node.test):
            case "MICROPYTHON":
                return node.body
            case "not MICROPYTHON":
                return node.orelse
        return node

"""What only CPython needs, left out: on a board it would be code that is never reached, and names for good.

Decides by the spelling alone: `if MICROPYTHON`, as modules of both runtimes say it; the import of what stands in for
words that MicroPython's compiler knows without one, such as `const`; `__all__`, which tools for CPython read.
"""

import ast
from collections.abc import Mapping

STAND_INS = "fieldwire.port"


def leave_out_cpython(trees: Mapping[str, ast.Module]) -> None:
    """Changes the modules in place."""
    for tree in trees.values():
        _OneRuntime().visit(tree)


class _OneRuntime(ast.NodeTransformer):
    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return None if node.module == STAND_INS else node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        is_read = node.id == "MICROPYTHON" and isinstance(node.ctx, ast.Load)
        return ast.Constant(True) if is_read else node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        if ast.unparse(node.targets[0]) == "__all__":
            return None
        self.generic_visit(node)
        return node

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        test = ast.unparse(node.test)
        self.generic_visit(node)
        match test:
            case "MICROPYTHON":
                return node.body
            case "not MICROPYTHON":
                return node.orelse
        return node

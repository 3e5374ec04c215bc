"""Integers that modules share, written out where they are used: on a board a public constant is a name and two entries.

Decides what is a constant by the sources alone: an integer that a module of the firmware assigns once, at its top. The
modules no longer have it then, so nothing outside of them may ask for it.
"""

import ast
import operator
from collections import Counter
from collections.abc import Mapping

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
}
Constants = Mapping[str, Mapping[str, int]]


def inline(trees: Mapping[str, ast.Module]) -> None:
    """Changes the modules, dotted name -> tree, in place."""
    for tree in trees.values():
        tree.body = [one for line in tree.body for one in _apart(line)]
    modules = {name: _modules(tree, trees) for name, tree in trees.items()}
    found: dict[str, dict[str, int]] = {name: {} for name in trees}
    known = -1
    while known != sum(map(len, found.values())):  # a constant may be made of another module's, or handed on
        known = sum(map(len, found.values()))
        for name, tree in trees.items():
            imported = _imported(tree, found)
            found[name] = {**imported, **_constants(tree, imported, modules[name], found)}
    for name, tree in trees.items():
        _Inliner(found[name], _imported(tree, found), modules[name], found).visit(tree)
        _Unimported({name for name, of in modules[name].items() if found[of]} - _said(tree)).visit(tree)
        ast.fix_missing_locations(tree)


def _apart(line: ast.stmt) -> list[ast.stmt]:
    """`A, B = 1, 2` as an assignment each, which is what the compiler takes for a constant."""
    match line:
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(names) == len(
            values
        ) and all(_value(one, {}, {}, {}) is not None for one in values):
            return [ast.Assign([name], value) for name, value in zip(names, values, strict=True)]
    return [line]


def _said(tree: ast.Module) -> set[str]:
    return {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}


def _modules(tree: ast.Module, known: Mapping[str, object]) -> dict[str, str]:
    """Modules that are imported as such: name here -> dotted name."""
    return {
        alias.asname or alias.name: f"{line.module}.{alias.name}"
        for line in ast.walk(tree)
        if isinstance(line, ast.ImportFrom)
        for alias in line.names
        if f"{line.module}.{alias.name}" in known
    }


def _imported(tree: ast.Module, known: Constants) -> dict[str, int]:
    """Constants that a module has from others, under the names that it gives them."""
    return {
        alias.asname or alias.name: known[line.module][alias.name]
        for line in ast.walk(tree)
        if isinstance(line, ast.ImportFrom) and line.module is not None
        for alias in line.names
        if alias.name in known.get(line.module, {})
    }


def _constants(
    tree: ast.Module, imported: Mapping[str, int], modules: Mapping[str, str], known: Constants
) -> dict[str, int]:
    bound = Counter(
        one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load)
    )
    found: dict[str, int] = {}
    for line in tree.body:
        match line:
            case ast.Assign(targets=[ast.Name(id=name)]) if bound[name] == 1:
                value = _value(line.value, {**imported, **found}, modules, known)
                if value is not None:
                    found[name] = value
    return found


def _value(
    node: ast.expr, names: Mapping[str, int], modules: Mapping[str, str], known: Constants
) -> int | None:
    """What an expression of integers comes to; None for any other."""
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return value
        case ast.Name(id=name):
            return names.get(name)
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return known.get(modules.get(module, ""), {}).get(name)
        case ast.Call(func=ast.Name(id="const"), args=[inner]):
            return _value(inner, names, modules, known)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            first, second = _value(left, names, modules, known), _value(right, names, modules, known)
            return None if first is None or second is None else _OPERATORS[type(op)](first, second)
    return None


class _Inliner(ast.NodeTransformer):
    def __init__(
        self,
        own: Mapping[str, int],
        imported: Mapping[str, int],
        modules: Mapping[str, str],
        known: Constants,
    ) -> None:
        self._own = own
        self._names = {**own, **imported}
        self._modules = modules
        self._known = known

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) if name in self._own:
                return None
        return self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        constants = self._known.get(node.module or "", {})
        node.names = [alias for alias in node.names if alias.name not in constants]
        return node if node.names else None

    def visit_Name(self, node: ast.Name) -> ast.AST:
        value = self._names.get(node.id) if isinstance(node.ctx, ast.Load) else None
        return node if value is None else ast.Constant(value)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load):
            value = self._known.get(self._modules.get(node.value.id, ""), {}).get(node.attr)
            if value is not None:
                return ast.Constant(value)
        return self.generic_visit(node)


class _Unimported(ast.NodeTransformer):
    """Leaves out imports of modules that were named for their constants alone."""

    def __init__(self, unused: set[str]) -> None:
        self._unused = unused

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        node.names = [alias for alias in node.names if (alias.asname or alias.name) not in self._unused]
        return node if node.names else None

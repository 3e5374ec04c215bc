"""Shorter lists of names for a board: each distinct name takes room in the interpreter's table, for good.

Renames what no other file can see: positional arguments, and the private attributes that a class keeps its state in.
Decides which those are by the sources alone, all of them at once. Functions, methods and whatever is public keep their
names, so that a traceback says what it said before; a person's own files are left alone.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from string import ascii_lowercase
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def rename(trees: Mapping[str, ast.Module]) -> None:
    """Changes the modules, name -> tree, in place; those that import each other's classes must be among them."""
    keywords = {one.arg for tree in trees.values() for one in _all(tree, ast.keyword)}
    constants = [one.value for tree in trees.values() for one in _all(tree, ast.Constant)]
    strings = {value for value in constants if isinstance(value, str)}
    for names in _families(trees).values():
        family = [trees[name] for name in names]
        taken = _attributes(family) | strings
        _rename_attributes(family, _short_names(_state(family) - strings, taken, "_"))
    for tree in trees.values():
        for function in _functions(tree):
            _rename_arguments(function, keywords)


def _all(tree: ast.AST, *kinds: type[Node]) -> Iterator[Node]:
    return (node for node in ast.walk(tree) if isinstance(node, kinds))


def _short_names(old: Iterable[str], taken: set[str], prefix: str) -> dict[str, str]:
    free = (prefix + a + b for a in ("", *ascii_lowercase) for b in ascii_lowercase)
    unused = (name for name in free if name not in taken)
    return {name: next(unused) for name in sorted(old)}


# Attributes


def _families(trees: Mapping[str, ast.Module]) -> dict[str, list[str]]:
    """Files whose classes inherit from each other share their instances' attributes, so they are renamed as one."""
    defined = {one.name: name for name, tree in trees.items() for one in _all(tree, ast.ClassDef)}
    head = {name: name for name in trees}
    for name, tree in trees.items():
        bases = [base for one in _all(tree, ast.ClassDef) for base in one.bases]
        for base in bases:
            written = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
            if written in defined:
                old, new = head[name], head[defined[written]]
                head = {file: new if one == old else one for file, one in head.items()}
    families: dict[str, list[str]] = defaultdict(list)
    for name, one in head.items():
        families[one].append(name)
    return families


def _attributes(trees: Iterable[ast.AST]) -> set[str]:
    return {one.attr for tree in trees for one in _all(tree, ast.Attribute)}


def _state(trees: list[ast.Module]) -> set[str]:
    """Private attributes that are assigned to `self`, and that are no method anywhere in the family."""
    written = {
        one.attr
        for tree in trees
        for one in _all(tree, ast.Attribute)
        if isinstance(one.ctx, ast.Store) and isinstance(one.value, ast.Name) and one.value.id == "self"
    }
    methods = {one.name for tree in trees for one in _all(tree, ast.FunctionDef, ast.AsyncFunctionDef)}
    levels = {one.id for tree in trees for one in _all(tree, ast.Name)}
    private = {name for name in written if name.startswith("_") and not name.startswith("__")}
    return private - methods - levels


def _rename_attributes(trees: Iterable[ast.AST], new: Mapping[str, str]) -> None:
    for tree in trees:
        for one in _all(tree, ast.Attribute):
            one.attr = new.get(one.attr, one.attr)


# Arguments


def _functions(tree: ast.AST) -> list[Function]:
    """Functions to rename in, the innermost last; kernels of native code and what is called by keyword are left."""
    found = [one for one in ast.walk(tree) if isinstance(one, Function)]
    return [one for one in found if isinstance(one, ast.Lambda) or not one.decorator_list]


def _rename_arguments(function: Function, keywords: set[str | None]) -> None:
    arguments = function.args.posonlyargs + function.args.args
    inner = {one.arg for other in ast.walk(function) if other is not function for one in _arguments_of(other)}
    optional = {one.arg for one in arguments[len(arguments) - len(function.args.defaults) :]}
    kept = inner | keywords | optional | {"self", "cls"}
    old = [one.arg for one in arguments if one.arg not in kept and one.arg not in _rebound(function)]
    new = _short_names(old, _names(function), "")
    for one in arguments:
        one.arg = new.get(one.arg, one.arg)
    for part in function.body if isinstance(function.body, list) else [function.body]:
        for one in _all(part, ast.Name):
            one.id = new.get(one.id, one.id)


def _arguments_of(node: ast.AST) -> list[ast.arg]:
    if not isinstance(node, Function):
        return []
    rest = [one for one in (node.args.vararg, node.args.kwarg) if one is not None]
    return node.args.posonlyargs + node.args.args + node.args.kwonlyargs + rest


def _rebound(function: Function) -> set[str]:
    """Names that an inner class, import or exception binds by a name that is not a Name."""
    found: set[str] = set()
    for one in ast.walk(function):
        if isinstance(one, ast.alias):
            found.add((one.asname or one.name).partition(".")[0])
        elif isinstance(one, ast.ExceptHandler) and one.name:
            found.add(one.name)
        elif isinstance(one, ast.Global | ast.Nonlocal):
            found.update(one.names)
    return found


def _names(function: Function) -> set[str]:
    """Every name that the function or one inside it uses."""
    found = {one.id for one in _all(function, ast.Name)}
    found |= {one.arg for other in ast.walk(function) for one in _arguments_of(other)}
    return found | {one.name for one in _all(function, ast.FunctionDef, ast.ClassDef)} | _rebound(function)

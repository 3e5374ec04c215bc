"""The firmware's modules as a board gets them: the same program, fewer names.

Decides the order of the steps. Each keeps what a module does and what a traceback says.
"""

import ast
from collections.abc import Mapping
from functools import lru_cache

from fieldpost.firmware_build import inline_constants, short_names
from fieldpost.firmware_build.one_runtime import leave_out_cpython


def small(sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same modules, path below the packages' folder -> source. All that import each other must be among them."""
    return dict(_small(tuple(sorted(sources.items()))))


@lru_cache(maxsize=4)  # two seconds
def _small(sources: tuple[tuple[str, bytes], ...]) -> tuple[tuple[str, bytes], ...]:
    paths = {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path, _ in sources
    }
    trees = {name: ast.parse(dict(sources)[path]) for name, path in paths.items()}
    leave_out_cpython(trees)
    inline_constants.inline(trees)
    short_names.rename(trees)
    return tuple((path, ast.unparse(trees[name]).encode()) for name, path in paths.items())

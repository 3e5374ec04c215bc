"""The loops of `kernels` as machine code where numba is installed; the same integers, found sooner.

Decides when that pays: numba takes a second to load, so small timelines never ask for it; once loaded it does all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from types import FunctionType, SimpleNamespace
from typing import Any

from fieldpost.timeline import kernels, leave_kernels

SIZE_MIN = 20_000  # nodes and edges of one solve; below it numpy is done before numba is loaded
WORK_MIN = 2_000_000  # the same over all solves of one task


@cache
def machine_code() -> SimpleNamespace | None:
    """All kernels, compiled at their first call and kept on disk; None without numba."""
    if find_spec("numba") is None:
        return None
    from numba import njit

    names: dict[str, Any] = vars(kernels) | vars(leave_kernels)
    for name, found in list(names.items()):
        if isinstance(found, FunctionType):
            copied = FunctionType(found.__code__, names, name)
            names[name] = njit(copied, cache=True, nogil=True)
    return SimpleNamespace(**names)


def expect(work: int) -> None:
    """Loads the machine code if a task of this size, in nodes and edges over all its solves, is worth it."""
    if work >= WORK_MIN:
        machine_code()


def kernel(name: str, size: int) -> Callable[..., Any] | None:
    """The compiled kernel for a solve of this size, or None where numpy is to do it. What is loaded is used."""
    is_loaded = machine_code.cache_info().currsize > 0
    code = machine_code() if is_loaded or size >= SIZE_MIN else None
    return None if code is None else getattr(code, name)

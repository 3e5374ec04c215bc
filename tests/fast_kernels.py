"""The modules of firmware/kernels/armv7em with their kernels run as machine code, for the tests of them."""

import importlib.util
from pathlib import Path

from fieldpost.bench.thumb.kernels import Kernels
from fieldpost.bench.thumb.observers import Count

ARCHITECTURE = "armv7emsp"
FOLDER = Path("firmware/kernels/armv7em")


def imported(path):
    """A module of its own from a file, under a name that no other has."""
    spec = importlib.util.spec_from_file_location(f"fast_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def loaded(name, observer=None):
    """The module with its kernels as machine code, and the kernels, whose `notes` an observer fills."""
    path = FOLDER / f"{name}.py"
    module = imported(path)
    kernels = Kernels.from_source(path, ARCHITECTURE, observer or Count())
    kernels.install(module)
    return module, kernels

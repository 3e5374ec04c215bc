"""The signing code of one board build, with its kernels as Cortex-M code and all else as Python.

It decides which file is which module, as a board's image does: a file of the build's folder takes the place of
fieldwire's. It refuses to decide what is observed of the kernels, and what is signed.
"""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

import fieldwire
from fieldpost.bench.device.scripts import ROOT
from fieldpost.bench.thumb import mpy
from fieldpost.bench.thumb.kernels import Kernels, Noting, compiled

# In the order in which they import each other.
CHAIN = (
    "sha512",
    "point25519",
    "base_table",
    "field25519",
    "scalar25519",
    "ed25519_sign",
    "point25519_verify",
    "ed25519_verify",
)
PORTABLE = ROOT / "shared/fieldwire"
FAST = {"armv7em": ROOT / "firmware/kernels/armv7em"}

T = TypeVar("T")


class BoardCode(Generic[T]):
    """Fresh modules whose kernels are observed. `notes`: (kernel, what was noted), of all modules, in order."""

    def __init__(self, architecture: str, observer: Callable[[], Noting[T]], folder: Path = PORTABLE):
        self.notes: list[tuple[str, T]] = []
        self.modules: dict[str, ModuleType] = {}
        self.machine_code_bytes = 0
        with replaced_for_a_while():
            for name in CHAIN:
                path = folder / f"{name}.py"
                self._load(name, path if path.exists() else PORTABLE / f"{name}.py", architecture, observer())

    def signer(self, seed: bytes) -> Any:
        """An Ed25519Signer whose arithmetic is the machine code's."""
        return self._signer_class(seed)

    def signer_of_known_key(self, seed: bytes, public: bytes) -> Any:
        """The same, spared the multiplication that makes the public key and is like that of a signature."""
        spared = type("Spared", (self._signer_class,), {"_times_base": lambda _self, _scalar: public})
        signer = spared(seed)
        signer.__class__ = self._signer_class
        return signer

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        return self.modules["ed25519_verify"].verify(public, message, signature)

    @property
    def _signer_class(self) -> Any:
        return self.modules["ed25519_sign"].Ed25519Signer

    def _load(self, name: str, path: Path, architecture: str, observer: Noting[T]) -> None:
        module = fresh_module(f"fieldwire.{name}", path)
        self.modules[name] = module
        code = mpy.parse(compiled(path, architecture))
        if code.architecture != mpy.BYTECODE_ALONE:
            kernels = Kernels(code, observer, vars(module))
            kernels.notes = self.notes
            kernels.install(module)
            self.machine_code_bytes += sum(len(kernel.data) for kernel in code.kernels.values())


@contextmanager
def replaced_for_a_while() -> Iterator[None]:
    """While it lasts, modules may be loaded in place of fieldwire's own; after it those are back."""
    kept = {name: sys.modules.get(f"fieldwire.{name}") for name in CHAIN}
    try:
        yield
    finally:
        for name, module in kept.items():
            sys.modules.pop(f"fieldwire.{name}", None)
            if hasattr(fieldwire, name):
                delattr(fieldwire, name)
            if module is not None:
                sys.modules[f"fieldwire.{name}"] = module
                setattr(fieldwire, name, module)


def fresh_module(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path}: not a module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    setattr(fieldwire, name.rpartition(".")[2], module)
    spec.loader.exec_module(module)
    return module

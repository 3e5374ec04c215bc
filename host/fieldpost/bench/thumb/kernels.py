"""Kernels of one module, cross-compiled and callable from Python with ints and buffers.

It decides where code and arguments lie. A bytearray lies in RAM, aligned as MicroPython's heap aligns it, and what
the kernel writes there is copied back. Constant bytes lie in flash at an odd address, where `.mpy` files and frozen
modules may put them, so that a kernel which reads words from them faults on a Cortex-M0. So do memoryviews, which
may begin anywhere; a kernel cannot write to one here, and it does not follow what is written to its buffer.
"""

import struct
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Generic, Protocol, TypeVar

from fieldpost.bench.thumb import machine, mpy, runtime
from fieldpost.bench.thumb.machine import Machine
from fieldpost.firmware_build.programs import mpy_cross

T_co = TypeVar("T_co", covariant=True)
ALIGNED = 16  # MicroPython's heap hands out blocks of four words
# Flash: code from its start, then the tables, then constant bytes. RAM: a call's argument words, then buffers.
TABLES = machine.FLASH + 0x8_0000
FUN_TABLE, CONTEXT, FUNCTION, OBJECTS, NAMES = (TABLES + 0x1000 * number for number in range(5))
CONSTANT_BYTES = machine.FLASH + 0xA_0000
ARGUMENTS = machine.RAM
BUFFERS = machine.RAM + 0x100


class KernelFault(Exception):
    """The processor could not go on; the message names the kernel, the reason and the instruction's place."""


class Noting(machine.Observer, Protocol[T_co]):
    def taken(self) -> T_co:
        """What was noted since it was last taken."""
        ...


class Kernels(Generic[T_co]):
    """The machine code of one module. `notes` holds (kernel, what the observer noted) of each call."""

    def __init__(self, module: mpy.Module, observer: Noting[T_co], namespace: Mapping[str, object]):
        self.notes: list[tuple[str, T_co]] = []
        self._module = module
        self._observer = observer
        self._namespace = namespace
        self._places: dict[int, tuple[int, runtime.Buffer]] = {}
        self._objects = runtime.Objects(self._place)
        self._machine = Machine(module.architecture, observer, self._serve)
        self._entries: dict[str, int] = {}
        self._load()

    @classmethod
    def from_source(
        cls,
        path: Path,
        architecture: str,
        observer: Noting[T_co],
        namespace: Mapping[str, object] | None = None,
    ) -> "Kernels[T_co]":
        """Compiles a module's source; namespace holds those of its globals that its kernels read."""
        return cls(mpy.parse(compiled(path, architecture)), observer, namespace or {})

    def call(self, name: str, *arguments: object) -> object:
        """The kernel's result. Raises KernelFault, RuntimeMissing, or KeyError for a name that is not there."""
        code = self._module.kernels[name]
        self._places.clear()
        self._objects.clear()
        self._next_buffer, self._next_constant = BUFFERS, CONSTANT_BYTES | 1
        enter = self._enter_assembler if code.kind is mpy.Kind.ASSEMBLER else self._enter_viper
        try:
            result = enter(name, arguments)
        except machine.Fault as fault:
            raise KernelFault(f"{name}: {fault.reason} at {self._symbol(fault.at)}") from fault
        self.notes.append((name, self._observer.taken()))
        self._copy_back()
        return self._objects.value(result)

    def install(self, module: ModuleType) -> None:
        """From now on the module's functions of these names are the machine code."""
        for name in self._module.kernels:
            setattr(module, name, partial(self.call, name))

    @contextmanager
    def installed_in(self, module: ModuleType) -> Iterator[None]:
        """While it lasts, the module's functions of these names are the machine code."""
        before = {name: getattr(module, name) for name in self._module.kernels}
        self.install(module)
        try:
            yield
        finally:
            for name, function in before.items():
                setattr(module, name, function)

    def _symbol(self, address: int) -> str:
        """`kernel+0x1c` of an address in a kernel's code."""
        for name, entry in self._entries.items():
            if 0 <= address - entry < len(self._module.kernels[name].data):
                return f"{name}+{address - entry:#x}"
        return f"{address:#x}, outside of all kernels"

    def _enter_viper(self, name: str, arguments: tuple[object, ...]) -> int:
        words = [self._objects.word(argument) for argument in arguments]
        self._write_words(ARGUMENTS, words)
        return self._machine.run(self._entries[name], [FUNCTION, len(words), 0, ARGUMENTS])

    def _enter_assembler(self, name: str, arguments: tuple[object, ...]) -> int:
        code = self._module.kernels[name]
        if len(arguments) != code.arguments:
            raise TypeError(f"{name} takes {code.arguments} arguments, not {len(arguments)}")
        words = [self._objects.native(self._objects.word(value), runtime.POINTER) for value in arguments]
        return self._objects.boxed(self._machine.run(self._entries[name], words), code.result)

    def _load(self) -> None:
        at = machine.FLASH
        for name, code in self._module.kernels.items():
            self._entries[name] = at
            self._machine.write(at, code.data)
            at += -(-len(code.data) // ALIGNED) * ALIGNED
        constants = len(runtime.CONSTANTS)
        table = [self._objects.word(value) for value in runtime.CONSTANTS]
        table += [machine.trap_address(number) for number in range(constants, len(runtime.ENTRIES))]
        self._write_words(FUN_TABLE, table)
        self._write_words(CONTEXT, [0, 0, NAMES, OBJECTS])
        self._write_words(FUNCTION, [0, CONTEXT, 0, 0])
        self._machine.write(
            NAMES, struct.pack(f"<{len(self._module.names)}H", *range(len(self._module.names)))
        )
        self._write_words(OBJECTS, [FUN_TABLE if c is mpy.FUN_TABLE else 0 for c in self._module.constants])

    def _write_words(self, address: int, words: list[int]) -> None:
        self._machine.write(address, struct.pack(f"<{len(words)}I", *words))

    def _place(self, buffer: runtime.Buffer) -> int:
        if id(buffer) not in self._places:
            if isinstance(buffer, bytearray):
                address = self._next_buffer
                self._next_buffer += -(-len(buffer) // ALIGNED) * ALIGNED
            else:
                address = self._next_constant
                self._next_constant += len(buffer) + 1 | 1
            self._machine.write(address, bytes(buffer))
            self._places[id(buffer)] = address, buffer
        return self._places[id(buffer)][0]

    def _copy_back(self) -> None:
        for address, buffer in self._places.values():
            if isinstance(buffer, bytearray):
                buffer[:] = self._machine.read(address, len(buffer))

    def _serve(self, number: int) -> None:
        entry = runtime.ENTRIES[number]
        first, second, third = (self._machine.register(index) for index in range(3))
        if entry == "native_from_obj":
            self._machine.set_register(0, self._objects.native(first, second))
        elif entry == "native_to_obj":
            self._machine.set_register(0, self._objects.boxed(first, second))
        elif entry == "swap_globals":
            self._machine.set_register(0, 0)  # the caller is of the same module
        elif entry == "load_global":
            self._machine.set_register(0, self._objects.word(self._global(self._module.names[first])))
        elif entry == "call_function_n_kw":
            self._call_on(first, second, third)
        else:
            raise runtime.RuntimeMissing(f"a kernel called {entry} of the runtime, which is not served here")

    def _global(self, name: str) -> object:
        if name in self._entries:
            return self._module.kernels[name]
        if name not in self._namespace:
            raise runtime.RuntimeMissing(f"load_global: {name}; give it in the namespace")
        return self._namespace[name]

    def _call_on(self, function: int, counts: int, arguments: int) -> None:
        """A kernel calls a kernel: its code runs next and returns to the caller."""
        code = self._objects.value(function)
        for name, known in self._module.kernels.items():
            if known is code and known.kind is mpy.Kind.VIPER:
                for index, word in enumerate((FUNCTION, counts & 0xFF, counts >> 8, arguments)):
                    self._machine.set_register(index, word)
                self._machine.enter(self._entries[name])
                return
        raise runtime.RuntimeMissing(f"call_function_n_kw: {code!r} is no viper kernel of this module")


def compiled(path: Path, architecture: str) -> bytes:
    """The `.mpy` that mpy-cross makes of a source file, optimised as for a board."""
    with tempfile.TemporaryDirectory(prefix="fieldpost-kernels-") as folder:
        out = Path(folder, "module.mpy")
        options = ["-O3", f"-march={architecture}", "-s", path.name, "-o", str(out), str(path)]
        done = subprocess.run([mpy_cross(), *options], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise mpy.MpyError(f"{path}: does not compile for {architecture}:\n{done.stderr.strip()}")
        return out.read_bytes()

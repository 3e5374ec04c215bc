"""Writes the modules of armv7em/: `python firmware/kernels/make_armv7em.py`, after a kernel or its source changed.

Each is a module's source with other kernels: the functions that its source leaves to viper or to assembler get
bodies of assembler, under the same names and with as many arguments; all other lines stay. It decides which
function gets which body. A test holds the written files to it.
"""

import ast
import sys
from pathlib import Path

import machine_kernels
from listing import Listing

HERE = Path(__file__).resolve().parent
TARGET = HERE / "armv7em"
FIELDWIRE = HERE.parents[1] / "shared/fieldwire"
# Module: its source, and what writes the body of each of its kernels.
MODULES = {
    "field25519": (
        HERE / "field25519_face.py",
        {"_run": machine_kernels.run, "_normalize": machine_kernels.normalize},
    ),
}
_NOTICE = "# Written by firmware/kernels/make_armv7em.py: change that, or what it reads, and run it again.\n"
_WAIVERS = "# ruff: noqa: F821 (the assembler's names)\n"
_REGISTERS = ("r0", "r1", "r2", "r3")


def module_text(name):
    """The module's text. Raises ValueError where its source and the bodies do not name the same kernels."""
    path, bodies = MODULES[name]
    source = path.read_text()
    lines = source.splitlines()
    kernels = [node for node in ast.parse(source).body if _is_kernel(node)]
    if {kernel.name for kernel in kernels} != set(bodies):
        found = ", ".join(kernel.name for kernel in kernels)
        given = ", ".join(bodies)
        raise ValueError("{}: has the kernels {}; bodies are for {}".format(path.name, found, given))
    for kernel in reversed(kernels):
        first = kernel.decorator_list[0].lineno - 1
        lines[first : kernel.end_lineno] = _assembled(kernel, bodies[kernel.name])
    return _NOTICE + _WAIVERS + "\n".join(lines) + "\n"


def _is_kernel(node):
    decorators = [ast.unparse(each) for each in getattr(node, "decorator_list", ())]
    return "micropython.viper" in decorators or "micropython.asm_thumb" in decorators


def _assembled(kernel, write_body):
    """The lines of a kernel in assembler, with its docstring as a comment: MicroPython takes none there."""
    listing = Listing()
    write_body(listing)
    arguments = ", ".join(_REGISTERS[: len(kernel.args.args)])
    said = ast.get_docstring(kernel) or ""
    return [
        "@micropython.asm_thumb",
        "def {}({}):".format(kernel.name, arguments),
        *("    # " + line for line in said.splitlines()),
        *listing.lines,
    ]


def main():
    for name in MODULES:
        (TARGET / (name + ".py")).write_text(module_text(name))
        print("written: {}".format((TARGET / (name + ".py")).relative_to(HERE.parents[1])), file=sys.stderr)


if __name__ == "__main__":
    main()

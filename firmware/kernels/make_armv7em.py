"""Writes the modules of armv7em/: `python firmware/kernels/make_armv7em.py`, after anything they are made of changed.

A module is a face from faces/ in which each function of assembler has got its body from the kernels' modules, and
what the face leaves open (`...`) stands as in fieldwire's module of the same name. It decides which function gets
which body. A test holds the written files to it.
"""

import ast
import sys
from pathlib import Path

import hash_kernels
import machine_kernels
import scalar_kernels
from listing import Listing

HERE = Path(__file__).resolve().parent
FACES = HERE / "faces"
TARGET = HERE / "armv7em"
FIELDWIRE = HERE.parents[1] / "shared/fieldwire"
MODULES = {
    "field25519": {"_run": machine_kernels.run, "_normalize": machine_kernels.normalize},
    "scalar25519": {
        "_combine": scalar_kernels.combine,
        "_comb": scalar_kernels.comb,
        "_wipe": scalar_kernels.wipe,
    },
    "sha512": {"_absorb": hash_kernels.absorb, "_digest": hash_kernels.digest},
}
_NOTICE = "# Written by firmware/kernels/make_armv7em.py: change what it reads, and run it again.\n"
_WAIVER = "# ruff: noqa: F821 (the assembler's own names)\n"


def module_text(name):
    """The module's text. Raises ValueError where the face's kernels are not those that there are bodies for."""
    bodies = MODULES[name]
    face = (FACES / (name + ".py")).read_text()
    portable = (FIELDWIRE / (name + ".py")).read_text()
    given = {_name(node): _lines_of(node, portable) for node in ast.parse(portable).body}
    lines = face.splitlines()
    assembled = []
    for node in reversed(ast.parse(face).body):
        if _is_kernel(node):
            lines[_first(node) : node.end_lineno] = _assembled(node, bodies.get(node.name))
            assembled.append(node.name)
        elif _is_open(node):
            lines[_first(node) : node.end_lineno] = given[_name(node)]
    if set(assembled) != set(bodies):
        raise ValueError("{}: kernels {}, bodies {}".format(name, sorted(assembled), sorted(bodies)))
    return _NOTICE + _WAIVER + "\n".join(lines) + "\n"


def _name(node):
    """What a statement at a module's top defines; None where it is no assignment to a name and no function."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return getattr(node, "name", None)


def _is_open(node):
    held = node.body[0] if isinstance(node, ast.FunctionDef) else node
    return ast.unparse(getattr(held, "value", held)) == "..."


def _is_kernel(node):
    decorators = [ast.unparse(each) for each in getattr(node, "decorator_list", ())]
    return "micropython.asm_thumb" in decorators


def _first(node):
    decorators = getattr(node, "decorator_list", ())
    return (decorators[0] if decorators else node).lineno - 1


def _lines_of(node, source):
    return source.splitlines()[_first(node) : node.end_lineno]


def _assembled(kernel, write_body):
    """A kernel's lines; its docstring is a comment there, as MicroPython's assembler takes none."""
    listing = Listing()
    write_body(listing)
    said = ast.get_docstring(kernel) or ""
    return [
        "@micropython.asm_thumb",
        "def {}({}):".format(kernel.name, ast.unparse(kernel.args)),
        *("    # " + line for line in said.splitlines()),
        *listing.lines,
    ]


def main():
    for name in MODULES:
        (TARGET / (name + ".py")).write_text(module_text(name))
        print("written: {}".format((TARGET / (name + ".py")).relative_to(HERE.parents[1])), file=sys.stderr)


if __name__ == "__main__":
    main()

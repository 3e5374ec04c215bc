"""Computes fieldwire's table of the base point's multiples: `python tests/make_base_table.py` writes the file anew.

The reference's big integers make it; a test compares. What an entry is: shared/fieldwire/base_table.py.
"""

import sys
from pathlib import Path

from fieldwire import ed25519_reference as reference

MODULE = Path(__file__).parent.parent / "shared" / "fieldwire" / "base_table.py"
BYTES_A_LINE = 24


def table() -> bytes:
    return b"".join(entry(sub_table, index) for sub_table in range(4) for index in range(8))


def entry(sub_table: int, index: int) -> bytes:
    """The coordinates of one multiple of the base point."""
    signs = [1 if index >> bit & 1 else -1 for bit in range(3)] + [1]
    scalar = sum(sign << 16 * (4 * sub_table + bit) for bit, sign in enumerate(signs))
    x, y = affine(reference._times_base(scalar % reference.L))
    half = (reference.P + 1) // 2
    coordinates = ((y + x) * half, (y - x) * half, reference._D * x * y)
    return b"".join((value % reference.P).to_bytes(32, "little") for value in coordinates)


def affine(point: tuple[int, int, int, int]) -> tuple[int, int]:
    x, y, z, _ = point
    inverse = pow(z, -1, reference.P)
    return x * inverse, y * inverse


def text(head: str) -> str:
    """The module's text: its head as it stands, then the table."""
    data = table()
    lines = [data[at : at + BYTES_A_LINE] for at in range(0, len(data), BYTES_A_LINE)]
    rows = "".join('    b"' + "".join(f"\\x{byte:02x}" for byte in line) + '"\n' for line in lines)
    return f"{head}TABLE = (\n{rows})\n"


def main() -> int:
    head, _, _ = MODULE.read_text().partition("TABLE = (\n")
    MODULE.write_text(text(head))
    return 0


if __name__ == "__main__":
    sys.exit(main())

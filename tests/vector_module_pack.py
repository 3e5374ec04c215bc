"""Golden vectors of a slot's pack, written from UPDATE.md's table and not by the build's own code."""

import struct
from hashlib import sha256

MODULES = [
    ("board.mpy", b"M\x06\x00\x1fboard"),
    ("fieldagent/app.mpy", b"M\x06\x00\x1fapp, which is longer"),
    ("fieldagent/drivers/uart.mpy", b"M\x06\x00\x1fuart"),
    ("fieldagent0.mpy", b"M\x06\x00\x1fnext to a folder"),
    ("fieldwire/a_name_of_as_many_bytes_as_fit47.mpy", b""),
]


def rows_of(modules):
    end, rows = 16 + 56 * len(modules), []
    for name, data in modules:
        rows.append([name.encode(), end, len(data)])
        end += len(data)
    return rows


def pack(rows=None, modules=MODULES, magic=b"FPP1", count=None, more=b""):
    rows = rows_of(modules) if rows is None else rows
    index = b"".join(struct.pack(">48sII", *row) for row in rows)
    head = magic + struct.pack(">I", len(rows) if count is None else count)
    return head + sha256(head + index).digest()[:8] + index + b"".join(data for _, data in modules) + more


def changed(row, **fields):
    """The pack with one row of its index written anew, and a true digest."""
    rows = rows_of(MODULES)
    for place, name in enumerate(("name", "begin", "size")):
        rows[row][place] += fields.get(name, type(rows[row][place])())
    return pack(rows)


def good(name, modules):
    rows = [{"path": path, "hex": data.hex()} for path, data in modules]
    return {"name": name, "hex": pack(modules=modules).hex(), "error": None, "modules": rows}


def bad(name, data):
    return {"name": name, "hex": data.hex(), "error": "not sound"}


def pack_rows():
    rows = rows_of(MODULES)
    whole = pack()
    swapped = [rows[0], rows[2], rows[1], *rows[3:]]
    twice = [rows[0], [rows[0][0], rows[1][1], rows[1][2]], *rows[2:]]
    too_long = [*rows[:4], [b"fieldwire/" + b"n" * 34 + b".mpy", *rows[4][1:]]]
    return [
        good("Five modules.", MODULES),
        good("One module.", MODULES[:1]),
        bad("Nothing.", b""),
        bad("No module.", pack(modules=[])),
        bad("Erased flash.", b"\xff" * 64),
        bad("Zeros.", bytes(64)),
        bad("Another format.", pack(magic=b"FPP2")),
        bad("More rows than there are.", pack(count=6)),
        bad("Fewer rows than there are.", pack(count=4)),
        bad("More rows than any file has.", pack(count=0xFFFFFFFF)),
        bad("A byte short.", whole[:-1]),
        bad("A byte too long.", pack(more=b"\0")),
        bad("Modules that overlap.", changed(1, begin=-1)),
        bad("A hole between modules.", changed(1, begin=1)),
        bad("A module that begins in the index.", changed(0, begin=-20)),
        bad("A module that begins behind the file.", changed(4, begin=1_000)),
        bad("A module that ends behind the file.", changed(3, size=1_000)),
        bad("The last one ends behind the file.", pack([*rows[:4], [*rows[4][:2], 1]])),
        bad("A size that is shorter than what follows.", changed(2, size=-1)),
        bad("Names that are not in order.", pack(swapped)),
        bad("Two modules of one name.", pack(twice)),
        bad("A name without its end.", pack(too_long)),
    ]


FILES = {"module_pack": pack_rows}

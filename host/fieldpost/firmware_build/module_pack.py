"""A slot's modules as one file, for boards whose modules lie in files; the board's part is `firmware/pack.py`.

Decides the bytes: head, index in the order of names, modules behind each other. It refuses what a board could not find
again. Format: firmware/UPDATE.md
"""

import struct
from collections.abc import Mapping
from hashlib import sha256

from fieldpost.firmware_build.errors import BuildError

PACK = "modules.pack"
_MARKER = b"FPP1"
_HEAD = struct.Struct(">4sI8s")
_ROW = struct.Struct(">48sII")
_NAME_BYTES_MAX = 47
_SUMMED_BYTES = 8
_MODULE = ".mpy"


def packed(modules: Mapping[str, bytes]) -> bytes:
    """`modules`: path below the slot -> compiled module. Raises BuildError for a name that a board would not find."""
    rows, end = [], _HEAD.size + len(modules) * _ROW.size
    names = sorted((path.encode(), path) for path in modules)
    for name, path in names:
        if len(name) > _NAME_BYTES_MAX or not path.endswith(_MODULE):
            raise BuildError(
                f"{path}: a pack holds compiled modules with paths of {_NAME_BYTES_MAX} bytes at most;"
                " give the module a shorter name"
            )
        rows.append(_ROW.pack(name, end, len(modules[path])))
        end += len(modules[path])
    index = b"".join(rows)
    head = _MARKER + len(rows).to_bytes(4, "big")
    return b"".join([head, _sum(head, index), index, *(modules[path] for _, path in names)])


def unpacked(pack: bytes) -> dict[str, bytes]:
    """The modules of a pack that is ours, path -> bytes. Raises BuildError where it is damaged."""
    try:
        marker, count, digest = _HEAD.unpack_from(pack)
        index = pack[_HEAD.size : _HEAD.size + count * _ROW.size]
        rows = list(_ROW.iter_unpack(index))
    except struct.error as cause:
        raise BuildError(f"{PACK}: damaged ({cause}); build it anew") from cause
    if marker != _MARKER or digest != _sum(pack[:_SUMMED_BYTES], index):
        raise BuildError(f"{PACK}: damaged (its index is not what its head says); build it anew")
    return {name.rstrip(b"\0").decode(): pack[begin : begin + size] for name, begin, size in rows}


def _sum(head: bytes, index: bytes) -> bytes:
    return sha256(head + index).digest()[:8]

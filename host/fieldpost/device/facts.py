"""What a board on a cable is, by its own word: its runtime, what is installed, and whom it speaks for.

Decides nothing. It reads what is public: the board's key and its link key stay where they are, and what is sent to the
host of the file that holds them is what the desk gave to the board.
"""

import ast
import json
from dataclasses import dataclass
from typing import Any

from fieldpost.device.cable import Cable
from fieldpost.device.errors import DeviceError
from fieldpost.device.layout import PARTITIONS, manifest_path
from fieldpost.device.runtime_kind import RuntimeKind
from fieldwire import cbor, keys, tokens
from fieldwire.errors import WireError

_KIND = """
import sys, os, gc
_fp_i = sys.implementation
_fp_bits = 1
while (1 << _fp_bits) - 1 < sys.maxsize:
    _fp_bits += 1
try:
    import machine
    _fp_id = machine.unique_id().hex()
except (ImportError, AttributeError):
    _fp_id = ''
try:
    import vfs
    _fp_rom = [len(vfs.rom_ioctl(2, n)) for n in range(vfs.rom_ioctl(1))]
except (ImportError, AttributeError, TypeError):
    _fp_rom = []
_fp_s = os.statvfs(os.getcwd())
gc.collect()
print(repr([sys.platform, getattr(_fp_i, '_machine', ''), '.'.join([str(n) for n in _fp_i.version[:3]]),
    getattr(_fp_i, '_mpy', 0), _fp_bits, _fp_id, _fp_s[0] * _fp_s[3], _fp_s[0], gc.mem_free(), _fp_rom]))
"""

# state/identity is a CRC-32, then a CBOR array: seed, link key, root, mesh id, credential id, tokens, former device.
# The two secrets are stepped over, the former device's part is not looked at.
_IDENTITY = """
from binascii import hexlify as _fp_x
def _fp_end(d, i):
    b = d[i]
    n = b & 31
    if n < 24:
        i += 1
    elif n == 24:
        n = d[i + 1]
        i += 2
    else:
        n = d[i + 1] << 8 | d[i + 2]
        i += 3
    if b >> 5 == 4:
        for _ in range(n):
            i = _fp_end(d, i)
        return i
    return i + n
def _fp_public():
    try:
        with open('state/identity', 'rb') as f:
            d = f.read()
    except OSError:
        return None
    try:
        i = j = _fp_end(d, _fp_end(d, 5))
        for _ in range(4):
            j = _fp_end(d, j)
        return _fp_x(d[i:j]).decode()
    except IndexError:
        return ''
print(repr(_fp_public()))
"""

_TEXTS = """
def _fp_text(p):
    try:
        with open(p) as f:
            return f.read()
    except OSError:
        return None
"""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Public part of an identity. `authority`: the path that it speaks under. None of both: its file is damaged."""

    device: bytes | None
    mesh: bytes | None
    authority: str | None


@dataclass(frozen=True, slots=True)
class Installed:
    """What a slot's manifest says; `measurement` as SPEC 7.3 has it."""

    board: str
    version: str
    measurement: bytes


@dataclass(frozen=True, slots=True)
class BoardFacts:
    """`rom_bytes`: of each ROM partition; `slots`: what is installed whole; `lib`: whether an agent lies in /lib."""

    kind: RuntimeKind
    hardware_id: bytes
    free_bytes: int
    block_bytes: int
    heap_bytes: int
    rom_bytes: tuple[int, ...]
    slots: dict[str, Installed]
    lib: bool
    enrolled: Enrolled | None


def board_facts(cable: Cable) -> BoardFacts:
    """All of it in a few exchanges. Raises DeviceError."""
    said = _printed(cable, _KIND)
    platform, machine, version, mpy, bits, hardware_id, free, block, heap, rom = said
    cable.run(_TEXTS)
    found = {slot: _installed(cable, slot) for slot in PARTITIONS}
    return BoardFacts(
        kind=RuntimeKind(platform, machine, version, mpy, bits),
        hardware_id=bytes.fromhex(hardware_id),
        free_bytes=free,
        block_bytes=block,
        heap_bytes=heap,
        rom_bytes=tuple(rom),
        slots={slot: one for slot, one in found.items() if one is not None},
        lib="fieldagent" in cable.value("os.listdir('lib') if 'lib' in os.listdir() else []"),
        enrolled=enrolled(cable),
    )


def enrolled(cable: Cable) -> Enrolled | None:
    """None on a board that nobody enrolled."""
    public = _printed(cable, _IDENTITY)
    if public is None:
        return None
    try:
        return _who(bytes.fromhex(public))
    except (WireError, ValueError, TypeError, StopIteration):
        return Enrolled(None, None, None)


def _who(public: bytes) -> Enrolled:
    """Four CBOR items: the mesh's root, its id, the credential's id, tokens."""
    _root, mesh, credential, held = cbor.decode(b"\x84" + public)
    token = next(one for one in map(tokens.decode, held) if one.id == credential)
    return Enrolled(keys.device_id(token.public), mesh, token.claims[tokens.AUTHORITY])


def _installed(cable: Cable, slot: str) -> Installed | None:
    text = cable.value(f"_fp_text({manifest_path(slot)[1:]!r})")
    try:
        found = json.loads(text or "null")
        return found and Installed(found["board"], found["version"], bytes.fromhex(found["measurement"]))
    except (ValueError, KeyError, TypeError):
        return None


def _printed(cable: Cable, code: str) -> Any:
    said = cable.run(code).strip()
    try:
        return ast.literal_eval(said)
    except (SyntaxError, ValueError):
        raise DeviceError(f"{cable.path}: the board said {said[:80]!r}, not what it is; try again") from None

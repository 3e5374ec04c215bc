"""What a board on a cable is, by its own word: its runtime, what is installed, and whom it speaks for.

Decides nothing. It reads what is public: the board's key and its link key stay where they are, and what is sent to the
host of the file that holds them is what the desk gave to the board.
"""

from dataclasses import dataclass

import msgspec

from fieldpost.device.cable import Cable
from fieldpost.device.layout import PARTITIONS, manifest_path
from fieldpost.device.runtime_kind import RuntimeKind
from fieldpost.device.shapes import Count, Digest, Hex, Name, Size, Text
from fieldwire import cbor, keys, tokens
from fieldwire.errors import WireError
from fieldwire.observation import is_bytes

_KIND = """
import sys, os, gc, json
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
print(json.dumps([sys.platform, getattr(_fp_i, '_machine', ''), '.'.join([str(n) for n in _fp_i.version[:3]]),
    getattr(_fp_i, '_mpy', 0), _fp_bits, _fp_id, _fp_s[0] * _fp_s[3], _fp_s[0], gc.mem_free(), _fp_rom]))
"""

# state/identity is a CRC-32, then a CBOR array: seed, link key, root, mesh id, credential id, tokens, former device.
# The two secrets are stepped over, the former device's part is not looked at.
_IDENTITY = """
import json
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
print(json.dumps(_fp_public()))
"""

_TEXTS = """
def _fp_text(p):
    try:
        with open(p) as f:
            return f.read()
    except OSError:
        return None
"""


class _Runtime(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """What `_KIND` prints."""

    platform: Text
    machine: Text
    version: Text
    mpy: Count
    int_bits: Count
    hardware_id: Hex
    free_bytes: Count
    block_bytes: Size
    heap_bytes: Count
    rom_bytes: tuple[Count, ...]


class _Manifest(msgspec.Struct):
    """What layout.py writes beside a slot, as far as it matters here."""

    board: Text
    version: Text
    measurement: Digest


_RUNTIME = msgspec.json.Decoder(_Runtime)
_MANIFEST = msgspec.json.Decoder(_Manifest)
_NAMES = msgspec.json.Decoder(list[Name])
_PUBLIC = msgspec.json.Decoder(Hex | None)
_TEXT = msgspec.json.Decoder(str | None)


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
    said = cable.told(_KIND, _RUNTIME.decode)
    cable.run(_TEXTS)
    found = {slot: _installed(cable, slot) for slot in PARTITIONS}
    return BoardFacts(
        kind=RuntimeKind(said.platform, said.machine, said.version, said.mpy, said.int_bits),
        hardware_id=bytes.fromhex(said.hardware_id),
        free_bytes=said.free_bytes,
        block_bytes=said.block_bytes,
        heap_bytes=said.heap_bytes,
        rom_bytes=said.rom_bytes,
        slots={slot: one for slot, one in found.items() if one is not None},
        lib="fieldagent" in cable.value("os.listdir('lib') if 'lib' in os.listdir() else []", _NAMES.decode),
        enrolled=enrolled(cable),
    )


def enrolled(cable: Cable) -> Enrolled | None:
    """None on a board that nobody enrolled."""
    public = cable.told(_IDENTITY, _PUBLIC.decode)
    if public is None:
        return None
    try:
        return _who(bytes.fromhex(public))
    except (WireError, ValueError, TypeError, KeyError, StopIteration):
        return Enrolled(None, None, None)


def _who(public: bytes) -> Enrolled:
    """Four CBOR items: the mesh's root, its id, the credential's id, tokens."""
    _root, mesh, credential, held = cbor.decode(b"\x84" + public)
    if not is_bytes(mesh, 32):
        raise ValueError("a mesh's id has 32 bytes")
    token = next(one for one in map(tokens.decode, held) if one.id == credential)
    return Enrolled(keys.device_id(token.public), mesh, token.claims[tokens.AUTHORITY])


def _installed(cable: Cable, slot: str) -> Installed | None:
    text = cable.value(f"_fp_text({manifest_path(slot)[1:]!r})", _TEXT.decode)
    try:
        found = _MANIFEST.decode(text or "")
    except ValueError:
        return None
    return Installed(found.board, found.version, bytes.fromhex(found.measurement))

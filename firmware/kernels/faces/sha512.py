"""SHA-512 (FIPS 180-4) for ARMv7-M: hashlib where it has it, else a kernel of assembler.

Each 64-bit word is two 32-bit halves, the high one first. Its time depends on the length alone.
Message parts are hashed where they lie, so that no copy of a secret is left.
"""

import hashlib
import struct

from fieldwire.port import const, micropython

_BLOCK_BYTES = ...
# Scratch: the chaining value, the working variables, the 80 words of the schedule; a block fills the first 16.
SCRATCH_BYTES = const(768)

_INITIAL = ...
_ROUND = ...


@micropython.asm_thumb
def _absorb(r0, r1, r2, r3):
    """Scratch, data, the bytes of data times 128 plus those that wait in the block, the rounds' constants."""


@micropython.asm_thumb
def _digest(r0, r1):
    """Scratch, and where its chaining value's bytes go, in the order of the digest."""


def digest_into(scratch, out, parts):
    """Set the 64 bytes of out to the digest of all parts, one after the other.

    scratch: SCRATCH_BYTES, left with what the parts leave in it.
    """
    scratch[: len(_INITIAL)] = _INITIAL
    size = 0
    for part in parts:
        _absorb(scratch, part, len(part) * _BLOCK_BYTES + size % _BLOCK_BYTES, _ROUND)
        size += len(part)
    held = size % _BLOCK_BYTES
    zeros = (239 if held > 111 else 111) - held
    tail = b"\x80" + bytes(zeros) + struct.pack(">QQ", 0, size * 8)
    _absorb(scratch, tail, len(tail) * _BLOCK_BYTES + held, _ROUND)
    _digest(scratch, out)


def sha512_kernel(data): ...


def _sha512_hashlib(data):
    return hashlib.sha512(data).digest()


# sha512(data) -> the 64-byte digest of data, the fastest way this runtime has.
sha512 = _sha512_hashlib if hasattr(hashlib, "sha512") else sha512_kernel

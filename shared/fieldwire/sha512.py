"""SHA-512 (FIPS 180-4): hashlib where it has it, else viper kernels, since MicroPython has none.

The kernels keep each 64-bit word as two 32-bit halves and are right on machine words of 32 and of 64 bits:
what is shifted right has been read from memory as 32 bits, and carries are taken from sums of 16-bit parts.
"""

import hashlib
import struct
from binascii import unhexlify

from fieldwire.port import const, micropython, ptr8, ptr32, uint

_BLOCK_BYTES = const(128)
# Scratch: the chaining value at 0, the working variables at 64, the 80 words of the schedule at 128.
_SCRATCH_BYTES = const(768)


def _native_words(text):
    """Big-endian 32-bit words, given in hex, in the machine's byte order."""
    raw = unhexlify(text)
    count = len(raw) // 4
    return struct.pack("{}I".format(count), *struct.unpack(">{}I".format(count), raw))


# FIPS 180-4 5.3.5: square roots of the first 8 primes; 4.2.3: cube roots of the first 80 primes.
_INITIAL = _native_words(
    "6a09e667f3bcc908bb67ae8584caa73b3c6ef372fe94f82ba54ff53a5f1d36f1510e527fade682d19b05688c2b3e6c1f"
    "1f83d9abfb41bd6b5be0cd19137e2179"
)
_ROUND = _native_words(
    "428a2f98d728ae227137449123ef65cdb5c0fbcfec4d3b2fe9b5dba58189dbbc3956c25bf348b53859f111f1b605d019"
    "923f82a4af194f9bab1c5ed5da6d8118d807aa98a303024212835b0145706fbe243185be4ee4b28c550c7dc3d5ffb4e2"
    "72be5d74f27b896f80deb1fe3b1696b19bdc06a725c71235c19bf174cf692694e49b69c19ef14ad2efbe4786384f25e3"
    "0fc19dc68b8cd5b5240ca1cc77ac9c652de92c6f592b02754a7484aa6ea6e4835cb0a9dcbd41fbd476f988da831153b5"
    "983e5152ee66dfaba831c66d2db43210b00327c898fb213fbf597fc7beef0ee4c6e00bf33da88fc2d5a79147930aa725"
    "06ca6351e003826f142929670a0e6e7027b70a8546d22ffc2e1b21385c26c9264d2c6dfc5ac42aed53380d139d95b3df"
    "650a73548baf63de766a0abb3c77b2a881c2c92e47edaee692722c851482353ba2bfe8a14cf10364a81a664bbc423001"
    "c24b8b70d0f89791c76c51a30654be30d192e819d6ef5218d69906245565a910f40e35855771202a106aa07032bbd1b8"
    "19a4c116b8d2d0c81e376c085141ab532748774cdf8eeb9934b0bcb5e19b48a8391c0cb3c5c95a634ed8aa4ae3418acb"
    "5b9cca4f7763e373682e6ff3d6b2b8a3748f82ee5defb2fc78a5636f43172f6084c87814a1f0ab728cc702081a6439ec"
    "90befffa23631e28a4506cebde82bde9bef9a3f7b2c67915c67178f2e372532bca273eceea26619cd186b8c721c0c207"
    "eada7dd6cde0eb1ef57d4f7fee6ed17806f067aa72176fba0a637dc5a2c898a6113f9804bef90dae1b710b35131c471b"
    "28db77f523047d8432caab7b40c724933c9ebe0a15c9bebc431d67c49c100d4c4cc5d4becb3e42b6597f299cfc657e2a"
    "5fcb6fab3ad6faec6c44198c4a475817"
)


@micropython.viper
def _expand(scratch, data, start: int):
    """Write the message schedule of the 128 bytes of data at start (FIPS 180-4 6.4.2, step 1)."""
    s = ptr32(scratch)
    block = ptr8(data)
    at = start
    for w in range(32, 64):
        s[w] = block[at] << 24 | block[at + 1] << 16 | block[at + 2] << 8 | block[at + 3]
        at += 4
    for w in range(64, 192, 2):
        i = w - 30
        xh = uint(s[i])
        xl = uint(s[i + 1])
        yh = (xh >> 1 | xl << 31) ^ (xh >> 8 | xl << 24) ^ xh >> 7
        yl = (xl >> 1 | xh << 31) ^ (xl >> 8 | xh << 24) ^ (xl >> 7 | xh << 25)
        i = w - 4
        xh = uint(s[i])
        xl = uint(s[i + 1])
        zh = (xh >> 19 | xl << 13) ^ (xl >> 29 | xh << 3) ^ xh >> 6
        zl = (xl >> 19 | xh << 13) ^ (xh >> 29 | xl << 3) ^ (xl >> 6 | xh << 26)
        i = w - 14
        xl = uint(s[i + 1])
        vl = uint(s[w - 31])
        low = (vl & 0xFFFF) + (xl & 0xFFFF) + (yl & 0xFFFF) + (zl & 0xFFFF)
        mid = (vl >> 16) + (xl >> 16) + (yl >> 16 & 0xFFFF) + (zl >> 16 & 0xFFFF) + (low >> 16)
        s[w] = uint(s[w - 32]) + uint(s[i]) + yh + zh + (mid >> 16)
        s[w + 1] = mid << 16 | low & 0xFFFF


@micropython.viper
def _rounds(scratch, constants):
    """Fold the schedule into the chaining value (FIPS 180-4 6.4.2, steps 2 to 4)."""
    s = ptr32(scratch)
    k = ptr32(constants)
    for i in range(16):
        s[16 + i] = s[i]
    for t in range(80):
        w = 32 + 2 * t
        # The variables a..h stay where they are; their names move down by one place each round.
        i = 16 + 2 * ((84 - t) & 7)
        xh = uint(s[i])
        xl = uint(s[i + 1])
        yh = (xh >> 14 | xl << 18) ^ (xh >> 18 | xl << 14) ^ (xl >> 9 | xh << 23)
        yl = (xl >> 14 | xh << 18) ^ (xl >> 18 | xh << 14) ^ (xh >> 9 | xl << 23)
        i = 16 + 2 * ((85 - t) & 7)
        j = 16 + 2 * ((86 - t) & 7)
        zh = uint(s[j]) ^ xh & (uint(s[i]) ^ uint(s[j]))
        zl = uint(s[j + 1]) ^ xl & (uint(s[i + 1]) ^ uint(s[j + 1]))
        h = 16 + 2 * ((87 - t) & 7)
        xl = uint(s[h + 1])
        vl = uint(s[w + 1])
        kl = uint(k[2 * t + 1])
        low = (xl & 0xFFFF) + (yl & 0xFFFF) + (zl & 0xFFFF) + (vl & 0xFFFF) + (kl & 0xFFFF)
        mid = (xl >> 16) + (yl >> 16 & 0xFFFF) + (zl >> 16) + (vl >> 16) + (kl >> 16) + (low >> 16)
        s[h] = uint(s[h]) + yh + zh + uint(s[w]) + uint(k[2 * t]) + (mid >> 16)
        s[h + 1] = mid << 16 | low & 0xFFFF
        # h holds T1 now: d += T1, then h = T1 + T2 becomes the next round's a.
        i = 16 + 2 * ((83 - t) & 7)
        xl = uint(s[i + 1])
        vl = uint(s[h + 1])
        low = (xl & 0xFFFF) + (vl & 0xFFFF)
        mid = (xl >> 16) + (vl >> 16) + (low >> 16)
        s[i] = uint(s[i]) + uint(s[h]) + (mid >> 16)
        s[i + 1] = mid << 16 | low & 0xFFFF
        i = 16 + 2 * ((80 - t) & 7)
        xh = uint(s[i])
        xl = uint(s[i + 1])
        yh = (xh >> 28 | xl << 4) ^ (xl >> 2 | xh << 30) ^ (xl >> 7 | xh << 25)
        yl = (xl >> 28 | xh << 4) ^ (xh >> 2 | xl << 30) ^ (xh >> 7 | xl << 25)
        i = 16 + 2 * ((81 - t) & 7)
        j = 16 + 2 * ((82 - t) & 7)
        zh = xh & uint(s[i]) | uint(s[j]) & (xh | uint(s[i]))
        zl = xl & uint(s[i + 1]) | uint(s[j + 1]) & (xl | uint(s[i + 1]))
        low = (vl & 0xFFFF) + (yl & 0xFFFF) + (zl & 0xFFFF)
        mid = (vl >> 16) + (yl >> 16 & 0xFFFF) + (zl >> 16) + (low >> 16)
        s[h] = uint(s[h]) + yh + zh + (mid >> 16)
        s[h + 1] = mid << 16 | low & 0xFFFF
    for t in range(8):
        i = 2 * t
        xl = uint(s[i + 1])
        vl = uint(s[i + 17])
        low = (xl & 0xFFFF) + (vl & 0xFFFF)
        mid = (xl >> 16) + (vl >> 16) + (low >> 16)
        s[i] = uint(s[i]) + uint(s[i + 16]) + (mid >> 16)
        s[i + 1] = mid << 16 | low & 0xFFFF


def sha512_kernel(data):
    """The 64-byte digest of data, by the kernels above."""
    size = len(data)
    whole = size - size % _BLOCK_BYTES
    scratch = bytearray(_SCRATCH_BYTES)
    scratch[: len(_INITIAL)] = _INITIAL
    for start in range(0, whole, _BLOCK_BYTES):
        _expand(scratch, data, start)
        _rounds(scratch, _ROUND)
    rest = size - whole
    tail = bytearray(_BLOCK_BYTES if rest < 112 else 2 * _BLOCK_BYTES)
    tail[:rest] = data[whole:]
    tail[rest] = 0x80
    tail[-8:] = struct.pack(">Q", size * 8)
    for start in range(0, len(tail), _BLOCK_BYTES):
        _expand(scratch, tail, start)
        _rounds(scratch, _ROUND)
    return struct.pack(">16I", *struct.unpack("16I", scratch[:64]))


def _sha512_hashlib(data):
    return hashlib.sha512(data).digest()


# sha512(data) -> the 64-byte digest of data, the fastest way this runtime has.
sha512 = _sha512_hashlib if hasattr(hashlib, "sha512") else sha512_kernel

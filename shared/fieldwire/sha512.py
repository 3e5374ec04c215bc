"""SHA-512 (FIPS 180-4): hashlib where it has it, else a viper kernel, since MicroPython has none.

The kernel keeps each 64-bit word as two 32-bit halves, the high one first, and is right on machine words of 32 and of
64 bits: what is shifted right has been read from memory as 32 bits, and carries are taken from sums of 16-bit parts.
Its time depends on the length alone. Message parts are hashed where they lie, so that no copy of a secret is left.
"""

import hashlib
import struct

from fieldwire.port import const, micropython, ptr8, ptr16, ptr32, uint

_BLOCK_BYTES = const(128)
# Scratch, in words: the chaining value, 32 words of the schedule, and the working variables, which move down by one
# place a round and are brought back up after 16.
SCRATCH_BYTES = const(512)

# Little-endian halves. FIPS 180-4 5.3.5: square roots of the first 8 primes; 4.2.3: cube roots of the first 80 primes.
_INITIAL = (
    b"\x67\xe6\x09\x6a\x08\xc9\xbc\xf3\x85\xae\x67\xbb\x3b\xa7\xca\x84"
    b"\x72\xf3\x6e\x3c\x2b\xf8\x94\xfe\x3a\xf5\x4f\xa5\xf1\x36\x1d\x5f"
    b"\x7f\x52\x0e\x51\xd1\x82\xe6\xad\x8c\x68\x05\x9b\x1f\x6c\x3e\x2b"
    b"\xab\xd9\x83\x1f\x6b\xbd\x41\xfb\x19\xcd\xe0\x5b\x79\x21\x7e\x13"
)
_ROUND = (
    b"\x98\x2f\x8a\x42\x22\xae\x28\xd7\x91\x44\x37\x71\xcd\x65\xef\x23\xcf\xfb\xc0\xb5\x2f\x3b\x4d\xec"
    b"\xa5\xdb\xb5\xe9\xbc\xdb\x89\x81\x5b\xc2\x56\x39\x38\xb5\x48\xf3\xf1\x11\xf1\x59\x19\xd0\x05\xb6"
    b"\xa4\x82\x3f\x92\x9b\x4f\x19\xaf\xd5\x5e\x1c\xab\x18\x81\x6d\xda\x98\xaa\x07\xd8\x42\x02\x03\xa3"
    b"\x01\x5b\x83\x12\xbe\x6f\x70\x45\xbe\x85\x31\x24\x8c\xb2\xe4\x4e\xc3\x7d\x0c\x55\xe2\xb4\xff\xd5"
    b"\x74\x5d\xbe\x72\x6f\x89\x7b\xf2\xfe\xb1\xde\x80\xb1\x96\x16\x3b\xa7\x06\xdc\x9b\x35\x12\xc7\x25"
    b"\x74\xf1\x9b\xc1\x94\x26\x69\xcf\xc1\x69\x9b\xe4\xd2\x4a\xf1\x9e\x86\x47\xbe\xef\xe3\x25\x4f\x38"
    b"\xc6\x9d\xc1\x0f\xb5\xd5\x8c\x8b\xcc\xa1\x0c\x24\x65\x9c\xac\x77\x6f\x2c\xe9\x2d\x75\x02\x2b\x59"
    b"\xaa\x84\x74\x4a\x83\xe4\xa6\x6e\xdc\xa9\xb0\x5c\xd4\xfb\x41\xbd\xda\x88\xf9\x76\xb5\x53\x11\x83"
    b"\x52\x51\x3e\x98\xab\xdf\x66\xee\x6d\xc6\x31\xa8\x10\x32\xb4\x2d\xc8\x27\x03\xb0\x3f\x21\xfb\x98"
    b"\xc7\x7f\x59\xbf\xe4\x0e\xef\xbe\xf3\x0b\xe0\xc6\xc2\x8f\xa8\x3d\x47\x91\xa7\xd5\x25\xa7\x0a\x93"
    b"\x51\x63\xca\x06\x6f\x82\x03\xe0\x67\x29\x29\x14\x70\x6e\x0e\x0a\x85\x0a\xb7\x27\xfc\x2f\xd2\x46"
    b"\x38\x21\x1b\x2e\x26\xc9\x26\x5c\xfc\x6d\x2c\x4d\xed\x2a\xc4\x5a\x13\x0d\x38\x53\xdf\xb3\x95\x9d"
    b"\x54\x73\x0a\x65\xde\x63\xaf\x8b\xbb\x0a\x6a\x76\xa8\xb2\x77\x3c\x2e\xc9\xc2\x81\xe6\xae\xed\x47"
    b"\x85\x2c\x72\x92\x3b\x35\x82\x14\xa1\xe8\xbf\xa2\x64\x03\xf1\x4c\x4b\x66\x1a\xa8\x01\x30\x42\xbc"
    b"\x70\x8b\x4b\xc2\x91\x97\xf8\xd0\xa3\x51\x6c\xc7\x30\xbe\x54\x06\x19\xe8\x92\xd1\x18\x52\xef\xd6"
    b"\x24\x06\x99\xd6\x10\xa9\x65\x55\x85\x35\x0e\xf4\x2a\x20\x71\x57\x70\xa0\x6a\x10\xb8\xd1\xbb\x32"
    b"\x16\xc1\xa4\x19\xc8\xd0\xd2\xb8\x08\x6c\x37\x1e\x53\xab\x41\x51\x4c\x77\x48\x27\x99\xeb\x8e\xdf"
    b"\xb5\xbc\xb0\x34\xa8\x48\x9b\xe1\xb3\x0c\x1c\x39\x63\x5a\xc9\xc5\x4a\xaa\xd8\x4e\xcb\x8a\x41\xe3"
    b"\x4f\xca\x9c\x5b\x73\xe3\x63\x77\xf3\x6f\x2e\x68\xa3\xb8\xb2\xd6\xee\x82\x8f\x74\xfc\xb2\xef\x5d"
    b"\x6f\x63\xa5\x78\x60\x2f\x17\x43\x14\x78\xc8\x84\x72\xab\xf0\xa1\x08\x02\xc7\x8c\xec\x39\x64\x1a"
    b"\xfa\xff\xbe\x90\x28\x1e\x63\x23\xeb\x6c\x50\xa4\xe9\xbd\x82\xde\xf7\xa3\xf9\xbe\x15\x79\xc6\xb2"
    b"\xf2\x78\x71\xc6\x2b\x53\x72\xe3\xce\x3e\x27\xca\x9c\x61\x26\xea\xc7\xb8\x86\xd1\x07\xc2\xc0\x21"
    b"\xd6\x7d\xda\xea\x1e\xeb\xe0\xcd\x7f\x4f\x7d\xf5\x78\xd1\x6e\xee\xaa\x67\xf0\x06\xba\x6f\x17\x72"
    b"\xc5\x7d\x63\x0a\xa6\x98\xc8\xa2\x04\x98\x3f\x11\xae\x0d\xf9\xbe\x35\x0b\x71\x1b\x1b\x47\x1c\x13"
    b"\xf5\x77\xdb\x28\x84\x7d\x04\x23\x7b\xab\xca\x32\x93\x24\xc7\x40\x0a\xbe\x9e\x3c\xbc\xbe\xc9\x15"
    b"\xc4\x67\x1d\x43\x4c\x0d\x10\x9c\xbe\xd4\xc5\x4c\xb6\x42\x3e\xcb\x9c\x29\x7f\x59\x2a\x7e\x65\xfc"
    b"\xab\x6f\xcb\x5f\xec\xfa\xd6\x3a\x8c\x19\x44\x6c\x17\x58\x47\x4a"
)

# A set bit, then zeros: as many as FIPS 180-4 5.1.2 may ask for.
_PADDING = (
    b"\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
)


@micropython.viper
def _absorb(v: ptr32, x: uint, scratch, data, constants, size: int, held: int):
    """Take in `size` bytes of data behind the `held` that wait in the block; fold each block that is full."""
    v = ptr32(v)
    s = ptr32(scratch)
    block = ptr8(int(s) + 64)
    d = ptr8(data)
    taken = 0
    while taken < size:
        block[held ^ 3] = d[taken]
        taken += 1
        held += 1
        if held == 128:
            held = 0
            w = ptr32(int(s) + 64)
            v = ptr32(int(s) + 448)
            k = ptr8(constants)
            i = 0
            while i < 16:
                v[i] = s[i]
                i += 1
            t = 0
            while t < 80:
                if t & 15 == 0 and t > 0:
                    # FIPS 180-4 6.4.2, step 1: the next 16 words of the schedule; then they take the first places.
                    i = 16
                    v = ptr32(int(s) + 64)
                    while i > 0:
                        x = uint(v[2])
                        xl = uint(v[3])
                        yh = (x >> 1 | xl << 31) ^ (x >> 8 | xl << 24) ^ x >> 7
                        v[33] = (xl >> 1 | x << 31) ^ (xl >> 8 | x << 24) ^ (xl >> 7 | x << 25)
                        x = uint(v[28])
                        xl = uint(v[29])
                        zh = (x >> 19 | xl << 13) ^ (xl >> 29 | x << 3) ^ x >> 6
                        v[32] = (xl >> 19 | x << 13) ^ (x >> 29 | xl << 3) ^ (xl >> 6 | x << 26)
                        h = ptr16(int(v))
                        low = h[66] + h[64] + h[2] + h[38]
                        mid = h[67] + h[65] + h[3] + h[39] + (low >> 16)
                        v[32] = uint(v[0]) + uint(v[18]) + yh + zh + uint(mid >> 16)
                        v[33] = mid << 16 | low & 0xFFFF
                        v = ptr32(int(v) + 8)
                        i -= 1
                    while i < 32:
                        w = ptr32(int(s) + 64)
                        w[i] = w[i + 32]
                        i += 1
                    # The working variables come back up.
                    i = 16
                    while i > 0:
                        i -= 1
                        s[112 + i] = s[80 + i]
                    v = ptr32(int(s) + 448)
                # Steps 3: the variables a to h were at v[0] to v[15].
                v = ptr32(int(v) - 8)
                h = ptr16(int(v))
                x = uint(v[10])
                xl = uint(v[11])
                yh = (x >> 14 | xl << 18) ^ (x >> 18 | xl << 14) ^ (xl >> 9 | x << 23)
                v[1] = (xl >> 14 | x << 18) ^ (xl >> 18 | x << 14) ^ (x >> 9 | xl << 23)
                zh = uint(v[14]) ^ x & (uint(v[12]) ^ uint(v[14]))
                x = uint(v[15]) ^ xl & (uint(v[13]) ^ uint(v[15]))
                g = ptr16(int(w))
                low = h[2] + int(x & 0xFFFF) + h[34] + g[2] + (k[4] | k[5] << 8)
                mid = h[3] + int(x >> 16) + h[35] + g[3] + (k[6] | k[7] << 8)
                zh = yh + zh + uint(v[16]) + uint(w[0]) + uint(k[0] | k[1] << 8 | k[2] << 16 | k[3] << 24)
                w = ptr32(int(w) + 8)
                k = ptr8(int(k) + 8)
                # low, mid and zh hold T1 with its carries still in them: e = d + T1.
                i = low + h[18]
                j = mid + h[19] + (i >> 16)
                v[8] = uint(v[8]) + zh + uint(j >> 16)
                v[9] = j << 16 | i & 0xFFFF
                x = uint(v[2])
                xl = uint(v[3])
                yh = (x >> 28 | xl << 4) ^ (xl >> 2 | x << 30) ^ (xl >> 7 | x << 25)
                v[1] = (xl >> 28 | x << 4) ^ (x >> 2 | xl << 30) ^ (x >> 7 | xl << 25)
                zh = zh + yh + (x & uint(v[4]) | uint(v[6]) & (x | uint(v[4])))
                x = xl & uint(v[5]) | uint(v[7]) & (xl | uint(v[5]))
                low = h[2] + low + int(x & 0xFFFF)
                mid = h[3] + mid + int(x >> 16) + (low >> 16)
                v[0] = zh + uint(mid >> 16)
                v[1] = mid << 16 | low & 0xFFFF
                t += 1
                if t & 15 == 0:
                    w = ptr32(int(s) + 64)
            i = 0
            v = ptr32(int(s) + 320)
            while i < 16:
                x = uint(s[i + 1])
                xl = uint(v[i + 1])
                low = int(x & 0xFFFF) + int(xl & 0xFFFF)
                mid = int(x >> 16) + int(xl >> 16) + (low >> 16)
                s[i] = uint(s[i]) + uint(v[i]) + uint(mid >> 16)
                s[i + 1] = mid << 16 | low & 0xFFFF
                i += 2


@micropython.viper
def _take(x: int, y: int, scratch, out):
    """The chaining value's bytes, in the order of the digest."""
    s = ptr8(scratch)
    d = ptr8(out)
    while x > 0:
        x -= 1
        d[x] = s[x ^ 3]


def digest_into(scratch, out, parts):
    """Set the 64 bytes of out to the digest of all parts, one after the other.

    scratch: SCRATCH_BYTES, left with what the parts leave in it.
    """
    scratch[: len(_INITIAL)] = _INITIAL
    size = 0
    for part in parts:
        _absorb(scratch, 0, scratch, part, _ROUND, len(part), size % _BLOCK_BYTES)
        size += len(part)
    held = size % _BLOCK_BYTES
    padding = (240 if held > 111 else 112) - held
    _absorb(scratch, 0, scratch, _PADDING, _ROUND, padding, held)
    _absorb(scratch, 0, scratch, struct.pack(">QQ", 0, size * 8), _ROUND, 16, 112)
    _take(64, 0, scratch, out)


def sha512_kernel(data):
    """The 64-byte digest of data, by the kernels above."""
    out = bytearray(64)
    digest_into(bytearray(SCRATCH_BYTES), out, (data,))
    return bytes(out)


def _sha512_hashlib(data):
    return hashlib.sha512(data).digest()


# sha512(data) -> the 64-byte digest of data, the fastest way this runtime has.
sha512 = _sha512_hashlib if hasattr(hashlib, "sha512") else sha512_kernel

"""Signatures that are genuine, damaged or made of edge values, each from its number alone, to be judged alike.

`case` gives the same one on both runtimes; libsodium's verdicts on them are in vectors/verdict_run.json.
"""

from hashlib import sha256

from vectors_io import load_json, unhex

from fieldwire import ed25519
from fieldwire.ed25519_strict import L

CASES = 1200
KEYS = 8
SCALARS = (0, 1, L - 1, L, L + 1, 8 * L, 1 << 252, 1 << 253, (1 << 256) - 1)


class Cases:
    """The points of the edge cases and some genuine keys, made ready once."""

    def __init__(self):
        rows = load_json("ed25519")
        rows = rows["refused"] + rows["accepted"] + rows["signed"]
        self._points = sorted({row["public"] for row in rows if len(row["public"]) == 64})
        self._signers = [ed25519.Ed25519Signer(sha256(b"key %d" % number).digest()) for number in range(KEYS)]

    def case(self, number):
        """(public key, message, signature) of a case."""
        drawn = sha256(b"case %d" % number).digest()
        message = drawn[: drawn[1] % 32]
        if number % 4 == 0:
            commitment = self._point(drawn[2])
            return self._point(drawn[3]), message, commitment + scalar_bytes(SCALARS[drawn[4] % len(SCALARS)])
        signer = self._signers[drawn[5] % KEYS]
        public, signature = signer.public, signer.sign(message)
        if number % 4 == 1:
            multiple = drawn[6] % 16
            response = int.from_bytes(signature[32:], "little") + multiple * L
            return public, message, signature[:32] + scalar_bytes(response % (1 << 256))
        if number % 4 == 2:
            return public, message, flipped(signature, drawn[6] | drawn[7] << 8)
        return flipped(public, drawn[6]) if drawn[7] & 1 else public, message, signature

    def _point(self, drawn):
        return unhex(self._points[drawn % len(self._points)])


def scalar_bytes(number):
    return number.to_bytes(32, "little")


def flipped(data, bit):
    """Data with one bit turned over."""
    changed = bytearray(data)
    bit %= 8 * len(changed)
    changed[bit >> 3] ^= 1 << (bit & 7)
    return bytes(changed)


def verdicts(verify):
    """A verify function's verdicts on all cases: a 1 or a 0 each."""
    cases = Cases()
    return "".join(["1" if verify(*cases.case(number)) else "0" for number in range(CASES)])

"""Signs by Ed25519 (RFC 8032 5.1) on boards, with the field machine and the kernels beside it.

It takes the same instructions and the same addresses whatever the key and the nonce are: no secret is in a big
integer, a branch or an index, and what held one is wiped when a signature is done.
"""

from fieldwire import field25519 as field
from fieldwire import point25519, scalar25519
from fieldwire.base_table import TABLE
from fieldwire.port import const
from fieldwire.sha512 import SCRATCH_BYTES, digest_into

_SEED_BYTES = const(32)
_SIGNING_REGISTERS = const(11)
_ONE = b"\x01" + bytes(31)
# Hash, scalars and field take turns in one buffer.
_WORK_BYTES = max(len(field.new_state(_SIGNING_REGISTERS)), SCRATCH_BYTES, scalar25519.WORK_BYTES)


class Ed25519Signer:
    """Signs with the key that a 32-byte seed expands to. `public` is its 32-byte public key."""

    def __init__(self, seed):
        if len(seed) != _SEED_BYTES:
            raise ValueError("a seed has 32 bytes, not {}".format(len(seed)))
        self._work = bytearray(_WORK_BYTES)
        self._hash = bytearray(64)
        self._nonce = bytearray(32)
        digest_into(self._work, self._hash, (seed,))
        self._hash[0] &= 0xF8  # RFC 8032 5.1.5, step 2
        self._hash[31] = self._hash[31] & 0x3F | 0x40
        self._scalar = self._hash[:32]
        self._prefix = self._hash[32:]
        self.public = self._times_base(self._scalar)
        self._wipe()

    def sign(self, message):
        """The 64-byte signature of message (RFC 8032 5.1.6)."""
        try:
            digest_into(self._work, self._hash, (self._prefix, message))
            scalar25519.reduce(self._work, self._nonce, self._hash)
            commitment = self._times_base(self._nonce)
            digest_into(self._work, self._hash, (commitment, self.public, message))
            response = bytearray(32)
            scalar25519.multiply_add(self._work, response, self._hash, self._scalar, self._nonce)
            return commitment + response
        finally:
            self._wipe()

    def _times_base(self, scalar):
        """The encoded product of a scalar and the base point."""
        scalar25519.comb_digits(self._hash, scalar)  # in place of the hash, which was reduced already
        digits = memoryview(self._hash)
        scalar25519.wipe(self._work)
        field.load(self._work, 1, _ONE)
        field.load(self._work, 2, _ONE)
        field.run(self._work, point25519.FOUR_ADDITIONS, TABLE, digits[:4])
        field.run(self._work, point25519.COLUMN, TABLE, digits[4:])
        return encoded(self._work)

    def _wipe(self):
        for buffer in (self._work, self._hash, self._nonce):
            scalar25519.wipe(buffer)


def encoded(state):
    """The 32 bytes of the point in registers 0 to 3 (RFC 8032 5.1.2)."""
    field.invert(state, 4, 2)
    field.run(state, point25519.AFFINE, b"", b"")
    y = bytearray(field.store(state, 1))
    y[31] |= (field.store(state, 0)[0] & 1) << 7
    return bytes(y)

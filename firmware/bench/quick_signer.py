"""A signer for storage under test: deterministic, 64 bytes, thousands a second, and worthless as a signature.

Decides nothing; it stands in for Ed25519 where what matters is which bytes were signed, and that they stay the same.
"""

from hashlib import sha256

PUBLIC = bytes(range(32))


class QuickSigner:
    public = PUBLIC

    def sign(self, message):
        first = sha256(PUBLIC + message).digest()
        return first + sha256(first).digest()


def quick_verify(public, message, signature):
    return public == PUBLIC and QuickSigner().sign(message) == signature

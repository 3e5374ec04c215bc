"""Ed25519 on the host: PyNaCl (libsodium) in the one strict profile of SPEC 4.2.

Decides whether a signature holds. Never falls back to another library.
"""

from nacl import bindings
from nacl.exceptions import BadSignatureError


class Signer:
    """Signs with a 32-byte seed; `public` is the 32-byte key."""

    def __init__(self, seed: bytes) -> None:
        self.public, self._secret = bindings.crypto_sign_seed_keypair(seed)

    def sign(self, message: bytes) -> bytes:
        """64-byte signature."""
        return bindings.crypto_sign(message, self._secret)[:64]


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """True if `signature` (64 bytes) over `message` holds under `public` (32 bytes), by libsodium's rule."""
    if len(public) != 32 or len(signature) != 64:
        return False
    try:
        bindings.crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True

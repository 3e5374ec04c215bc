"""Ed25519 (RFC 8032 5.1) with libsodium's strict verification, so that a board and a bridge decide alike.

On boards the arithmetic is done by kernels in constant time, elsewhere by the big-integer reference.
Which key may sign what is decided elsewhere.
"""

from fieldwire.port import MICROPYTHON

if MICROPYTHON:
    from fieldwire.ed25519_sign import Ed25519Signer

    def verify(public, message, signature):
        """True when the signature verifies. A board that hears of no other never loads what is behind it."""
        from fieldwire import ed25519_verify

        return ed25519_verify.verify(public, message, signature)

else:
    from fieldwire.ed25519_reference import Ed25519Signer, verify

__all__ = ("Ed25519Signer", "public_key", "sign", "verify")


def public_key(seed):
    """The 32-byte public key of a 32-byte seed."""
    return Ed25519Signer(seed).public


def sign(seed, message):
    """The 64-byte signature of message by a seed's key; for more than one, Ed25519Signer saves work."""
    return Ed25519Signer(seed).sign(message)

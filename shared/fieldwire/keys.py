"""Names for keys: thumbprints, device ids and the COSE_Key form.

Decides how a public key is named and written. Refuses any key that is not a 32-byte Ed25519 one; whether
the point is sound is the signature check's business.
"""

import hashlib

from fieldwire import cbor
from fieldwire.errors import WireError


def cose_key(public):
    """The COSE_Key map of an Ed25519 public key (RFC 9053 7.2): kty OKP, crv Ed25519, x."""
    return {1: 1, -1: 6, -2: bytes(public)}


def thumbprint(public):
    """RFC 9679 thumbprint, 32 bytes, of a 32-byte public key. SPEC 4.1"""
    return hashlib.sha256(cbor.encode(cose_key(public))).digest()


def device_id(public):
    return thumbprint(public)[:16]


def kid(public):
    return thumbprint(public)[:8]


def public_of(key):
    """The 32 bytes in a decoded COSE_Key map; WireError("key-bad") for any other shape."""
    x = key.get(-2) if isinstance(key, dict) else None
    if not isinstance(x, bytes) or len(x) != 32:
        raise WireError("key-bad", "x of an Ed25519 key is 32 bytes")
    if cbor.encode(key) != cbor.encode(cose_key(x)):  # so that true does not pass for 1
        raise WireError("key-bad", "a COSE_Key here is {1: 1, -1: 6, -2: x} (OKP, Ed25519)")
    return x

"""COSE_Sign1 in the one profile we speak (RFC 9052, Ed25519, typ always present).

Decides whether bytes are a well-formed signed object of the expected type. Refuses to choose a key:
the caller names it, and `verify` comes in as an argument. SPEC 4.3
"""

from fieldwire import cbor, keys
from fieldwire.cose_writer import (
    ALG,
    BOOT,
    CREDENTIAL,
    EARLY,
    EDDSA,
    KID,
    SEAL,
    TYP,
    VDS,
    assemble,
    protected_bytes,
    sign,
    to_be_signed,
)
from fieldwire.errors import WireError

VDP = 396

ENDORSEMENT, EQUIVALENCE, REVOCATION, ROTATION, SCHEMA = 65004, 65006, 65007, 65008, 65009
AGREEMENT, HANDSHAKE, EPOCH, CHECKPOINT, REPORT, MERGE_PLAN = range(65010, 65016)

__all__ = ["BOOT", "CREDENTIAL", "EARLY", "VDS", "sign"]


class Sign1:
    """One decoded COSE_Sign1: `protected` (map), `protected_bytes`, `unprotected`, `payload`, `signature`."""

    def __init__(self, protected_bytes, protected, unprotected, payload, signature):
        self.protected_bytes = protected_bytes
        self.protected = protected
        self.unprotected = unprotected
        self.payload = payload
        self.signature = signature

    @property
    def typ(self):
        return self.protected[TYP]

    @property
    def kid(self):
        return self.protected[KID]


def sign_detached(typ, payload, signer, extra):
    """Signed bytes with the payload left out (nil)."""
    protected = protected_bytes(typ, signer.public, extra)
    return assemble(protected, None, signer.sign(to_be_signed(protected, payload)))


def decode(data, typ=None):
    """Sign1 of `data`; WireError names the first rule broken. `typ`: the type that must be there."""
    tagged = cbor.decode(data)
    if not isinstance(tagged, cbor.Tag) or tagged.number != 18:
        raise WireError("cose-shape", "not a COSE_Sign1 (tag 18)")
    parts = tagged.value
    if not isinstance(parts, list) or len(parts) != 4:
        raise WireError("cose-shape", "COSE_Sign1 is an array of 4")
    protected, unprotected, payload, signature = parts
    if not isinstance(protected, bytes) or not isinstance(unprotected, dict):
        raise WireError("cose-shape", "protected is bytes, unprotected is a map")
    if not (payload is None or isinstance(payload, bytes)):
        raise WireError("cose-shape", "payload is bytes or nil")
    if not isinstance(signature, bytes) or len(signature) != 64:
        raise WireError("cose-shape", "an Ed25519 signature is 64 bytes")
    header = cbor.decode(protected)
    _check_header(header, unprotected, typ)
    return Sign1(protected, header, unprotected, payload, signature)


def _check_header(header, unprotected, typ):
    if not isinstance(header, dict):
        raise WireError("cose-shape", "protected holds a map")
    if header.get(ALG) != EDDSA:
        raise WireError("cose-alg", "alg is -8 (EdDSA) in profile 0")
    key_id = header.get(KID)
    if not isinstance(key_id, bytes) or len(key_id) != 8:
        raise WireError("cose-shape", "kid is 8 bytes")
    found = header.get(TYP)
    if typ is not None and found != typ:
        raise WireError("cose-typ", "typ %r where %d is expected" % (found, typ))
    if found is None or isinstance(found, bool) or not isinstance(found, int):
        raise WireError("cose-typ", "typ is missing")
    for label in header:
        if label not in (ALG, KID, TYP) and not (found == SEAL and label in (VDS, -65601)):
            raise WireError("cose-shape", "protected label %r has no place in typ %d" % (label, found))
    for label in unprotected:
        if not (found == SEAL and label == VDP):
            raise WireError("cose-shape", "unprotected label %r has no place in typ %d" % (label, found))


def check(message, public, verify, payload=None):
    """Raise WireError("signature-bad") unless `message` is signed by `public`.

    `payload`: the detached payload where the message carries nil.
    `verify`: a function of (public, message, signature) that answers True or False.
    """
    if message.kid != keys.kid(public):
        raise WireError("signature-bad", "kid names another key")
    signed = message.payload if message.payload is not None else payload
    if signed is None:
        raise WireError("cose-shape", "the payload is nil and none was given beside it")
    if not verify(public, to_be_signed(message.protected_bytes, signed), message.signature):
        raise WireError("signature-bad", "the signature does not verify under the named key")

"""COSE_Sign1 as whoever signs makes it (RFC 9052, Ed25519, typ always present). SPEC 4.3

What a device needs to write; `cose` adds what reads and checks, which a device without neighbours never loads.
Decides nothing: the signer comes in as an argument.
"""

from fieldwire import cbor, keys

ALG, KID, TYP, VDS = 1, 4, 16, 395
EDDSA = -8

EARLY, SEAL, CREDENTIAL, BOOT = 65001, 65002, 65003, 65005


def to_be_signed(protected_bytes, payload):
    """Sig_structure of RFC 9052 4.4, external_aad empty."""
    return cbor.encode(["Signature1", protected_bytes, b"", payload])


def protected_bytes(typ, public, extra=None):
    header = {ALG: EDDSA, KID: keys.kid(public), TYP: typ}
    if extra:
        header.update(extra)
    return cbor.encode(header)


def assemble(protected, payload, signature, unprotected=None):
    return cbor.encode(cbor.Tag(18, [protected, unprotected or {}, payload, signature]))


def sign(typ, payload, signer, extra=None):
    """Signed bytes of `payload` (bytes) under `signer` (.public, .sign(message) -> 64 bytes)."""
    protected = protected_bytes(typ, signer.public, extra)
    return assemble(protected, payload, signer.sign(to_be_signed(protected, payload)))

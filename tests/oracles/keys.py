"""Reads a COSE_Key file for the verifiers: an Ed25519 public key and the key identifier that goes with it.

The thumbprint is computed here from RFC 9679 alone, by cbor2, so that it does not lean on the code under
test.
"""

import hashlib
from pathlib import Path

import cbor2

KTY, KID, CRV, X = 1, 2, -1, -2


def read_public_key(path: str) -> tuple[dict, bytes]:
    """The key's parameters with kid = thumbprint[:8], and its 32 public bytes."""
    parameters = cbor2.loads(Path(path).read_bytes())
    if parameters.get(KTY) != 1 or parameters.get(CRV) != 6 or len(parameters.get(X, b"")) != 32:
        raise ValueError(f"{path}: expected an OKP key on Ed25519 with 32 public bytes")
    required = {KTY: 1, CRV: 6, X: parameters[X]}
    thumbprint = hashlib.sha256(cbor2.dumps(required, canonical=True)).digest()
    return {**parameters, KID: thumbprint[:8]}, parameters[X]

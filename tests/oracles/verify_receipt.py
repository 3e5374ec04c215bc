"""Verifies RFC 9942 receipts with scitt-cose: `verify_receipt.py KEYFILE RECEIPTFILE LEAFFILE [RECEIPT LEAF
...]`.

A leaf file holds the leaf's bytes; the leaf hash is SHA-256(00 || bytes). Prints one JSON line a receipt: the
root, size and index that it proved, and the protected labels that scitt-cose does not interpret. Exit 0: all
verify; 1: one does not.
"""

import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from keys import read_public_key
from scitt_cose import verify_receipt


def as_pem(public: bytes) -> bytes:
    """The form in which scitt-cose takes a key."""
    key = Ed25519PublicKey.from_public_bytes(public)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def main(arguments: list[str]) -> int:
    if len(arguments) < 3 or len(arguments) % 2 == 0:
        print(__doc__, file=sys.stderr)
        return 2
    pem = as_pem(read_public_key(arguments[0])[1])
    held = True
    for receipt_path, leaf_path in zip(arguments[1::2], arguments[2::2], strict=True):
        result = verify_receipt(
            Path(receipt_path).read_bytes(),
            leaf_entry_hex=Path(leaf_path).read_bytes().hex(),
            log_public_key_pem=pem,
        )
        held = held and result.ok
        said = {
            "file": receipt_path,
            "valid": result.ok,
            "root": result.root,
            "size": result.tree_size,
            "index": result.leaf_index,
            "labels": sorted(str(label) for label in result.protected_header_ext),
            "failed_at": result.failed_at,
            "errors": result.errors,
        }
        print(json.dumps(said))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Seals as a device makes them: one signature over the root of a run of leaves. SPEC 6.2

What a device needs to write; `seal` adds what reads and checks seals, segments and receipts. Refuses to judge its
fields: the journal counts them.
"""

import hashlib

from fieldwire import cose_writer

BODY = -65601
RECOVERED = 1


def seal_hash(protected_bytes, root):
    return hashlib.sha256(b"fieldpost/seal/1" + protected_bytes + root).digest()


def signed(fields, root, signer):
    """(seal bytes, seal hash) of the ten `fields` in SPEC 6.2's order over a Merkle root."""
    extra = {cose_writer.VDS: 1, BODY: fields}
    protected = cose_writer.protected_bytes(cose_writer.SEAL, signer.public, extra)
    signature = signer.sign(cose_writer.to_be_signed(protected, root))
    return cose_writer.assemble(protected, None, signature), seal_hash(protected, root)

"""Seals: one signature over a run of leaves, and the receipts cut from it.

Decides whether a seal binds given leaves and what its hash is. Refuses to judge chains between seals
(that is fork detection on the bridge). SPEC 6
"""

import hashlib

from fieldwire import cbor, cose, limits, merkle
from fieldwire import observation as obs
from fieldwire.errors import WireError

BODY = -65601
RECOVERED = 1


class SealBody:
    """The fields that a seal's protected header binds, in SPEC 6.2's order."""

    FIELDS = ("incarnation", "stream", "segment", "first", "count", "boot", "credential", "attestation", "previous", "flags")

    def __init__(self, incarnation, stream, segment, first, count, boot, credential, attestation, previous, flags):
        self.incarnation = incarnation
        self.stream = stream
        self.segment = segment
        self.first = first
        self.count = count
        self.boot = boot
        self.credential = credential
        self.attestation = attestation
        self.previous = previous
        self.flags = flags

    def as_list(self):
        return [getattr(self, name) for name in self.FIELDS]


def _body(value):
    if not isinstance(value, list) or len(value) != 10:
        raise WireError("seal-shape", "a seal binds ten fields")
    body = SealBody(*value)
    for number in (body.stream, body.segment, body.first, body.count, body.boot, body.flags):
        if not obs.is_uint(number):
            raise WireError("seal-shape", "stream, segment, first, count, boot and flags are unsigned integers")
    if body.stream > 3 or body.flags > 1 or not 1 <= body.count <= limits.SEGMENT_LEAVES_MAX:
        raise WireError("seal-shape", "stream 0 to 3, flags 0 or 1, count 1 to %d" % limits.SEGMENT_LEAVES_MAX)
    if not (obs.is_bytes(body.incarnation, 8) and obs.is_bytes(body.credential, 16) and obs.is_bytes(body.attestation, 16)):
        raise WireError("seal-shape", "incarnation is 8 bytes, credential and attestation 16")
    if (body.previous is None) != (body.segment == 0) or not (body.previous is None or obs.is_bytes(body.previous, 32)):
        raise WireError("seal-shape", "previous is nil for segment 0, else 32 bytes")
    return body


def seal(body, root, signer):
    """Signed seal bytes over a Merkle root. SPEC 6.2"""
    return cose.sign_detached(cose.SEAL, root, signer, {cose.VDS: 1, BODY: body.as_list()})


def seal_hash(protected_bytes, root):
    return hashlib.sha256(b"fieldpost/seal/1" + protected_bytes + root).digest()


def decode(data):
    """(Sign1, SealBody) of seal or receipt bytes; the signature is not checked here."""
    message = cose.decode(data, cose.SEAL)
    if message.payload is not None or message.protected.get(cose.VDS) != 1:
        raise WireError("seal-shape", "a seal has a nil payload and vds 1")
    return message, _body(message.protected.get(BODY))


def check_leaf(body, device, data, index):
    """The observation map of leaf `index`, or WireError("seal-leaf") where it disagrees with its seal."""
    observation = obs.decode(data)
    agrees = (
        observation[obs.DEVICE] == device
        and observation[obs.INCARNATION] == body.incarnation
        and observation[obs.STREAM] == body.stream
        and observation[obs.SEQ] == body.first + index
        and observation[obs.TREF][0] == body.boot
        and observation[obs.CREDENTIAL] == body.credential
        and observation[obs.BOOT_ATTESTATION] == body.attestation
    )
    if not agrees:
        raise WireError("seal-leaf", "leaf %d disagrees with its seal" % index)
    return observation


def encode_segment(seal_bytes, leaves):
    return cbor.encode([seal_bytes, list(leaves)])


def decode_segment(data):
    """(seal bytes, [leaf bytes ...]) of a segment; SPEC 6.4."""
    if len(data) > limits.SEGMENT_MAX:
        raise WireError("seal-shape", "a segment of %d bytes, the limit is %d" % (len(data), limits.SEGMENT_MAX))
    value = cbor.decode(data)
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], bytes) or not isinstance(value[1], list):
        raise WireError("seal-shape", "a segment is [seal, leaves]")
    if not all(isinstance(leaf, bytes) for leaf in value[1]):
        raise WireError("seal-shape", "leaves are byte strings")
    return value[0], value[1]


def open_segment(data, public, device, verify):
    """(SealBody, seal hash, [(observation, leaf bytes) ...], root) of a segment whose seal verifies under `public`."""
    seal_bytes, leaves = decode_segment(data)
    message, body = decode(seal_bytes)
    if message.unprotected or len(leaves) != body.count:
        raise WireError("seal-shape", "%d leaves under a seal of %d" % (len(leaves), body.count))
    root = merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])
    cose.check(message, public, verify, root)
    opened = [(check_leaf(body, device, leaf, index), leaf) for index, leaf in enumerate(leaves)]
    return body, seal_hash(message.protected_bytes, root), opened, root


def receipt(seal_bytes, leaf_hashes, index):
    """RFC 9942 receipt for one leaf of a seal of two or more leaves. SPEC 6.3"""
    message, body = decode(seal_bytes)
    if body.count < 2:
        raise WireError("seal-shape", "a seal of one leaf has no inclusion path")
    proof = cbor.encode([body.count, index, merkle.inclusion_path(leaf_hashes, index)])
    return cose.assemble(message.protected_bytes, None, message.signature, {cose.VDP: {-1: [proof]}})


def open_item(seal_bytes, leaf, index, path, public, device, verify):
    """(SealBody, seal hash, observation) of one leaf that proves itself by its path. SPEC 10.3"""
    message, body = decode(seal_bytes)
    if not obs.is_uint(index) or index >= body.count or not isinstance(path, list) or len(path) > 16:
        raise WireError("seal-shape", "index lies within the seal, the path is a list of hashes")
    root = merkle.root_from_path(merkle.leaf_hash(leaf), index, body.count, path)
    if root is None:
        raise WireError("seal-leaf", "the path does not fit size %d and index %d" % (body.count, index))
    cose.check(message, public, verify, root)
    return body, seal_hash(message.protected_bytes, root), check_leaf(body, device, leaf, index)

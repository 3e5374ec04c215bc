"""Seals: one signature over a run of leaves, and the receipts cut from it.

Decides whether a seal binds given leaves and what its hash is. Refuses to judge chains between seals
(that is fork detection on the bridge). SPEC 6
"""

from fieldwire import cbor, cose, limits, merkle
from fieldwire import observation as obs
from fieldwire.errors import WireError
from fieldwire.seal_writer import BODY, RECOVERED, seal_hash, signed

__all__ = ["RECOVERED"]


class SealBody:
    """The fields that a seal's protected header binds, in SPEC 6.2's order."""

    def __init__(
        self, incarnation, stream, segment, first, count, boot, credential, attestation, previous, flags
    ):
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
        place = [self.incarnation, self.stream, self.segment, self.first, self.count, self.boot]
        return place + [self.credential, self.attestation, self.previous, self.flags]


def _bad(detail):
    raise WireError("seal-shape", detail)


def _body(value):
    if not isinstance(value, list) or len(value) != 10:
        _bad("a seal binds ten fields")
    body = SealBody(*value)
    for number in (body.stream, body.segment, body.first, body.count, body.boot, body.flags):
        if not obs.is_uint(number):
            _bad("stream, segment, first, count, boot and flags are unsigned integers")
    if body.stream > 3 or body.flags > 1 or not 1 <= body.count <= limits.SEGMENT_LEAVES_MAX:
        _bad("stream is 0 to 3, flags 0 or 1, count 1 to %d" % limits.SEGMENT_LEAVES_MAX)
    if not obs.is_count(body.first) or not obs.is_count(body.boot):
        _bad("first seq and boot are below 2^42")
    if body.segment > 0xFFFFFFFF:  # SPEC 8.5 writes it in 32 bits
        _bad("a segment number has 32 bits")
    if not obs.is_bytes(body.incarnation, 8):
        _bad("incarnation is 8 bytes")
    if not obs.is_bytes(body.credential, 16) or not obs.is_bytes(body.attestation, 16):
        _bad("credential and boot attestation are 16 bytes")
    if (body.previous is None) != (body.segment == 0):
        _bad("previous is nil for segment 0 and only there")
    if body.previous is not None and not obs.is_bytes(body.previous, 32):
        _bad("previous is a seal hash of 32 bytes")
    return body


def seal(body, root, signer):
    """Signed seal bytes over a Merkle root. SPEC 6.2"""
    fields = body.as_list()
    _body(fields)
    return signed(fields, root, signer)[0]


def decode(data):
    """(Sign1, SealBody) of seal or receipt bytes; the signature is not checked here."""
    message = cose.decode(data, cose.SEAL)
    structure = message.protected.get(cose.VDS)
    if message.payload is not None or structure != 1 or isinstance(structure, bool):
        _bad("a seal has a nil payload and vds 1")
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
        _bad("a segment of %d bytes, the limit is %d" % (len(data), limits.SEGMENT_MAX))
    value = cbor.decode(data)
    if not isinstance(value, list) or len(value) != 2:
        _bad("a segment is [seal, leaves]")
    seal_bytes, leaves = value
    if not isinstance(seal_bytes, bytes) or not isinstance(leaves, list):
        _bad("a segment is [seal, leaves]")
    if not all(isinstance(leaf, bytes) for leaf in leaves):
        _bad("leaves are byte strings")
    return seal_bytes, leaves


def _decode_plain(seal_bytes):
    message, body = decode(seal_bytes)
    if message.unprotected:
        _bad("a receipt stands where a seal is expected")
    return message, body


def open_segment(data, public, device, verify):
    """(SealBody, seal hash, [(observation, leaf bytes) ...], root) of a segment whose seal verifies.

    `public` is the key of `device`; every leaf is checked against the seal.
    """
    message, body, leaves, root = _proven(data, public, verify)
    opened = [(check_leaf(body, device, leaf, index), leaf) for index, leaf in enumerate(leaves)]
    return body, seal_hash(message.protected_bytes, root), opened, root


def check_segment(data, public, device, verify):
    """WireError unless open_segment would open it; takes the room of one observation at a time."""
    _, body, leaves, _ = _proven(data, public, verify)
    for index, leaf in enumerate(leaves):
        check_leaf(body, device, leaf, index)


def _proven(data, public, verify):
    """(Sign1, SealBody, leaves, root) of a segment whose seal verifies; no leaf was compared with it yet."""
    seal_bytes, leaves = decode_segment(data)
    message, body = _decode_plain(seal_bytes)
    if len(leaves) != body.count:
        _bad("%d leaves under a seal of %d" % (len(leaves), body.count))
    root = merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])
    cose.check(message, public, verify, root)
    return message, body, leaves, root


def receipt(seal_bytes, leaf_hashes, index):
    """RFC 9942 receipt for one leaf of a seal of two or more leaves. SPEC 6.3"""
    message, body = _decode_plain(seal_bytes)
    if body.count < 2:
        _bad("a seal of one leaf has no inclusion path")
    proof = cbor.encode([body.count, index, merkle.inclusion_path(leaf_hashes, index)])
    return cose.assemble(message.protected_bytes, None, message.signature, {cose.VDP: {-1: [proof]}})


def open_item(seal_bytes, leaf, index, path, public, device, verify):
    """(SealBody, seal hash, observation) of one leaf that proves itself by its path. SPEC 10.3"""
    message, body = _decode_plain(seal_bytes)
    return _open_leaf(message, body, leaf, index, path, public, device, verify)


def open_receipt(data, leaf, public, device, verify):
    """(SealBody, seal hash, observation) of the leaf that a receipt proves. SPEC 6.3"""
    message, body = decode(data)
    size, index, path = _proof(message.unprotected)
    if size != body.count or size < 2:
        _bad("the proof's size is not the seal's count, or there is no path")
    return _open_leaf(message, body, leaf, index, path, public, device, verify)


def _proof(unprotected):
    proofs = unprotected.get(cose.VDP)
    if not isinstance(proofs, dict) or len(proofs) != 1 or not isinstance(proofs.get(-1), list):
        _bad("a receipt holds 396: {-1: [proof]}")
    if len(proofs[-1]) != 1 or not isinstance(proofs[-1][0], bytes):
        _bad("a receipt holds one inclusion proof")
    proof = cbor.decode(proofs[-1][0])
    if not isinstance(proof, list) or len(proof) != 3 or not obs.is_uint(proof[0]):
        _bad("an inclusion proof is [size, index, path]")
    return proof


def _open_leaf(message, body, leaf, index, path, public, device, verify):
    if not obs.is_uint(index) or index >= body.count:
        _bad("the index lies outside the seal")
    if not isinstance(path, list) or len(path) > limits.MERKLE_PATH_MAX:
        _bad("the path is a list of hashes")
    root = merkle.root_from_path(merkle.leaf_hash(leaf), index, body.count, path)
    if root is None:
        raise WireError("seal-leaf", "the path does not fit size %d and index %d" % (body.count, index))
    cose.check(message, public, verify, root)
    return body, seal_hash(message.protected_bytes, root), check_leaf(body, device, leaf, index)

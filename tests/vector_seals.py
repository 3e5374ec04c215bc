"""Golden vectors of seals, segments, receipts and crossing items. SPEC 6 and 10.3"""

import vector_inputs as given
from vector_inputs import bad, good, observation

from fieldwire import cbor, cose, merkle, seal
from fieldwire import observation as obs

FLIPPED = bytes(32)


def body_of(segment=0, first=0, count=5, previous=None, **changed):
    body = seal.SealBody(
        given.INCARNATION,
        obs.READINGS,
        segment,
        first,
        count,
        3,
        given.CREDENTIAL,
        given.ATTESTATION,
        previous,
        0,
    )
    for name, value in changed.items():
        setattr(body, name, value)
    return body


def leaves_of(first=0, count=5, **changed):
    return [obs.encode(observation(seq, **changed)) for seq in range(first, first + count)]


def hashes(leaves):
    return [merkle.leaf_hash(leaf) for leaf in leaves]


def sealed(body, leaves, signer=given.DEVICE):
    """Seal bytes over the leaves, without the checks that our own encoder makes."""
    fields = {cose.VDS: 1, seal.BODY: body.as_list()}
    return cose.sign_detached(cose.SEAL, merkle.root(hashes(leaves)), signer, fields)


def hash_of(sealed_bytes, leaves):
    return seal.seal_hash(cose.decode(sealed_bytes).protected_bytes, merkle.root(hashes(leaves)))


def _sealed(name, body, leaves):
    made = sealed(body, leaves)
    return good(name, "seal", made, root=merkle.root(hashes(leaves)), seal_hash=hash_of(made, leaves))


def seal_rows():
    leaves = leaves_of()
    first = sealed(body_of(), leaves)
    rows = [
        _sealed("The first segment of an incarnation has no previous seal.", body_of(), leaves),
        _sealed(
            "A later segment names the seal before it.",
            body_of(1, 5, 3, hash_of(first, leaves)),
            leaves_of(5, 3),
        ),
        _sealed("One leaf is enough for a seal.", body_of(count=1), leaves[:1]),
        _sealed("A seal may say that it was recovered after a cut.", body_of(flags=seal.RECOVERED), leaves),
    ]
    wrong = [
        ("A flag that is not defined is refused.", body_of(flags=2), "refuses"),
        ("A seal of no leaves is refused.", body_of(count=0), "refuses"),
        ("A seal of 65 leaves is refused.", body_of(count=65), "refuses"),
        ("Stream 4 is refused.", body_of(stream=4), "refuses"),
        ("A first segment with a previous seal is refused.", body_of(previous=FLIPPED), "refuses"),
        ("A later segment without a previous seal is refused.", body_of(1), "refuses"),
        ("A segment number of 33 bits is refused.", body_of(2**32, previous=FLIPPED), "refuses"),
        ("A previous seal hash of 16 bytes is refused.", body_of(1, previous=bytes(16)), "refuses"),
        ("A credential id of 32 bytes is refused.", body_of(credential=bytes(32)), "refuses"),
        ("True is no segment number.", body_of(True, previous=FLIPPED), "refuses"),
    ]
    rows += [bad(name, "seal", sealed(body, leaves), "seal-shape", cddl) for name, body, cddl in wrong]
    root, device = merkle.root(hashes(leaves)), given.DEVICE
    fields = body_of().as_list()
    attached = cose.sign(cose.SEAL, root, device, {cose.VDS: 1, seal.BODY: fields})
    unproved = cose.sign_detached(cose.SEAL, root, device, {seal.BODY: fields})
    other = cose.sign_detached(cose.SEAL, root, device, {cose.VDS: 2, seal.BODY: fields})
    short = cose.sign_detached(cose.SEAL, root, device, {cose.VDS: 1, seal.BODY: fields[:9]})
    return rows + [
        bad("A seal that carries its root is refused.", "seal", attached, "seal-shape"),
        bad("A seal without its data structure is refused.", "seal", unproved, "seal-shape"),
        bad("A seal over another data structure is refused.", "seal", other, "seal-shape"),
        bad("A seal that binds nine fields is refused.", "seal", short, "seal-shape"),
    ]


def segment_rows():
    leaves = leaves_of()
    made = sealed(body_of(), leaves)
    segment = seal.encode_segment(made, leaves)
    root = merkle.root(hashes(leaves))
    proofs = {"seal_hash": hash_of(made, leaves), "root": root}
    rows = [good("A segment is a seal and its leaves.", "segment", segment, **proofs)]
    alone = sealed(body_of(count=1), leaves[:1])
    rows.append(
        good(
            "A segment may have one leaf.",
            "segment",
            seal.encode_segment(alone, leaves[:1]),
            seal_hash=hash_of(alone, leaves[:1]),
            root=merkle.leaf_hash(leaves[0]),
        )
    )
    swapped = [leaves[1], leaves[0]] + leaves[2:]
    receipt = seal.receipt(made, hashes(leaves), 0)
    stolen = sealed(body_of(), leaves, given.OTHER)
    shape = [
        ("A leaf too few is refused.", seal.encode_segment(made, leaves[:4]), "accepts"),
        ("A segment without leaves is refused.", cbor.encode([made]), "refuses"),
        ("A receipt does not stand for a seal.", seal.encode_segment(receipt, leaves), "refuses"),
        ("A leaf that is no byte string is refused.", cbor.encode([made, [0] * 5]), "refuses"),
    ]
    rows += [bad(name, "segment", data, "seal-shape", cddl) for name, data, cddl in shape]
    wrong = [
        ("Leaves out of order are refused.", seal.encode_segment(made, swapped)),
        ("A leaf under another seal is refused.", seal.encode_segment(made, leaves_of(1, 5))),
        ("A seal by another key is refused.", seal.encode_segment(stolen, leaves)),
    ]
    rows += [bad(name, "segment", data, "signature-bad", "accepts") for name, data in wrong]
    rows += [
        bad(name, "segment", seal.encode_segment(sealed(body_of(), bound), bound), "seal-leaf", "accepts")
        for name, bound in _disagreeing()
    ]
    rows.append(
        bad(
            "A malformed leaf is refused though it is sealed.",
            "segment",
            _with_leaf(cbor.encode({0: 1})),
            "observation-shape",
        )
    )
    return _for_device(rows)


def _disagreeing():
    """Leaves that are well-formed and differ from the seal in one bound field each."""
    changes = [
        ("A leaf of another device is refused.", {"device": given.OTHER_ID}),
        ("A leaf of another incarnation is refused.", {"incarnation": given.OTHER_INCARNATION}),
        ("A leaf of another boot is refused.", {"tref": [4, 1]}),
        ("A leaf under another credential is refused.", {"credential": bytes(16)}),
        ("A leaf under another boot attestation is refused.", {"boot_attestation": bytes(16)}),
        ("A leaf of another stream is refused.", {"stream": obs.BULK}),
    ]
    kept = leaves_of()
    found = [(name, kept[:2] + [obs.encode(observation(2, **change))] + kept[3:]) for name, change in changes]
    found.append(("A hole in the numbering is refused.", kept[:2] + leaves_of(3, 3)))
    return found


def _with_leaf(leaf):
    leaves = [leaf] + leaves_of(1, 4)
    return seal.encode_segment(sealed(body_of(), leaves), leaves)


def _for_device(rows):
    return [{**row, "public": given.DEVICE.public.hex(), "device": given.DEVICE_ID.hex()} for row in rows]


def _receipt(made, proof, label=-1):
    message = cose.decode(made)
    unprotected = {cose.VDP: {label: [proof] if isinstance(proof, bytes) else proof}}
    return cose.assemble(message.protected_bytes, None, message.signature, unprotected)


def receipt_rows():
    leaves = leaves_of()
    made = sealed(body_of(), leaves)
    rows = [
        good(
            "A receipt proves leaf %d of five." % index,
            "receipt",
            seal.receipt(made, hashes(leaves), index),
            leaf=leaves[index],
            seal_hash=hash_of(made, leaves),
        )
        for index in range(5)
    ]
    path = merkle.inclusion_path(hashes(leaves), 1)
    proof = cbor.encode([5, 1, path])
    wrong = [
        ("A seal is no receipt.", made, "seal-shape", "refuses"),
        ("A size that is not the seal's count is refused.", [6, 1, path], "seal-shape", "accepts"),
        ("An index outside the seal is refused.", [5, 5, path], "seal-shape", "accepts"),
        ("A path too short is refused.", [5, 1, path[:1]], "seal-leaf", "accepts"),
        ("A hash of 31 bytes in a path is refused.", [5, 1, [bytes(31)] * 3], "seal-leaf", "refuses"),
        ("A path of another leaf is refused.", [5, 2, path], "signature-bad", "accepts"),
        ("A receipt of two proofs is refused.", _receipt(made, [proof, proof]), "seal-shape", "refuses"),
        ("A proof of another kind is refused.", _receipt(made, proof, -2), "seal-shape", "refuses"),
    ]
    for name, value, error, cddl in wrong:
        data = value if isinstance(value, bytes) else _receipt(made, cbor.encode(value))
        rows.append(bad(name, "receipt", data, error, cddl, leaf=leaves[1]))
    data = seal.receipt(made, hashes(leaves), 1)
    rows.append(
        bad(
            "A receipt does not prove another leaf.",
            "receipt",
            data,
            "signature-bad",
            "accepts",
            leaf=leaves[2],
        )
    )
    single = _receipt(sealed(body_of(count=1), leaves[:1]), cbor.encode([1, 0, []]))
    rows.append(bad("A seal of one leaf gives no receipt.", "receipt", single, "seal-shape", leaf=leaves[0]))
    return _for_device(rows)


def item_rows():
    leaves = leaves_of()
    made = sealed(body_of(), leaves)
    path = merkle.inclusion_path(hashes(leaves), 3)
    alone = sealed(body_of(count=1), leaves[:1])
    proved = cbor.encode([1, made, leaves[3], 3, path])
    rows = [
        good("A sealed observation crosses with its path.", "item", proved, seal_hash=hash_of(made, leaves)),
        good(
            "The only leaf of a seal crosses with an empty path.",
            "item",
            cbor.encode([1, alone, leaves[0], 0, []]),
            seal_hash=hash_of(alone, leaves[:1]),
        ),
    ]
    receipt = seal.receipt(made, hashes(leaves), 3)
    wrong = [
        ("An index outside the seal is refused.", [1, made, leaves[3], 5, path], "seal-shape", "accepts"),
        ("A negative index is refused.", [1, made, leaves[3], -1, path], "seal-shape", "refuses"),
        ("A path that is no list is refused.", [1, made, leaves[3], 3, b""], "seal-shape", "refuses"),
        ("A receipt does not stand for a seal.", [1, receipt, leaves[3], 3, path], "seal-shape", "refuses"),
        ("A path too long is refused.", [1, made, leaves[3], 3, path + [FLIPPED]], "seal-leaf", "accepts"),
        ("A leaf at another index is refused.", [1, made, leaves[3], 2, path], "signature-bad", "accepts"),
        (
            "Another leaf under the path is refused.",
            [1, made, leaves[2], 3, path],
            "signature-bad",
            "accepts",
        ),
    ]
    rows += [bad(name, "item", cbor.encode(value), error, cddl) for name, value, error, cddl in wrong]
    return _for_device(rows)


FILES = {"seal": seal_rows, "segment": segment_rows, "receipt": receipt_rows, "item": item_rows}

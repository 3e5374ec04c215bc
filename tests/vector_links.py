"""Golden vectors of custody, tags, messages of the boundary, the recorder and exchanges. SPEC 8, 9, 10, 15"""

import hashlib

import vector_inputs as given
from vector_inputs import bad, good, observation
from vector_seals import body_of as seal_body
from vector_seals import hash_of, leaves_of, sealed

from fieldwire import cbor, cose, custody, keys, session_frames
from fieldwire import observation as obs

DEVICE_NONCE, BRIDGE_NONCE = bytes.fromhex("d0d1d2d3d4d5d6d7"), bytes.fromhex("b0b1b2b3b4b5b6b7")
DIGEST = hashlib.sha256(b"fieldpost test agreement").digest()
ROOT = hashlib.sha256(b"fieldpost test root").digest()


def custody_rows():
    key, bridge = given.K_LINK, given.BRIDGE_ID
    name = "A link key belongs to one device and one bridge."
    return [good(name, "link-key", key, k_dev=given.K_DEV, bridge=bridge)] + _tags(key) + _macs(key, bridge)


def _tags(key):
    frame = session_frames.encode_confirmation(DEVICE_NONCE[:4], None)
    stated = [
        ("A tag covers the frame and both nonces.", 0, BRIDGE_NONCE),
        ("A nonce not yet known is zeros.", 0, bytes(8)),
        ("A bridge's tag differs from a device's.", 1, BRIDGE_NONCE),
    ]
    rows = []
    for name, role, nonce in stated:
        tag = custody.tag(key, role, DEVICE_NONCE, nonce, frame)
        inputs = {"key": key, "device_nonce": DEVICE_NONCE, "bridge_nonce": nonce, "frame": frame}
        rows.append(good(name, "tag", tag, role=role, **inputs))
    return rows


def _macs(key, bridge):
    leaves = leaves_of()
    last = hash_of(sealed(seal_body(), leaves), leaves)
    place = given.DEVICE_ID, bridge, given.INCARNATION, 1
    log = {"key": key, "device": place[0], "bridge": bridge, "incarnation": place[2], "stream": 1}
    kept = {**log, "first": 0, "last": 4, "seal_hash": last}
    turned = {**log, "segment": 7, "code": 15}
    mac = custody.custody_mac(key, *place, 0, 4, last)
    reject = custody.reject_mac(key, *place, 7, 15)
    stolen = custody.custody_mac(custody.link_key(given.K_DEV, given.MESH), *place, 0, 4, last)
    differing = [
        ("Custody for another range does not match.", "custody", mac, {**kept, "last": 5}),
        ("Custody for other bytes does not match.", "custody", mac, {**kept, "seal_hash": ROOT}),
        ("Custody by a bridge without the key does not match.", "custody", stolen, kept),
        (
            "Custody of another incarnation does not match.",
            "custody",
            mac,
            {**kept, "incarnation": given.OTHER_INCARNATION},
        ),
        ("A shortened custody does not match.", "custody", mac[:7], kept),
        ("A rejection with another code does not match.", "reject", reject, {**turned, "code": 16}),
    ]
    rows = [
        good("Custody is bound to the seal hash of its last segment.", "custody", mac, **kept),
        good("A rejection is bound to its segment and its code.", "reject", reject, **turned),
    ]
    return rows + [
        {**good(name, kind, found, **inputs), "matches": False} for name, kind, found, inputs in differing
    ]


def _signed_rows(kind, typ, signer, accepted, refused):
    rows = []
    for name, payload in accepted:
        rows.append(good(name, kind, cose.sign(typ, cbor.encode(payload), signer), public=signer.public))
    for name, payload in refused:
        data = cose.sign(typ, cbor.encode(payload), signer)
        rows.append({**good(name, kind, data, public=signer.public), "cddl": "refuses"})
    return rows


def boundary_rows():
    meshes = [given.MESH, given.FOREIGN_MESH]
    nonce = bytes(range(16))
    hello = [0, nonce, given.BRIDGE_ID, meshes[:1]]
    copy = obs.early_copy(obs.encode(observation(0, obs.URGENT)), given.DEVICE)
    rows = [
        good("A dialer names its nonce, its key and its meshes.", "boundary-hello", cbor.encode(hello)),
        good("An early copy crosses as it is.", "crossing-item", cbor.encode([0, copy])),
    ]
    other = keys.thumbprint(given.FOREIGN_BRIDGE.public)
    words = [nonce, nonce[::-1], given.BRIDGE_ID, other, *meshes]
    proof = ["boundary/1", *words, [given.CREDENTIAL, given.ATTESTATION], 1, DIGEST, ROOT, 0]
    rows += _signed_rows(
        "handshake",
        cose.HANDSHAKE,
        given.BRIDGE,
        [("A dialer signs both sides' words, its credentials, the agreement and its key.", proof)],
        [
            ("A proof for another protocol is refused by the grammar.", ["boundary/2", *proof[1:]]),
            ("A proof without its role is refused by the grammar.", proof[:-1]),
        ],
    )
    scopes = [["north/ridge", "agreed"], ["north/valley", "open"]]
    bridges = sorted([given.BRIDGE_ID, other])
    epoch = [4, DIGEST, ROOT, DIGEST, ROOT, scopes, bridges]
    rows += _signed_rows(
        "epoch",
        cose.EPOCH,
        given.BRIDGE,
        [("An epoch names what was decided over which joint set.", epoch)],
        [
            ("An epoch without its evidence digest is refused by the grammar.", epoch[:3] + epoch[4:]),
            ("An epoch that does not name its two bridges is refused by the grammar.", epoch[:6]),
        ],
    )
    stated = hashlib.sha256(b"fieldpost/epoch/1" + cbor.encode(epoch)).digest()
    report = ["north/valley", {"forks": 2}, {"forks": 1}, stated]
    rows += _signed_rows(
        "report",
        cose.REPORT,
        given.BRIDGE,
        [("A divergence report names its scope, its terms and its epoch.", report)],
        [("A divergence report without its epoch is refused by the grammar.", report[:3])],
    )
    wrong = cose.sign(cose.CHECKPOINT, cbor.encode(epoch), given.BRIDGE)
    rows.append(bad("A checkpoint is no epoch.", "epoch", wrong, "cose-typ", public=given.BRIDGE.public))
    return rows


def recorder_rows():
    event = ["refused", [12, 34_567], [ROOT[:16]], DIGEST, "unmapped", {"subject": "coast/pier"}]
    bare = ["import", [12, 34_000], [], None, "admitted", {}]
    rows = [
        good("An event names its inputs, its policy and its outcome.", "event", cbor.encode(event)),
        good("An event may have no policy and no inputs.", "event", cbor.encode(bare)),
    ]
    rows.append(bad("An event of five parts is refused.", "event", cbor.encode(event[:5]), "event-shape"))
    rows.append(bad("An event is no map.", "event", cbor.encode({0: "import"}), "event-shape"))
    point = [given.BRIDGE_ID, 2, ROOT]
    return rows + _signed_rows(
        "checkpoint",
        cose.CHECKPOINT,
        given.BRIDGE,
        [("A checkpoint signs the size and the root of a bridge's record.", point)],
        [("A checkpoint without a size is refused by the grammar.", [given.BRIDGE_ID, ROOT])],
    )


def exchange_rows():
    device, other = given.DEVICE_ID, given.OTHER_ID
    xid = bytes.fromhex("0102030405060708")
    asker = [0, other, xid, 3, 1_000, 7, 2_000, 2_003, 1_010]
    answerer = [1, device, xid, 3, 1_000, 7, 2_000, 2_003, None]
    gap = [[given.INCARNATION, 3, 4, 9, "space"]]
    rows = [
        good("The asker records all four readings.", "time-exchange", cbor.encode(asker)),
        good("The answerer does not know when its answer came.", "time-exchange", cbor.encode(answerer)),
        good("A gap record names what was dropped and why.", "gap-record", cbor.encode(gap)),
        *gap_rows(),
    ]
    wrong = [
        ("Role 2 has no place in an exchange.", "time-exchange", [2, *asker[1:]]),
        ("An exchange without its identifier is no exchange.", "time-exchange", [0, other, *asker[3:]]),
        ("A gap without a reason is no gap record.", "gap-record", [gap[0][:4]]),
    ]
    return rows + [{**good(name, kind, cbor.encode(value)), "cddl": "refuses"} for name, kind, value in wrong]


def gap_rows():
    log = given.INCARNATION
    run = [log, 1, 4, 9, "journal full", 130, 301, ROOT, DIGEST]
    begin = [log, 3, 0, 0, "thinned", 0, 15, None, DIGEST]
    stop = [log, 1, 302, [7, 86_400_000], 0, "stopped"]
    rows = [
        ("A gap record carries the chain of seals over what was dropped.", [run, begin]),
        ("A gap record says since when readings were refused, and later how many.", [stop]),
        (
            "Entries of all kinds stand in one gap record.",
            [[log, 2, 5, 5, "unreadable"], run, [*stop[:4], 88, "went on"]],
        ),
    ]
    wrong = [
        ("A gap record of nothing is none.", [], "refuses"),
        ("A gap of two hashes and no seqs is no entry.", [[*run[:5], *run[7:]]], "refuses"),
        (
            "A run from segment 3 on has a seal before it.",
            [[log, 1, 3, 4, "thinned", 9, 10, None, DIGEST]],
            "refuses",
        ),
        ("Nothing is before segment 0.", [[*begin[:7], ROOT, DIGEST]], "refuses"),
        ("A reason has a word.", [[*run[:4], "", *run[5:]]], "refuses"),
        ("A device has no fifth stream.", [[log, 4, *run[2:]]], "refuses"),
        ("Refusing has a time at which it began.", [[*stop[:3], 86_400_000, *stop[4:]]], "refuses"),
        ("A run ends no earlier than it begins.", [[log, 1, 9, 4, *run[4:]]], "accepts"),
        ("Its seqs end no earlier than they begin.", [[*run[:5], 301, 130, *run[7:]]], "accepts"),
    ]
    return [good(name, "gap-record", cbor.encode(value)) for name, value in rows] + [
        bad(name, "gap-record", cbor.encode(value), "payload-schema", cddl) for name, value, cddl in wrong
    ]


FILES = {
    "custody": custody_rows,
    "boundary": boundary_rows,
    "recorder": recorder_rows,
    "exchange": exchange_rows,
}

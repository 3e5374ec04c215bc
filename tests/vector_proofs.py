"""Golden vectors of portable proofs: forks, epochs, checkpoints and receipts, and what proves none. SPEC 15.4"""

import hashlib

import vector_inputs as given
from vector_handed import ALL
from vector_inputs import bad, good, observation
from vector_seals import body_of, hash_of, hashes, sealed
from vector_tokens import AUTHORITY, DEVICE

from fieldpost.agreement import Agreement, Function, Merge, Scope, TimeTerms
from fieldpost.agreement_cbor import to_cbor
from fieldwire import cbor, cose, keys, merkle, seal, tokens
from fieldwire import observation as obs

DIGEST = hashlib.sha256(b"fieldpost test agreement").digest()
NORTH = tokens.issue(cose.CREDENTIAL, AUTHORITY, given.ROOT)
BOARD = tokens.issue(cose.CREDENTIAL, {**DEVICE, tokens.ISSUER: tokens.token_id(NORTH)}, given.AUTHORITY)
CREDENTIAL = tokens.token_id(BOARD)
ROOTS = sorted([given.ROOT.public, given.FOREIGN_ROOT.public])


def agent(mesh, signer, root):
    claims = {
        **AUTHORITY, tokens.CNF: {1: keys.cose_key(signer.public)}, tokens.MESH: mesh, tokens.SCOPE: ALL,
        tokens.AUTHORITY: "boundary", tokens.RIGHTS: ["boundary", "observe"], tokens.DEPTH: 0,
    }  # fmt: skip
    return tokens.issue(cose.CREDENTIAL, claims, root)


AGENT = agent(given.MESH, given.BRIDGE, given.ROOT)
PEER = agent(given.FOREIGN_MESH, given.FOREIGN_BRIDGE, given.FOREIGN_ROOT)
BRIDGES = sorted([given.BRIDGE, given.FOREIGN_BRIDGE], key=lambda one: keys.thumbprint(one.public))


def proof(kind, evidence, roots=(given.ROOT.public,), shown=(NORTH, BOARD), label="proof/1"):
    return cbor.encode([label, kind, sorted(roots), sorted(shown), evidence])


def pair(one, other):
    return sorted([one, other], key=cbor.encode)


def leaf(seq=0, **changed):
    return obs.encode(observation(seq, credential=CREDENTIAL, **changed))


def early(seq=0, signer=given.DEVICE, **changed):
    return [0, obs.early_copy(leaf(seq, **changed), signer)]


def seals(segment=0, first=0, count=2, previous=None, **changed):
    """(seal, leaves) of a segment."""
    leaves = [leaf(seq, **changed) for seq in range(first, first + count)]
    return sealed(body_of(segment, first, count, previous, credential=CREDENTIAL), leaves), leaves


def item(made, index=0):
    sealed_bytes, leaves = made
    return [1, sealed_bytes, leaves[index], index, merkle.inclusion_path(hashes(leaves), index)]


def signed(typ, value, signer):
    return cose.sign(typ, cbor.encode(value), signer)


def epoch(number=3, decisions=DIGEST):
    bridges = [keys.thumbprint(one.public) for one in BRIDGES]
    return [number, DIGEST, DIGEST, DIGEST, decisions, [["north", "resolve"]], bridges]


def agreement(version=1, interval="strict"):
    parties = tuple(sorted([given.MESH, given.FOREIGN_MESH]))
    crosses = tuple((one, other) for one in parties for other in parties if one != other)
    scopes = (Scope("north", crosses),)
    terms = TimeTerms(interval=interval)
    return to_cbor(
        Agreement(version, parties, terms, scopes, (Function("authority-weight"),), {}, 1, Merge(1))
    )


def statement(typ, payload, signer):
    return [2, cose.sign(typ, payload, signer)]


def point(size, events, signer=given.BRIDGE):
    root = merkle.root([merkle.leaf_hash(one) for one in events[:size]])
    return signed(cose.CHECKPOINT, [keys.thumbprint(signer.public), size, root], signer)


EVENTS = [cbor.encode(["import", [1, n], [], None, "new", {}]) for n in range(5)]


def fork_rows():
    first, other = seals(), seals(subject="north/ridge/shed")
    after = seals(1, 2, 1, previous=hash_of(*first))
    stray = seals(1, 2, 1, previous=hash_of(*other))
    two = pair(early(), early(subject="north/ridge/shed"))
    rows = [
        good("Two early copies at one position are a fork.", "proof", proof("fork", two)),
        good("Two seals of one segment are a fork.", "proof", proof("fork", pair(item(first, 1), item(other, 0)))),
        good("A seal that names another one before it forks.", "proof", proof("fork", pair(item(first), item(stray)))),
        good("An early copy and a sealed leaf at one position are a fork.", "proof",
             proof("fork", pair(early(1, subject="north/ridge/shed"), item(first, 1)))),
    ]  # fmt: skip
    wrong = [
        ("Two segments that follow one another are no fork.", pair(item(first), item(after)), "proof-false"),
        ("Two observations at two positions are no fork.", pair(early(), early(1)), "proof-false"),
        ("One observation under a seal and as an early copy is no fork.", pair(early(), item(first)), "proof-false"),
        ("A leaf that was changed afterwards proves nothing.",
         pair(item(first), [*item(other)[:2], leaf(0), 0, item(other)[4]]), "signature-bad"),
        ("What another key signed proves nothing.", pair(early(), early(0, given.OTHER, tref=[3, 1])), "signature-bad"),
    ]  # fmt: skip
    rows += [bad(name, "proof", proof("fork", found), code, "accepts") for name, found, code in wrong]
    swapped = proof("fork", two[::-1])
    rows += [
        bad("Statements that are not sorted are refused.", "proof", swapped, "proof-shape", "accepts"),
        bad("One statement is no fork.", "proof", proof("fork", two[:1]), "proof-shape"),
        bad("A proof without the device's credential is none.", "proof", proof("fork", two, shown=[NORTH]),
            "token-unknown", "accepts"),
        bad("A chain that reaches no root named is none.", "proof", proof("fork", two, shown=[BOARD]),
            "token-chain", "accepts"),
        bad("A root of another mesh carries no credential.", "proof", proof("fork", two, [given.FOREIGN_ROOT.public]),
            "token-chain", "accepts"),
        bad("Another label is another form.", "proof", proof("fork", two, label="proof/2"), "proof-shape"),
        bad("There is no fifth kind.", "proof", proof("gap", two), "proof-shape"),
    ]  # fmt: skip
    return rows


def number_rows():
    shown = [AGENT, PEER]

    def fork(*statements):
        return proof("fork", pair(*statements), ROOTS, shown)

    texts = [
        statement(cose.AGREEMENT, agreement(interval=one), given.ROOT) for one in ("strict", "resilient")
    ]
    later = statement(cose.AGREEMENT, agreement(2), given.ROOT)
    theirs = statement(cose.AGREEMENT, agreement(interval="resilient"), given.FOREIGN_ROOT)
    bodies = [cbor.encode(epoch(3, one)) for one in (DIGEST, given.MESH)]
    epochs = [statement(cose.EPOCH, body, given.BRIDGE) for body in bodies]
    fourth = statement(cose.EPOCH, cbor.encode(epoch(4)), given.BRIDGE)
    points = [[2, point(3, EVENTS)], [2, point(3, EVENTS[1:])], [2, point(4, EVENTS)]]
    return [
        good("Two agreements under one version fork the root that signed both.", "proof", fork(*texts)),
        good("Two epochs under one number fork the bridge that signed both.", "proof", fork(*epochs)),
        good("Two checkpoints of one size fork the bridge that signed both.", "proof", fork(*points[:2])),
        bad(
            "Two versions of an agreement are no fork.",
            "proof",
            fork(texts[0], later),
            "proof-false",
            "accepts",
        ),
        bad(
            "Two roots that sign two texts fork neither.",
            "proof",
            fork(texts[0], theirs),
            "proof-false",
            "accepts",
        ),
        bad(
            "Two epochs of two numbers are no fork.",
            "proof",
            fork(epochs[0], fourth),
            "proof-false",
            "accepts",
        ),
        bad("A log that grew is no fork.", "proof", fork(points[0], points[2]), "proof-false", "accepts"),
        bad(
            "An epoch and a checkpoint are no fork.",
            "proof",
            fork(epochs[0], points[0]),
            "proof-false",
            "accepts",
        ),
    ]


def epoch_rows():
    shown = [AGENT, PEER]
    both = [signed(cose.EPOCH, epoch(), one) for one in BRIDGES]
    other = signed(cose.EPOCH, epoch(decisions=given.MESH), BRIDGES[1])
    no_agent = [NORTH, PEER] if BRIDGES[0] is given.BRIDGE else [AGENT, NORTH]
    mesh = given.MESH if BRIDGES[0] is given.BRIDGE else given.FOREIGN_MESH
    root = given.ROOT if BRIDGES[0] is given.BRIDGE else given.FOREIGN_ROOT
    claims = {**AUTHORITY, tokens.CNF: {1: keys.cose_key(BRIDGES[0].public)}, tokens.MESH: mesh}
    plain = tokens.issue(cose.CREDENTIAL, claims, root)
    return [
        good("An epoch stands under both bridges' signatures.", "proof", proof("epoch", both, ROOTS, shown)),
        bad("One signature twice is half an epoch.", "proof", proof("epoch", [both[0]] * 2, ROOTS, shown),
            "proof-shape", "accepts"),
        bad("Signatures stand in the order of the bridges.", "proof", proof("epoch", both[::-1], ROOTS, shown),
            "proof-shape", "accepts"),
        bad("Two bodies are no epoch.", "proof", proof("epoch", [both[0], other], ROOTS, shown),
            "proof-false", "accepts"),
        bad("A bridge whose credential is not shown signs nothing.", "proof", proof("epoch", both, ROOTS, no_agent),
            "token-unknown", "accepts"),
        bad("A key without the right boundary signs no epoch.", "proof",
            proof("epoch", both, ROOTS, [plain, *set(shown) & set(no_agent)]), "token-unknown", "accepts"),
    ]  # fmt: skip


def checkpoint_rows():
    shown = [AGENT]
    path = merkle.consistency_path([merkle.leaf_hash(one) for one in EVENTS], 3)
    grown = [point(5, EVENTS), [point(3, EVENTS), path]]
    rewritten = [point(5, EVENTS), [point(3, EVENTS[1:]), path]]
    foreign = [point(5, EVENTS, given.FOREIGN_BRIDGE), None]
    claimed = signed(cose.CHECKPOINT, [given.BRIDGE_ID, 5, DIGEST], given.FOREIGN_BRIDGE)

    def made(evidence, *more):
        return proof("checkpoint", evidence, ROOTS if more else [given.ROOT.public], [*shown, *more])

    return [
        good("A checkpoint is its bridge's word.", "proof", made([point(5, EVENTS), None])),
        good("A later log begins with the earlier one.", "proof", made(grown)),
        bad("A log that was rewritten does not.", "proof", made(rewritten), "proof-false", "accepts"),
        bad("A shorter log is not the later one.", "proof", made([point(3, EVENTS), [point(5, EVENTS), path]]),
            "proof-false", "accepts"),
        bad("A bridge whose credential is not shown says nothing.", "proof", made(foreign), "token-unknown", "accepts"),
        bad("A checkpoint in another bridge's name is none.", "proof", made([claimed, None], PEER),
            "token-unknown", "accepts"),
        bad("A path alone is no earlier checkpoint.", "proof", made([point(5, EVENTS), path]), "proof-shape"),
    ]  # fmt: skip


def receipt_rows():
    sealed_bytes, leaves = seals(count=5)
    one, alone = seals(count=1)
    receipt = seal.receipt(sealed_bytes, hashes(leaves), 3)
    path = merkle.inclusion_path([merkle.leaf_hash(event) for event in EVENTS], 2)
    told = [point(5, EVENTS), EVENTS[2], 2, path]

    def event(evidence):
        return proof("receipt", evidence, shown=[AGENT])

    stolen = obs.encode({**obs.decode(leaves[3]), obs.DEVICE: given.OTHER_ID})
    return [
        good("A receipt proves its leaf.", "proof", proof("receipt", [receipt, leaves[3]])),
        good("A seal of one leaf is its receipt.", "proof", proof("receipt", [one, alone[0]])),
        good("An event lies under a checkpoint.", "proof", event(told)),
        bad("A receipt proves no other leaf.", "proof", proof("receipt", [receipt, leaves[2]]),
            "signature-bad", "accepts"),
        bad("A seal of five leaves is no receipt.", "proof", proof("receipt", [sealed_bytes, leaves[3]]),
            "seal-shape", "accepts"),
        bad("A leaf of another device is none of this one's.", "proof", proof("receipt", [receipt, stolen]),
            "device-mismatch", "accepts"),
        bad("An event at another index is not the one recorded there.", "proof", event([*told[:2], 3, path]),
            "proof-false", "accepts"),
        bad("An event that was not recorded is not under the root.", "proof", event([told[0], EVENTS[1], 2, path]),
            "proof-false", "accepts"),
    ]  # fmt: skip


def proof_rows():
    return fork_rows() + number_rows() + epoch_rows() + checkpoint_rows() + receipt_rows()


FILES = {"proof": proof_rows}

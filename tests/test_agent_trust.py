"""Credentials on the device: what verifies up to the mesh's root is held, everything else is refused by its code."""

from agent_world import Mesh, credential
from vectors_io import raises

from fieldagent.foreign import HandedDown
from fieldagent.trust import Trust, scope_covers
from fieldwire import cbor, keys, merkle, seal, tokens
from fieldwire import observation as obs
from fieldwire.ed25519 import Ed25519Signer, verify

HOME, ABROAD = Mesh(10), Mesh(20)
DEVICE = Ed25519Signer(b"\x31" * 32)
OWN = ABROAD.device_credential(DEVICE.public)
FORMAT = b"\x22" * 16


def trust_of(mesh):
    trust = Trust(mesh.id, mesh.root.public, verify)
    trust.add(mesh.region)
    return trust


def leaf(seq=0, subject="field/air", signer=DEVICE, own=OWN):
    return obs.encode(
        {
            obs.DEVICE: keys.device_id(signer.public),
            obs.INCARNATION: b"\x01" * 8,
            obs.STREAM: 0,
            obs.SEQ: seq,
            obs.TREF: [1, 10 + seq],
            obs.FORMAT: FORMAT,
            obs.SUBJECT: subject,
            obs.PAYLOAD: cbor.encode([seq]),
            obs.CREDENTIAL: tokens.token_id(own),
            obs.BOOT_ATTESTATION: b"\x02" * 16,
            obs.SALT: b"\x03" * 8,
        }
    )


def test_a_chain_is_held_from_the_root_down_and_an_unknown_issuer_is_refused():
    trust = Trust(ABROAD.id, ABROAD.root.public, verify)
    raises("token-issuer-unknown", trust.add, OWN)
    trust.add(ABROAD.region)
    token = trust.add(OWN)
    assert token.public == DEVICE.public
    assert [one.id for one in trust.chain(token.id)] == [token.id, ABROAD.region_id]


def test_a_credential_of_another_mesh_is_refused():
    raises("token-chain", trust_of(HOME).add, ABROAD.region)


def test_a_credential_by_another_key_is_refused():
    forged = credential(HOME.id, DEVICE.public, "region", ["observe"], 1, ABROAD.root)
    raises("signature-bad", trust_of(HOME).add, forged)


def test_a_credential_that_claims_more_than_its_issuer_is_refused():
    trust = trust_of(HOME)
    wider = (
        ("elsewhere", ["observe"], 0),
        ("region", ["boundary", "observe"], 0),
        ("region", ["observe"], 2),
    )
    for authority, rights, depth in wider:
        data = credential(HOME.id, DEVICE.public, authority, rights, depth, HOME.authority, HOME.region_id)
        raises("token-chain", trust.add, data)


def test_scopes_narrow_along_a_chain():
    trust = trust_of(HOME)
    middle = Ed25519Signer(b"\x32" * 32)
    narrow = credential(
        HOME.id, middle.public, "region/a", ["observe"], 1, HOME.authority, HOME.region_id, [["field"], None]
    )
    issuer = trust.add(narrow).id
    for scope, refused in (([["field/air"], None], False), ([["sea"], None], True), ([None, None], True)):
        data = credential(HOME.id, DEVICE.public, "region/a", ["observe"], 0, middle, issuer, scope)
        if refused:
            raises("token-chain", trust.add, data)
        else:
            trust.add(data)


def test_a_scope_covers_a_subtree_and_the_formats_it_names():
    assert scope_covers([None, None], "a/b", FORMAT)
    assert scope_covers([["a"], [FORMAT]], "a/b", FORMAT)
    assert not scope_covers([["a"], None], "ab", FORMAT)
    assert not scope_covers([None, [112]], "a", FORMAT)


def test_an_early_copy_is_verified_under_its_own_credential_and_no_other():
    trust = trust_of(ABROAD)
    copy = obs.early_copy(leaf(), DEVICE)
    raises("token-unknown", trust.open_early, copy)
    trust.add(OWN)
    observation, data, _ = trust.open_early(copy)
    assert data == leaf() and observation[obs.SUBJECT] == "field/air"
    raises("signature-bad", trust.open_early, obs.early_copy(leaf(), ABROAD.authority))
    broken = bytearray(copy)
    broken[-1] ^= 1
    raises("signature-bad", trust.open_early, bytes(broken))


def test_an_early_copy_outside_its_credentials_scope_or_of_another_device_is_refused():
    trust = trust_of(ABROAD)
    narrow = ABROAD.device_credential(DEVICE.public, [["sea"], None])
    trust.add(narrow)
    raises("token-scope", trust.open_early, obs.early_copy(leaf(own=narrow), DEVICE))
    other = Ed25519Signer(b"\x33" * 32)
    trust.add(OWN)
    raises("device-mismatch", trust.open_early, obs.early_copy(leaf(signer=other), other))


# Handed down by a bridge


def handed_down(**changed):
    """The parts of a good hand-down, with some of them changed."""
    parts = {
        "item": obs.early_copy(leaf(), DEVICE),
        "root": ABROAD.root.public,
        "tokens": [ABROAD.region, OWN],
        "equivalence": HOME.equivalence(ABROAD),
    }
    parts.update(changed)
    return cbor.encode(["foreign", parts["item"], [parts["root"]] + parts["tokens"], parts["equivalence"]])


def take(data):
    return HandedDown(trust_of(HOME)).take(data)


def test_a_foreign_early_copy_under_an_equivalence_is_accepted_as_the_local_authority():
    kind, observation, identity, authority = take(handed_down())
    assert (kind, authority) == ("foreign", "region/abroad")
    assert identity == obs.observation_id(leaf()) and observation[obs.SUBJECT] == "field/air"
    assert take(handed_down(item=[0, obs.early_copy(leaf(), DEVICE)]))[2] == identity


def test_a_foreign_leaf_of_a_sealed_segment_is_accepted_with_its_path():
    leaves = [leaf(seq) for seq in range(3)]
    hashes = [merkle.leaf_hash(one) for one in leaves]
    body = seal.SealBody(b"\x01" * 8, 0, 0, 0, 3, 1, tokens.token_id(OWN), b"\x02" * 16, None, 0)
    seal_bytes = seal.seal(body, merkle.root(hashes), DEVICE)
    item = [1, seal_bytes, leaves[1], 1, merkle.inclusion_path(hashes, 1)]
    assert take(handed_down(item=item))[2] == hashes[1]
    raises("seal-leaf", take, handed_down(item=item[:3] + [2, merkle.inclusion_path(hashes, 1)]))
    raises("signature-bad", take, handed_down(item=item[:4] + [merkle.inclusion_path(hashes, 0)]))


def test_tokens_that_were_handed_down_before_are_named_by_their_ids():
    handed = HandedDown(trust_of(HOME))
    named = [ABROAD.region, OWN, HOME.equivalence(ABROAD)]
    ids = [tokens.token_id(data) for data in named]
    small = handed_down(tokens=ids[:2], equivalence=ids[2])
    raises("token-unknown", handed.take, small)
    for data in named:
        assert handed.take(cbor.encode(["token", data])) is None
    assert handed.take(small)[3] == "region/abroad"
    assert len(small) < 600


def test_an_equivalence_that_does_not_fit_is_refused():
    third = Mesh(30)
    outsider = Ed25519Signer(b"\x34" * 32)
    wrong = (
        ("equivalence-unfit", HOME.equivalence(third)),
        ("equivalence-unfit", HOME.equivalence(ABROAD, NEGATIVE=True)),
        ("equivalence-unfit", HOME.equivalence(ABROAD, LOCAL=[third.id, "region"])),
        ("equivalence-unfit", HOME.equivalence(ABROAD, FOREIGN=[ABROAD.id, "region", b"\x00" * 32])),
        (
            "equivalence-unfit",
            HOME.equivalence(ABROAD, FOREIGN=[ABROAD.id, "other", keys.thumbprint(ABROAD.authority.public)]),
        ),
        ("token-right", HOME.equivalence(ABROAD, LOCAL=[HOME.id, "elsewhere"])),
        ("token-scope", HOME.equivalence(ABROAD, SCOPE=[["sea"], None])),
        ("token-chain", HOME.equivalence(ABROAD, EXP=4_100_000_001)),
        ("token-issuer-unknown", HOME.equivalence(ABROAD, ISSUER=b"\x00" * 16)),
        ("signature-bad", HOME.equivalence(ABROAD, outsider)),
        ("cose-typ", HOME.region),
    )
    for code, equivalence in wrong:
        raises(code, take, handed_down(equivalence=equivalence))


def test_an_issuer_without_the_right_to_translate_is_refused():
    trust = trust_of(HOME)
    clerk = Ed25519Signer(b"\x35" * 32)
    data = credential(HOME.id, clerk.public, "region", ["observe"], 1, HOME.authority, HOME.region_id)
    issuer = trust.add(data).id
    equivalence = HOME.equivalence(ABROAD, clerk, ISSUER=issuer)
    raises("token-right", HandedDown(trust).take, handed_down(equivalence=equivalence))


def test_a_boundary_agent_and_a_device_issue_no_credential():
    trust = trust_of(HOME)
    for number, rights, depth in ((0x36, ["boundary", "observe"], 1), (0x37, ["observe"], 0)):
        agent, other = Ed25519Signer(bytes([number]) * 32), Ed25519Signer(b"\x38" * 32)
        above = trust.add(credential(HOME.id, agent.public, "region", rights, depth, HOME.root)).id
        below = credential(HOME.id, other.public, "region", ["observe"], 0, agent, above)
        raises("token-chain", trust.add, below)


def test_a_foreign_chain_that_does_not_reach_its_root_is_refused():
    raises("token-chain", take, handed_down(root=HOME.root.public))
    raises("token-issuer-unknown", take, handed_down(tokens=[OWN]))
    raises("token-unknown", take, handed_down(tokens=[ABROAD.region]))
    raises("token-chain", take, handed_down(tokens=[]))
    raises("item-shape", take, handed_down(item=[2, b""]))
    raises("signature-bad", take, handed_down(item=obs.early_copy(leaf(), ABROAD.root)))
    raises("object-unknown", take, cbor.encode(["config", b""]))


def test_a_credential_of_the_own_mesh_is_held_when_it_verifies():
    trust = Trust(HOME.id, HOME.root.public, verify)
    handed = HandedDown(trust)
    assert handed.take(cbor.encode(["credential", HOME.region])) == ("credential", HOME.region)
    assert trust.credential(HOME.region_id) is not None
    raises("token-chain", handed.take, cbor.encode(["credential", ABROAD.region]))

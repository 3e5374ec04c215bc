"""Tokens are held when their issuer is held and had the power; arrival order changes nothing. SPEC 7"""

import itertools

import pytest
from fold_world import ALL, BUILD, EXP, NBF, SCHEMA, Fold, Home, Mesh, key
from test_bridge_accession import accede

from fieldpost import trust as trust_module
from fieldpost.model import Missing, Refusal
from fieldpost.trust import Trust, revoked, scope_within
from fieldwire import cose, keys, schema, tokens

RIGHTS = ("observe", "time", "translate")


@pytest.fixture
def mesh():
    return Mesh("alpha")


@pytest.fixture
def pool(mesh):
    found = Trust()
    found.add_root(mesh.root.public)
    return found


def code_of(found):
    return found.code if isinstance(found, Refusal) else "held"


def add(pool, *holders):
    return [code_of(pool.add(one if isinstance(one, bytes) else one.data)) for one in holders]


@pytest.mark.parametrize("inner,outer,within", [
    (ALL, ALL, True),
    (ALL, [["water"], None], False),
    (ALL, [None, [112]], False),
    ([["water/quay"], None], [["water"], None], True),
    ([["waterfall"], None], [["water"], None], False),
    ([["water", "road"], None], [["water"], None], False),
    ([None, [112]], [None, [112, 113]], True),
    ([None, [114]], [None, [112, 113]], False),
    ([["water"], [112]], ALL, True),
])  # fmt: skip
def test_a_scope_lies_within_another_only_whole_and_nil_is_all(inner, outer, within):
    assert scope_within(inner, outer) is within


CHILDREN = {
    "a path beside the issuer's": ({"path": "opsx"}, "token-chain"),
    "a path below": ({"path": "ops/west"}, "held"),
    "another mesh": ({"mesh": b"\x01" * 32}, "token-chain"),
    "more subjects": ({"scope": [["water", "road"], None]}, "token-chain"),
    "all subjects": ({"scope": ALL}, "token-chain"),
    "fewer subjects": ({"scope": [["water/quay"], None]}, "held"),
    "a right more": ({"rights": ("observe", "time")}, "token-chain"),
    "the same depth": ({"depth": 1}, "token-chain"),
    "an earlier beginning": ({"nbf": NBF - 1}, "token-chain"),
    "a later end": ({"exp": EXP + 1}, "token-chain"),
    "the same validity": ({}, "held"),
}


@pytest.mark.parametrize("changed,code", CHILDREN.values(), ids=CHILDREN)
def test_a_credential_lies_within_its_issuers_in_every_respect(pool, mesh, changed, code):
    issuer = mesh.authority(depth=1, rights=("observe", "translate"), scope=[["water"], None])
    terms = {"path": "ops", "rights": ("observe",), "depth": 0, "scope": [["water"], None], **changed}
    child = mesh.credential("child", by=issuer, **terms)
    assert add(pool, issuer, child) == ["held", code]


def test_a_credential_that_another_key_signed_is_refused(pool, mesh):
    issuer = mesh.authority()
    forged = mesh.credential("child", "ops", ("observe",), 0, by=issuer)
    other = mesh.authority("other")
    other.id = issuer.id
    stolen = mesh.credential("child", "ops", ("observe",), 0, by=other)
    assert add(pool, issuer, forged, stolen) == ["held", "held", "signature-bad"]


def test_a_mesh_without_a_known_root_waits_and_two_roots_stay_apart(pool, mesh):
    bravo = Mesh("bravo")
    foreign = bravo.authority()
    assert add(pool, foreign, mesh.authority()) == ["token-issuer-unknown", "held"]
    pool.add_root(bravo.root.public)
    held, refused = pool.retry()
    assert [one.id for one in held] == [foreign.id] and refused == []
    assert pool.mesh_of(foreign.id) == bravo.id
    usurper = bravo.credential("usurper", "ops", ("observe",), 0, by=foreign, mesh=mesh.id)
    claimed = bravo.credential("claimed", "ops", ("observe",), 1, mesh=mesh.id)
    assert add(pool, usurper, claimed) == ["token-chain", "signature-bad"]


def issued_by(holder, mesh, device):
    """One token of every kind that names or shows its issuer."""
    bravo = Mesh("bravo")
    return {
        "credential": mesh.credential("late", holder.path, ("observe",), 0, by=holder).data,
        "endorsement": holder.endorse(device.signer.public),
        "equivalence": holder.equate((bravo.id, bravo.authority()), (mesh.id, holder)),
        "revocation": holder.revoke(device.id),
        "schema": tokens.issue_schema(SCHEMA, holder.signer),
    }


@pytest.mark.parametrize("kind", ["credential", "endorsement", "equivalence", "revocation", "schema"])
@pytest.mark.parametrize("speaker", ["device", "boundary", "boundary with depth"])
def test_a_device_and_a_boundary_agent_issue_nothing(pool, mesh, kind, speaker):
    ops = mesh.authority()
    device = mesh.device("one", ops)
    agent = mesh.credential("agent", "boundary", ("boundary", "observe"), 0)
    deep = mesh.credential("deep", "boundary", ("boundary", "observe"), 2)
    holder = {"device": device.holder, "boundary": agent, "boundary with depth": deep}[speaker]
    assert set(add(pool, ops, device.holder, agent, deep)) == {"held"}
    assert add(pool, issued_by(ops, mesh, device)[kind]) == ["held"]
    assert add(pool, issued_by(holder, mesh, device)[kind]) == ["token-chain"]


def test_tokens_end_alike_in_every_order_of_arrival(mesh):
    ops = mesh.authority()
    west = mesh.authority("ops/west", by=ops, depth=1)
    device = mesh.device("one", west)
    good = [ops.data, west.data, device.holder.data, device.attestation, west.endorse(device.signer.public)]
    bad = device.holder.revoke(ops.id)  # a device takes nothing back
    for order in itertools.permutations([*good, bad]):
        fold = Fold(mesh)
        fold.tokens(*order)
        assert all(fold.held(one) for one in good) and not fold.state.trust.waiting
        assert fold.refusal(bad) == "token-chain" and len(fold.tables["refusal"]) == 1
        assert [one.id for one in fold.state.trust.chain(device.holder.id)] == [
            ops.id,
            west.id,
            device.holder.id,
        ]


def test_a_token_that_fails_after_it_waited_is_refused_and_recorded(mesh):
    ops = mesh.authority()
    wide = mesh.credential("wide", "elsewhere", ("observe",), 0, by=ops)
    fold = Fold(mesh)
    fold.tokens(wide)
    assert fold.refusal(wide.data) == "token-issuer-unknown"
    assert ["token", [wide.id], "waiting"] in [[one[0], one[2], one[4]] for one in fold.events]
    fold.tokens(ops)
    assert fold.refusal(wide.data) == "token-chain" and not fold.held(wide)
    assert ["refused", [wide.id], "token-chain"] in [[one[0], one[2], one[4]] for one in fold.events]


def test_a_replayed_token_is_recorded_and_counts_once(mesh):
    ops = mesh.authority()
    device = mesh.device("one", ops)
    endorsement = ops.endorse(device.signer.public)
    fold = Fold(mesh)
    fold.tokens(ops, endorsement, endorsement)
    assert [one[4] for one in fold.events if one[0] == "token"] == ["held", "held", "replayed"]
    assert len(fold.state.trust.endorsements[device.id]) == 1


def test_no_more_tokens_wait_than_the_limit_and_the_oldest_give_way(mesh, monkeypatch):
    monkeypatch.setattr(trust_module, "WAITING_MAX", 3)
    ops = mesh.authority()
    late = [mesh.credential(str(n), "ops", ("observe",), 0, by=ops) for n in range(5)]
    fold = Fold(mesh)
    fold.tokens(*late)
    assert [fold.refusal(one.data) for one in late] == ["quota"] * 2 + ["token-issuer-unknown"] * 3
    assert fold.tables["refusal"][late[0].id,][3].startswith("deliver the tokens first")
    fold.tokens(ops)
    assert [fold.held(one) for one in late] == [False] * 2 + [True] * 3
    fold.tokens(*late)
    assert all(map(fold.held, late)), "what was refused for want of room may come again"


def test_an_authoritys_own_tokens_wait_beside_a_strangers_flood(mesh, monkeypatch):
    """A rotation waits for a credential that it names; its issuer's signature holds, so it is no stranger's."""
    monkeypatch.setattr(trust_module, "WAITING_MAX", 3)
    ops, elsewhere = mesh.authority(), Mesh("elsewhere").authority()
    before, after = mesh.device("one", ops), mesh.device("two", ops, boot=2)
    moved = ops.rotate(before, after)
    fold = Fold(mesh)
    fold.tokens(ops, after.holder, moved)
    flood = [mesh.credential(str(n), "ops", ("observe",), 0, by=elsewhere) for n in range(50)]
    fold.tokens(*flood)
    assert [fold.refusal(one.data) for one in flood] == ["quota"] * 47 + ["token-issuer-unknown"] * 3
    assert len(fold.state.trust.waiting) == 4 and fold.refusal(moved) == "token-issuer-unknown"
    fold.tokens(before.holder)
    assert fold.held(moved) and len(fold.state.trust.waiting) == 3


def test_a_roots_own_rotation_waits_beside_a_strangers_flood(mesh, monkeypatch):
    monkeypatch.setattr(trust_module, "WAITING_MAX", 3)
    before, after = (mesh.credential(name, "ops", ("observe",), 2) for name in ("one", "two"))
    moved = accede(before, after, mesh, mesh)
    fold, elsewhere = Fold(mesh), Mesh("elsewhere").authority()
    fold.tokens(after, moved)
    fold.tokens(*(mesh.credential(str(n), "ops", ("observe",), 0, by=elsewhere) for n in range(50)))
    assert len(fold.state.trust.waiting) == 4 and fold.refusal(moved) == "token-issuer-unknown"
    fold.tokens(before)
    assert fold.held(moved) and len(fold.state.trust.waiting) == 3


def test_what_waits_is_asked_for_by_its_name_and_not_looked_at_for_others(pool, mesh, monkeypatch):
    ops, other = mesh.authority(), mesh.authority("other")
    late = mesh.credential("late", "ops", ("observe",), 0, by=ops)
    found = pool.add(late.data)
    assert isinstance(found, Missing) and found.what == ops.id
    pool.add(other.data)
    monkeypatch.setattr(
        tokens, "decode", lambda *_: pytest.fail("a token was looked at that waits for another")
    )
    assert pool.retry() == ([], [])


def test_a_schema_is_read_only_when_an_authority_signed_it(mesh):
    home = Home()
    forged = tokens.issue_schema(schema.encode("forged", [["level", 0, "m", 0]]), home.one.signer)
    fold = home.fold()
    fold.tokens(forged)
    assert fold.refusal(forged) == "token-chain" and len(fold.state.trust.schemas) == 1


def test_a_revocation_counts_from_the_issuer_and_from_above_and_from_nobody_else(mesh):
    ops = mesh.authority()
    west = mesh.authority("ops/west", by=ops, depth=1)
    named = mesh.authority("ops", depth=2, signer=key("second holder of ops"))
    beside = mesh.authority("roads")
    device = mesh.device("one", west)
    for revoker, counts in ((west, True), (ops, True), (named, True), (beside, False)):
        pool = Trust()
        pool.add_root(mesh.root.public)
        revocation = revoker.revoke(device.holder.id)
        assert set(add(pool, ops, west, named, beside, device.holder, revocation)) == {"held"}
        assert (revoked(pool, device.holder.id) is not None) is counts


def test_no_other_mesh_takes_a_credential_back(pool, mesh):
    bravo = Mesh("bravo")
    pool.add_root(bravo.root.public)
    ops, foreign = mesh.authority(), bravo.authority()
    device = mesh.device("one", ops)
    assert set(
        add(pool, ops, foreign, device.holder, foreign.revoke(device.holder.id), foreign.revoke(device.id))
    ) == {"held"}
    assert revoked(pool, device.holder.id) is None
    add(pool, ops.revoke(device.id))
    assert revoked(pool, device.holder.id) is not None


def test_any_authority_of_the_root_closes_a_boundary_agent_and_no_delegate_does(pool, mesh):
    ops = mesh.authority()
    west = mesh.authority("ops/west", by=ops, depth=1)
    agent = mesh.credential("agent", "boundary", ("boundary", "observe"), 0)
    add(pool, ops, west, agent, west.revoke(agent.id))
    assert revoked(pool, agent.id) is None
    add(pool, ops.revoke(agent.id))
    assert revoked(pool, agent.id) is not None


def test_an_endorsement_counts_in_its_own_mesh_and_while_nothing_took_it_back(pool, mesh):
    bravo = Mesh("bravo")
    pool.add_root(bravo.root.public)
    ops, foreign = mesh.authority(), bravo.authority()
    west = mesh.authority("ops/west", by=ops, depth=1)
    device = mesh.device("one", west)
    own, theirs = west.endorse(device.signer.public), foreign.endorse(device.signer.public, [BUILD])
    add(pool, ops, west, foreign, device.holder, own, theirs)
    assert [one.data for one in pool.endorsements_of(device.id, mesh.id)] == [own]
    add(pool, ops.revoke(west.id, staying=[tokens.token_id(own)]))
    assert [one.data for one in pool.endorsements_of(device.id, mesh.id)] == [own]
    add(pool, ops.revoke(tokens.token_id(own)))
    assert pool.endorsements_of(device.id, mesh.id) == []


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_root_key_of_another_length_is_refused(mesh, size):
    fold = Fold(mesh)
    fold.put("root", bytes(size))
    assert fold.events[-1][4] == "key-bad" and list(fold.state.trust.roots) == [mesh.id]


def test_a_boot_attestation_is_of_the_key_that_signed_it(pool, mesh):
    ops = mesh.authority()
    device, other = mesh.device("one", ops), mesh.device("two", ops)
    forged = bytearray(device.attestation)
    forged[-1] ^= 1
    assert add(pool, ops, device.holder, bytes(forged), device.attestation, other.attestation) == [
        "held", "held", "signature-bad", "held", "token-issuer-unknown",
    ]  # fmt: skip
    assert pool.signers_of(pool.boots[tokens.token_id(device.attestation)])[0].id == device.holder.id
    assert keys.device_id(pool.credentials_of(device.id)[0].public) == device.id and not pool.credentials_of(
        other.id
    )


def test_oversized_and_wrongly_typed_tokens_are_refused_by_name(mesh):
    fold = Fold(mesh)
    ops = mesh.authority()
    long = ops.data + bytes(2_000)
    rotation = cose.sign(cose.ROTATION, b"\xa0", ops.signer)
    fold.tokens(long, rotation, ops.data[:-1])
    assert [fold.refusal(one) for one in (long, rotation, ops.data[:-1])] == [
        "token-shape",
        "token-shape",
        "cbor-truncated",
    ]

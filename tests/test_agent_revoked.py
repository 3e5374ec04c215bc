"""Revocations on the device: who was taken back by one who may is not derived from, and that outlives a boot."""

from agent_world import EXP, NBF, Mesh, credential
from fake_flash import FakeFlash
from test_agent_trust import ABROAD, DEVICE, HOME, handed_down, leaf
from vectors_io import raises

from fieldagent.foreign import HandedDown
from fieldagent.journal_files import Files
from fieldagent.revoked import Revoked
from fieldagent.trust import Trust
from fieldwire import cbor, cose, keys, tokens
from fieldwire import observation as obs
from fieldwire.ed25519 import Ed25519Signer, verify

OWN = HOME.device_credential(DEVICE.public)
OWN_ID = tokens.token_id(OWN)
DEVICE_ID = keys.device_id(DEVICE.public)


def revocation(target, issuer=HOME.region_id, signer=HOME.authority, **changed):
    claims = {tokens.EXP: EXP, tokens.NBF: NBF, tokens.ISSUER: issuer, tokens.TARGET: target}
    claims.update({getattr(tokens, name): value for name, value in changed.items()})
    return tokens.issue(cose.REVOCATION, claims, signer)


def world(flash=None):
    """(trust that knows the own device, its revocations)."""
    trust = Trust(HOME.id, HOME.root.public, verify)
    trust.revoked = Revoked(Files("", flash or FakeFlash()), trust)
    trust.add(HOME.region)
    trust.add(OWN)
    return trust, trust.revoked


def speaks(trust):
    return trust.signer_of(obs.decode(leaf(own=OWN))).id == OWN_ID


def test_a_device_that_was_taken_back_is_refused_by_its_id_or_its_credentials():
    for target in (DEVICE_ID, OWN_ID):
        trust, revoked = world()
        assert speaks(trust)
        revoked.add(revocation(target))
        raises("credential-revoked", trust.signer_of, obs.decode(leaf(own=OWN)))


def test_another_ones_revocation_changes_nothing():
    trust, revoked = world()
    for target in (b"\x01" * 16, keys.device_id(HOME.root.public)):
        revoked.add(revocation(target))
        assert speaks(trust)


def delegated():
    """(trust, revocations, the delegate's credential id, a leaf of a device that the delegate enrolled, its id)."""
    trust, revoked = world()
    inner, device = Ed25519Signer(b"\x3b" * 32), Ed25519Signer(b"\x3e" * 32)
    rights = ["observe", "translate"]
    data = credential(HOME.id, inner.public, "region/inner", rights, 1, HOME.authority, HOME.region_id)
    above = trust.add(data).id
    below = credential(HOME.id, device.public, "region/inner", ["observe"], 0, inner, above)
    return trust, revoked, above, obs.decode(leaf(signer=device, own=below)), trust.add(below).id


def test_a_delegate_that_was_taken_back_takes_its_devices_along_save_those_that_stay():
    trust, revoked, above, observation, own = delegated()
    revoked.add(revocation(above, STAYING=[own]))
    assert trust.signer_of(observation).id == own
    revoked.add(revocation(above, STAYING=[b"\x00" * 16]))
    raises("credential-revoked", trust.signer_of, observation)
    assert speaks(trust)


def test_only_an_authority_whose_chain_holds_is_heard():
    trust, revoked = world()
    stranger = Ed25519Signer(b"\x39" * 32)
    wrong = (
        ("signature-bad", revocation(DEVICE_ID, signer=stranger)),
        ("token-issuer-unknown", revocation(DEVICE_ID, issuer=b"\x02" * 16)),
        ("token-issuer-unknown", revocation(DEVICE_ID, ABROAD.region_id, ABROAD.authority)),
        ("token-chain", revocation(HOME.region_id, OWN_ID, DEVICE)),
        ("cose-typ", OWN),
        ("cbor-truncated", revocation(DEVICE_ID)[:-1]),
    )
    for code, data in wrong:
        raises(code, revoked.add, data)
    assert speaks(trust)


def test_an_authority_takes_back_what_is_below_it_and_nothing_beside_it():
    trust, revoked = world()
    beside, below = Ed25519Signer(b"\x3a" * 32), Ed25519Signer(b"\x3b" * 32)
    rights = ["observe", "time", "translate"]
    other = trust.add(credential(HOME.id, beside.public, "other", rights, 2, HOME.root)).id
    inner = trust.add(
        credential(HOME.id, below.public, "region/inner", rights, 1, HOME.authority, HOME.region_id)
    ).id
    revoked.add(revocation(OWN_ID, other, beside))
    revoked.add(revocation(OWN_ID, inner, below))
    assert speaks(trust), "neither a neighbour nor a delegate of its issuer may"
    again = Ed25519Signer(b"\x3c" * 32)
    renewed = trust.add(credential(HOME.id, again.public, "region", rights, 2, HOME.root)).id
    revoked.add(revocation(OWN_ID, renewed, again))
    raises("credential-revoked", trust.signer_of, obs.decode(leaf(own=OWN)))


def test_any_authority_that_the_root_signed_takes_a_boundary_agent_back_and_no_other_does():
    agent = Ed25519Signer(b"\x3d" * 32)
    data = credential(HOME.id, agent.public, "boundary", ["boundary", "observe"], 0, HOME.root)
    for signed_by_root in (True, False):
        trust, revoked = world()
        held = trust.add(data)
        inner = Ed25519Signer(b"\x3b" * 32)
        issuer, above = (HOME.authority, HOME.region_id) if not signed_by_root else (HOME.root, None)
        by = trust.add(credential(HOME.id, inner.public, "region/inner", ["observe"], 1, issuer, above)).id
        revoked.add(revocation(held.id, by, inner))
        if signed_by_root:
            raises("credential-revoked", trust.check_standing, held)
        else:
            trust.check_standing(held)


def test_the_roots_own_word_for_an_authority_is_taken_back_by_nobody_but_itself():
    trust, revoked = world()
    other = Ed25519Signer(b"\x3a" * 32)
    peer = trust.add(credential(HOME.id, other.public, "peer", ["observe"], 1, HOME.root)).id
    revoked.add(revocation(HOME.region_id, peer, other))
    assert speaks(trust)


def test_what_a_revoked_equivalence_bound_is_not_derived_from():
    trust, revoked = world()
    handed = HandedDown(trust)
    assert handed.take(handed_down())[0] == "foreign"
    revoked.add(revocation(tokens.token_id(HOME.equivalence(ABROAD))))
    raises("credential-revoked", handed.take, handed_down())
    trust, revoked, above, _, _ = delegated()
    equivalence = HOME.equivalence(
        ABROAD, Ed25519Signer(b"\x3b" * 32), ISSUER=above, LOCAL=[HOME.id, "region/inner"]
    )
    assert HandedDown(trust).take(handed_down(equivalence=equivalence))[0] == "foreign"
    revoked.add(revocation(above))
    raises("credential-revoked", HandedDown(trust).take, handed_down(equivalence=equivalence))


def test_a_revocation_outlives_a_boot_without_its_issuer_and_is_kept_once():
    flash = FakeFlash()
    _, revoked = world(flash)
    for _ in range(2):
        revoked.add(revocation(DEVICE_ID))
    writes = flash.operations
    trust, again = world(flash)
    again.add(revocation(DEVICE_ID))
    assert flash.operations == writes
    raises("credential-revoked", trust.signer_of, obs.decode(leaf(own=OWN)))


def test_a_damaged_file_is_no_revocation_and_can_be_filled_again():
    flash = FakeFlash()
    world(flash)[1].add(revocation(DEVICE_ID))
    whole = flash.kept["/state/revoked"]
    for damaged in (b"", whole[:-1], whole[:3], whole[:9] + b"\x00" + whole[10:]):
        flash.kept["/state/revoked"] = damaged
        trust, revoked = world(flash)
        assert speaks(trust) and revoked.rows() == []
        revoked.add(revocation(DEVICE_ID))
        assert flash.kept["/state/revoked"] == whole


def test_the_oldest_gives_way_when_there_are_more_than_a_device_keeps():
    trust, revoked = world()
    revoked.add(revocation(DEVICE_ID))
    for number in range(31):
        revoked.add(revocation(bytes((number,)) * 16))
    raises("credential-revoked", trust.signer_of, obs.decode(leaf(own=OWN)))
    revoked.add(revocation(b"\xee" * 16))
    assert len(revoked.rows()) == 32 and speaks(trust)


class Config:
    derive = ()

    @staticmethod
    def fields_of(content_format):
        return None


def test_a_bridge_hands_it_down_and_a_device_keeps_it():
    from fieldagent.identity import Identity
    from fieldagent.listener import Listener

    flash = FakeFlash()
    known = Identity(b"\x31" * 32, b"\x07" * 32, HOME.root.public, HOME.id, OWN_ID, [HOME.region, OWN])
    listener = Listener(Files("", flash), known, Config)
    assert listener.take_object(cbor.encode(["revocation", revocation(DEVICE_ID)])) == []
    raises(
        "signature-bad", listener.take_object, cbor.encode(["revocation", revocation(OWN_ID, signer=DEVICE)])
    )
    raises("object-unknown", listener.take_object, cbor.encode(["revocation", 7]))
    again = Listener(Files("", flash), known, Config)
    raises("credential-revoked", again.trust.signer_of, obs.decode(leaf(own=OWN)))


def test_a_mesh_of_another_root_has_no_say():
    third = Mesh(40)
    trust, revoked = world()
    raises("token-issuer-unknown", revoked.add, revocation(DEVICE_ID, third.region_id, third.authority))
    assert speaks(trust)

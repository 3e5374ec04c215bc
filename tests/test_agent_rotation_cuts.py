"""The files of a rotation under power cuts: LittleFS on an emulated flash, and a file system in memory."""

from every_cut import every_cut
from rotation_world import K_DEV, MESH, given
from test_agent_revoked import DEVICE_ID, revocation, world

from fieldagent import identity
from fieldagent.next_key import NextKey
from fieldagent.revoked import Revoked
from fieldwire import keys, rotation, tokens
from fieldwire.ed25519 import Ed25519Signer

OLD_SEED, NEW_SEED = b"\x44" * 32, b"\x45" * 32
OLD, NEW = Ed25519Signer(OLD_SEED), Ed25519Signer(NEW_SEED)
BEFORE = MESH.device_credential(OLD.public)
HELD = [MESH.region, BEFORE]
LOG = b"\x0b" * 8
AFTER = given(rotation.accept(rotation.hand_over(MESH.id, NEW.public, 1, [], OLD), NEW))


def the_old():
    return identity.Identity(OLD_SEED, K_DEV, MESH.root.public, MESH.id, tokens.token_id(BEFORE), HELD)


def the_new():
    former = [keys.device_id(OLD.public), K_DEV, HELD, [LOG]]
    return identity.Identity(
        NEW_SEED, b"\x09" * 32, MESH.root.public, MESH.id, tokens.token_id(AFTER[1]), HELD + AFTER[1:], former
    )


def next_key(files, made):
    def make(host_bytes):
        made.append(host_bytes)
        return NEW_SEED

    return NextKey(files, make)


def prepared(files):
    files.folder("state")
    the_old().store(files)


def rotated(files):
    """The writes of a rotation, in their order."""
    seeds = next_key(files, [])
    seeds.seed(b"host", OLD.public)
    the_new().store(files)
    seeds.forget()


def test_a_cut_anywhere_in_the_writes_of_a_rotation_leaves_one_whole_identity():
    seen = set()

    def check(files, done):
        found, made = identity.load(files), []
        is_new = found.device == keys.device_id(NEW.public)
        expected = the_new() if is_new else the_old()
        assert (found.k_dev, found.credential, found.tokens) == (
            expected.k_dev,
            expected.credential,
            expected.tokens,
        )
        assert (found.former is not None) == is_new and (is_new or not done)
        seed = next_key(files, made).seed(b"again", found.signer.public)
        assert seed == NEW_SEED and made in ([], [b"again"])
        seen.add((is_new, bool(made)))

    assert every_cut(prepared, rotated, check) >= 6
    assert seen >= {(False, True), (False, False), (True, True)}


def test_a_cut_while_the_former_device_is_forgotten_leaves_it_or_not():
    seen = set()

    def check(files, done):
        found = identity.load(files)
        assert found.device == keys.device_id(NEW.public) and found.k_dev == b"\x09" * 32
        seen.add(found.former is None)
        assert found.former is None or not done

    def prepare(files):
        prepared(files)
        the_new().store(files)

    every_cut(prepare, lambda files: identity.load(files).forget_former(files), check)
    assert seen == {True, False}


def test_a_cut_while_a_revocation_is_kept_takes_none_before_it_away():
    trust, _ = world()
    before, added = revocation(DEVICE_ID), revocation(b"\x05" * 16)
    counts = set()

    def prepare(files):
        files.folder("state")
        Revoked(files, trust).add(before)

    def check(files, done):
        rows = Revoked(files, trust).rows()
        assert rows[0][0] == DEVICE_ID and (len(rows) == 2 or not done)
        counts.add(len(rows))

    every_cut(prepare, lambda files: Revoked(files, trust).add(added), check)
    assert counts == {1, 2}

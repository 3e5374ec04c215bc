"""The power is cut at every operation that writes what a device is: each file is old or new, nothing else changes."""

from every_cut import every_cut

from fieldagent import identity
from fieldagent.held_tokens import HeldTokens
from fieldagent.identity import Attestations, Identity
from fieldagent.next_key import NextKey
from fieldagent.outbox import Outbox
from fieldagent.start_up import next_boot
from fieldwire import cbor

CONFIG = b'{"observe": []}'
HELD = [b"t" * 300, b"u" * 200]
KEY = (b"\x01" * 8, 1, 0)


def device(number):
    return Identity(bytes([number]) * 32, b"\x07" * 32, b"\x08" * 32, b"\x09" * 32, b"\x0a" * 16, HELD)


ONE, OTHER = device(1), device(2)


def install(files):
    files.folder("state")
    files.replace("config.json", [CONFIG])


def installed(files):
    install(files)
    ONE.store(files)


def cut(prepare, act, found, allowed):
    """`found(files)` after each cut is the first of `allowed` or the last; after the whole action the last.

    Returns those of `allowed` that were met.
    """
    seen = set()

    def check(files, done):
        state = found(files)
        assert state in (allowed[-1:] if done else allowed), state
        seen.add(allowed.index(state))
        assert files.read("config.json") == CONFIG

    assert every_cut(prepare, act, check) >= 5
    return [allowed[index] for index in sorted(seen)]


def who(files):
    known = identity.load(files)
    return known and known.device


def test_an_identity_is_stored_whole_or_not_at_all():
    sides = [None, ONE.device]
    assert cut(install, ONE.store, who, sides) == sides


def test_an_identity_that_follows_another_replaces_it_whole_or_not_at_all():
    sides = [ONE.device, OTHER.device]
    assert cut(installed, OTHER.store, who, sides) == sides


def test_a_boot_is_counted_once_or_not_and_never_given_twice():
    given = []

    def prepare(files):
        installed(files)
        next_boot(files)

    def check(files, done):
        boot = next_boot(files)
        assert boot == 3 if done else boot in (2, 3)
        assert not done or given[-1] < boot
        assert who(files) == ONE.device

    assert every_cut(prepare, lambda files: given.append(next_boot(files)), check) >= 5


def test_a_seed_that_waits_for_its_rotation_is_the_same_after_any_cut_once_it_was_used():
    used = []

    def act(files):
        used.clear()
        used.append(NextKey(files, lambda host: b"\x33" * 32).seed(b"", ONE.signer.public))

    def check(files, done):
        again = NextKey(files, lambda host: b"\x44" * 32).seed(b"", ONE.signer.public)
        assert not used or again == used[0], "a handover was signed with another key"
        assert again in (b"\x33" * 32, b"\x44" * 32)
        assert who(files) == ONE.device

    every_cut(installed, act, check)


def test_an_attestation_is_kept_whole_and_old_ones_go_one_by_one():
    old = [b"a" * 200, b"b" * 200]

    def prepare(files):
        installed(files)
        attestations = Attestations(files)
        attestations.add(1, old[0])
        attestations.add(2, old[1])

    def act(files):
        attestations = Attestations(files)
        attestations.add(3, b"c" * 200)
        attestations.keep({3})

    new = [b"c" * 200]
    steps = [old, old + new, old[1:] + new, new]

    def kept(files):
        attestations = Attestations(files)
        return [attestations.read(identity) for identity in attestations.ids()]

    assert cut(prepare, act, kept, steps) == steps


def test_handed_down_tokens_are_kept_whole():
    def prepare(files):
        installed(files)
        HeldTokens(files).add(HELD[0])

    def act(files):
        HeldTokens(files).add(HELD[1])

    sides = [HELD[:1], HELD]
    assert cut(prepare, act, lambda files: HeldTokens(files).all(), sides) == sides


def test_a_rejection_is_remembered_whole():
    def outbox(files):
        made = Outbox(None, None, None, files)
        made.bridge = b"\x99" * 32
        return made

    def remembered(files):
        return cbor.decode(files.read("state/rejected") or b"\x80")

    entry = [b"\x99" * 8] + list(KEY)
    sides = [[], [entry]]
    assert cut(installed, lambda files: outbox(files).reject(*KEY), remembered, sides) == sides

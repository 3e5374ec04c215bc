"""Observations are written without their map: byte for byte what the reference writes, and refused like it."""

from vectors_io import raises

from fieldagent.leaf import Leaves
from fieldwire import observation as obs
from fieldwire.salt import Salts, salt_key

DEVICE, K_DEV, INCARNATION = b"\x01" * 16, b"\x07" * 32, b"\x02" * 8
AUTHOR = (3, b"\x08" * 16, b"\x09" * 16)
SCHEMA = b"\x22" * 16


def reference(stream, seq, tref, content_format, subject, payload, lineage=None):
    observation = {
        obs.DEVICE: DEVICE,
        obs.INCARNATION: INCARNATION,
        obs.STREAM: stream,
        obs.SEQ: seq,
        obs.TREF: tref,
        obs.FORMAT: content_format,
        obs.SUBJECT: subject,
        obs.PAYLOAD: payload,
        obs.CREDENTIAL: AUTHOR[1],
        obs.BOOT_ATTESTATION: AUTHOR[2],
        obs.SALT: Salts(salt_key(K_DEV), DEVICE, INCARNATION).at(stream, seq),
    }
    if lineage is not None:
        observation[obs.SOURCES], observation[obs.DERIVATION] = lineage
    return obs.encode(observation)


def test_every_size_of_every_part_is_written_as_the_reference_writes_it():
    leaves = Leaves(DEVICE, K_DEV, INCARNATION, AUTHOR)
    for seq in (0, 23, 24, 255, 256, 65_535, 65_536, (1 << 32) - 1, 1 << 32, (1 << 42) - 1):
        for size in (0, 23, 24, 255, 256, 512):
            made = (seq & 3, seq, [3, seq], SCHEMA if size & 1 else size, "field/air", bytes(size))
            assert leaves.encode(*made) == reference(*made)


def test_a_utc_reading_and_the_sources_of_a_derivation_stand_where_they_belong():
    leaves = Leaves(DEVICE, K_DEV, INCARNATION, AUTHOR)
    made = (1, 5, [3, 70, obs.utc(1_700_000_000_123, 50)], SCHEMA, "field/air", b"\x81\x05")
    assert leaves.encode(*made) == reference(*made)
    source = [b"\x05" * 16, b"\x06" * 8, 0, 9, b"\x04" * 32]
    lineage = ([source], ["mean", ["temperature"], b"\x03" * 32])
    assert leaves.encode(*made, lineage) == reference(*made, lineage)


def test_one_subject_in_two_formats_is_not_mixed_up_and_many_subjects_take_no_more_room():
    leaves = Leaves(DEVICE, K_DEV, INCARNATION, AUTHOR)
    for number in range(100):
        for content_format in (SCHEMA, 112):
            made = (1, number, [3, 1], content_format, "field/s%d" % number, b"")
            assert leaves.encode(*made) == reference(*made)
    assert len(leaves._topics) <= 16


def test_what_a_receiver_would_refuse_is_not_written():
    leaves = Leaves(DEVICE, K_DEV, INCARNATION, AUTHOR)
    good = [1, 5, [3, 70], SCHEMA, "field/air", b""]
    for place, wrong in ((3, b"\x22" * 15), (3, 65_536), (4, "Field"), (4, ""), (5, bytes(513))):
        changed = list(good)
        changed[place] = wrong
        raises("observation-shape", leaves.encode, *changed)
    sources = [[b"\x05" * 16, b"\x06" * 8, 0, 9, b"\x04" * 32]] * 8
    raises(
        "observation-shape", leaves.encode, *good[:5], bytes(500), (sources, ["mean", ["x"], b"\x03" * 32])
    )

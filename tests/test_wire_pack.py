"""Packed segments: golden vectors both ways, what is told once and what again, hostile bytes, and sizes."""

from packed_fakes import AUTHOR, DEVICE, SALT_KEY, leaf, parts_of, sealed_parts, walk
from session_fakes import INCARNATION
from vectors_io import load_json, raises, unhex
from wire_opens import check

from fieldwire import cbor, pack_source, seal
from fieldwire import observation as obs
from fieldwire.errors import WireError
from fieldwire.pack import Unpacker
from fieldwire.pack_column import Cursor
from fieldwire.pack_column_writer import Column, integers
from fieldwire.pack_writer import Packer

ROOM = 1 << 16


def unpacker(salt_key=SALT_KEY):
    return Unpacker(DEVICE, salt_key)


def returned(parts, packed, number=0):
    found = unpacker(SALT_KEY).unpack(packed, (INCARNATION, 1, number))
    return found == seal.encode_segment(parts[0], parts[1:])


def test_every_packed_vector_is_unpacked_or_refused_as_it_says():
    check("pack")


def test_packing_the_segments_of_the_vectors_gives_their_bytes_on_either_runtime():
    known = {}
    for row in load_json("pack"):
        if row["error"] is None:
            known[row["hex"]] = row
            packer = Packer(unhex(row["device"]), row["salt_key"] and unhex(row["salt_key"]), ROOM)
            for _, data in row["before"]:
                packer.pack(pieces(known[data]))
            if "did not come" in row["name"]:
                packer.forget(1)
            assert packer.pack(pieces(row)) == unhex(row["hex"]), row["name"]


def pieces(row):
    segment = unhex(row["segment"])
    return pack_source.parts(lambda at, size: segment[at : at + size])


def test_the_pieces_of_a_segment_are_its_seal_and_its_leaves():
    for count in (1, 23, 24, 64):
        parts = parts_of([leaf(seq, bytes(seq)) for seq in range(count)])
        data = seal.encode_segment(parts[0], parts[1:])
        assert list(pack_source.parts(lambda at, size, data=data: data[at : at + size])) == parts


def test_a_segment_that_is_gone_is_not_packed():
    packer = Packer(DEVICE, SALT_KEY, ROOM)
    assert packer.pack(pack_source.parts(lambda at, size: b"")) is None
    parts = parts_of(walk(5))
    assert packer.pack(parts[:4]) is None
    assert packer.pack(parts[:4] + [b""] + parts[5:]) is None
    assert returned(parts, packer.pack(parts)), "nothing was learnt from what is not sent"


def test_a_segment_of_32_slow_readings_takes_less_than_five_bytes_a_reading():
    packer, told = Packer(DEVICE, SALT_KEY, ROOM), 0
    for number in range(4):
        parts = parts_of(walk(32, 32 * number), number, 32 * number, b"h" * 32 if number else None)
        packed = packer.pack(parts)
        assert len(packed) <= (4.95 if number else 7.4) * 32
        told += len(packed)
    assert told <= 128 * 5.6  # the first one tells author and topic


def test_what_does_not_fit_a_transfers_memory_is_told_each_time_at_both_ends():
    packer, receiver, previous = Packer(DEVICE, SALT_KEY, ROOM), unpacker(), None
    for number in range(80):
        author = [number // 2, b"c" * 16, b"a" * 16]
        made = cbor.decode(leaf(number, b"\x81\x01", subject="n/%d" % (number // 2)))
        made[obs.TREF][0] = author[0]
        parts, previous = sealed_parts([obs.encode(made)], number, number, previous, author)
        packed = packer.pack(parts)
        assert receiver.unpack(packed, (INCARNATION, 1, number)) == seal.encode_segment(parts[0], parts[1:])
        if number % 2:  # author and topic were told in the item before
            assert (b"n/%d" % (number // 2) in packed) == (number > 63)
            assert (b"c" * 16 in packed) == (number > 31)


def test_a_segment_goes_on_where_the_one_before_it_ended_and_from_nothing_else():
    packer, receiver, told, previous = Packer(DEVICE, SALT_KEY, ROOM), unpacker(), [], None
    for number in range(6):
        if number == 4:
            packer.forget(1)
        parts, previous = sealed_parts(walk(32, 32 * number), number, 32 * number, previous)
        packed = packer.pack(parts)
        assert receiver.unpack(packed, (INCARNATION, 1, number)) == seal.encode_segment(parts[0], parts[1:])
        told.append(len(packed))
    assert max(told[1:4] + told[5:]) < 160 < told[4] - 32


def test_a_sequence_number_that_goes_back_goes_on_from_nothing():
    packer, receiver = Packer(DEVICE, SALT_KEY, ROOM), unpacker()
    first, previous = sealed_parts(walk(4, 10), 0, 10)
    back, _ = sealed_parts(walk(4, 2), 1, 2, previous)
    assert receiver.unpack(packer.pack(first), (INCARNATION, 1, 0)) == seal.encode_segment(
        first[0], first[1:]
    )
    packed = packer.pack(back)
    assert previous in packed
    assert receiver.unpack(packed, (INCARNATION, 1, 1)) == seal.encode_segment(back[0], back[1:])


def test_a_segment_that_needs_more_room_than_there_is_travels_as_it_is():
    parts = parts_of([leaf(seq, bytes((seq,)) * 100) for seq in range(32)])
    assert Packer(DEVICE, SALT_KEY, 3_000).pack(parts) is None
    assert returned(parts, Packer(DEVICE, SALT_KEY, 5_000).pack(parts))
    assert Packer(DEVICE, SALT_KEY, 1_024).pack(parts_of(walk(32))) is not None


def test_a_leaf_that_does_not_agree_with_its_seal_is_not_packed():
    good = walk(3)
    other = obs.decode(good[1])
    other[obs.CREDENTIAL] = bytes(16)
    wrong = [
        obs.encode(other),
        leaf(2, b"\x81\x01"),
        leaf(1, b"\x81\x01", stream=2),
        good[1] + b"\0",
        b"\xa0",
    ]
    for one in wrong:
        assert Packer(DEVICE, SALT_KEY, ROOM).pack(parts_of([good[0], one, good[2]])) is None
    for count in (2, 4):
        parts = parts_of(walk(3))
        assert Packer(DEVICE, SALT_KEY, ROOM).pack(parts[:1] + walk(count)) is None


def test_a_seal_by_another_key_or_of_another_shape_is_not_packed():
    parts = parts_of(walk(3))
    assert Packer(b"e" * 16, SALT_KEY, ROOM).pack(parts) is None
    tagged = cbor.decode(parts[0])
    tagged.value[1] = {396: 0}
    assert Packer(DEVICE, SALT_KEY, ROOM).pack([cbor.encode(tagged)] + parts[1:]) is None


def test_one_salt_that_was_made_in_another_way_makes_all_of_them_travel():
    leaves = walk(4)
    odd = obs.decode(leaves[2])
    odd[obs.SALT] = bytes(8)
    leaves[2] = obs.encode(odd)
    parts = parts_of(leaves)
    packed = Packer(DEVICE, SALT_KEY, ROOM).pack(parts)
    assert len(packed) == len(Packer(DEVICE, SALT_KEY, ROOM).pack(parts_of(walk(4)))) + 32
    assert unpacker(None).unpack(packed, (INCARNATION, 1, 0)) == seal.encode_segment(parts[0], parts[1:])


def test_what_an_item_tells_is_learnt_though_the_segment_before_it_did_not_come():
    packer, receiver = Packer(DEVICE, SALT_KEY, ROOM), unpacker()
    packer.pack(parts_of(walk(4)))
    packer._context.authors, packer._context.topics = [], []
    lost, kept = [parts_of(walk(4, at), at // 4, at, b"h" * 32) for at in (4, 8)]
    raises("pack-unknown", receiver.unpack, packer.pack(lost), (INCARNATION, 1, 1))
    packer.forget(1)
    packed = packer.pack(kept)
    assert AUTHOR[1] not in packed and b"field/air" not in packed
    assert receiver.unpack(packed, (INCARNATION, 1, 2)) == seal.encode_segment(kept[0], kept[1:])


def test_without_the_salt_key_what_goes_on_from_a_segment_is_not_guessed_either():
    packer, receiver = Packer(DEVICE, SALT_KEY, ROOM), unpacker(None)
    first, previous = sealed_parts(walk(4))
    second, _ = sealed_parts(walk(4, 4), 1, 4, previous)
    raises("pack-unknown", receiver.unpack, packer.pack(first), (INCARNATION, 1, 0))
    receiver.salt_key = SALT_KEY
    raises("pack-unknown", receiver.unpack, packer.pack(second), (INCARNATION, 1, 1))


def test_who_runs_out_of_memory_while_packing_has_told_nothing():
    packer, receiver = Packer(DEVICE, SALT_KEY, ROOM), unpacker()
    parts = parts_of(walk(4))

    def ends():
        yield from parts[:3]
        raise MemoryError

    try:
        packer.pack(ends())
    except MemoryError:
        packed = packer.pack(parts)
    assert receiver.unpack(packed, (INCARNATION, 1, 0)) == seal.encode_segment(parts[0], parts[1:])


def test_no_cut_and_no_changed_byte_of_a_packed_segment_is_answered_otherwise_than_by_a_refusal_or_other_bytes():
    parts = parts_of(walk(8) + [leaf(8, b"\x82\x61a\x41b"), leaf(9, b"\xa0")])
    packed = Packer(DEVICE, SALT_KEY, ROOM).pack(parts)
    for size in range(len(packed)):
        raises("pack-shape", unpacker().unpack, packed[:size], (INCARNATION, 1, 0))
    for at in range(len(packed)):
        for flip in (0x01, 0x10, 0x80, 0xFF):
            changed = packed[:at] + bytes((packed[at] ^ flip,)) + packed[at + 1 :]
            try:
                found = unpacker().unpack(changed, (INCARNATION, 1, 0))
            except WireError as error:
                assert error.code in ("pack-shape", "pack-unknown")
                continue
            seal.decode_segment(found)  # well-formed enough to be judged


def columns_agree(values):
    column, out = Column(), bytearray()
    for value in values:
        assert column.takes(value)
        column.add(value)
    end = column.write(out, len(values))
    cursor = Cursor(bytes(out))
    assert cursor.column(len(values)) == (values, end) and cursor.is_done()
    return len(out)


def test_columns_come_back_and_cost_what_they_say_anew():
    assert columns_agree([None] * 64) == 1
    assert columns_agree([7] * 64) == 2
    assert columns_agree([60_000 * n for n in range(64)]) == 5
    assert columns_agree(["clear"] * 64) == 3 + 6
    assert columns_agree([[471_234_567, 85_123_456, 2_000]] * 64) == 1 + 6 + 5 + 3
    assert columns_agree([None, 1] * 32) == 1 + 8 + 2
    assert columns_agree([n % 2 for n in range(64)]) == 2 + 8
    assert columns_agree([-(1 << 64), (1 << 64) - 1]) < 40
    assert columns_agree([0] * 63 + [1 << 40]) < 30  # a jump does not widen the others


def test_integers_come_back_at_every_width_and_sign():
    for width in range(0, 63, 3):
        for low in (0, -1, 1 << width, -(1 << width)):
            values = [low + ((1 << width) - 1) * (n & 1) for n in range(5)]
            ramp = [value + 977 * n for n, value in enumerate(values)]
            rare = [0, 0, 0, low, 0, 0, 1, 0]
            for one in (values, ramp, rare, values[:1], values[:2]):
                out = bytearray()
                integers(out, one)
                cursor = Cursor(bytes(out))
                assert cursor.integers(len(one)) == one and cursor.is_done()

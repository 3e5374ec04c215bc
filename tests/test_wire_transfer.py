"""Transfers: heads, tiles in any order, what is sent again, what is refused. SPEC 8.2, 8.9"""

from session_fakes import INCARNATION, K
from vectors_io import hexed, load_json, raises, unhex

from fieldwire import custody, ranges, session_frames, transfer_head
from fieldwire.transfer_head import SEGMENT, SPAN, TILE, WINDOW
from fieldwire.transfer_pace import Pace
from fieldwire.transfer_receiving import Receiving
from fieldwire.transfer_sending import Gone, Sending


def key_of(kind, place):
    if not kind:
        return unhex(place)
    return tuple([unhex(one) for one in place[:-2]] + place[-2:])


def prove_for(identity):
    return lambda kind, key, data: custody.item_proof(K, identity, kind, key, [data])


def test_every_head_means_what_its_vector_says():
    for row in load_json("item_head"):
        before = None if row["before"] is None else unhex(row["before"])
        data = unhex(row["hex"])
        if row["error"] is not None:
            raises(row["error"], transfer_head.decode, data, before)
            continue
        kind, place, total = row["item"]
        key = key_of(kind, place)
        assert transfer_head.decode(data, before) == (kind, key, total, len(data)), row["name"]
        assert transfer_head.encode(kind, key, total, before) == data, row["name"]
        for size in range(len(data)):
            try:
                transfer_head.decode(data[:size], before)
            except transfer_head.Short:
                continue
            raise AssertionError("%s: %d bytes are no whole head" % (row["name"], size))


def test_every_transfer_gives_the_items_that_its_vector_says():
    for row in load_json("transfer"):
        identity = unhex(row["identity"])
        receiving = Receiving(identity, prove_for(identity))
        items = receiving.take(0, unhex(row["hex"]))
        assert receiving.broken == row["error"], row["name"]
        assert items == [(kind, key_of(kind, place), unhex(data)) for kind, place, data in row["items"]], row[
            "name"
        ]


def plain(value):
    """A body as its vector writes it."""
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return hexed(value) if isinstance(value, bytes) else value


def test_every_frame_without_cbor_means_what_its_vector_says():
    for row in load_json("session_binary"):
        frame = unhex(row["hex"])
        if row["error"] is not None:
            raises(row["error"], session_frames.decode, row["kind"], frame)
        else:
            assert plain(session_frames.decode(row["kind"], frame)) == row["body"], row["name"]


def test_every_bit_of_a_transfer_is_proved_or_ends_it():
    whole = unhex(load_json("transfer")[0]["hex"])
    identity = bytes((1, 2, 3, 4))
    intact = Receiving(identity, prove_for(identity)).take(0, whole)
    for bit in range(0, 8 * len(whole), 5):
        altered = bytearray(whole)
        altered[bit >> 3] ^= 1 << (bit & 7)
        receiving = Receiving(identity, prove_for(identity))
        items = receiving.take(0, bytes(altered))
        assert items == intact[: len(items)], "bit %d: something wrong was handed on" % bit
        if len(items) < len(intact):  # a head that announces too much is found out by what comes behind
            receiving.take(len(whole) // TILE, bytes(33_000 // TILE * TILE))
            assert receiving.broken, bit


def sending_of(*sizes):
    sending = Sending(b"abcd")
    sending.read = lambda item, at, size: bytes((item * 7 + index) & 0xFF for index in range(at, at + size))
    for number, size in enumerate(sizes):
        key = (INCARNATION, 1, number)
        data = sending.read(number, 0, size)
        sending.place(number, SEGMENT, key, size, custody.item_proof(K, b"abcd", SEGMENT, key, [data]))
    return sending


def all_frames(sending, tiles=4):
    found = []
    frame = sending.frame(tiles)
    while frame is not None:
        found.append((frame[0], b"".join(frame[1])))
        frame = sending.frame(tiles)
    return found


def test_tiles_in_any_order_and_twice_become_the_items_in_their_own_order():
    sending = sending_of(500, 1, 47, 300)
    receiving = Receiving(b"abcd", prove_for(b"abcd"))
    items = []
    for tile, data in reversed(all_frames(sending)):
        items += receiving.take(tile, data)
        items += receiving.take(tile, data)
    assert [(key[2], len(data)) for _, key, data in items] == [(0, 500), (1, 1), (2, 47), (3, 300)]
    assert receiving.missing() == (sending.end, []) and receiving.broken is None


def test_an_item_whose_last_tile_is_short_comes_whole_at_every_length():
    for size in range(1, 60):
        receiving = Receiving(b"abcd", prove_for(b"abcd"))
        sending = sending_of(size)
        items = [item for tile, data in all_frames(sending, 1) for item in receiving.take(tile, data)]
        assert [data for _, _, data in items] == [sending.read(0, 0, size)]


def test_only_what_was_sent_before_the_question_counts_as_lost():
    sending = sending_of(500)
    sending.frame(4)
    sending.frame(4)
    question = sending.asked()
    sending.frame(4)
    lost, done = sending.have(question, 0, [(4, 8)], None)
    assert (lost, done) == ([(0, 4)], []) and sending.frame(9)[0] == 0 and sending.frame(4)[0] == 12


def test_a_report_that_is_cut_says_nothing_of_what_lies_beyond():
    sending = sending_of(1_000)
    all_frames(sending)
    lost, _ = sending.have(sending.asked(), 4, [(4, 8)], 8)
    assert (
        lost == [(4, 8)] and sending.frame(99)[0] == 4 and sending.frame(99) is None and sending.in_flight()
    )


def test_an_answer_that_is_older_than_what_is_known_changes_nothing():
    sending = sending_of(1_000)
    all_frames(sending)
    sending.have(sending.asked(), 20, [], None)
    left = sending.left()
    assert sending.have(sending.question, 8, [], None) == ([], []) and sending.left() == left


def test_an_item_is_done_when_all_its_tiles_are_held():
    sending = sending_of(100, 100)
    all_frames(sending)
    assert sending.have(sending.asked(), 9, [(2, 5)], None)[1] == []
    assert sending.have(sending.asked(), 10, [], None)[1] == [0] and sending.items() == [1]


def test_a_sender_stays_within_the_window_of_the_first_item_that_is_not_whole():
    sending = sending_of(*[32_000] * 4)
    assert sum([len(data) for _, data in all_frames(sending, 40)]) == WINDOW * TILE
    sending.have(sending.asked(), 2_000, [], None)
    again = all_frames(sending, 40)
    assert again[0][0] == 2_000 and max([tile for tile, _ in again]) < WINDOW, (
        "the first item is still not whole"
    )


def test_tile_numbers_go_round():
    sending = sending_of(*[30_000] * 8)
    receiving = Receiving(b"abcd", prove_for(b"abcd"))
    count = 0
    while sending.items():
        found = sending.frame(100)
        if found is not None:
            count += len(receiving.take(found[0] % SPAN, b"".join(found[1])))
        base, held = receiving.missing()
        sending.have(sending.asked(), base % SPAN, held, None)
    assert count == 8 and sending.end > 2 * SPAN


def test_a_receiver_keeps_no_more_than_its_window():
    receiving = Receiving(b"abcd", prove_for(b"abcd"))
    assert receiving.take(WINDOW, bytes(TILE)) == [] and receiving.missing() == (0, [])
    receiving.take(WINDOW - 1, bytes(TILE))
    assert receiving.missing() == (0, [(WINDOW - 1, WINDOW)])


def test_an_item_that_can_no_longer_be_read_ends_the_transfer():
    sending = sending_of(100)
    sending.read = lambda item, at, size: b""
    try:
        sending.frame(2)
    except Gone:
        return
    raise AssertionError("bytes came out of nothing")


def test_frames_grow_shorter_where_bytes_are_struck_and_stay_long_where_frames_are():
    serial, radio = Pace(20, True), Pace(20, False)
    for pace in (serial, radio):
        for _ in range(30):
            pace.sent(1_000)
            pace.lost([(0, pace.tiles)])
    assert radio.tiles == 20 and 4 <= serial.tiles <= 9
    for _ in range(200):
        serial.sent(10_000)
        serial.lost([(0, 1)])
    assert serial.tiles == 20


def test_what_a_cut_contact_left_undone_does_not_make_frames_shorter():
    sending = sending_of(2_000)
    all_frames(sending)
    sending.begin_contact()
    assert sending.have(sending.asked(), 0, [], None) == ([], []) and sending.frame(9)[0] == 0
    assert sending.have(sending.asked(), 0, [], None)[0] == [(0, 9)]
    pace = Pace(20, True)
    pace.sent(20_000)
    pace.lost([(0, 1_000)])
    assert pace.tiles > 15, "an outage is not the errors of single bytes"


def test_ranges_stay_sorted_and_apart():
    held = ranges.add(ranges.add(ranges.add([], 8, 9), 1, 3), 3, 5)
    assert held == [(1, 5), (8, 9)] and ranges.covers(held, 2, 5) and not ranges.covers(held, 4, 9)
    assert ranges.add(held, 5, 8) == [(1, 9)] and ranges.add(held, 6, 6) == held
    assert ranges.remove(held, 2, 4) == [(1, 2), (4, 5), (8, 9)] and ranges.remove(held, 0, 20) == []

"""Segments that travel packed: a bridge believes what their seals prove, and asks for the rest as it is. SPEC 6.7"""

from packed_fakes import AUTHOR, SALT_KEY, leaf, sealed_pair
from session_fakes import (
    BRIDGE,
    INCARNATION,
    Link,
    drained,
    items_of,
    names_of,
    next_pair,
    open_pair,
    radio,
    tiles_sent,
)
from test_wire_link_faults import lossy
from vectors_io import raises

from fieldwire import cbor, error_numbers, session_frames
from fieldwire.pack_writer import Packer
from fieldwire.session_bridge import BridgeSession
from fieldwire.session_expanding import Expanding
from fieldwire.transfer_head import PACKED, SEGMENT, TILE

HOUR_MS = 3_600_000


def bytes_sent(pair):
    return sum([len(frame) for from_device, frame in pair.seen if from_device])


def plain_pair(*lengths, **named):
    """The same journal before a bridge that takes no packed segments."""
    pair = sealed_pair(*lengths, **named)
    pair.salt_key = None
    return pair


def places_of(pair):
    """(packed, plain) segments that the bridge took."""
    return [number for _, number in items_of(pair, PACKED)], [number for _, number in items_of(pair, SEGMENT)]


def test_a_packed_drain_leaves_what_a_plain_one_does_in_a_twentieth_of_the_bytes():
    lengths = (32,) * 12 + (5, 1)
    for link in (Link(), radio()):
        packed, plain = sealed_pair(*lengths, link=link), plain_pair(*lengths, link=link)
        drained(open_pair(packed, HOUR_MS))
        drained(open_pair(plain, HOUR_MS))
        assert packed.keeper.durable == plain.keeper.durable
        assert items_of(packed, PACKED) == items_of(plain, SEGMENT) and items_of(packed, SEGMENT) == []
        assert bytes_sent(packed) * 20 < bytes_sent(plain)
        assert packed.keeper.unproven == 0 and packed.bridge.dropped == {}


def test_losses_of_every_rate_leave_packed_drains_whole():
    for seed, percent in enumerate((10, 25, 40)):
        for link in (Link(128), radio(), radio(12, 51)):
            pair = lossy(sealed_pair(*[9] * 14, link=link), percent, seed + 1)
            open_pair(pair, 50 * HOUR_MS)
            for count in range(2, 9):
                if pair.device.state != "closed":
                    break
                lost, pair = pair.lost, next_pair(pair, count)
                pair.lost = lost
                open_pair(pair, pair.now_ms + 50 * HOUR_MS)
            drained(pair)
            assert pair.keeper.unproven == 0 and "pack-unknown" not in pair.bridge.dropped


def test_a_bridge_without_the_salt_key_is_sent_segments_as_they_are_and_nothing_is_packed():
    pair = drained(open_pair(plain_pair(9, 9)))
    assert places_of(pair) == ([], [0, 1]) and pair.device.sending.known.packing is None


def test_a_schema_that_nobody_holds_and_a_payload_without_one_are_packed_as_well():
    pair = sealed_pair()
    senml = [cbor.encode([{0: "t", 2: 20 + n}, {0: "h", 2: 40}]) for n in range(8)]
    pair.outbox.seal(0, 1, [leaf(n, one, content_format=112) for n, one in enumerate(senml)])
    pair.outbox.seal(0, 1, [leaf(8 + n, b"\x81\x05", content_format=b"u" * 16) for n in range(8)])
    pair.outbox.seal(0, 1, [leaf(16 + n, bytes((0xFF, n))) for n in range(8)])
    drained(open_pair(pair))
    assert places_of(pair) == ([0, 1, 2], [])


def test_under_a_wrong_salt_key_each_segment_goes_once_packed_and_once_as_it_is():
    for link in (Link(), radio()):
        pair = sealed_pair(*[9] * 10, link=link)
        pair.salt_key = bytes(32)
        drained(open_pair(pair, HOUR_MS))
        packed, plain = places_of(pair)
        assert sorted(plain) == list(range(10)) and sorted(packed) == list(range(10)), (packed, plain)
        assert pair.keeper.unproven == 10 and pair.bridge.dropped == {}
        assert not [event for event in pair.device_events if event[0] == "rejected"]


def test_a_salt_key_that_is_gone_between_two_contacts_costs_what_was_on_its_way():
    pair = cut_after(sealed_pair(*[9] * 12, link=Link(96)), 6)
    after = next_pair(pair)
    after.salt_key = None
    drained(open_pair(after))
    assert after.bridge.dropped["pack-unknown"] > 0 and items_of(after, PACKED) == []
    assert sorted(places_of(pair)[0] + places_of(after)[1]) == list(range(12))


def cut_after(pair, frames):
    """A pair whose channel falls silent after so many DATA; none of it is durable yet."""
    pair.lost = lambda from_device, frame: names_of(pair, True).count("DATA") > frames
    return open_pair(pair, pair.now_ms + 4_000)


def test_a_resumed_transfer_goes_on_with_what_both_ends_have_learnt():
    lengths = [9] * 14
    whole = drained(open_pair(sealed_pair(*lengths, link=Link(96))))
    pair = sealed_pair(*lengths, link=Link(96))
    found = []
    for count in range(2, 12):
        pair = cut_after(pair, 5)
        found += places_of(pair)[0]
        if not pair.outbox.kept:
            break
        assert pair.device.sending is not None
        pair = next_pair(pair, count)
    assert not pair.outbox.kept and count > 3, "it took some contacts"
    assert found == list(range(14)) == places_of(whole)[0], "nothing twice, nothing as it is"
    assert pair.keeper.durable == pair.outbox.past and pair.keeper.unproven == 0


def test_a_bridge_that_restarted_is_told_the_author_anew():
    pair = cut_after(sealed_pair(*[9] * 12, link=Link(96)), 8)
    after = next_pair(pair)
    after.bridge = BridgeSession(
        BRIDGE,
        9,
        b"2-bridge",
        after.key_for,
        after.keeper.holdings,
        after.link,
        None,
        lambda device: SALT_KEY,
    )
    drained(open_pair(after))
    assert after.bridge.dropped == {} and places_of(after)[1] == []
    assert set(places_of(after)[0]) | set(places_of(pair)[0]) == set(range(12))


def test_a_device_that_restarted_tells_the_author_anew():
    pair = cut_after(sealed_pair(*[9] * 12, link=Link(96)), 8)
    after = next_pair(pair)
    fresh = next_pair(pair, 3, False)
    fresh.bridge = after.bridge
    drained(open_pair(fresh))
    assert fresh.bridge.dropped == {} and places_of(fresh)[1] == []


def test_a_new_transfer_goes_on_from_nothing_that_the_bridge_has_learnt_in_another():
    pair = sealed_pair()
    pair.outbox.seal(0, 1, [leaf(0, b"\x81\x01", subject="n/first")])
    drained(open_pair(pair))
    fresh = next_pair(pair, 3, False)
    fresh.bridge = next_pair(pair).bridge
    for seq in (1, 2, 3):
        pair.outbox.seal(0, 1, [leaf(seq, b"\x81\x01", subject="n/second")])
    drained(open_pair(fresh))
    assert places_of(fresh) == ([1, 2, 3], []) and fresh.bridge.dropped == {}


def test_a_context_that_is_lost_inside_a_transfer_costs_what_was_on_its_way_and_heals():
    """No bridge loses one without the other; a device holds out against one that does."""
    pair = sealed_pair(*[9] * 40, link=radio())
    forgotten = []

    def forget(from_device, frame):
        if not forgotten and len(items_of(pair, PACKED)) >= 12:
            forgotten.append(len(items_of(pair, PACKED)))
            pair.bridge.incoming.expanding = Expanding(pair.device_id)
        return False

    pair.lost = forget
    drained(open_pair(pair, HOUR_MS))
    assert pair.bridge.dropped["pack-shape"] > 0 and sorted(pair.keeper.durable) == [
        (1, n) for n in range(40)
    ]


def test_a_seal_that_a_bridge_cannot_leave_out_is_told_again_after_a_refusal():
    pair = sealed_pair(*[9] * 40, link=radio())
    forgotten = []

    def forget(from_device, frame):
        if not forgotten and len(items_of(pair, PACKED)) >= 5:
            forgotten.append(pair.bridge.incoming.expanding._unpacker._context.forget(1))
        return False

    pair.lost = forget
    drained(open_pair(pair, HOUR_MS))
    packed, plain = places_of(pair)
    assert 0 < len(plain) < 25 and packed[-1] == 39, "those behind it are packed again"
    assert pair.bridge.dropped == {"pack-unknown": len(plain)}


def test_bytes_that_are_no_packed_segment_are_asked_for_as_they_are():
    pack = Packer.pack
    for bad in (b"\xff", bytes(40), b"\x00\x41" + bytes(200)):
        pair = sealed_pair(9, 9, 9)
        Packer.pack = lambda self, parts, bad=bad: bad
        try:
            open_pair(pair)
        finally:
            Packer.pack = pack
        drained(pair)
        assert places_of(pair) == ([], [0, 1, 2]) and pair.bridge.dropped == {"pack-shape": 3}
        assert names_of(pair, False).count("REJECT") == 3


def test_a_few_bytes_that_promise_a_segment_beyond_all_limits_are_refused_like_any_others():
    head = bytes((31 << 3, 64, 0, 3)) + AUTHOR[1] + AUTHOR[2] + b"\x7f\x71\x05n/air\x3f" + bytes(64)
    bomb = head + b"\x20\x00\x02" + b"\xc2\x00\x00\x80\x0c" + bytes(768)  # 64 payloads of 768 bytes
    for data in (bomb, bomb[:-1], bytes(40_000)):
        raises("pack-shape", Expanding(b"d" * 16).expand, (INCARNATION, 1, 0), data, SALT_KEY)


def test_a_changed_bit_of_a_packed_item_ends_the_transfer_and_nothing_of_it_is_expanded():
    pair = sealed_pair(*[9] * 6)
    changed = []

    def change(from_device, frame):
        if from_device and frame[0] & 0x80 and len(frame) > 100 and not changed:
            changed.append(frame)
            pair.bridge.receive(frame[:60] + bytes((frame[60] ^ 4,)) + frame[61:], pair.now_ms)
            return True
        return False

    pair.lost = change
    open_pair(pair)
    assert pair.device_events[-1] == ("closed", "lost") and pair.bridge.dropped == {"frame-tag": 1}
    assert pair.keeper.unproven == 0
    after = drained(open_pair(next_pair(pair)))
    assert places_of(after)[1] == []


def test_a_lost_refusal_is_asked_for_again_and_nothing_is_packed_twice():
    pair = sealed_pair(9, 9)
    pair.salt_key = bytes(32)
    lost = []
    pair.lost = lambda from_device, frame: frame[0] == 0x49 and len(lost) < 3 and not lost.append(frame)
    drained(open_pair(pair, HOUR_MS))
    packed, plain = places_of(pair)
    assert len(lost) == 3 and packed == [0, 1] and sorted(plain) == [0, 1]


def test_a_lost_custody_of_what_was_refused_packed_is_asked_for_again():
    pair = sealed_pair(9, 9)
    pair.salt_key = bytes(32)
    lost = []
    pair.lost = lambda from_device, frame: frame[0] == 0x48 and len(lost) < 5 and not lost.append(frame)
    drained(open_pair(pair, HOUR_MS))
    assert len(lost) == 5 and places_of(pair)[0] == [0, 1] and sorted(places_of(pair)[1]) == [0, 1]


def test_a_refusal_that_is_played_again_costs_nothing():
    pair = sealed_pair(9, 9, 9)
    pair.salt_key = bytes(32)
    commit, refusals = pair.keeper.commit, []
    pair.keeper.commit = lambda session: None  # nothing is freed, so that all may be offered again

    def play_again(from_device, frame):
        if frame[0] == 0x49:
            refusals.append(frame)
        elif not from_device:
            for one in refusals:
                pair.device.receive(one, pair.now_ms)
        return False

    pair.lost = play_again
    open_pair(pair, pair.now_ms + 5_000)
    assert len(refusals) >= 3 and sorted(places_of(pair)[1]) == [0, 1, 2], "each came once as it is"
    pair.keeper.commit = commit
    pair.run(HOUR_MS)
    drained(pair)


def test_a_packed_segment_that_policy_rejects_is_not_offered_as_it_is():
    pair = sealed_pair(9, 9)
    take = pair.keeper.take

    def reject(event, session):
        if event[0] == "item" and event[2][2] == 0:
            session.reject(*event[2], 131)
        else:
            take(event, session)

    pair.keeper.take = reject
    open_pair(pair)
    assert ("rejected", INCARNATION, 1, 0, 131) in pair.device_events
    assert places_of(pair) == ([0, 1], []) and sorted(pair.outbox.kept) == [(1, 0)]


def test_what_was_freed_before_its_tiles_were_known_to_be_held_goes_again_in_the_same_bytes():
    pair = sealed_pair(*[9] * 8)
    tiles = {}

    def same(from_device, frame):
        if from_device and frame[0] & 0x80:
            first, _, data = session_frames.decode("DATA", frame)
            for index in range(len(data) // TILE):
                tile = data[index * TILE : (index + 1) * TILE]
                assert tiles.setdefault(first + index, tile) == tile
        return from_device and frame[0] & 0x80 and names_of(pair, True).count("DATA") in (2, 5, 6)

    pair.lost = same
    free = pair.outbox.free
    pair.outbox.free = lambda *place: pair.outbox.kept and free(*place)
    drained(open_pair(pair))
    assert len(tiles_sent(pair)) > len(set(tiles_sent(pair))) and ("closed", "gone") not in pair.device_events


def test_what_is_kept_of_packed_segments_on_their_way_is_bounded():
    pair = sealed_pair(*[9] * 90, link=radio())
    most = []

    def look(from_device, frame):
        known = pair.device.sending.known
        if known.packing is not None:
            items = [item for item in pair.device.sending.items() if item.kind == PACKED]
            most.append(sum([item.total for item in items]))
            assert known.packing._kept == sum([item.total + 128 for item in items])
        return False

    pair.lost = look
    drained(open_pair(pair, HOUR_MS))
    assert 2_000 < max(most) <= 6_144 + 300 and pair.device.sending.known.packing._kept == 0


def test_a_segment_that_takes_too_much_memory_to_pack_goes_as_it_is_between_packed_ones():
    pair = sealed_pair(9)
    pair.outbox.seal(0, 1, [leaf(9 + n, bytes((n, 7)) * 200) for n in range(30)])
    pair.outbox.seal(9)
    pair.outbox.seal(9)
    drained(open_pair(pair))
    assert places_of(pair) == ([0, 2, 3], [1]) and pair.bridge.dropped == {}


def test_a_board_that_runs_out_of_memory_sends_segments_as_they_are():
    pair = sealed_pair(9, 9)
    pack = Packer.pack

    def short_of_memory(self, parts):
        raise MemoryError

    Packer.pack = short_of_memory
    try:
        drained(open_pair(pair))
    finally:
        Packer.pack = pack
    assert places_of(pair) == ([], [0, 1])


def test_streams_and_tokens_may_come_between():
    pair = sealed_pair(9, 9)
    for _ in range(3):
        pair.outbox.seal(5, 0)
        pair.outbox.seal(5, 3)
        pair.outbox.seal(5, 1)
    drained(open_pair(pair))
    assert len(items_of(pair, PACKED)) == 11 and items_of(pair, SEGMENT) == []


def test_the_codes_of_a_refusal_are_those_of_the_errors():
    assert error_numbers.NUMBER["pack-shape"] == session_frames.PACK_SHAPE
    assert error_numbers.NUMBER["pack-unknown"] == session_frames.PACK_UNKNOWN

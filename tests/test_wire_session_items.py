"""Sessions: how items travel, resume, are kept and are freed. SPEC 8.2 to 8.5"""

from session_fakes import (
    BRIDGE,
    DEVICE,
    INCARNATION,
    Keeper,
    Link,
    Outbox,
    Pair,
    drained,
    events_of,
    names_of,
    open_pair,
    seal_hash,
    segments_pair,
)
from vector_session import told

from fieldwire import session_frames


def test_tokens_go_first_then_early_copies_then_segments_in_the_outboxs_order():
    outbox = Outbox([100, 50], [(0, 3, 80)], [(2, 0, 900), (0, 0, 40), (1, 4, 2_000)])
    pair = drained(open_pair(Pair(outbox, Keeper())))
    kinds = [event[1] for event in pair.bridge_events if event[0] == "item"]
    places = [event[2][1:] for event in pair.bridge_events if event[0] == "item" and event[1] == 1]
    assert kinds == [0, 0, 2, 1, 1, 1] and places == [(0, 0), (1, 4), (2, 0)]
    assert pair.device_events[0] == ("established", BRIDGE) and pair.bridge_events[0] == (
        "established",
        DEVICE,
    )
    assert pair.device_events[-1] == ("idle",) and not pair.device.dropped and not pair.bridge.dropped


def test_a_session_with_nothing_to_send_is_established_and_idle_on_both_sides():
    pair = drained(open_pair(Pair(Outbox(), Keeper())))
    assert pair.device_events == [("established", BRIDGE), ("idle",)]
    assert pair.device.deadline() is None


def test_a_segment_is_read_in_chunks_that_fit_a_frame():
    pair = drained(open_pair(segments_pair(32_768, link=Link(222))))
    assert max(pair.outbox.reads) < 222 and sum(pair.outbox.reads) == 32_768
    assert max(len(frame) for _, frame in pair.seen) <= 222


def test_what_is_sealed_during_a_session_goes_out_in_it():
    pair = open_pair(segments_pair(300))
    pair.outbox.add(1, 1, 500)
    pair.device.wake(pair.now_ms)
    pair.run()
    drained(pair)
    pair.outbox.add(1, 2, 500)
    pair.now_ms += 1_000  # without a word the session looks by itself
    pair.run()
    drained(pair)
    assert pair.device_events.count(("idle",)) == 3


def test_a_lost_last_frame_of_an_item_is_sent_again_and_no_other():
    pair = segments_pair(1_000)
    lost = []

    def lose_the_first_end(from_device, frame):
        if from_device and frame[0] & 0x80 and not lost:
            _, _, _, total, offset, chunk = session_frames.decode("DATA", frame)
            if offset + len(chunk) == total:
                lost.append(frame)
                return True
        return False

    pair.lost = lose_the_first_end
    drained(open_pair(pair))
    sent = [frame for from_device, frame in pair.seen if from_device and frame[0] & 0x80]
    assert len(lost) == 1 and len(sent) == len(set(sent)) + 1 and sent.count(lost[0]) == 2


def test_a_lost_have_costs_one_poll_and_no_data():
    pair = segments_pair(1_000)
    state = {"haves": 0}

    def lose_third_have(from_device, frame):
        if not from_device and frame[0] == 0x02:
            state["haves"] += 1
            return state["haves"] == 3
        return False

    pair.lost = lose_third_have
    drained(open_pair(pair))
    polls = [frame for from_device, frame in pair.seen if from_device and frame[0] == 0x45]
    sent = [frame for from_device, frame in pair.seen if from_device and frame[0] & 0x80]
    assert len(polls) == len(set(polls)) + 1 and len(sent) == len(set(sent))


def test_frames_that_come_twice_cost_no_data():
    pair = segments_pair(3_000, 500)
    pair.copies = 2
    drained(open_pair(pair))
    sent = [frame for from_device, frame in pair.seen if from_device and (frame[0] & 0x80 or frame[0] == 0x45)]
    assert len(sent) == len(set(sent))
    assert len([event for event in pair.bridge_events if event[0] == "item"]) == 2


def test_a_have_that_comes_late_answers_no_later_poll():
    pair = segments_pair(3_000)
    haves = []

    def deliver_the_last_have_again(from_device, frame):
        if not from_device and frame[0] == 0x02:
            if len(haves) > 1:
                pair.device.receive(haves[-1], pair.now_ms)
            haves.append(frame)
        return False

    pair.lost = deliver_the_last_have_again
    drained(open_pair(pair))
    sent = [frame for from_device, frame in pair.seen if from_device and (frame[0] & 0x80 or frame[0] == 0x45)]
    assert len(sent) == len(set(sent)) and pair.device.dropped == {"frame-stale": len(haves) - 2}


def test_a_lost_custody_is_asked_for_again():
    pair = segments_pair(300, 300)
    state = {"lost": 0}

    def lose_three(from_device, frame):
        state["lost"] += not from_device and frame[0] == 0x48
        return not from_device and frame[0] == 0x48 and state["lost"] <= 3

    pair.lost = lose_three
    drained(open_pair(pair))
    assert ("awaited", INCARNATION, 1, 0) in pair.bridge_events
    assert len([event for event in pair.bridge_events if event[0] == "item"]) == 2, "nothing is sent twice"


def test_a_segment_held_from_before_is_not_sent_again_but_freed():
    pair = segments_pair(300, 400, 500)
    pair.keeper.durable = {place: data for place, data in pair.outbox.past.items() if place[1] < 2}
    drained(open_pair(pair))
    assert [event[2][2] for event in pair.bridge_events if event[0] == "item"] == [2]
    assert ("custody", INCARNATION, 1, 0, 0) in pair.device_events


def test_custody_of_a_range_is_reported_as_that_range():
    pair = segments_pair(100, 100, 100)
    pair.keeper.commit = lambda session: None
    open_pair(pair, 3_000)
    assert len(pair.keeper.written) >= 3 and len(pair.outbox.kept) == 3
    assert pair.bridge.grant_custody(INCARNATION, 1, 0, 1, seal_hash(pair.outbox.past[(1, 1)]))
    pair.device.receive(pair.bridge.to_send(pair.now_ms), pair.now_ms)
    assert ("custody", INCARNATION, 1, 0, 1) in events_of(pair.device)


def test_a_bridge_that_keeps_other_bytes_frees_nothing():
    pair = segments_pair(300)
    pair.keeper.commit = lambda session: session.grant_custody(INCARNATION, 1, 0, 0, bytes(32))
    open_pair(pair, 10_000)
    assert pair.outbox.kept and pair.device.dropped["custody-mac"] > 0
    assert not [event for event in pair.device_events if event[0] == "custody"]


def test_a_bridge_that_loses_an_item_before_it_is_durable_is_offered_it_again():
    pair = segments_pair(300)
    lost = []

    def forgetful(event, session):
        if event[0] == "item" and not lost:
            lost.append(event)
        else:
            Keeper.take(pair.keeper, event, session)

    pair.keeper.take = forgetful
    drained(open_pair(pair))
    assert len(lost) == 1


def test_a_rejected_segment_is_kept_and_not_offered_again():
    pair = segments_pair(300, 300)
    pair.keeper.refused[(1, 0)] = 25
    open_pair(pair)
    assert ("rejected", INCARNATION, 1, 0, 25) in pair.device_events
    assert list(pair.outbox.kept) == [(1, 0)] and pair.device.state == "idle"
    assert len([event for event in pair.bridge_events if event[0] == "item"]) == 2


def test_a_rejected_segment_is_not_offered_again_beside_one_that_is():
    pair = segments_pair(300, 300)
    pair.keeper.refused[(1, 0)] = 25
    lost = []

    def forgetful(event, session):
        if event[0] == "item" and event[2][2] == 1 and not lost:
            lost.append(event)
        else:
            Keeper.take(pair.keeper, event, session)

    pair.keeper.take = forgetful
    open_pair(pair)
    items = [event[2][2] for event in pair.bridge_events if event[0] == "item"]
    assert items == [0, 1, 1] and list(pair.outbox.kept) == [(1, 0)]


def test_a_lost_rejection_is_asked_for_again():
    pair = segments_pair(300)
    pair.keeper.refused[(1, 0)] = 25
    lost = []
    pair.lost = lambda from_device, frame: frame[0] == 0x49 and not lost and not lost.append(frame)
    open_pair(pair)
    assert lost and ("rejected", INCARNATION, 1, 0, 25) in pair.device_events


def cut_inside(size):
    """A pair whose device falls silent inside a segment of that size."""
    pair = segments_pair(size)
    sent = []

    def cut_later(from_device, frame):
        if from_device and frame[0] & 0x80:
            sent.append(frame)
        return len(sent) > 40

    pair.lost = cut_later
    open_pair(pair, 4_000)
    assert pair.outbox.kept and not pair.keeper.durable
    return pair


def test_the_next_session_resumes_inside_the_item():
    cut = cut_inside(20_000)
    pair = Pair(cut.outbox, cut.keeper, None, b"device-2", b"bridge-2", cut.bridge.incoming)
    before = sum(cut.outbox.reads)
    drained(open_pair(pair))
    again = sum(cut.outbox.reads) - before
    assert before + again > 20_000, "a part was on the wire when the link was cut"
    assert again < 20_000 - 7_000, again


def test_tokens_and_early_copies_do_not_push_a_half_received_segment_out():
    cut = cut_inside(20_000)
    outbox = Outbox([200], [(0, 1, 100)])
    outbox.kept, outbox.past = cut.outbox.kept, cut.outbox.past
    pair = Pair(outbox, cut.keeper, None, b"device-2", b"bridge-2", cut.bridge.incoming)
    drained(open_pair(pair))
    assert sum(outbox.reads) < 20_000 - 7_000


def test_a_part_received_from_one_device_is_not_used_for_another():
    cut = cut_inside(20_000)
    incoming = cut.bridge.incoming
    part = incoming.item(1, [INCARNATION, 1, 0], 20_000)
    assert part.length > 7_000
    incoming.belong_to(bytes(16))
    assert incoming.item(1, [INCARNATION, 1, 0], 20_000).length == 0


def test_a_chunk_beyond_a_hole_and_a_chunk_twice_are_not_kept():
    part = told().bridge.incoming.item(1, [INCARNATION, 1, 7], 6)
    assert part.take(2, b"cd") is None and part.length == 0
    assert part.take(0, b"ab") is None and part.take(0, b"ab") is None and part.length == 2
    assert part.take(1, b"bcd") is None and part.length == 4
    assert part.take(4, b"ef") == b"abcdef" and part.take(4, b"ef") is None


def test_a_have_is_cut_to_one_frame_and_what_is_left_out_is_sent_again():
    keeper = Keeper()
    outbox = Outbox([30] * 30, [], [(1, 2 * number, 40) for number in range(30)])
    keeper.durable = dict(outbox.past)
    keeper.tokens = dict(outbox.tokens())
    pair = drained(open_pair(Pair(outbox, keeper, Link(128)), 600_000))
    items = [event for event in pair.bridge_events if event[0] == "item"]
    assert 0 < len(items) < 60
    assert max(len(frame) for _, frame in pair.seen) <= 128


def test_item_numbers_go_round():
    pair = segments_pair(100, 100, 100)
    pair.device._outgoing._count = 0xFFFE
    drained(open_pair(pair))
    assert not pair.bridge.dropped


def test_a_segment_that_leaves_the_outbox_on_its_way_is_passed_over():
    pair = segments_pair(4_000, 300)

    def drop_at_third(from_device, frame):
        if names_of(pair, True).count("DATA") == 3:
            pair.outbox.kept.pop((1, 0), None)
        return False

    pair.lost = drop_at_third
    open_pair(pair)
    assert pair.device.state == "idle" and list(pair.keeper.durable) == [(1, 1)]


def test_an_item_longer_than_any_receiver_takes_is_not_offered():
    pair = segments_pair(100)
    pair.outbox.kept[(1, 5)] = bytes(40_000)
    open_pair(pair)
    assert list(pair.outbox.kept) == [(1, 5)] and pair.device.state == "idle"

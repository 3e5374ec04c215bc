"""Sessions: how items travel, resume, are kept and are freed. SPEC 8.2 to 8.5, 8.9"""

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
    items_of,
    names_of,
    next_pair,
    open_pair,
    radio,
    seal_hash,
    segments_pair,
    tiles_sent,
)
from vectors_io import fails

from fieldwire import session_bridge
from fieldwire.session import BridgeSession
from fieldwire.session_frames import is_call


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
    assert ("idle",) in pair.device_events and not pair.device.dropped and not pair.bridge.dropped


def test_a_session_with_nothing_to_send_is_established_and_idle_on_both_sides():
    pair = drained(open_pair(Pair(Outbox(), Keeper())))
    assert pair.device_events == [("established", BRIDGE), ("idle",)]
    assert pair.device.deadline() is None


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


def lose_the_end(link):
    """A drained pair whose channel lost the last DATA, and that frame."""
    pair = segments_pair(3_000, link=link)
    lost = []

    def loses(from_device, frame):
        if from_device and frame[0] & 0x80 and not pair.device.sending.ahead() and not lost:
            lost.append(frame)
            return True
        return False

    pair.lost = loses
    return drained(open_pair(pair)), lost[0]


def test_a_lost_last_frame_costs_only_itself():
    for link in (Link(), radio()):
        pair, lost = lose_the_end(link)
        sent = tiles_sent(pair)
        assert len(sent) == len(set(sent)) + (len(lost) - 2) // 12 and len(items_of(pair)) == 1


def lose_the_second_have(link):
    """A drained pair whose channel lost the answer to the first burst."""
    pair = segments_pair(3_000, link=link)
    pair.lost = lambda from_device, frame: frame[0] == 0x02 and names_of(pair, False).count("HAVE") == 2
    return drained(open_pair(pair))


def test_a_lost_have_costs_one_question_and_no_data_twice():
    for link in (Link(), radio()):
        pair = lose_the_second_have(link)
        sent = tiles_sent(pair)
        assert len(sent) == len(set(sent)) and names_of(pair, False).count("HAVE") <= 4


def test_frames_that_come_twice_cost_no_data():
    pair = segments_pair(3_000, 500)
    pair.copies = 2
    drained(open_pair(pair))
    sent = tiles_sent(pair)
    assert len(sent) == len(set(sent)) and items_of(pair) == [(1, 0), (1, 1)]


def test_a_have_that_comes_late_or_twice_answers_no_later_question():
    pair = segments_pair(9_000, link=Link(64))
    haves = []

    def deliver_the_last_have_again(from_device, frame):
        if frame[0] == 0x02:
            if len(haves) > 1:
                pair.device.receive(haves[-1], pair.now_ms)
            haves.append(frame)
        return False

    pair.lost = deliver_the_last_have_again
    drained(open_pair(pair))
    sent = tiles_sent(pair)
    assert len(sent) == len(set(sent)) and 0 < pair.device.dropped["frame-stale"] <= len(haves) - 2


def test_data_that_comes_late_is_taken_though_it_was_reported_lost():
    pair = segments_pair(3_000)
    late = []

    def hold_back(from_device, frame):
        if from_device and frame[0] & 0x80 and len(late) < 2:
            late.append(frame)
            return True
        if frame[0] == 0x02 and len(late) == 2:
            late.append(frame)
            pair.bridge.receive(late[0], pair.now_ms)
            pair.bridge.receive(late[1], pair.now_ms)
        return False

    pair.lost = hold_back
    drained(open_pair(pair))
    assert len(late) == 3 and items_of(pair) == [(1, 0)] and pair.bridge.dropped == {}
    assert max([tiles_sent(pair).count(tile) for tile in range(252)]) == 2


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


def cut_inside(size, frames=40):
    """A pair whose channel falls silent inside a segment of that size."""
    pair = segments_pair(size)
    sent = []

    def cut_later(from_device, frame):
        if from_device and frame[0] & 0x80:
            sent.append(frame)
        return len(sent) > frames

    pair.lost = cut_later
    open_pair(pair, 4_000)
    assert pair.outbox.kept and not pair.keeper.durable
    return pair


def test_the_next_session_resumes_inside_the_item():
    cut = cut_inside(20_000)
    pair = drained(open_pair(next_pair(cut)))
    assert len(tiles_sent(pair)) * 12 < 20_000 - 8_000 and items_of(pair) == [(1, 0)]


def test_every_cut_resumes_and_nothing_whole_is_sent_again():
    pair = segments_pair(2_000, 2_000, 2_000)
    for count in range(2, 10):
        cut_at = count + 12
        pair.lost = lambda from_device, frame, pair=pair, cut_at=cut_at: len(pair.seen) > cut_at
        open_pair(pair, pair.now_ms + 500)
        pair = next_pair(pair, count)
        if not pair.outbox.kept:
            break
    assert not pair.outbox.kept and pair.keeper.durable == pair.outbox.past


def test_a_bridge_that_restarted_is_sent_the_transfer_anew():
    cut = cut_inside(20_000)
    pair = next_pair(cut)
    pair.bridge = BridgeSession(BRIDGE, 9, b"2-bridge", pair.key_for, pair.keeper.holdings, pair.link)
    drained(open_pair(pair))
    assert min(tiles_sent(pair)) == 0 and len(tiles_sent(pair)) * 12 >= 20_000


def test_a_transfer_that_the_bridge_took_for_known_and_has_no_more_ends_lost_and_begins_anew():
    cut = cut_inside(20_000)
    pair = next_pair(cut)

    def forget_after_hello(from_device, frame):
        if not from_device and frame[0] == 0x41:
            pair.bridge.incoming.forget()
        return False

    pair.lost = forget_after_hello
    open_pair(pair)
    assert pair.device_events[-1] == ("closed", "lost") and pair.device.sending is None
    drained(open_pair(next_pair(pair, 3)))


def test_a_part_received_from_one_device_is_not_used_for_another():
    cut = cut_inside(20_000)
    identity = cut.device.sending.identity
    assert cut.bridge.incoming.known(DEVICE, identity)
    assert not cut.bridge.incoming.known(bytes(16), identity) and not cut.bridge.incoming.known(
        DEVICE, bytes(4)
    )


def test_an_item_put_together_wrongly_ends_the_transfer_and_is_not_handed_on():
    pair = segments_pair(1_000, 500)
    forged = []

    def forge(from_device, frame):
        if from_device and frame[0] & 0x80 and len(frame) > 100 and not forged:
            forged.append(frame)
            pair.bridge.receive(frame[:30] + bytes(12) + frame[42:], pair.now_ms)
            return True
        return False

    pair.lost = forge
    open_pair(pair)
    assert pair.device_events[-1] == ("closed", "lost") and pair.bridge.dropped == {"frame-tag": 1}
    assert items_of(pair) == [] and pair.keeper.unproven == 0
    drained(open_pair(next_pair(pair)))


def test_a_transfer_whose_item_proved_false_is_begun_anew():
    pair = segments_pair(1_000, 9_000)
    forgot = []

    def distrust(event, session):
        if event[0] == "item" and not forgot:
            forgot.append(event)
            session.forget_transfer()
        else:
            Keeper.take(pair.keeper, event, session)

    pair.keeper.take = distrust
    open_pair(pair)
    assert pair.device_events[-1] == ("closed", "lost")
    drained(open_pair(next_pair(pair)))


def test_a_held_list_is_cut_to_one_frame_and_what_is_left_out_is_sent_again():
    keeper = Keeper()
    outbox = Outbox([30] * 30, [], [(1, 2 * number, 40) for number in range(30)])
    keeper.durable = dict(outbox.past)
    keeper.tokens = {one: outbox.token(one) for one in outbox.tokens()}
    pair = drained(open_pair(Pair(outbox, keeper, Link(128)), 600_000))
    items = [event for event in pair.bridge_events if event[0] == "item"]
    assert 0 < len(items) < 60
    assert max([len(frame) for _, frame in pair.seen]) <= 128


def test_a_segment_that_leaves_the_outbox_on_its_way_ends_the_session_and_the_next_goes_on_without_it():
    pair = segments_pair(4_000, 300)

    def drop_at_third(from_device, frame):
        if names_of(pair, True).count("DATA") == 3:
            pair.outbox.kept.pop((1, 0), None)
        return False

    pair.lost = drop_at_third
    open_pair(pair)
    assert pair.device_events[-1] == ("closed", "gone") and pair.device.sending is None
    assert names_of(pair, True)[-1] == "BYE"
    after = next_pair(pair)
    open_pair(after)
    assert after.device.state == "idle" and list(pair.keeper.durable) == [(1, 1)]


def test_only_what_is_wanted_is_offered_until_more_is():
    pair = Pair(Outbox(segments=[(1, number, 2_000) for number in range(6)]), Keeper())
    pair.lost = lambda from_device, frame: from_device and frame[0] == 0x45  # so that WANT comes before DATA
    pair.device.open(pair.now_ms)
    while pair.bridge.state == "waiting":
        pair.step()
    assert pair.bridge.want([[INCARNATION, 1, [[1, 1], [4, 5]]]], 4_000)
    pair._carry(pair.bridge, pair.device, False)
    pair.lost = lambda from_device, frame: False
    pair.run(pair.now_ms + 10_000)
    assert items_of(pair) == [(1, 1), (1, 4)] and pair.device.state == "idle", "the budget holds two"
    pair.bridge.want(None, None)
    pair.run(pair.now_ms + 10_000)
    pair.device.wake(pair.now_ms)
    pair.run()
    drained(pair)


def test_a_want_that_fits_no_frame_is_our_own_mistake():
    pair = open_pair(Pair(Outbox(), Keeper(), Link(64)))
    fails(ValueError, pair.bridge.want, [[INCARNATION, 1, [[3 * one, 3 * one] for one in range(40)]]], None)
    assert pair.bridge.to_send(pair.now_ms) is None


def test_every_eighth_segment_comes_from_the_least_urgent_stream():
    urgent = [(0, number, 100) for number in range(20)]
    pair = drained(open_pair(Pair(Outbox(segments=urgent + [(3, 0, 100), (3, 1, 100)]), Keeper())))
    assert [index for index, place in enumerate(items_of(pair)) if place[0] == 3] == [7, 15]


def test_custodies_of_neighbours_go_in_one_frame():
    pair = segments_pair(*[200] * 12, link=radio())
    drained(open_pair(pair))
    custodies = [event for event in pair.device_events if event[0] == "custody"]
    assert len(custodies) <= 2 and custodies[-1][-1] == 11
    merged = []
    for new in (
        (1, 1, 0, 5, b"a"),
        (1, 1, 6, 6, b"b"),
        (1, 1, 0, 3, b"c"),
        (1, 2, 7, 7, b"d"),
        (1, 1, 8, 9, b"e"),
    ):
        merged = session_bridge._merged(merged, new)
    assert sorted(merged) == [(1, 1, 0, 6, b"b"), (1, 1, 8, 9, b"e"), (1, 2, 7, 7, b"d")]
    assert session_bridge._merged(merged, (1, 1, 7, 7, b"f"))[-1] == (1, 1, 0, 9, b"e")


def test_an_item_longer_than_any_receiver_takes_is_not_offered():
    pair = segments_pair(100)
    pair.outbox.kept[(1, 5)] = bytes(40_000)
    open_pair(pair)
    assert list(pair.outbox.kept) == [(1, 5)] and pair.device.state == "idle"


def test_a_transfer_that_goes_on_needs_no_confirmation_and_is_answered_by_none():
    cut = cut_inside(32_700, 10)
    pair = next_pair(cut)
    seen = []

    def lose_the_confirmation(from_device, frame):
        if from_device and frame[0] == 0x41 and not is_call(frame):
            seen.append(
                (pair.bridge.state, dict(pair.bridge.dropped), pair.bridge.incoming.transfer.missing())
            )
            return len(seen) == 1
        return False

    pair.lost = lose_the_confirmation
    drained(open_pair(pair))
    (_, _, before), (state, dropped, after) = seen[:2]
    assert state == "waiting" and after != before, "its tiles were taken"
    assert list(dropped) in ([], ["frame-state"]), "its question alone was not"


def test_what_was_delivered_in_one_contact_is_not_offered_in_the_next():
    pair = segments_pair(*[600] * 6)
    pair.keeper.commit = lambda session: None  # nothing is durable yet, so that no list says it is held
    open_pair(pair, pair.now_ms + 500)
    assert len(items_of(pair)) == 6 and len(pair.outbox.kept) == 6
    after = next_pair(pair)
    after.keeper.commit = lambda session: Keeper.commit(after.keeper, session)
    drained(open_pair(after))
    assert items_of(after) == []

"""What links did to other protocols, and must not do to sessions. SPEC 8.2 to 8.5, 8.9"""

from session_fakes import (
    INCARNATION,
    Keeper,
    Link,
    Outbox,
    Pair,
    data_of,
    drained,
    events_of,
    items_of,
    names_of,
    next_pair,
    open_pair,
    radio,
    segments_pair,
    tiles_sent,
    tries_mutations,
)
from vector_session import told

from fieldwire import session_frames, transfer_head
from fieldwire.link_terms import Lora
from fieldwire.session_device import DeviceSession
from fieldwire.session_frames import UNTAGGED, is_call, name_of


class Dice:
    """A small generator that is the same on both runtimes."""

    def __init__(self, seed):
        self._state = seed * 2_654_435_761 % 4_294_967_296 or 1

    def one_in(self, percent):
        self._state = (self._state * 1_103_515_245 + 12_345) % 2_147_483_648
        return (self._state >> 8) % 100 < percent


class Losses:
    """Loses so many frames of a hundred, and counts them."""

    def __init__(self, percent, seed):
        self._dice = Dice(seed)
        self._percent = percent
        self.count = 0

    def __call__(self, from_device, frame):
        is_lost = self._dice.one_in(self._percent)
        self.count += is_lost
        return is_lost


def lossy(pair, percent, seed):
    pair.lost = Losses(percent, seed)
    return pair


def test_every_single_bit_mutation_of_every_tagged_frame_is_refused():
    pair = told()
    again = Pair(pair.outbox, pair.keeper, pair.link)
    again.outbox.kept = dict(pair.outbox.past)
    again.keeper.durable = {(2, 4): pair.outbox.past[(2, 4)]}
    again.keeper.refused = {(1, 1): 25}
    tried = tries_mutations(again)
    open_pair(again)
    again.device.ask_time(b"askdevic", again.now_ms)
    again.bridge.send_object(b"a signed object")
    again.bridge.want(None, 100_000)
    again.run()
    again.device.close(again.now_ms)
    again.run()
    assert sorted(tried) == ["BYE", "CTRL", "CUSTODY", "HAVE", "HELD", "HELLO", "REJECT", "TIME", "WANT"]
    assert again.bridge_events[-1] == ("closed", "bye"), "the frames themselves were taken"


def test_a_lost_final_answer_frees_nothing_that_the_bridge_lacks_and_is_asked_for():
    for link in (Link(), radio()):
        pair = segments_pair(900, 900, link=link)
        pair.lost = lambda from_device, frame, pair=pair: (
            frame[0] in (0x02, 0x48) and bool(pair.keeper.durable)
        )
        open_pair(pair, pair.now_ms + 5_000)
        assert sorted(pair.outbox.kept) == [(1, 0), (1, 1)] and sorted(pair.keeper.durable) == [
            (1, 0),
            (1, 1),
        ]
        pair.lost = lambda from_device, frame: False
        pair = next_pair(pair)
        drained(open_pair(pair, pair.now_ms + 60_000))
        assert items_of(pair) == []


def test_no_timer_runs_out_on_a_channel_that_loses_nothing_however_slow_it_is():
    for factor, frame_max in ((7, 222), (9, 115), (12, 51)):
        pair = segments_pair(1_500, 700, link=Lora(factor, 125_000, frame_max))
        drained(open_pair(pair, 10_000_000))
        sent = tiles_sent(pair)
        assert len(sent) == len(set(sent)) and names_of(pair, True).count("HELLO") == 2
        assert not pair.device.dropped and not pair.bridge.dropped


def test_every_frame_that_a_session_needs_fits_the_slowest_radio():
    outbox = Outbox([700], [(0, 9, 200)], [(stream, 200 + stream, 600) for stream in range(4)])
    keeper = Keeper()
    keeper.refused[(2, 202)] = 25
    keeper.durable[(3, 203)] = outbox.past[(3, 203)]
    pair = Pair(outbox, keeper, radio(12, 51))
    open_pair(pair, 10_000_000)
    pair.device.ask_time(b"askdevic", pair.now_ms)
    pair.bridge.request_seal()
    pair.run(20_000_000)
    assert max([len(frame) for _, frame in pair.seen]) <= 51
    assert list(outbox.kept) == [(2, 202)] and ("seal",) in pair.device_events
    assert [event for event in pair.device_events if event[0] == "exchange"]


def test_what_a_bridge_lost_before_it_was_durable_is_offered_again_on_every_link():
    for link in (Link(), radio(), radio(12, 51)):
        pair, lost = segments_pair(300, link=link), []

        def forgetful(event, session, pair=pair, lost=lost):
            if event[0] == "item" and not lost:
                lost.append(event)
            else:
                Keeper.take(pair.keeper, event, session)

        pair.keeper.take = forgetful
        drained(open_pair(pair, 3_600_000))
        assert len(lost) == 1


def test_a_report_is_one_frame_whatever_was_lost():
    pair = segments_pair(9_000, link=radio(7, 51))
    dice = Dice(3)
    pair.lost = lambda from_device, frame: from_device and frame[0] & 0x80 and dice.one_in(55)
    drained(open_pair(pair, 10_000_000))
    reports = [session_frames.decode("HAVE", frame) for _, frame in pair.seen if frame[0] == 0x02]
    assert [one for one in reports if one[2] & session_frames.MORE], "no report had to be cut"


def test_answers_take_a_small_share_of_the_air_and_one_is_due_for_each_burst():
    pair = drained(open_pair(segments_pair(*[3_840] * 20, link=radio()), 10_000_000))
    down = sum([pair.link.wire_ms(len(frame)) for from_device, frame in pair.seen if not from_device])
    up = sum([pair.link.wire_ms(len(frame)) for from_device, frame in pair.seen if from_device])
    assert down < up // 40
    bursts = len([countdown for _, countdown, _ in data_of(pair) if countdown == 1])
    assert names_of(pair, False).count("HAVE") <= bursts + 2


def test_where_one_talks_at_a_time_the_bridge_answers_only_while_the_device_listens():
    for seed in range(1, 12):
        pair = lossy(segments_pair(*[1_500] * 8, link=radio()), 25, seed)
        loses = pair.lost

        def lost(from_device, frame, pair=pair, loses=loses):
            if frame[0] == 0x02:
                listens = pair.device.state != "sending" or pair.device._turn_left
                assert listens, (pair.now_ms, frame)
            return loses(from_device, frame)

        pair.lost = lost
        drained(open_pair(pair, 10_000_000))


def test_a_countdown_tells_how_many_frames_follow_and_nothing_comes_between():
    pair = segments_pair(*[700] * 10, link=radio())
    pair.device.open(pair.now_ms)
    pair.run(10_000_000)
    drained(pair)
    by_device = [frame for from_device, frame in pair.seen if from_device]
    for index, frame in enumerate(by_device):
        if frame[0] & 0x80:
            countdown = session_frames.decode("DATA", frame)[1]
            if countdown > 1:
                following = by_device[index + 1]
                assert following[0] & 0x80 and session_frames.decode("DATA", following)[1] == countdown - 1


def test_counted_frames_do_not_grow():
    pair = lossy(segments_pair(*[1_111] * 12, link=radio()), 30, 5)
    drained(open_pair(pair, 10_000_000))
    sent = data_of(pair)
    for index, (_, countdown, tiles) in enumerate(sent):
        if countdown > 1:
            _, following, then = sent[index + 1]
            assert following == countdown - 1 and then <= tiles


def test_an_answer_comes_when_the_last_frames_of_a_burst_are_lost():
    pair = segments_pair(3_000, link=radio())

    def lost(from_device, frame):
        return (
            from_device
            and frame[0] & 0x80
            and session_frames.decode("DATA", frame)[1] in (1, 2)
            and not polls()
        )

    def polls():
        return len([one for one in pair.device_events if one[0] == "custody"])

    pair.lost = lost
    open_pair(pair, 10_000)
    assert names_of(pair, False).count("HAVE") > 1, "the first of the three was enough"
    pair.lost = lambda from_device, frame: False
    pair.run(100_000)
    drained(pair)


def test_the_device_waits_for_what_the_bridge_announces_and_no_longer():
    pair = segments_pair(700, 300, link=radio())
    lost = []
    pair.lost = lambda from_device, frame: frame[0] == 0x48 and not lost and not lost.append(frame)
    drained(open_pair(pair, 600_000))
    follows = [session_frames.decode("HAVE", frame)[2] & 3 for _, frame in pair.seen if frame[0] == 0x02]
    assert lost and 1 in follows


def test_all_tiles_held_and_nothing_complete_is_found_out_and_mended():
    pair = segments_pair(600)
    forged = []

    def forge(from_device, frame):
        if from_device and frame[0] & 0x80 and not forged:
            forged.append(frame)
            total = transfer_head.encode(1, (INCARNATION, 1, 0), 900, None)
            pair.bridge.receive(frame[:2] + total + frame[2 + len(total) :], pair.now_ms)
            return True
        return False

    pair.lost = forge
    open_pair(pair, 600_000)
    assert forged
    if pair.device.state == "closed":
        pair = open_pair(next_pair(pair), pair.now_ms + 600_000)
    drained(pair)


def test_replayed_questions_cost_one_answer_each_turn_and_nothing_is_taken_twice():
    pair = drained(open_pair(segments_pair(600, link=radio())))
    questions = [frame for from_device, frame in pair.seen if from_device and name_of(frame) in UNTAGGED]
    for _ in range(50):
        for frame in questions:
            pair.bridge.receive(frame, pair.now_ms)
    pair.now_ms += 10_000
    answers = []
    frame = pair.bridge.to_send(pair.now_ms)
    while frame is not None:
        answers.append(frame)
        frame = pair.bridge.to_send(pair.now_ms)
    assert [name_of(frame) for frame in answers] == ["HAVE"] and events_of(pair.bridge) == []


def test_replayed_calls_cost_one_answer_each_turn_and_the_session_goes_on():
    pair = drained(open_pair(segments_pair(600, link=radio())))
    calls = [frame for _, frame in pair.seen if is_call(frame)]
    for _ in range(5):
        for _ in range(50):
            for frame in calls:
                pair.bridge.receive(frame, pair.now_ms)
        answers = [pair.bridge.to_send(pair.now_ms) for _ in range(3)]
        assert [frame and name_of(frame) for frame in answers] == ["HELLO", None, None]
    pair.outbox.add(1, 1, 400)
    pair.device.wake(pair.now_ms)
    pair.run()
    drained(pair)
    assert not [event for event in pair.device_events if event[0] == "closed"]


def test_nothing_is_called_done_before_the_bridge_has_said_so():
    pair = segments_pair(600)
    pair.lost = lambda from_device, frame: not from_device and frame[0] == 0x02 and len(pair.seen) > 6
    open_pair(pair, 3_000)
    assert ("idle",) not in pair.device_events


def test_a_session_that_is_answered_and_never_believed_gives_its_transfer_up():
    pair = segments_pair(600)
    pair.lost = lambda from_device, frame: from_device and frame[0] & 0x80
    open_pair(pair, 60_000)
    assert pair.device_events[-1][0] == "closed" and isinstance(pair.device, DeviceSession)


def test_losses_of_every_rate_drain_on_every_link():
    for link in (Link(), Link(2_048, 921_600, 1), radio(), radio(12, 51)):
        for seed, percent in enumerate((5, 20, 40), 9):  # the first seed by which each of them loses
            pair = lossy(segments_pair(900, 2_000, 40, 500, link=link), percent, seed)
            losses = pair.lost
            open_pair(pair, 50_000_000)
            for count in range(2, 9):
                if pair.device.state != "closed":
                    break
                pair = next_pair(pair, count)
                pair.lost = losses
                open_pair(pair, pair.now_ms + 50_000_000)
            drained(pair)
            assert losses.count


def test_what_came_late_and_was_freed_is_asked_about_until_an_answer_says_so():
    pair = segments_pair(3_000, link=radio())
    late, haves = [], []

    def lost(from_device, frame):
        if from_device and frame[0] & 0x80 and not late:
            late.append(frame)
            return True
        if frame[0] == 0x02 and late and len(haves) < 4:
            haves.append(frame)
            if len(haves) == 1:
                pair.bridge.receive(late[0], pair.now_ms)
            return len(haves) > 1  # the answers after the first one are lost
        return False

    pair.lost = lost
    open_pair(pair, 600_000)
    drained(pair)
    assert len(haves) == 4 and not [event for event in pair.device_events if event[0] == "closed"]


def test_a_bridge_that_answers_is_not_waited_for_longer_though_it_holds_nothing_new():
    pair = segments_pair(100, link=radio())
    waits, began_ms = [], [0]

    def lose_data(from_device, frame):
        if name_of(frame) != "DATA" or len(waits) == 18:
            return False
        waits.append(pair.now_ms - began_ms[0])
        began_ms[0] = pair.now_ms
        return True

    pair.lost = lose_data
    drained(open_pair(pair, 600_000))
    assert len(waits) == 18 and max(waits[2:]) < 2 * min(waits[2:]), waits

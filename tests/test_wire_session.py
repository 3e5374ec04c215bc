"""Sessions: tables, the golden story, calls, waits, endings, time exchanges and commands. SPEC 8.2, 8.3"""

from session_fakes import (
    BRIDGE,
    DEVICE,
    INCARNATION,
    K_DEV,
    K,
    Keeper,
    Link,
    Outbox,
    Pair,
    drained,
    events_of,
    names_of,
    open_pair,
    segments_pair,
)
from vector_session import polling, refused, told
from vectors_io import HERE, fails, hexed, load_json, unhex

from fieldwire import custody, session_bridge, session_device, session_frames
from fieldwire.session import BridgeSession, DeviceSession
from fieldwire.session_frames import HELLO_BYTES, NAME

VECTORS = load_json("session")


def spec_table(role):
    """The table of one role in SPEC 8.3, as the role's module writes it."""
    with open(HERE + "/../shared/SPEC.md") as file:
        text = file.read()
    rows = text.split("\n8.3 ")[1].split("\n8.4 ")[0].split("\n" + role)[1].split("|---|---|\n")[1]
    table = {}
    for row in rows.split("\n\n")[0].split("\n"):
        state, cell = [part.strip() for part in row.strip("|").split("|")]
        table[state] = {}
        for part in cell.split("; ") if cell != "nothing" else ():
            inputs, following = part.split(" -> ")
            for on_input in inputs.split(", "):
                table[state][on_input] = following
    return table


def test_the_tables_of_the_specification_are_those_of_the_code():
    assert spec_table("Device:") == session_device.TABLE
    assert spec_table("Bridge,") == session_bridge.TABLE


def test_every_state_can_be_reached_and_every_following_state_exists():
    for table, first in ((session_device.TABLE, "new"), (session_bridge.TABLE, "waiting")):
        reached = {first}
        for state in table:
            reached.update(table[state].values())
        assert reached == set(table)


def test_a_session_says_the_bytes_of_the_golden_story():
    said = [row for row in VECTORS if row["kind"] == "said"]
    seen = told().seen
    assert len(seen) == len(said)
    for (by_device, frame), row in zip(seen, said):
        assert (row["by"], row["hex"]) == ("device" if by_device else "bridge", hexed(frame)), row


def test_each_refused_frame_is_counted_under_its_code_and_changes_nothing():
    pairs = {"told": told(), "polling": polling()}
    rows = [row for row in VECTORS if row["kind"] == "refused"]
    assert len(rows) == len(refused())
    for row in rows:
        pair = pairs[row["before"]]
        side = pair.device if row["by"] == "bridge" else pair.bridge
        before, state = dict(side.dropped), side.state
        side.receive(unhex(row["hex"]), pair.now_ms)
        before[row["error"]] = before.get(row["error"], 0) + 1
        assert side.dropped == before, (row["name"], side.dropped, before)
        assert side.state == state and side.next_event() is None and side.to_send(pair.now_ms) is None, row


def test_the_device_calls_until_a_bridge_answers_and_waits_longer_each_time():
    pair = segments_pair(100)
    pair.lost = lambda from_device, frame: pair.now_ms < 20_000
    open_pair(pair, 20_000)
    calls = len(pair.seen)
    assert 5 < calls < 100 and pair.device.state == "calling"
    pair.run()
    drained(pair)


def test_waits_follow_from_the_bit_rate_and_the_turn_around():
    waits = []
    for baud, turnaround_ms in ((115_200, 5), (9_600, 5), (9_600, 500)):
        session = DeviceSession(DEVICE, 1, K_DEV, bytes(8), Outbox(), Link(256, baud, turnaround_ms))
        session.open(0)
        frame = session.to_send(0)
        assert session.to_send(0) is None
        least = Link(256, baud).wire_ms(len(frame)) + Link(256, baud).wire_ms(HELLO_BYTES) + turnaround_ms
        assert session.deadline() >= least
        waits.append(session.deadline())
    assert waits[0] * 4 < waits[1] and waits[2] - waits[1] == 2 * 495
    session.on_deadline(waits[2] - 1)
    assert session.to_send(waits[2]) is None
    now_ms, waits = waits[2], []
    for _ in range(12):
        session.on_deadline(now_ms)
        assert session.to_send(now_ms) == frame
        waits.append(session.deadline() - now_ms)
        now_ms = session.deadline()
    assert waits[0] == waits[1] and waits[-1] == waits[-2] > 8 * waits[0], waits


def test_a_bridge_that_falls_silent_is_given_up():
    pair = segments_pair(2_000)
    pair.lost = lambda from_device, frame: len(pair.seen) > 8
    open_pair(pair)
    assert pair.device_events[-1] == ("closed", "timeout")
    assert pair.device.state == "closed" and pair.device.deadline() is None
    assert pair.device.to_send(pair.now_ms) is None and pair.outbox.kept


def test_a_lost_confirmation_is_sent_again():
    pair = segments_pair(300)
    tags = []

    def lose_two(from_device, frame):
        confirms = from_device and frame[0] == 0x41 and frame[-8:] != bytes(8)
        if confirms:
            tags.append(frame)
        return confirms and len(tags) <= 2

    pair.lost = lose_two
    drained(open_pair(pair))
    assert len(tags) >= 3


def test_an_unknown_device_is_met_with_silence_and_named_once():
    pair = segments_pair(300)
    pair.bridge = BridgeSession(BRIDGE, 1, bytes(8), lambda device: None, pair.keeper.holdings, pair.link)
    open_pair(pair, 10_000)
    assert pair.bridge_events == [("unknown-device", DEVICE)]
    assert not names_of(pair, False) and pair.device.state == "calling" and pair.outbox.kept


def test_a_confirmation_that_is_repeated_is_neither_an_event_nor_a_fault():
    pair = segments_pair(300)
    pair.lost = lambda from_device, frame: frame[0] == 0x02 and names_of(pair, False).count("HAVE") == 1
    drained(open_pair(pair))
    assert names_of(pair, True).count("HELLO") == 3
    assert pair.bridge.dropped == {} and pair.bridge_events.count(("established", DEVICE)) == 1


def later(identity, nonce, transfer):
    return bytes((0x41, 1, 0)) + identity + nonce + transfer + b"more"


def test_another_version_closes_both_sides_with_the_reason():
    pair = segments_pair(300)
    pair.bridge.receive(later(DEVICE, b"device-1", bytes(4)) + bytes(8), 0)
    assert events_of(pair.bridge) == [("closed", "version")]
    assert session_frames.decode("HELLO", pair.bridge.to_send(0))[0] == 0
    assert pair.bridge.to_send(0) is None
    pair.device.open(0)
    other = later(BRIDGE, b"bridge-1", b"")
    pair.device.receive(other + custody.tag(K, 1, b"device-1", b"bridge-1", other), 0)
    assert events_of(pair.device) == [("closed", "version")] and pair.device.state == "closed"


def test_a_call_of_another_version_does_not_end_a_session_that_lives():
    pair = told()
    pair.bridge.receive(later(DEVICE, b"device-9", bytes(4)) + bytes(8), pair.now_ms)
    assert pair.bridge.state == "established" and events_of(pair.bridge) == []


def test_an_unknown_critical_type_ends_the_session_and_the_other_side_learns_it():
    pair = told()
    pair.device.receive(b"\x7f\x80" + bytes(8), pair.now_ms)
    assert pair.device.dropped == {"frame-tag": 1} and pair.device.state == "idle", "by whom, nobody knows"
    pair.device.dropped = {}
    pair.device.receive(b"\x7f\x80" + custody.tag(K, 1, b"device-1", b"bridge-1", b"\x7f\x80"), pair.now_ms)
    assert events_of(pair.device) == [("closed", "frame-critical")]
    assert pair.device.dropped == {"frame-critical": 1}
    pair.bridge.receive(pair.device.to_send(pair.now_ms), pair.now_ms)
    assert events_of(pair.bridge) == [("closed", "bye")] and pair.bridge.to_send(pair.now_ms) is None


def test_either_side_can_close_and_a_closed_session_takes_nothing():
    for closes, other in (("device", "bridge"), ("bridge", "device")):
        pair = told()
        closing, closed = getattr(pair, closes), getattr(pair, other)
        closing.close(pair.now_ms)
        assert events_of(closing) == [("closed", "close")]
        closed.receive(closing.to_send(pair.now_ms), pair.now_ms)
        assert events_of(closed) == [("closed", "bye")]
        closing.close(pair.now_ms)
        closing.receive(pair.seen[0][1], pair.now_ms)
        assert events_of(closing) == [] and closing.to_send(pair.now_ms) is None
        assert not pair.bridge.grant_custody(INCARNATION, 1, 0, 0, bytes(32))
        assert not closing.ask_time(bytes(8), pair.now_ms)
    fails(ValueError, pair.device.open, pair.now_ms)


def test_nothing_of_an_earlier_session_is_believed_in_the_next():
    first = told()
    pair = Pair(Outbox(segments=[(1, 0, 300)]), Keeper(), Link(128), b"2-device", b"bridge-2")
    pair.device.open(0)
    for from_device, frame in first.seen:
        if not from_device:
            pair.device.receive(frame, 0)
    assert events_of(pair.device) == [] and pair.device.state == "calling"
    pair.run()
    drained(pair)
    for from_device, frame in first.seen:
        (pair.bridge if from_device else pair.device).receive(frame, pair.now_ms)
    assert events_of(pair.bridge) == [] and pair.bridge.dropped["frame-tag"] > 0


def test_a_session_that_was_replaced_does_not_come_back():
    pair = segments_pair(300, nonce=b"device-1")
    open_pair(pair)
    confirmation = [frame for by_device, frame in pair.seen if by_device and frame[0] == 0x41][-1]
    pair.device = DeviceSession(DEVICE, 4, K_DEV, b"device-2", pair.outbox, pair.link)
    open_pair(pair)
    assert pair.bridge_events.count(("established", DEVICE)) == 2
    pair.bridge.receive(confirmation, pair.now_ms)
    assert pair.bridge.dropped == {"frame-tag": 1} and events_of(pair.bridge) == []
    call = pair.seen[0][1]
    assert session_frames.is_call(call)
    for frame in (call, confirmation):  # as if it called again
        pair.bridge.receive(frame, pair.now_ms)
    assert pair.bridge.dropped == {"frame-tag": 1, "frame-stale": 1} and events_of(pair.bridge) == []
    pair.outbox.add(1, 1, 400)
    pair.device.wake(pair.now_ms)
    pair.run()
    drained(pair)


def test_a_repeated_old_call_mutes_the_session_until_its_device_confirms():
    pair = told()
    call = session_frames.encode_call(DEVICE, b"9-device", b"9-de")
    pair.bridge.receive(call, pair.now_ms)
    pair.run()
    assert pair.device.state == "idle" and pair.bridge.state == "established"
    assert pair.device.dropped == {"frame-state": 1}
    pair.outbox.add(1, 2, 400)
    pair.device.wake(pair.now_ms)
    pair.run()
    assert (1, 2) in pair.keeper.durable and pair.bridge.dropped["frame-state"] > 0
    assert not [event for event in pair.device_events if event[0] == "closed"]


def test_a_call_of_another_device_does_not_keep_a_muted_session_from_confirming():
    pair = told()
    other = session_frames.encode_call(bytes(16), b"device-9", bytes(4))
    pair.bridge = told().bridge
    pair.bridge._key_for = lambda device: K
    pair.bridge.receive(other, pair.now_ms)
    pair.outbox.add(1, 2, 400)
    pair.device.wake(pair.now_ms)
    pair.run()
    assert (1, 2) in pair.keeper.durable


def test_both_sides_of_a_time_exchange_record_the_same_stamps():
    pair = told()
    device = [event[1] for event in pair.device_events if event[0] == "exchange"]
    bridge = [event[1] for event in pair.bridge_events if event[0] == "exchange"]
    asked, answered = device
    assert asked[0] == 0 and answered[0] == 1 and asked[1] == BRIDGE[:16] == answered[1]
    assert bridge[0][0] == 1 and bridge[0][1] == DEVICE and asked[2:8] == bridge[0][2:8]
    assert bridge[1][0] == 0 and answered[2:8] == bridge[1][2:8]
    assert bridge[0][8] is None and answered[8] is None
    assert asked[3] == 3 and asked[5] == 9, "the boots of the asker and of the answerer"
    assert asked[4] < asked[6] <= asked[7] < asked[8]


def test_an_answer_is_stamped_when_it_leaves_and_goes_before_data():
    pair = segments_pair(9_000)
    pair.device.open(pair.now_ms)
    while names_of(pair, True).count("DATA") < 5:
        pair.step()
    pair.bridge.ask_time(b"askbridg", pair.now_ms)
    ask = pair.bridge.to_send(1_234)
    pair.device.receive(ask, 5_000)
    answer = pair.device.to_send(5_777)
    assert NAME[answer[0]] == "TIME" and pair.device.state in ("sending", "polling")
    assert session_frames.decode("TIME", answer) == [b"askbridg", 9, 1_234, 3, 5_000, 5_777]
    recorded = events_of(pair.device)[-1][1]
    assert recorded == [1, BRIDGE[:16], b"askbridg", 9, 1_234, 3, 5_000, 5_777, None]
    pair.device.receive(ask, 6_000)
    assert session_frames.name_of(pair.device.to_send(6_000)) != "TIME" and pair.device.dropped == {
        "frame-stale": 1
    }


def test_an_answer_belongs_to_the_ask_whose_xid_and_t1_it_repeats():
    pair = told()
    pair.device.ask_time(b"another1", pair.now_ms)
    pair.device.to_send(7_000)
    for xid, boot, t1_ms in ((b"another2", 3, 7_000), (b"another1", 3, 7_001), (b"another1", 4, 7_000)):
        frame = session_frames.encode("TIME", [xid, boot, t1_ms, 9, 1, 1])
        pair.device.receive(frame + custody.tag(K, 1, b"device-1", b"bridge-1", frame), 7_100)
    assert pair.device.dropped == {"frame-stale": 3} and events_of(pair.device) == []
    frame = session_frames.encode("TIME", [b"another1", 3, 7_000, 9, 1, 2])
    frame += custody.tag(K, 1, b"device-1", b"bridge-1", frame)
    pair.device.receive(frame, 7_200)
    pair.device.receive(frame, 7_300)
    assert events_of(pair.device) == [("exchange", [0, BRIDGE[:16], b"another1", 3, 7_000, 9, 1, 2, 7_200])]


def test_open_asks_and_unanswered_asks_are_bounded():
    pair = told()
    for number in range(9):
        assert pair.device.ask_time(bytes((number,)) * 8, pair.now_ms)
    sent = 0
    while pair.device.to_send(pair.now_ms + sent) is not None:
        sent += 1
    assert sent == 4
    fails(ValueError, pair.device.ask_time, b"short", pair.now_ms)
    ask = session_frames.encode
    for number in range(6):
        frame = ask("TIME", [bytes((number,)) * 8, 9, pair.now_ms + 100 + number])
        pair.device.receive(frame + custody.tag(K, 1, b"device-1", b"bridge-1", frame), pair.now_ms)
    assert pair.device.dropped == {"frame-limit": 2}


def test_a_command_is_carried_out_once_whatever_is_lost():
    pair = open_pair(Pair(Outbox(), Keeper()))
    lost = []

    def lose_a_command_and_two_answers(from_device, frame):
        if frame[0] == 0x06 and lost.count(from_device) < 1 + from_device:
            lost.append(from_device)
            return True
        return False

    pair.lost = lose_a_command_and_two_answers
    pair.bridge.send_object(b"one")
    pair.bridge.send_object(b"one")
    pair.bridge.request_seal()
    pair.run()
    commands = [event for event in pair.device_events if event[0] in ("object", "seal")]
    assert len(lost) == 3 and commands == [("object", b"one"), ("object", b"one"), ("seal",)]
    assert pair.bridge.deadline() is None


def test_commands_given_before_a_session_wait_for_it():
    pair = Pair(Outbox(), Keeper())
    pair.bridge.send_object(b"early")
    assert pair.bridge.to_send(0) is None
    open_pair(pair)
    assert ("object", b"early") in pair.device_events


def test_a_device_that_answers_no_command_is_given_up():
    pair = open_pair(Pair(Outbox(), Keeper()))
    pair.lost = lambda from_device, frame: True
    pair.bridge.request_seal()
    pair.run(10_000_000)
    assert pair.bridge_events[-1] == ("closed", "timeout")


def test_an_object_that_fits_no_frame_is_our_own_mistake():
    pair = told()
    fails(ValueError, pair.bridge.send_object, bytes(128))
    assert pair.bridge.to_send(pair.now_ms) is None


def test_an_unknown_command_is_answered_and_counted():
    pair = told()
    frame = session_frames.encode("CTRL", [2, "dance", b"fast"])
    pair.device.receive(frame + custody.tag(K, 1, b"device-1", b"bridge-1", frame), pair.now_ms)
    assert events_of(pair.device) == [] and pair.device.dropped == {"frame-unknown": 1}
    assert session_frames.decode("CTRL", pair.device.to_send(pair.now_ms)) == [2, "dance", None]


def test_a_nonce_is_eight_bytes():
    fails(ValueError, DeviceSession, DEVICE, 1, K_DEV, bytes(7), Outbox(), Link())

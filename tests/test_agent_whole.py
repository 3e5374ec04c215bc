"""A whole board in memory: it boots, is enrolled, observes, derives, drains, and frees by custody alone."""

import json

from agent_world import DIGEST, Bridge, EnrollingHost, Mesh, config, hexed, install, segments_left
from fake_board import FakeBoard, PowerOff
from fake_flash import FakeFlash

from fieldagent import app, identity
from fieldagent.agent import Agent
from fieldagent.drivers.uart import FrameLink
from fieldagent.journal_files import Files
from fieldagent.sector_files import SectorFiles
from fieldwire import cbor, cose, keys, seal, tokens
from fieldwire import observation as obs

MESH, ABROAD = Mesh(10), Mesh(20)
K_DEV = b"\x07" * 32


def run(board, flash):
    """Runs the board's own loop until the power goes off, as suddenly as it does."""
    app.Files = lambda root: Files(root, flash)
    try:
        app.run(board)
    except PowerOff:
        return
    raise AssertionError("the loop ended by itself")


def enrolled(number=1, text=None):
    """A flash on which a host has enrolled the device, without a reading yet."""
    flash = FakeFlash()
    install(Files("", flash), config(observe=[]))
    hosts = []
    board = FakeBoard(number, {}, 300, lambda now_ms: hosts[0].turn(now_ms))
    hosts.append(EnrollingHost(MESH, board.host_uart, K_DEV))
    run(board, flash)
    Files("", flash).replace("config.json", [(text or config()).encode()])
    return flash, hosts[0]


def contact(flash, bridge_of, readings=(), off_ms=8_000, number=1, world=None):
    """One boot with a bridge on the cable; `bridge_of(pipe)` makes it. Returns (bridge, board)."""
    bridges = []

    def turn(now_ms):
        bridges[0].turn(now_ms)
        if world is not None:
            world(now_ms, board, bridges[0])

    board = FakeBoard(number, {"t": readings}, off_ms, turn)
    bridges.append(bridge_of(board.host_uart))
    run(board, flash)
    return bridges[0], board


def of_stream(bridge, stream):
    return [observation for observation, _ in bridge.leaves if observation[obs.STREAM] == stream]


def test_a_device_makes_its_key_and_is_enrolled_over_the_cable():
    flash, host = enrolled()
    stored = identity.load(Files("", flash))
    assert host.device == stored.device == keys.device_id(stored.signer.public)
    assert host.request[0] == stored.signer.public and host.request[2] == b"fake"
    assert stored.mesh_id == MESH.id and stored.k_dev == K_DEV


def test_it_drains_what_it_observed_and_frees_it_only_by_custody():
    flash, _ = enrolled()
    stingy, _ = contact(flash, lambda pipe: Bridge(pipe, K_DEV, custodian=False), list(range(40)))
    assert [cbor.decode(one[obs.PAYLOAD]) for one in of_stream(stingy, 1)] == [[value] for value in range(40)]
    assert len(segments_left(flash)) == len(stingy.segments) > 5

    bridge, _ = contact(flash, Bridge)
    assert len(of_stream(bridge, 1)) == 40 and segments_left(flash) == []
    assert set(bridge.tokens) >= {body.attestation for body in bridge.bodies}


def test_a_wrong_key_frees_nothing():
    flash, _ = enrolled()
    bridge, _ = contact(flash, lambda pipe: Bridge(pipe, b"\x08" * 32), list(range(10)))
    assert bridge.leaves == [] and bridge.established == 0
    bridge, _ = contact(flash, Bridge)
    assert len(of_stream(bridge, 1)) == 10


def test_time_is_exchanged_at_a_contact_and_recorded_by_the_device_too():
    flash, _ = enrolled()
    bridge, _ = contact(flash, Bridge, list(range(5)))
    recorded = [cbor.decode(one[obs.PAYLOAD]) for one in of_stream(bridge, obs.EVIDENCE)]
    assert len(recorded) == len(bridge.exchanges) == 3
    for mine, theirs in zip(recorded, bridge.exchanges):
        assert mine[0] == 0 and theirs[0] == 1 and mine[2:8] == theirs[2:8]
        assert mine[1] == b"\x99" * 16 and mine[8] >= mine[4]


def test_leaves_open_at_a_power_cut_drain_after_the_next_boot_as_recovered():
    flash, _ = enrolled(text=config(seal={"count": 64, "age_ms": 60_000}))
    board = FakeBoard(1, {"t": list(range(12))}, 2_000, lambda now_ms: None)
    board.uart.cut = True
    stopped = Agent.stop
    Agent.stop = lambda agent: None
    try:
        run(board, flash)
    finally:
        Agent.stop = stopped
    bridge, _ = contact(flash, Bridge)
    first = next(body for body in bridge.bodies if body.stream == 1)
    assert (first.flags, first.boot) == (seal.RECOVERED, 2)
    assert first.count >= 12 - SectorFiles.waiting_max, "more than one batch was lost"
    assert tokens.decode(bridge.tokens[first.attestation]).claims[tokens.BOOTCOUNT] == 2


def test_what_is_open_is_sealed_before_the_board_goes_down():
    flash, _ = enrolled()
    board = FakeBoard(1, {"t": list(range(5))}, 2_000, lambda now_ms: None)
    board.uart.cut = True
    run(board, flash)
    assert len(segments_left(flash)) == 1
    bridge, _ = contact(flash, Bridge)
    assert [body.flags for body in bridge.bodies if body.stream == 1] == [0]


def test_the_bridges_wish_to_seal_is_followed_and_a_short_age_holds_while_linked():
    flash, _ = enrolled(text=config(seal={"count": 64, "age_ms": 3_600_000}))
    bridge, _ = contact(flash, Bridge, list(range(20)), 4_000)
    assert len(of_stream(bridge, 1)) == 20 and segments_left(flash) == []


def test_a_rejected_segment_is_kept_and_not_offered_to_that_bridge_again():
    flash, _ = enrolled()

    def rejecting(pipe):
        bridge = Bridge(pipe)
        bridge.rejecting = True
        return bridge

    first, _ = contact(flash, rejecting, list(range(8)))
    kept = segments_left(flash)
    assert first.rejected and len(kept) >= len(set(first.rejected))
    again, _ = contact(flash, rejecting)
    assert not set(again.rejected) & set(first.rejected)
    assert set(kept) <= set(segments_left(flash))


def test_a_bridge_that_forgot_its_session_is_called_again():
    flash, _ = enrolled()
    restarts = []

    def world(now_ms, board, bridge):
        if now_ms > 4_000 and not restarts:
            restarts.append(bridge)
            bridge._new_session()

    bridge, _ = contact(flash, Bridge, list(range(150)), 40_000, world=world)
    assert restarts and bridge.established >= 2
    assert len(of_stream(bridge, 1)) == 150 and segments_left(flash) == []


def test_a_cable_that_comes_late_and_goes_in_between_loses_nothing():
    flash, _ = enrolled()

    def world(now_ms, board, bridge):
        board.uart.cut = now_ms < 3_000 or 5_000 < now_ms < 9_000

    bridge, _ = contact(flash, Bridge, list(range(60)), 25_000, world=world)
    assert len(of_stream(bridge, 1)) == 60 and segments_left(flash) == []


def test_urgent_readings_leave_as_early_copies_on_the_local_link_after_they_are_durable():
    text = config(neighbours=True, observe=[reading(stream=0)])
    flash, _ = enrolled(text=text)
    heard = []

    def turn(now_ms):
        for one in air[0].receive():
            if one[0] == 0x12:
                heard.append(obs.decode(cose.decode(cbor.decode(one[1:])[0], cose.EARLY).payload))
                leaf = cose.decode(cbor.decode(one[1:])[0], cose.EARLY).payload
                assert any(leaf in data for data in flash.kept.values())

    air = []
    board = FakeBoard(1, {"t": [5, 6]}, 2_000, turn)
    air.append(FrameLink(board.air))
    run(board, flash)
    assert [cbor.decode(one[obs.PAYLOAD]) for one in heard] == [[5], [6]]


def reading(**changed):
    value = {"sensor": "t", "subject": "field/air", "schema": hexed(DIGEST), "period_ms": 100, "stream": 1}
    value.update(changed)
    return value


def mean_rule(subject, count, **inputs):
    inputs.update({"subject": subject, "count": count})
    return {
        "function": "mean",
        "property": "temperature",
        "inputs": inputs,
        "subject": "field/mean",
        "schema": hexed(DIGEST),
        "stream": 1,
    }


def heard_from(number, text, readings):
    """All frames that a board of that number sends on the local link within four seconds."""
    flash, _ = enrolled(number, text)
    frames, air = [], []

    def turn(now_ms):
        for one in air[0].receive():
            frames.append((now_ms, one))
            if one[0] == 0x10 and len(frames) < 3:  # greet it, so that it shows its tokens
                air[0].send(bytes((0x10,)) + cbor.encode([b"\x0b" * 16, 1, now_ms, []]), now_ms)

    board = FakeBoard(number, {"t": readings}, 4_000, turn)
    air.append(FrameLink(board.air))
    run(board, flash)
    return frames


def test_a_device_derives_from_its_neighbours_early_copies_while_no_cable_is_in():
    sender = config(neighbours=True, observe=[reading(early=True, period_ms=500)])
    frames = heard_from(2, sender, [10, 20, 60])
    flash, _ = enrolled(1, config(neighbours=True, observe=[], derive=[mean_rule("field/air", 3)]))
    air, left_to_send = [], [one for _, one in frames]

    def turn(now_ms):
        air[0].receive()
        if left_to_send and air[0].is_clear(now_ms):
            air[0].send(left_to_send.pop(0), now_ms)

    board = FakeBoard(1, {}, 4_000, turn)
    board.uart.cut = True
    air.append(FrameLink(board.air))
    run(board, flash)
    bridge, _ = contact(flash, Bridge)
    (derived,) = of_stream(bridge, 1)
    assert derived[obs.SUBJECT] == "field/mean" and cbor.decode(derived[obs.PAYLOAD]) == [30]
    copies = [cose.decode(cbor.decode(one[1:])[0], cose.EARLY).payload for _, one in frames if one[0] == 0x12]
    assert sorted(entry[4] for entry in derived[obs.SOURCES]) == sorted(
        obs.observation_id(leaf) for leaf in copies
    )
    assert derived[obs.DERIVATION][:2] == ["mean", ["temperature"]]


def test_a_device_derives_from_a_foreign_observation_that_its_bridge_hands_down():
    abroad = EarlyAbroad()
    flash, _ = enrolled(1, config(observe=[], derive=[mean_rule("field", 1, authority="region/abroad")]))
    handed = []

    def world(now_ms, board, bridge):
        if bridge.established and not handed:
            handed.append(now_ms)
            for data in abroad.objects():
                bridge.session.send_object(data)

    bridge, _ = contact(flash, Bridge, world=world)
    (derived,) = of_stream(bridge, 1)
    (source,) = derived[obs.SOURCES]
    assert source[4] == abroad.id and cbor.decode(derived[obs.PAYLOAD]) == [77]
    assert "/state/held" in flash.kept


class EarlyAbroad:
    """An observation of another mesh, and the objects with which a bridge hands it down."""

    def __init__(self):
        from fieldwire.ed25519 import Ed25519Signer

        signer = Ed25519Signer(b"\x61" * 32)
        self._own = ABROAD.device_credential(signer.public)
        leaf = obs.encode(
            {
                obs.DEVICE: keys.device_id(signer.public),
                obs.INCARNATION: b"\x01" * 8,
                obs.STREAM: 0,
                obs.SEQ: 0,
                obs.TREF: [1, 10],
                obs.FORMAT: DIGEST,
                obs.SUBJECT: "field/air",
                obs.PAYLOAD: cbor.encode([77]),
                obs.CREDENTIAL: tokens.token_id(self._own),
                obs.BOOT_ATTESTATION: b"\x02" * 16,
                obs.SALT: b"\x03" * 8,
            }
        )
        self.id = obs.observation_id(leaf)
        self._copy = obs.early_copy(leaf, signer)

    def objects(self):
        named = [ABROAD.region, self._own, MESH.equivalence(ABROAD)]
        ids = [tokens.token_id(data) for data in named]
        chain = [ABROAD.root.public, ids[0], ids[1]]
        objects = [["credential", MESH.region]] + [["token", data] for data in named]
        return [cbor.encode(one) for one in objects + [["foreign", self._copy, chain, ids[2]]]]


def test_a_utc_reading_stands_beside_the_local_time_when_it_is_wanted():
    flash, _ = enrolled(text=config(utc=True))
    bridge, _ = contact(flash, Bridge, [1])
    tref = of_stream(bridge, 1)[0][obs.TREF]
    assert tref[0] == 2 and tref[2].number == 1001 and tref[2].value[1] == 1_700_000_000 + tref[1] // 1000


def test_time_on_the_device_goes_on_over_the_wrap_of_its_ticks():
    flash, _ = enrolled()
    bridges = []
    board = FakeBoard(
        1,
        {"t": list(range(20))},
        8_000,
        lambda now_ms: bridges[0].turn(now_ms),
        start_ticks=(1 << 30) - 1_000,
    )
    bridges.append(Bridge(board.host_uart))
    run(board, flash)
    times = [one[obs.TREF][1] for one in of_stream(bridges[0], 1)]
    assert len(times) == 20 and times == sorted(times) and times[0] < 1 << 30 < times[-1]


def test_a_sensor_that_fails_is_counted_and_asked_again():
    flash, _ = enrolled()
    answers = [5, OSError(5), None, "warm", 7]

    def read():
        answer = answers.pop(0) if answers else None
        if isinstance(answer, OSError):
            raise answer
        return answer

    class Flaky(FakeBoard):
        def sensor(self, name):
            return read

    bridges = []
    board = Flaky(1, {}, 6_000, lambda now_ms: bridges[0].turn(now_ms))
    bridges.append(Bridge(board.host_uart))
    run(board, flash)
    assert [cbor.decode(one[obs.PAYLOAD]) for one in of_stream(bridges[0], 1)] == [[5], [7]]
    assert answers == []


def test_the_status_names_what_a_watcher_needs():
    flash, _ = enrolled()
    lines = []

    class Heard(app.Status):
        def print_if_due(self, now_ms):
            lines.append(self._agent.status())

    status, app.Status = app.Status, Heard
    try:
        contact(flash, Bridge, list(range(10)))
    finally:
        app.Status = status
    last = json.loads(json.dumps(lines[-1]))
    assert last["journalled"] == last["signed"] == last["freed"] == 13
    assert (last["derived"], last["exchanges"], last["linked"], last["failures"]) == (0, 3, True, {})

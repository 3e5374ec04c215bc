"""A whole board whose log lies on raw flash: it observes, is cut off, drains, and frees by custody alone."""

from agent_world import Bridge, EnrollingHost, Mesh, config, install
from fake_board import FakeBoard, PowerOff
from fake_flash import FakeFlash
from nor_flash import NorFlash

from fieldagent import app
from fieldagent.agent import Agent
from fieldagent.journal import Journal
from fieldagent.journal_files import Files
from fieldagent.ring import Ring
from fieldwire import cbor, seal
from fieldwire import observation as obs

MESH, K_DEV = Mesh(10), b"\x07" * 32


class RingBoard(FakeBoard):
    raw = None

    def journal_flash(self):
        return self.raw, self.raw.unit_bytes, True


def run(flash, raw, other_of, readings=(), off_ms=8_000):
    """One boot with `other_of(pipe)` at the other end of the cable, which it returns."""
    others = []
    board = RingBoard(1, {"t": readings}, off_ms, lambda now_ms: others[0].turn(now_ms))
    board.raw = raw
    others.append(other_of(board.host_uart))
    app.Files = lambda root: Files(root, flash)
    try:
        app.run(board)
    except PowerOff:
        return others[0]
    raise AssertionError("the loop ended by itself")


def enrolled(raw, text):
    flash = FakeFlash()
    install(Files("", flash), config(observe=[]))
    run(flash, raw, lambda pipe: EnrollingHost(MESH, pipe, K_DEV), off_ms=400)
    Files("", flash).replace("config.json", [text.encode()])
    return flash


class Nobody:
    def __init__(self, pipe):
        pipe.cut = True

    def turn(self, now_ms):
        pass


def values(bridge):
    return [cbor.decode(one[obs.PAYLOAD])[0] for one, _ in bridge.leaves if one[obs.STREAM] == 1]


def left(raw):
    return list(Journal(Ring(raw), lambda: b"\x00" * 8).held())


def test_a_board_on_raw_flash_drains_what_it_observed_and_keeps_no_file_of_its_log():
    raw = NorFlash(64)
    flash = enrolled(raw, config())
    stingy = run(flash, raw, lambda pipe: Bridge(pipe, K_DEV, custodian=False), list(range(40)))
    assert values(stingy) == list(range(40)) and len(left(raw)) == len(stingy.segments) > 5
    bridge = run(flash, raw, lambda pipe: Bridge(pipe, K_DEV))
    assert len(values(bridge)) == 40 and left(raw) == []
    assert not [name for name in flash.kept if name.startswith("/log/")]


def test_each_reading_on_raw_flash_outlives_a_power_cut_at_once():
    raw = NorFlash(64)
    flash = enrolled(raw, config(seal={"count": 64, "age_ms": 60_000}))
    stopped, Agent.stop = Agent.stop, lambda agent: None
    try:
        run(flash, raw, Nobody, list(range(5)), 2_000)
    finally:
        Agent.stop = stopped
    bridge = run(flash, raw, lambda pipe: Bridge(pipe, K_DEV))
    first = next(body for body in bridge.bodies if body.stream == 1)
    assert (first.count, first.flags, values(bridge)) == (5, seal.RECOVERED, list(range(5)))


def test_a_ring_goes_round_many_times_without_an_erase_in_an_append():
    raw = NorFlash(24)
    flash = enrolled(raw, config())
    append = Journal.append

    def watched(journal, *arguments):
        raw.in_append = True
        try:
            return append(journal, *arguments)
        finally:
            raw.in_append = False

    Journal.append = watched
    try:
        seen = []
        for begin in range(0, 1_200, 300):
            bridge = run(
                flash, raw, lambda pipe: Bridge(pipe, K_DEV), list(range(begin, begin + 300)), 40_000
            )
            seen.extend(values(bridge))
    finally:
        Journal.append = append
    assert seen == list(range(1_200)) and left(raw) == []
    assert raw.erases > 2 * 24 and raw.erases_in_append == 0

"""A whole board with each policy of its configuration: when it seals, what it refuses, what its status line says."""

import json

from agent_world import Bridge, config
from fake_board import FakeBoard
from test_agent_whole import contact, enrolled, of_stream, run

from fieldagent import app
from fieldwire import cbor
from fieldwire import observation as obs

LONG = {"count": 64, "age_ms": 3_600_000}


def sealing(**changed):
    value = dict(LONG)
    value.update(changed)
    return value


class Watched(FakeBoard):
    """A board that notes what its status says at each of its turns; `world(board)` may change it on the way."""

    def __init__(self, readings, off_ms, turn=None, world=None):
        super().__init__(1, {"t": readings}, off_ms, self._turned)
        self._world = world
        self._other = turn
        self.lines = []
        self.voltage_mv = 4_000

    def _turned(self, now_ms):
        if self._other is not None:
            self._other(now_ms)
        if self._world is not None:
            self._world(self, now_ms)

    def battery_mv(self):
        return self.voltage_mv


def watched(flash, board):
    """Runs the board; its status as (ms, status) whenever what is signed changes, and the last one."""
    lines = []

    class Heard(app.Status):
        def print_if_due(self, now_ms):
            status = self._agent.status()
            if len(lines) > 1 and lines[-2][1]["signed"] == status["signed"] == lines[-1][1]["signed"]:
                lines.pop()
            lines.append((now_ms, json.loads(json.dumps(status))))

    status, app.Status = app.Status, Heard
    try:
        run(board, flash)
    finally:
        app.Status = status
    return lines


def test_a_link_closes_what_is_open_unless_the_configuration_says_no():
    for on_link in (True, False):
        flash, _ = enrolled(text=config(seal=sealing(on_link=on_link)))
        bridge, _ = contact(flash, Bridge, list(range(20)), 6_000)
        assert len(of_stream(bridge, 1)) == (20 if on_link else 0)
        assert bridge.established and len(of_stream(bridge, 0)) == 0
    bridge, _ = contact(flash, Bridge, [], 6_000)
    assert len(of_stream(bridge, 1)) == 20, "what was sealed as the board went down drains later"


def test_urgent_readings_reach_a_linked_bridge_as_early_copies_before_their_seal():
    rows = [
        {"sensor": "t", "subject": "field/air", "schema": row["schema"], "period_ms": 100, "stream": stream}
        for row in json.loads(config())["observe"]
        for stream in (1, 0)
    ]
    flash, _ = enrolled(text=config(observe=rows, seal=LONG))
    bridge, _ = contact(flash, Bridge, list(range(10)), 6_000)
    urgent = [obs.encode(one) for one in of_stream(bridge, 0)]
    early = [cbor.decode(copy).value[2] for copy in bridge.early]
    assert len(urgent) == 10 and set(early) <= set(urgent)
    assert len(set(early)) >= 8, "only what was sealed as the link came up needs no early copy"


def test_a_low_battery_seals_what_waits_once():
    flash, _ = enrolled(text=config(seal=sealing(low_battery_mv=3_400)))

    def world(board, now_ms):
        board.uart.cut = True
        if now_ms > 3_000:
            board.voltage_mv = 3_399

    lines = watched(flash, Watched(list(range(60)), 14_000, world=world))
    first = next(ms for ms, line in lines if line["signed"])
    assert 3_000 < first < 8_100
    assert lines[-1][1]["signed"] < 60 == lines[-1][1]["journalled"], "later readings wait as before"
    assert len({line["signed"] for _, line in lines}) == 2


def test_a_board_without_a_battery_gauge_or_with_none_wanted_seals_as_ever():
    for text, mv in ((config(seal=sealing(low_battery_mv=3_400)), None), (config(seal=LONG), 1_000)):
        flash, _ = enrolled(text=text)

        def world(board, now_ms, mv=mv):
            board.uart.cut = True
            board.voltage_mv = mv

        lines = watched(flash, Watched(list(range(50)), 12_000, world=world))
        assert lines[-1][1]["signed"] == 0 and lines[-1][1]["journalled"] == 50


def test_a_full_journal_that_stops_goes_on_after_custody_and_says_how_much_it_refused():
    text = config(journal_bytes=65_536, full="stop", seal={"count": 8, "age_ms": 1_000})
    flash, _ = enrolled(text=text)
    readings = list(range(700))

    def world(board, now_ms):
        board.uart.cut = now_ms < 75_000

    bridges = []
    board = Watched(readings, 95_000, turn=lambda now_ms: bridges[0].turn(now_ms), world=world)
    bridges.append(Bridge(board.host_uart))
    lines = watched(flash, board)
    last = lines[-1][1]
    assert last["dropped"] == 0 and last["held_back"] > 50 and last["failures"] == {}
    told = [
        entry
        for one in of_stream(bridges[0], 0)
        if one[obs.FORMAT] == obs.GAP_FORMAT
        for entry in cbor.decode(one[obs.PAYLOAD])
    ]
    assert sorted({entry[5] for entry in told}) == ["stopped", "went on"]
    counted = sum([entry[4] for entry in told if entry[5] == "went on"])
    assert counted == last["held_back"]
    readings = sum([entry[4] for entry in told if entry[1] == 1])
    assert len(of_stream(bridges[0], 1)) + readings == 700, "time exchanges were refused as well"


def test_what_a_sensor_does_wrong_is_counted_by_its_kind_and_the_board_goes_on():
    flash, _ = enrolled()
    answers = [5, OSError(5), None, "warm", 21.5, [1], 1 << 80, ZeroDivisionError(), "slow", 7]
    boards = []

    def read():
        answer = answers.pop(0) if answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer == "slow":
            boards[0]._now_ms += 1_500
            return 6
        return answer

    class Flaky(Watched):
        def sensor(self, name):
            return read

    bridges = []
    boards.append(Flaky([], 8_000, turn=lambda now_ms: bridges[0].turn(now_ms)))
    bridges.append(Bridge(boards[0].host_uart))
    last = watched(flash, boards[0])[-1][1]
    seen = [(cbor.decode(one[obs.PAYLOAD])[0], one[obs.TREF][1]) for one in of_stream(bridges[0], 1)]
    assert [value for value, _ in seen] == [5, 6, 7]
    assert seen[1][1] - seen[0][1] >= 1_500 + 700, "a late reading bears the time when it was there"
    assert last["failures"] == {"sensor": 2, "sensor-value": 4, "sensor-slow": 1}

"""The board sleeps lightly between what is due, and never while its link may bring something."""

from agent_world import config
from fake_board import FakeBoard
from test_agent_alive import FINE, boot
from test_agent_whole import enrolled, of_stream

from fieldagent.light_sleep import Pace


class Agent:
    """Reads a sensor at a time; with a bridge or without."""

    class uplink:
        bridge = None

    def __init__(self, due_ms, bridge=None):
        self._due_ms = due_ms
        self.uplink = Agent.uplink()
        self.uplink.bridge = bridge

    def due_ms(self, latest_ms):
        return min(self._due_ms, latest_ms)


def slept(due_ms, now_ms, bridge=None):
    """What it slept in its turn then, after one at 1,000 ms."""
    found = []
    rest = Pace(found.append, Agent(due_ms, bridge))
    rest.turn(1_000)
    assert found == [], "it calls and listens first"
    rest.turn(now_ms)
    return found


def test_it_sleeps_until_a_reading_is_due_and_a_second_at_most():
    assert slept(due_ms=2_400, now_ms=2_000) == [400]
    assert slept(due_ms=60_000, now_ms=2_000) == [1_000]
    assert slept(due_ms=2_010, now_ms=2_000) == slept(due_ms=900, now_ms=2_000) == []


def test_it_calls_and_listens_for_half_a_second_in_five():
    assert slept(due_ms=60_000, now_ms=1_499) == slept(due_ms=60_000, now_ms=6_000) == []
    assert slept(due_ms=60_000, now_ms=1_500) == [1_000]
    assert slept(due_ms=60_000, now_ms=5_900) == [100]


def test_it_does_not_sleep_while_a_bridge_is_there():
    assert slept(due_ms=60_000, now_ms=3_000, bridge=b"bridge") == []


class SleepyBoard(FakeBoard):
    asleep_ms = 0

    def light_sleep(self, duration_ms):
        self._now_ms += duration_ms
        self.asleep_ms += duration_ms


def test_a_board_alone_sleeps_most_of_the_time_and_loses_no_reading():
    readings = list(range(40))
    flash, _ = enrolled(text=config(light_sleep=True))
    _, board, _, _ = boot(flash, FINE, 8_000, readings, kind=SleepyBoard)
    assert board.asleep_ms > 5_000
    _, board, bridge, _ = boot(flash, FINE, 8_000, bridged=True, kind=SleepyBoard)
    assert len(of_stream(bridge, 1)) == 40
    assert board.asleep_ms < 1_000, "its bridge is there"


def test_a_board_that_is_not_told_to_never_sleeps():
    flash, _ = enrolled()
    _, board, _, _ = boot(flash, FINE, 4_000, range(10), kind=SleepyBoard)
    assert board.asleep_ms == 0

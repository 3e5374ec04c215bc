"""What a board does when its random source fails, its clock wraps, or it starts again and again: firmware/FAULTS.md."""

from agent_world import Bridge
from fake_board import FakeBoard, PowerOff
from test_agent_whole import contact, enrolled, of_stream

from fieldagent import app
from fieldagent.agent import Agent
from fieldagent.clock import WRAP
from fieldagent.journal_files import Files
from fieldwire import cbor
from fieldwire import observation as obs


def said_by(board, flash):
    """Runs the board until its power goes or it gives up; what it printed."""
    said = []
    app.Files = lambda root: Files(root, flash)
    app.print = lambda *words: said.append(" ".join([str(word) for word in words]))
    try:
        app.run(board)
    except PowerOff:
        pass
    finally:
        del app.print
    return said


def failing(count):
    raise OSError(5, "no entropy")


def constant(count):
    return b"\x5a" * count


def values(bridge):
    return [cbor.decode(one[obs.PAYLOAD])[0] for one in of_stream(bridge, 1)]


def test_a_board_whose_random_source_fails_at_start_says_so_and_observes_nothing():
    flash, _ = enrolled()
    for source in (failing, constant):
        board = FakeBoard(1, {"t": [1, 2, 3]}, 2_000, lambda now_ms: None)
        board.random_bytes = source
        said = said_by(board, flash)
        assert said[-1].startswith("error the random source") and "replace" in said[-1], said
    bridge, _ = contact(flash, Bridge, [7])
    assert values(bridge) == [7]


def test_a_random_source_that_fails_later_ends_no_reading_and_opens_no_session_until_it_works_again():
    flash, _ = enrolled()
    agents, bridges = [], []
    started = Agent.start

    def turn(now_ms):
        if now_ms < 9_000:
            board.random_bytes_now = failing
        else:
            board.random_bytes_now = board.sound
            bridges[0].turn(now_ms)

    def start(agent, now_ms):
        agents.append(agent)
        started(agent, now_ms)

    board = FakeBoard(1, {"t": list(range(60))}, 20_000, turn)
    board.sound = board.random_bytes_now = board.random_bytes
    board.random_bytes = lambda count: board.random_bytes_now(count)
    bridges.append(Bridge(board.host_uart))
    Agent.start = start
    try:
        said_by(board, flash)
    finally:
        Agent.start = started
    assert agents[0].failures["random"] in range(1, 9_000 // 1_000)
    assert values(bridges[0]) == list(range(60))


def test_a_clock_that_wraps_within_a_segment_keeps_its_order_and_its_age():
    flash, _ = enrolled()
    bridges = []
    board = FakeBoard(
        1, {"t": list(range(4))}, 9_000, lambda now_ms: bridges[0].turn(now_ms), start_ticks=WRAP - 200
    )
    bridges.append(Bridge(board.host_uart))
    said_by(board, flash)
    times = [one[obs.TREF][1] for one in of_stream(bridges[0], 1)]
    assert values(bridges[0]) == [0, 1, 2, 3]
    assert times == sorted(times) and times[0] < WRAP <= times[-1] < WRAP + 9_000


def test_a_board_that_starts_again_and_again_keeps_every_reading_and_counts_every_boot():
    flash, _ = enrolled()
    for value in range(12):
        board = FakeBoard(1, {"t": [value]}, 120, lambda now_ms: None)
        said_by(board, flash)
    for _ in range(30):
        said_by(FakeBoard(1, {"t": []}, 60, lambda now_ms: None), flash)
    assert len([name for name in flash.kept if name.startswith("/state/boots/")]) <= 12 + 2
    bridge, _ = contact(flash, Bridge, [99], off_ms=20_000)
    assert values(bridge) == list(range(12)) + [99]
    boots = [one[obs.TREF][0] for one in of_stream(bridge, 1)]
    assert boots == list(range(2, 14)) + [44]

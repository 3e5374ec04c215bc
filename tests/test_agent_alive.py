"""A start that stays up is confirmed, one in safe mode serves its link alone, and a watchdog is fed by the loop."""

from agent_world import Bridge, EnrollingHost, config, install
from fake_board import FakeBoard, PowerOff
from fake_flash import FakeFlash
from fake_slots import FakeSlots
from test_agent_whole import K_DEV, MESH, enrolled, of_stream

from fieldagent import app
from fieldagent.alive import Alive
from fieldagent.journal_files import Files

FINE, ON_TRIAL, SAFE_MODE = ("a", False, False), ("b", False, True), ("a", True, False)


class Watchdog:
    def __init__(self):
        self.fed = 0

    def feed(self):
        self.fed += 1


class WatchedBoard(FakeBoard):
    """`dogs`: the watchdogs that were started."""

    def watchdog(self):
        self.dogs = getattr(self, "dogs", []) + [Watchdog()]
        return self.dogs[-1]


def boot(flash, start, off_ms, readings=(), bridged=False, kind=FakeBoard):
    """(recorded steps, the board, its bridge, what it printed) of one start."""
    slots, said, bridges = FakeSlots(), [], []

    def turn(now_ms):
        slots.installed()
        if bridged:
            bridges[0].turn(now_ms)

    board = kind(1, {"t": list(readings)}, off_ms, turn)
    bridges.append(Bridge(board.host_uart, K_DEV))
    app.Files = lambda root: Files(root, flash)
    app.print = lambda *words: said.append(" ".join([str(word) for word in words]))
    slots.installed()
    try:
        app.run(board, "", start)
    except PowerOff:
        pass
    finally:
        del app.print
    return slots.steps, board, bridges[0], said


def test_a_start_is_confirmed_once_when_it_has_stayed_up_for_ten_seconds():
    flash, _ = enrolled()
    assert boot(flash, FINE, 8_000)[0] == []
    assert boot(flash, ON_TRIAL, 12_000)[0] == ["confirm"]
    assert boot(flash, FINE, 40_000)[0] == ["confirm"]


def test_a_board_that_waits_for_its_enrolment_is_confirmed_too():
    flash = FakeFlash()
    install(Files("", flash), config(observe=[]))
    assert boot(flash, ON_TRIAL, 10_500)[0] == ["confirm"]


def test_a_start_that_nothing_records_is_not_counted():
    flash, _ = enrolled()
    assert boot(flash, None, 20_000)[0] == []


def test_an_enrolment_ends_its_start_as_it_should():
    flash, steps, hosts = FakeFlash(), FakeSlots(), []
    install(Files("", flash), config(observe=[]))

    def turn(now_ms):
        steps.installed()
        hosts[0].turn(now_ms)

    board = FakeBoard(1, {}, 5_000, turn)
    hosts.append(EnrollingHost(MESH, board.host_uart, K_DEV))
    board.reset = board_resets
    app.Files = lambda root: Files(root, flash)
    try:
        app.run(board, "", FINE)
        raise AssertionError("it has reset itself")
    except PowerOff:
        assert steps.steps == ["end"]


def board_resets():
    raise PowerOff


def test_a_configuration_that_is_wrong_is_no_crash():
    flash, _ = enrolled(text="{")
    steps, _, _, said = boot(flash, FINE, 5_000)
    assert steps == ["end"] and said[-1].startswith("error")


def test_what_the_flash_or_the_heap_refuses_is_recorded_ten_seconds_later():
    slots, board = FakeSlots(), FakeBoard(1, {}, 60_000, lambda now_ms: None)
    slots.refusals = [OSError(28), MemoryError()]
    alive = Alive(board, ON_TRIAL)
    for _ in range(6):
        assert slots.steps == [] and alive.standing == 1
        slots.installed()
        settled(alive.sleep_ms(5_500))
    slots.installed()
    settled(alive.sleep_ms(1))
    assert slots.steps == ["confirm"] and alive.standing == 0 and slots.refusals == []


def settled(coroutine):
    try:
        coroutine.send(None)
    except StopIteration:
        return


def test_safe_mode_serves_the_link_and_drains_and_reads_no_sensor():
    flash, _ = enrolled()
    boot(flash, FINE, 8_000, range(20))
    steps, _, bridge, said = boot(flash, SAFE_MODE, 12_000, range(50, 60), bridged=True)
    assert steps == ["confirm"] and bridge.established >= 1
    assert len(of_stream(bridge, 1)) == 20, "what was observed before"
    assert '"safe_mode": true' in said[-1]
    _, _, bridge, said = boot(flash, FINE, 8_000, range(50, 60), bridged=True)
    assert len(of_stream(bridge, 1)) == 10 and "safe_mode" not in said[-1]


def test_safe_mode_is_not_left_by_staying_up():
    slots, board = FakeSlots(), FakeBoard(1, {}, 60_000, lambda now_ms: None)
    alive = Alive(board, SAFE_MODE)
    slots.installed()
    settled(alive.sleep_ms(10_000))
    slots.installed()
    settled(alive.sleep_ms(1))
    assert slots.steps == ["confirm"] and alive.standing == 2


def test_the_watchdog_starts_with_the_loop_and_is_fed_by_it():
    flash, _ = enrolled()
    _, board, _, _ = boot(flash, FINE, 3_000, kind=WatchedBoard)
    [dog] = board.dogs
    assert dog.fed > 3_000 // 10
    bare = FakeFlash()
    install(Files("", bare), config(observe=[]))
    _, board, _, _ = boot(bare, FINE, 3_000, kind=WatchedBoard)
    assert not hasattr(board, "dogs"), "nothing is watched before the loop"


def test_the_prompt_comes_after_a_reset_where_a_watchdog_runs_and_at_once_where_none_does():
    slots = FakeSlots()
    board = WatchedBoard(1, {}, 60_000, lambda now_ms: None)
    board.reset = board_resets
    alive = Alive(board, FINE)
    slots.installed()
    alive.give_back()
    assert slots.steps == ["end"]
    alive.begin()
    slots.installed()
    try:
        alive.give_back()
        raise AssertionError("it has reset itself")
    except PowerOff:
        assert slots.steps == ["end", "ask"]

"""The device's clock and boot counter."""

from fake_flash import FakeFlash, PowerCut
from vectors_io import fails

from fieldagent.clock import WRAP, Clock
from fieldagent.journal_files import Files
from fieldagent.start_up import next_boot
from fieldwire.errors import StorageError


class Ticks:
    def __init__(self, start):
        self.now = start

    def __call__(self):
        return self.now % WRAP


def test_time_goes_on_when_the_ticks_wrap():
    ticks = Ticks(WRAP - 200)
    clock = Clock(ticks)
    seen = []
    for _ in range(8):
        ticks.now += 100
        seen.append(clock.now_ms())
    assert seen == [WRAP - 200 + 100 * step for step in range(1, 9)]


def test_time_goes_on_over_many_wraps():
    ticks = Ticks(5)
    clock = Clock(ticks)
    for _ in range(20):
        ticks.now += WRAP // 3
        last = clock.now_ms()
    assert last == 5 + 20 * (WRAP // 3) > 6 * WRAP


def test_a_step_back_of_the_ticks_is_no_time_and_no_wrap():
    ticks = Ticks(1_000)
    clock = Clock(ticks)
    ticks.now = 990
    assert clock.now_ms() == 1_000
    ticks.now = 1_010
    assert clock.now_ms() == 1_010


def test_boots_are_counted_in_flash():
    flash = FakeFlash()
    assert [next_boot(Files("", flash)) for _ in range(3)] == [1, 2, 3]


def test_a_boot_number_is_never_given_twice_however_the_power_goes():
    for torn_part in (0, 2, 4):
        for cut_at in range(1, 8):
            flash = FakeFlash(cut_at=cut_at, torn_part=torn_part)
            given = []
            for _ in range(3):
                try:
                    given.append(next_boot(Files("", flash)))
                except PowerCut:
                    flash.power_on()
            assert len(given) >= 2 and given == sorted(set(given))


def test_a_damaged_boot_counter_is_an_error_that_says_what_to_do():
    flash = FakeFlash()
    next_boot(Files("", flash))
    flash.kept["/state/boot"] = b"\xff"
    error = fails(StorageError, next_boot, Files("", flash))
    assert "state/boot" in str(error) and "enrol" in str(error)

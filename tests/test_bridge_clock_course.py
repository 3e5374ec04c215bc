"""A board's clock follows the pieces that it is given: across reboots, accelerated time and the wrap of its ticks."""

import asyncio
import importlib.util
import io
from contextlib import asynccontextmanager
from random import Random

import serial
from emulated_probe import FILES, ask

from fieldpost.emulator import BoardSpec, Fleet, load_profile
from fieldpost.emulator.clock_course import ClockCourse, constant, gained_us, packed, warmth_mc
from fieldpost.emulator.world import monotonic_us

SECOND_NS = 1_000_000_000
SCALE = 100
# Half as fast again for a minute, then half as fast.
TURN = ClockCourse(
    [(0, 500_000_000), (60 * SECOND_NS, -500_000_000)],
    [(0, 20_000), (60 * SECOND_NS, 80_000), (90 * SECOND_NS, -10_000)],
)


def curve(points):
    """As the board has it; the module runs on both runtimes."""
    path = load_profile().directory / "board_curve.py"
    spec = importlib.util.spec_from_file_location("board_curve", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    data = packed(points)
    return module.Curve(io.BytesIO(data), len(data))


def gained_ns(course, at_ns):
    """The sum over the pieces, one after the other."""
    total = 0
    ends = [start_ns for start_ns, _ in course.rates_ppb[1:]] + [at_ns]
    for (start_ns, ppb), end_ns in zip(course.rates_ppb, ends):
        total += max(0, min(end_ns, at_ns) - start_ns) * ppb // SECOND_NS
    return total


def test_a_drift_that_stays_gains_its_share_of_any_time():
    gains = curve(gained_us(constant(-61)))
    assert [gains(at_us) for at_us in (0, 1_000_000, 10**9, 10**15)] == [0, -61, -61_000, -61 * 10**9]


def test_pieces_of_many_rates_gain_what_their_sum_is_in_any_order_of_questions():
    dice = Random(5)
    starts = sorted(dice.sample(range(1, 10**16), 300))
    course = ClockCourse([(0, 40_000), *((one, dice.randrange(-200_000, 200_000)) for one in starts)])
    gains = curve(gained_us(course))
    asked = [dice.randrange(12 * 10**12) for _ in range(2_000)] + [one // 1_000 for one in starts]
    dice.shuffle(asked)
    assert all(abs(gains(at_us) - gained_ns(course, at_us * 1_000) // 1_000) <= 2 for at_us in asked)
    assert [gains(at_us) for at_us in sorted(asked)] == [
        curve(gained_us(course))(at_us) for at_us in sorted(asked)
    ]


def test_a_temperature_lies_on_lines_between_its_points_and_stays_after_the_last():
    warmth = curve(warmth_mc(TURN))
    told = [warmth(at_s * 1_000_000) for at_s in (0, 30, 60, 75, 90, 10_000)]
    assert told == [20_000, 50_000, 80_000, 35_000, -10_000, -10_000]


@asynccontextmanager
async def running(folder, **spec):
    """(board, its port, what its ticks and its die must show at a microsecond of this machine)."""
    async with Fleet(folder, [BoardSpec("a", "hill", clock=TURN, **spec)], scale=SCALE) as fleet:
        fleet.provision(FILES)
        gains, warmth = curve(gained_us(TURN)), curve(warmth_mc(TURN))
        with serial.Serial(str(fleet["a"].plug()), timeout=3) as port:

            def true_us(now_us):
                return (now_us - fleet.world.started_us) * SCALE

            def local_us(now_us):
                return true_us(now_us) + gains(true_us(now_us))

            yield fleet["a"], port, local_us, lambda now_us: warmth(true_us(now_us))


async def between(port, question, expected):
    """The board's answer; it lies between what is expected before the question and after the answer."""
    before = expected(monotonic_us())
    found = await ask(port, question)
    after = expected(monotonic_us())
    assert min(before, after) <= found <= max(before, after)
    return found


def test_a_board_in_accelerated_time_follows_its_pieces_and_its_warmth_across_a_reboot(tmp_path):
    async def story():
        async with running(tmp_path) as (board, port, local_us, warmth_of):
            since_us = []
            for boot in (board.power_on, board.reset):
                earliest = local_us(monotonic_us())
                boot()
                since_us.append(local_us(monotonic_us()))
                await ask(port, "boots")
                for _ in range(8):
                    now = (local_us(monotonic_us()) - since_us[-1]) // 1_000
                    ticks = await ask(port, "ticks")
                    assert now <= ticks <= (local_us(monotonic_us()) - earliest) // 1_000 + 1
                    await asyncio.sleep(0.08)
            assert abs(warmth_of(monotonic_us()) + 10_000) < 1
            assert await between(port, "die", warmth_of) == -10_000

    asyncio.run(story())


def test_ticks_of_such_a_clock_wrap_at_two_to_the_thirty(tmp_path):
    async def story():
        start_ms = (1 << 30) - 2_000
        async with running(tmp_path, start_ms=start_ms) as (board, port, local_us, _):
            earliest = local_us(monotonic_us())
            board.power_on()
            latest = local_us(monotonic_us())
            await ask(port, "boots")
            while (local_us(monotonic_us()) - latest) // 1_000 < 4_000:
                await asyncio.sleep(0.01)
            least = (local_us(monotonic_us()) - latest) // 1_000 - 2_000
            ticks = await ask(port, "ticks")
            assert 2_000 <= least <= ticks <= (local_us(monotonic_us()) - earliest) // 1_000 - 2_000 + 1

    asyncio.run(story())

"""What sensors may do wrong: it is counted, the board goes on, and no garbage is ever observed."""

from fieldagent.sampling import SLOW_MS, Sampler, payload_of
from fieldwire import cbor, senml
from fieldwire.observation_writer import SENML_FORMAT

TEMPERATURE = ["temperature", 0, "Cel", -1]
STATE = ["state", 1, "", 0]
PLACE = ["place", 2, "", 0]
RAW = ["raw", 3, "", 0]


class Reading:
    schema = b"a schema's digest"[:16]
    fields = [TEMPERATURE]
    period_ms = 100


class Odd:
    """No type that anything knows."""


def endless():
    nested = []
    nested.append(nested)
    return nested


def test_what_fits_the_schema_is_a_payload():
    for fields, value, values in (
        ([TEMPERATURE], -215, [-215]),
        ([STATE], "wet", ["wet"]),
        ([PLACE], [470000000, 85000000, 3000], [[470000000, 85000000, 3000]]),
        ([RAW], b"\x01\x02", [b"\x01\x02"]),
        ([TEMPERATURE, STATE], [20, "dry"], [20, "dry"]),
        ([TEMPERATURE, STATE], (20, None), [20, None]),
        ([TEMPERATURE], (1 << 63) - 1, [(1 << 63) - 1]),
    ):
        assert cbor.decode(payload_of(fields, value)) == values


def test_what_does_not_fit_the_schema_is_no_payload():
    nan = float("nan")
    for value in (
        21.5,
        nan,
        -nan,
        float("inf"),
        "warm",
        b"\x01",
        True,
        [21],
        {},
        {1: 2},
        Odd(),
        Odd,
        1 << 63,
        1 << 70,
    ):
        assert payload_of([TEMPERATURE], value) is None, value
    for value in (
        20,
        [],
        [20],
        [20, "dry", 1],
        "20",
        [nan, "dry"],
        [20, 1],
        [20, Odd()],
        {0: 20, 1: "dry"},
        endless(),
    ):
        assert payload_of([TEMPERATURE, STATE], value) is None, value
    for value in ([1, 2], [900000001, 0, 0], [0, 0, -1], [0, 0, nan], 7):
        assert payload_of([PLACE], value) is None, value
    assert payload_of([RAW], bytes(600)) is None and payload_of([STATE], "x" * 600) is None


class Labelled:
    """A reading as SenML."""

    schema = SENML_FORMAT
    fields = [["temperature", "Cel", -2], ["sky", "", 0]]
    period_ms = 100


def test_a_reading_may_be_written_as_senml():
    answers = [[2_150, "clear"], [None, "clear"], [None, None], [21.5, None], [2_150], 2_150]
    sampler, found = Sampler(Labelled, lambda: (answers.pop(0), 5)), []
    while answers:
        found.append(sampler.sample(0))
    claimed = [senml.claims(payload) if payload else fault for payload, _, fault in found]
    assert (
        claimed
        == [
            [("temperature", 0, 2_150, "Cel", -2), ("sky", 1, "clear", "", 0)],
            [("sky", 1, "clear", "", 0)],
        ]
        + ["sensor-value"] * 4
    )


def sampled(*answers):
    """What one Sampler makes of a sensor's answers, each (value or exception, ms that it took)."""
    left = list(answers)

    def read():
        value, took_ms = left.pop(0)
        if isinstance(value, Exception):
            raise value
        return value, now_ms + took_ms

    sampler, found = Sampler(Reading, read), []
    for now_ms in range(1_000, 1_000 + 100 * len(answers), 100):
        found.append(sampler.sample(now_ms))
    return found


def test_a_sensor_that_raises_is_counted_whatever_it_raises():
    faults = (
        OSError(5),
        ValueError(),
        TypeError(),
        ZeroDivisionError(),
        IndexError(),
        KeyError(),
        AttributeError(),
        NameError(),
        RuntimeError(),
        AssertionError(),
        MemoryError(),
    )
    for payload, _, fault in sampled(*[(one, 0) for one in faults]):
        assert payload is None and fault == "sensor"


def test_nothing_to_read_and_junk_are_told_apart():
    assert [one[2] for one in sampled((None, 0), ("warm", 0), (5, 0))] == ["", "sensor-value", ""]


def test_a_sensor_that_blocks_is_counted_and_its_reading_bears_the_time_when_it_was_there():
    [late, quick] = sampled((5, SLOW_MS), (6, SLOW_MS - 1))
    assert late == (b"\x81\x05", 1_000 + SLOW_MS, "sensor-slow")
    assert quick == (b"\x81\x06", 1_100 + SLOW_MS - 1, "")


def test_a_sampler_that_was_held_up_does_not_make_up_for_lost_turns():
    sampler = Sampler(Reading, lambda: (1, 0))
    sampler.sample(1_000)
    assert 1_000 < sampler.due_ms <= 1_100
    sampler.sample(9_000)
    assert 9_000 < sampler.due_ms <= 9_100

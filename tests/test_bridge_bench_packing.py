"""The bench of packed segments in small: the figure comes out, and what it counts is what was sent."""

from itertools import pairwise
from random import Random

import pytest

from fieldpost.bench.link import packing
from fieldpost.bench.link.packing import Case, drain
from fieldpost.bench.link.slow_fields import Log, senml, walk
from fieldwire import cbor


def test_slow_fields_walk_by_three_once_a_minute_give_or_take_half_a_second():
    rows = walk(Random(1), 500)
    for number, (ms, _) in enumerate(rows):
        assert abs(ms - 60_000 * (number + 1)) <= 500
    steps = [b - a for (_, one), (_, two) in pairwise(rows) for a, b in zip(one, two, strict=True)]
    assert set(steps) == set(range(-3, 4))
    assert walk(Random(1), 500) == rows != walk(Random(2), 500)


def test_a_packed_reading_takes_less_than_the_goal_and_a_twentieth_of_a_plain_one():
    packed, plain = drain(Case("fields"), 3), drain(Case("fields", packs=False), 3, 160)
    assert 5 < packed.each() <= packing.GOAL and packed.each() * 20 < plain.each()
    lossy = Case("fields", rate=0.2)
    assert drain(lossy, 3, 320) == drain(lossy, 3, 320) != drain(lossy, 4, 320)


@pytest.mark.parametrize("rate", [0.1, 0.3])
def test_what_is_lost_is_counted_each_time_it_goes(rate):
    sent = [drain(Case("fields", rate=rate), seed, 320).each() for seed in range(4)]
    assert sum(sent) / 4 > drain(Case("fields"), 1, 320).each()


def test_a_bridge_without_tokens_is_given_them_and_that_is_counted():
    assert drain(Case("fields", handed=False), 1, 320).device > drain(Case("fields"), 1, 320).device + 600


def test_packing_takes_so_much_of_a_boards_heap_and_no_more():
    line = packing.heap_line(1)
    assert line.references["modules"] < 22_000 and line.references["while_packing"] < 8_000
    assert line.references["told"] < 160


def test_a_payload_without_a_schema_packs_as_well():
    packed, plain = drain(Case("SenML"), 1, 320), drain(Case("SenML", packs=False), 1, 320)
    assert packed.each() * 8 < plain.each()
    assert cbor.decode(senml([1, 2, 3])) == [
        {0: "temperature", 2: 1},
        {0: "humidity", 2: 2},
        {0: "pressure", 2: 3},
    ]


def test_a_reading_that_is_signed_by_itself_takes_its_signature_and_what_it_names():
    assert 130 < packing.cose_each(1, 64) < 170
    assert len(Log(Random(1), *packing.KINDS["fields"], 64).sealed) == 2

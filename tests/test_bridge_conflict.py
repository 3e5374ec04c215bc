"""Rivals: order, tolerance, and pairs that are never closed transitively."""

import random
import time
from dataclasses import replace

import pytest
from claim_world import claim, name_of

from fieldpost.conflict import Order, comparisons, contests, differ


def rivals_of(claims, tolerances=None):
    """{name: names of its rivals}, for claims that have some."""
    found = {}
    for contest in contests(claims, Order(claims), tolerances or {}):
        for index, others in contest.rivals.items():
            found[name_of(contest.claims[index].id)] = {name_of(contest.claims[one].id) for one in others}
    return found


def test_claims_at_one_time_with_different_values_are_rivals():
    assert rivals_of([claim("a", 1), claim("b", 2)]) == {"a": {"b"}, "b": {"a"}}


@pytest.mark.parametrize(
    "other",
    [
        claim("b", 1),
        claim("b", 2, device="a"),
        claim("b", 2, subject="water/depth"),
        claim("b", 2, property="depth"),
        claim("b", 2, at=(11, 20)),
        claim("b", 2, at=(-9, -1)),
        claim("b", 2, sources=(claim("a").id,)),
    ],
    ids=["equal", "same device", "other subject", "other property", "later", "earlier", "derived from it"],
)
def test_these_are_no_rivals(other):
    assert rivals_of([claim("a", 1), other]) == {}


def test_an_unknown_time_is_concurrent_with_everything():
    claims = [claim("a", 1, at=(0, 1)), claim("b", 2, at=(None, None)), claim("c", 3, at=(90, 91))]
    assert rivals_of(claims) == {"a": {"b"}, "b": {"a", "c"}, "c": {"b"}}


def test_intervals_that_touch_are_not_disjoint():
    assert rivals_of([claim("a", 1, at=(0, 10)), claim("b", 2, at=(10, 20))]) == {"a": {"b"}, "b": {"a"}}


def test_rivalry_is_not_closed_transitively():
    claims = [claim("a", 1, at=(0, 10)), claim("b", 2, at=(8, 18)), claim("c", 3, at=(16, 26))]
    assert rivals_of(claims) == {"a": {"b"}, "b": {"a", "c"}, "c": {"b"}}


def test_what_a_source_device_did_before_lies_in_the_past_too():
    early = claim("a", 1, device="x", ticks_ms=5)
    source = claim("s", 0, device="x", ticks_ms=9, subject="water/depth")
    relay = claim("r", 0, device="y", ticks_ms=100, subject="water/depth", sources=(source.id,))
    after = claim("b", 2, device="y", ticks_ms=200)
    claims = [after, relay, early, source]
    assert rivals_of(claims) == {}
    assert Order(claims).before(early, after) == "causal"
    assert Order(claims).before(after, early) is None
    assert rivals_of([after, early, source]) == {"a": {"b"}, "b": {"a"}}


def test_ticks_of_one_device_come_before_intervals():
    first = claim("a", device="x", boot=1, ticks_ms=900, at=(50, 60))
    second = claim("b", device="x", boot=2, ticks_ms=1, at=(0, 10))
    assert Order([first, second]).before(first, second) == "ticks"
    assert Order([first, second]).before(second, first) is None


def test_a_cycle_of_sources_does_not_hang_or_depend_on_order():
    claims = [claim("a", 1, sources=(claim("b").id,)), claim("b", 2, sources=(claim("a").id,)), claim("c", 3)]
    found = [rivals_of(order) for order in (claims, claims[::-1])]
    assert found[0] == found[1]


def backward_ticks():
    """A device whose ticks run backwards: `late` leads to `a`, `a` to `early`, and by its ticks `early` to `late`."""
    past = claim("past", 7)
    late = claim("late", 1, device="x", ticks_ms=9)
    a = claim("a", 2, sources=(late.id, past.id))
    early = claim("early", 1, device="x", ticks_ms=5, sources=(a.id,))
    after = claim("after", 9, sources=(early.id,))
    return [past, late, a, early, after]


def test_paths_that_lead_both_ways_order_nothing():
    _, late, a, early, _ = backward_ticks()
    assert rivals_of(backward_ticks())["a"] == {"late", "early"}
    order = Order([late, a, early])
    assert order.before(late, early) is None and order.before(early, late) == "ticks"


def test_intervals_order_what_paths_that_lead_both_ways_do_not():
    claims = [replace(one, interval_ns=(0, 4)) if one.ticks_ms == 9 else one for one in backward_ticks()]
    claims = [replace(one, interval_ns=(5, 6)) if name_of(one.id) == "a" else one for one in claims]
    assert Order(claims).before(claims[1], claims[2]) == "interval"
    assert Order(claims).before(claims[2], claims[1]) is None


def test_a_device_whose_ticks_run_backwards_takes_no_order_from_what_lies_around_it():
    claims = backward_ticks()
    past, after = claims[0], claims[-1]
    for arrived in (claims, claims[::-1]):
        assert Order(arrived).before(past, after) == "causal"
        assert Order(arrived).before(after, past) is None
    assert "past" not in rivals_of(claims)


def test_a_lineage_a_hundred_thousand_deep_needs_no_recursion():
    chain = [claim("d0", 0, at=(None, None))]
    for depth in range(1, 100_000):
        chain.append(
            claim(
                f"d{depth}", at=(None, None), sources=(chain[-1].id,), device=f"x{depth % 7}", ticks_ms=depth
            )
        )
    order = Order(chain)
    assert order.before(chain[0], chain[-1]) == "causal"


@pytest.mark.parametrize(
    ("a", "b", "tolerance", "wanted"),
    [
        (10, 15, 5, False),
        (10, 16, 5, True),
        (-3, 3, 5, True),
        ("open", "open", 5, False),
        ("open", "shut", 5, True),
        (1, "1", 5, True),
        ((100, 200, 9), (105, 205, 1), (5, 5), False),
        ((100, 200, 9), (106, 200, 9), (5, 5), True),
        ((100, 200, 9), (100, 206, 9), (9, 5), True),
        ((0, 1_799_999_999, 0), (0, -1_799_999_999, 0), (0, 2), False),
        ((0, 1, 0), 1, 5, True),
    ],
)
def test_values_differ_by_more_than_the_tolerance(a, b, tolerance, wanted):
    assert differ(a, b, tolerance) is wanted
    assert differ(b, a, tolerance) is wanted


def test_the_sweep_finds_what_comparing_all_pairs_finds():
    seeded = random.Random(11)
    for _ in range(60):
        claims = []
        for number in range(30):
            low = seeded.randrange(60)
            at = (seeded.choice([None, low, low, low]), seeded.choice([None, low + 9, low + 3, low]))
            sources = tuple(
                one.id for one in seeded.sample(claims, min(len(claims), seeded.choice([0, 0, 1, 2])))
            )
            value, device = seeded.randrange(4), f"x{seeded.randrange(4)}"
            claims.append(claim(f"c{number}", value, at, device=device, ticks_ms=number, sources=sources))
        wanted = {}
        for a in claims:
            against = {name_of(b.id) for b in claims if rival(claims, a, b)}
            if against:
                wanted[name_of(a.id)] = against
        seeded.shuffle(claims)
        assert rivals_of(claims, {"level": 1}) == wanted


def test_ticks_in_any_order_give_what_a_walk_over_all_paths_gives():
    seeded = random.Random(12)
    for _ in range(60):
        claims = []
        for number in range(12):
            sources = tuple(
                one.id for one in seeded.sample(claims, min(len(claims), seeded.choice([0, 1, 2])))
            )
            device, tick = f"x{seeded.randrange(4)}", seeded.randrange(12)
            claims.append(claim(f"c{number}", number, device=device, ticks_ms=tick, sources=sources))
        wanted = {}
        for a in claims:
            against = {name_of(b.id) for b in claims if rival(claims, a, b)}
            if against:
                wanted[name_of(a.id)] = against
        assert rivals_of(claims, {"level": 1}) == wanted


def test_the_pairs_to_compare_are_counted_without_comparing_them():
    seeded = random.Random(13)
    claims = []
    for number in range(200):
        low = seeded.randrange(60)
        at = (seeded.choice([None, low, low, low]), seeded.choice([None, low + 9, low + 3, low]))
        subject, device = f"water/{seeded.randrange(2)}", f"x{seeded.randrange(4)}"
        claims.append(claim(f"c{number}", number, at, subject=subject, device=device, ticks_ms=number))
    pairs = [(a, b) for a in claims for b in claims if a.id < b.id and a.device != b.device]
    met = [(a, b) for a, b in pairs if a.subject == b.subject and Order([]).unordered(a, b)]
    for subject in ("water/0", "water/1"):
        assert comparisons(claims)[subject, "level"] == sum(a.subject == subject for a, _ in met)


def rival(claims, a, b):
    if a.device == b.device or abs(a.value - b.value) <= 1:
        return False
    return not any(known_before(claims, one, other) for one, other in ((a, b), (b, a)))


def known_before(claims, a, b):
    """By a walk back over sources and earlier ticks; by intervals where none leads one way alone."""
    leads = walk(claims, a, b)
    if leads != walk(claims, b, a):
        return leads
    end, start = a.interval_ns[1], b.interval_ns[0]
    return end is not None and start is not None and end < start


def walk(claims, a, b):
    seen, frontier = set(), [b]
    while frontier:
        one = frontier.pop()
        for other in claims:
            earlier = other.device == one.device and other.stamp() <= one.stamp()
            if (other.id in one.sources or earlier) and other.id not in seen:
                seen.add(other.id)
                frontier.append(other)
    return a.id in seen


def test_two_long_series_cost_their_pairs_and_not_their_square():
    claims = []
    for number in range(20_000):
        device = f"x{number % 2}"
        at = (number * 60, number * 60 + 70)
        claims.append(claim(f"c{number}", number, at, device=device, seq=number, ticks_ms=number))
    started = time.perf_counter()
    (contest,) = contests(claims, Order(claims), {})
    assert time.perf_counter() - started < 5
    assert sum(map(len, contest.rivals.values())) == 2 * 19_999


def test_the_latest_claims_are_those_that_none_is_known_to_follow():
    claims = [
        claim("a", at=(0, 10)),
        claim("b", at=(5, 40)),
        claim("c", at=(30, 35)),
        claim("d", at=(31, 32)),
    ]
    assert Order(claims).latest(claims) == [1, 2, 3]
    series = [claim(f"s{n}", device="x", ticks_ms=n, at=(None, None)) for n in range(5)]
    assert Order(series).latest(series) == [4]

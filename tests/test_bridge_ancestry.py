"""Whose lineage is whole: told exactly, whatever the order of arrival, and each step of a deep one walked once."""

import random

import pytest

from fieldpost.ancestry import Ancestry


class Known:
    """What is held, with what each names as its sources; `asked` counts how often that was looked up."""

    def __init__(self):
        self.numbers, self.named, self.bits, self.asked = {}, {}, {}, 0

    def hold(self, one, sources=()):
        self.numbers[one], self.named[one] = len(self.numbers) + 1, list(sources)

    def number(self, one):
        return self.numbers.get(one)

    def marked(self, number, bit):
        return bool(self.bits.get(number, 0) & bit)

    def mark(self, number, bit):
        self.bits[number] = self.bits.get(number, 0) | bit

    def sources(self, one):
        self.asked += 1
        return self.named[one]


def name(number):
    return number.to_bytes(32, "big")


def is_whole(known, one):
    """The same by looking at all of it."""
    waiting, seen = [one], set()
    while waiting:
        each = waiting.pop()
        if each not in known.numbers:
            return False
        if each not in seen:
            seen.add(each)
            waiting += known.named[each]
    return True


@pytest.mark.parametrize("seed", range(200))
def test_after_each_arrival_in_any_order_it_tells_exactly_whose_lineage_became_whole(seed):
    rng = random.Random(seed)
    size = rng.randrange(2, 40)
    graph = {name(n): [name(k) for k in rng.sample(range(n), min(n, rng.randrange(4)))] for n in range(size)}
    order = rng.sample(sorted(graph), size)
    known = Known()
    ancestry = Ancestry(known)
    lacking = set()
    while order:
        many = rng.randrange(1, 5)
        batch, order = order[:many], order[many:]
        for one in batch:
            known.hold(one, graph[one])
        now = {one for one in lacking if is_whole(known, one)}
        found = ancestry.arrived(batch)
        assert now <= {one for one in graph if known.number(one) in found}
        assert all(is_whole(known, one) for one in graph if known.number(one) in found)
        lacking -= now
        for one in rng.sample(sorted(known.numbers), rng.randrange(len(known.numbers) + 1)):
            source = ancestry.lacks(one)
            assert (source is None) == is_whole(known, one)
            if source is not None:
                assert source in graph[one] and not is_whole(known, source)
                lacking.add(one)


@pytest.mark.parametrize("order", [1, -1])
def test_a_lineage_100_000_deep_that_lacks_its_root_costs_each_arrival_no_more_than_its_own_step(order):
    deep = 100_000
    known = Known()
    ancestry = Ancestry(known)
    for n in range(1, deep + 1)[::order]:
        known.hold(name(n), [name(n - 1)])
        assert ancestry.arrived([name(n)]) == []
        assert ancestry.lacks(name(n)) == name(n - 1)
    assert known.asked <= 2 * deep
    known.hold(name(0))
    assert len(ancestry.arrived([name(0)])) == deep and known.asked <= 4 * deep
    assert ancestry.lacks(name(deep)) is None


def test_who_asks_the_deepest_first_walks_each_step_once():
    deep = 10_000
    known = Known()
    for n in range(1, deep + 1):
        known.hold(name(n), [name(n - 1)])
    ancestry = Ancestry(known)
    assert all(ancestry.lacks(name(n)) == name(n - 1) for n in range(deep, 0, -1)) and known.asked == deep


def test_a_circle_lacks_something_for_ever():
    known = Known()
    known.hold(name(1), [name(2)])
    known.hold(name(2), [name(1)])
    ancestry = Ancestry(known)
    assert ancestry.lacks(name(1)) == name(2) and ancestry.lacks(name(2)) == name(1)
    assert ancestry.arrived([name(1), name(2)]) == []

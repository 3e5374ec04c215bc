"""Smallest hitting sets: equal to all of them by trial, in parts, and honest where they are only greedy."""

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldpost.timeline import hitting
from fieldpost.timeline.hitting import Part, parts

CONFLICTS = st.lists(st.frozensets(st.integers(0, 8), min_size=1, max_size=4), min_size=1, max_size=14)


def by_trial(conflicts):
    """All smallest hitting sets, by trying every set of rising size."""
    units = sorted(frozenset().union(*conflicts))
    for size in range(1, len(units) + 1):
        found = {frozenset(c) for c in combinations(units, size) if all(set(c) & one for one in conflicts)}
        if found:
            return found
    return set()


def whole(found):
    return {frozenset().union(*chosen) for chosen in product(*(part.alternatives for part in found))}


@settings(max_examples=300, deadline=None)
@given(CONFLICTS)
def test_the_parts_together_are_all_smallest_hitting_sets(conflicts):
    """Where nothing is weighed: 100 times its own share is more than all."""
    patch = pytest.MonkeyPatch()
    patch.setattr(hitting, "OWN_SHARE", 100)
    try:
        found = parts(conflicts, int)
    finally:
        patch.undo()
    assert all(part.proved for part in found)
    assert whole(found) == by_trial(conflicts)


@settings(max_examples=300, deadline=None)
@given(CONFLICTS)
def test_however_it_is_weighed_every_combination_hits_every_conflict(conflicts):
    for one in whole(parts(conflicts, int)):
        assert all(one & conflict for conflict in conflicts)


def met_by_all(weak: int):
    """g contradicts six whom others contradict too, and `weak` more whom nobody else does."""
    strong = [frozenset(("g", f"s{n}")) for n in range(6)]
    strong += [frozenset((f"s{n}", f"h{n}{other}")) for n in range(6) for other in range(3)]
    return [*strong, *(frozenset(("g", f"w{n}")) for n in range(weak))]


def test_who_contradicts_hardly_anybody_but_the_accused_is_not_accused_alone():
    found = parts(met_by_all(weak=2), str)
    assert Part((frozenset(("g",)), frozenset(("w0", "w1")))) in found
    assert [part for part in found if len(part.alternatives) == 1] == [
        Part((frozenset((f"s{n}",)),)) for n in range(6)
    ]


def test_who_contradicts_many_others_is_accused_alone():
    assert Part((frozenset(("g",)),)) in parts(met_by_all(weak=3), str)


@settings(max_examples=300, deadline=None)
@given(CONFLICTS, st.permutations(range(9)))
def test_the_order_of_conflicts_changes_nothing(conflicts, order):
    again = [conflicts[place] for place in order if place < len(conflicts)]
    again += [conflict for conflict in conflicts if conflict not in again]
    assert parts(conflicts, int) == parts(again, int)


def test_who_is_named_with_several_is_certain_and_a_pair_apart_is_a_tie():
    conflicts = [frozenset(one) for one in ("la", "lb", "lc", "xy")]
    assert parts(conflicts, ord) == [
        Part((frozenset("l"),)),
        Part((frozenset("x"), frozenset("y"))),
    ]


@pytest.fixture
def hopeless(monkeypatch):
    """No part is searched: each gives up its most named unit."""
    monkeypatch.setattr(hitting, "GAP_MAX", -1)


@settings(max_examples=300, deadline=None)
@given(CONFLICTS)
def test_greedy_parts_hit_every_conflict_in_every_combination_and_hold_nobody_needless(conflicts):
    patch = pytest.MonkeyPatch()
    patch.setattr(hitting, "GAP_MAX", -1)
    try:
        found = parts(conflicts, int)
    finally:
        patch.undo()
    assert not any(part.proved for part in found)
    for one in whole(found):
        assert all(one & conflict for conflict in conflicts)
    if len(whole(found)) == 1:
        (one,) = whole(found)
        assert all(any(conflict & one == {unit} for conflict in conflicts) for unit in one)


def test_a_tie_stays_a_tie_where_nothing_is_searched(hopeless):
    assert parts([frozenset("xy")], ord) == [Part((frozenset("x"), frozenset("y")), proved=False)]


def test_who_was_taken_first_is_readmitted_when_those_taken_later_explain_it(hopeless):
    conflicts = [frozenset(one) for one in ("0a", "0b", "0c", "ax", "ay", "bu", "bv", "cs", "ct")]
    assert {part.alternatives for part in parts(conflicts, ord)} == {(frozenset(one),) for one in "abc"}


def test_a_part_of_two_hundred_units_is_answered_by_a_count_and_not_by_a_clock():
    """A third of 200 devices lie and contradict a dozen others each; all of them are named, nobody else."""
    liars = range(66)
    honest = range(66, 200)
    conflicts = [
        frozenset((liar, 66 + (liar * 37 + 11 * step) % len(honest))) for liar in liars for step in range(12)
    ]
    found = parts(conflicts, int)
    assert frozenset().union(*(part.alternatives[0] for part in found)) == frozenset(liars)

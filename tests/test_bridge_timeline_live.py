"""Links put one by one into a solved graph, against the full solve of all of them."""

import numpy as np
import pytest
from clock_world import make_world

from fieldpost.timeline.columns import stamps_of
from fieldpost.timeline.evidence import Evidence, Exchange
from fieldpost.timeline.graph import Told
from fieldpost.timeline.kernels import LIMIT
from fieldpost.timeline.live import Live
from fieldpost.timeline.sides import about


def reading(told, stamp):
    return told.index[stamp.device], stamp.boot, stamp.t_ns


def lengths(told, anchor):
    """Box lengths of a full solve by node, lower and upper."""
    sides = about(told.graph(), stamps_of([anchor], told.index))
    return [side.lengths.max(axis=0).tolist() for side in sides]


def split(seed, keep_stamps):
    """A world, its evidence without every fourth exchange, and these."""
    world = make_world(seed, devices=5, contacts=60, wander=None, boots=1 + seed % 3, ceiling=seed % 2 == 0)
    whole = world.evidence
    late = [x for x in whole.exchanges if world.anchor.at not in (x.tx, x.rx)][::4]
    kept = tuple(x for x in whole.exchanges if x not in late)
    seen = tuple(s for x in late for s in (x.tx, x.rx)) if keep_stamps else ()
    return world, Evidence(whole.assumptions, kept, whole.causals, (), seen), late


def added(world, part, late):
    told = Told(part)
    live = Live(told.graph(), stamps_of([world.anchor.at], told.index))
    for x in late:
        assert live.add(
            reading(told, x.tx), reading(told, x.rx), x.dmin_ns, LIMIT if x.dmax_ns is None else x.dmax_ns
        )
    return told, live


@pytest.mark.parametrize("seed", range(8))
def test_links_between_known_stamps_give_the_full_solve_to_the_nanosecond(seed):
    world, part, late = split(seed, keep_stamps=True)
    told, live = added(world, part, late)
    whole = Told(Evidence(part.assumptions, (*part.exchanges, *late), part.causals, (), part.seen))
    before, after = lengths(told, world.anchor.at), lengths(whole, world.anchor.at)
    assert before != after
    for side, full in zip(live.sides, after):
        assert side.length[: len(full)].tolist() == full


@pytest.mark.parametrize("seed", range(8))
def test_links_with_new_stamps_differ_from_the_full_solve_by_rounding_alone(seed):
    world, part, late = split(seed, keep_stamps=False)
    told, live = added(world, part, late)
    whole = Told(Evidence(part.assumptions, (*part.exchanges, *late), part.causals))
    full = lengths(whole, world.anchor.at)
    new = 2 * len(late)
    for node, stamp in enumerate(whole.evidence.stamps()):
        lo, hi = live.interval(reading(told, stamp))
        lower, upper = (LIMIT if lo is None else -lo), (LIMIT if hi is None else hi)
        assert full[0][node] - new <= lower <= full[0][node] and full[1][node] - new <= upper <= full[1][node]


def test_a_link_that_contradicts_the_rest_is_refused():
    world, part, _ = split(1, keep_stamps=False)
    told = Told(part)
    live = Live(told.graph(), stamps_of([world.anchor.at], told.index))
    first = part.exchanges[0]
    far = Exchange(first.tx, first.rx, first.dmin_ns + 10**15)
    assert not live.add(reading(told, far.tx), reading(told, far.rx), far.dmin_ns)
    assert not live.is_sound


def test_room_is_made_for_more_links_than_were_foreseen(monkeypatch):
    monkeypatch.setattr("fieldpost.timeline.live.SPARE", 4)
    world, part, late = split(2, keep_stamps=False)
    _, live = added(world, part, late)
    assert len(late) > 8 and np.count_nonzero(live.sides[1].length < LIMIT) >= 2 * len(late)

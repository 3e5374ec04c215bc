"""What is solved again without one unit is, to the integer, what a whole solve without it gives."""

import random

import numpy as np
import pytest
from clock_world import S, make_world, stepped

from fieldpost.timeline import compiled, spread
from fieldpost.timeline.asked import locate
from fieldpost.timeline.evidence import Anchor, Stamp
from fieldpost.timeline.graph import without
from fieldpost.timeline.isolate import Graphs
from fieldpost.timeline.kernels import LIMIT
from fieldpost.timeline.place import Solutions
from fieldpost.timeline.sides import about
from fieldpost.timeline.windows import CASES

MODULES = ("flow", "graph", "paths", "sides", "steps", "tighten", "asked", "spread")


def one_by_one(graph, anchor, stamps, unit_of, spared):
    """A whole solve without each unit: both sides of every stamp, and who is bounded by whom alone."""
    asked = locate(graph.columns, graph.out, stamps)
    strict = [side.farthest(asked) for side in about(graph, anchor)]
    worst, depends = [side.copy() for side in strict], {}
    own = np.where(stamps.device >= 0, unit_of[np.maximum(stamps.device, 0)], -1)
    for unit in np.flatnonzero(~spared).tolist():
        others = np.flatnonzero(own != unit)
        lost = np.zeros(len(others), bool)
        rest = about(without(graph.ground, graph.out | (unit_of == unit)), anchor)
        for side, known, found in zip(rest, strict, worst):
            far = side.farthest(asked.only(others))
            found[others] = np.maximum(found[others], far)
            lost |= (far >= LIMIT) & (known[others] < LIMIT)
        if lost.any():
            depends[unit] = others[lost].tolist()
    return [side.tolist() for side in (*strict, *worst)], depends


def question(seed):
    """A world, as one of what isolation leaves; its anchor; observations and readings far from any; units."""
    rng = random.Random(seed)
    world = make_world(
        seed,
        devices=rng.randint(3, 9),
        contacts=rng.choice([20, 50, 120]),
        observations=rng.choice([10, 60]),
        boots=1 + seed % 4,
        wander=rng.choice([None, 10_000, 40_000, 80_000]),
        lie=stepped("d2", 10 ** rng.randint(5, 10), 30_000 * S) if seed % 2 else None,
        one_way=rng.choice([0, 0.3, 0.9]),
        ceiling=seed % 4 == 0,
    )
    anchor = Anchor(rng.choice(list(world.truth))) if seed % 7 == 0 else world.anchor
    names = [one.device for one in world.evidence.assumptions]
    pairs = {name: f"u{place // 2}" if seed % 3 == 0 else name for place, name in enumerate(names)}
    graphs = Graphs(world.evidence, lambda d: d if d in anchor.devices else pairs[d])
    worlds = (frozenset(),) if graphs.finding is None else graphs.finding.worlds(None, anchor.devices)
    solutions = Solutions(graphs, anchor)
    readings = [
        Stamp(rng.choice([*names, "nobody"]), rng.randint(0, 6), rng.randint(-(10**12), 10**14))
        for _ in range(20)
    ]
    stamps = solutions.stamps([*world.truth, *readings])
    about_ = solutions.stamps([anchor.at])
    return [(graphs.graph(out), about_, stamps, solutions.unit_of, solutions.spared) for out in worlds]


def told(found):
    sides = (found.lower, found.upper, found.resilient_lower, found.resilient_upper)
    return [side.tolist() for side in sides], {unit: at.tolist() for unit, at in found.depends.items()}


@pytest.mark.parametrize("seed", range(36))
def test_leaving_each_unit_out_is_a_whole_solve_without_it(seed, monkeypatch):
    code = compiled.machine_code()
    assert code is not None
    for asked in question(seed):
        found = told(spread.resilient(*asked))
        with monkeypatch.context() as numpy_alone:
            for module in MODULES:
                numpy_alone.setattr(f"fieldpost.timeline.{module}.kernel", lambda name, size: None)
            assert told(spread.resilient(*asked)) == found == one_by_one(*asked)


def test_whole_solves_are_for_units_alone_that_narrow_the_anchors_own_clock(monkeypatch):
    """Else a thousand devices would need a thousand solves. The anchor's range rests on few."""
    whole, units, splits = 0, 0, 0
    compiled.machine_code()

    def counted(*args):
        nonlocal whole
        whole += 1
        return without(*args)

    monkeypatch.setattr(spread, "without", counted)
    for seed in range(12):
        world = make_world(seed, devices=12, contacts=150, boots=2)
        solutions = Solutions(Graphs(world.evidence, lambda device: device), world.anchor)
        graph, anchor = solutions.graphs.graph(frozenset()), solutions.stamps([world.anchor.at])
        spread.resilient(graph, anchor, solutions.stamps(world.truth), solutions.unit_of, solutions.spared)
        units += int((~solutions.spared).sum())
        splits += about(graph, anchor)[0].starts == CASES
    assert splits > 6 and 0 < whole < units / 4

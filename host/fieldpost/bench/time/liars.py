"""How many liars are isolated, of those whom the evidence can show, and how many honest devices are taken for one.

Up to a third of the devices lie, each on its own. A liar can be told where the evidence of all honest devices and this
one contradicts itself whichever other device is left out: else "one of two" is all that evidence allows. Isolated is
who is certainly named, in every explanation.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace

import numpy as np

from fieldpost.bench.line import Line
from fieldpost.bench.time.solved import graph_of
from fieldpost.clock_models.temperature import DAY_NS, HOUR_NS
from fieldpost.simulated_fleet import records
from fieldpost.simulated_fleet.plan import MS, Lie, Plan
from fieldpost.simulated_fleet.world import World, make_world
from fieldpost.timeline.graph import Graph, without
from fieldpost.timeline.isolate import Graphs
from fieldpost.timeline.paths import contradiction
from fieldpost.timeline.place import same

PLAN = Plan(devices=12, span_ns=2 * DAY_NS, peer_every_ns=HOUR_NS, observations=1)
WORLDS = 200
SIZE_MS = (2_000, 200_000)


@dataclass(frozen=True, slots=True)
class Found:
    """Liars who contradict the honest, those of them who can be told, and of both who was named; then the honest."""

    contradicted: int
    contradicted_named: int
    detectable: int
    isolated: int
    honest: int
    quarantined: int

    def plus(self, other: Found) -> Found:
        return Found(*(one + two for one, two in zip(astuple(self), astuple(other))))


def lying_world(plan: Plan, seed: int) -> World:
    """1 up to a third of the devices lie, of any kind and size, not those of the anchor."""
    rng = np.random.default_rng(seed)
    honest = make_world(plan, seed)
    spared = {int(honest.tx.device[honest.zero]), int(honest.rx.device[honest.zero])}
    others = [device for device in range(plan.meshes, plan.total) if device not in spared]
    liars = rng.choice(others, rng.integers(1, plan.total // 3 + 1), replace=False)
    lies = []
    for liar in sorted(liars.tolist()):
        size_ms = float(np.exp(rng.uniform(*np.log(SIZE_MS))))
        kind = ("step", "rate", "two-faced")[rng.integers(3)]
        after = int(rng.uniform(0, 0.5) * plan.span_ns)
        lies.append(Lie(liar, kind, int(rng.choice([-1, 1]) * size_ms * MS), after))
    return make_world(replace(plan, lies=tuple(lies)), seed)


def contradicts_without(graph: Graph, out: set[int]) -> bool:
    left = np.isin(np.arange(len(graph.out)), list(out))
    return contradiction(without(graph.ground, left)) is not None


def judged(world: World) -> Found:
    plan = world.plan
    liars = {lie.device for lie in world.plan.lies}
    honest = set(range(plan.total)) - liars
    finding = Graphs(records.evidence(world), same).finding
    names = frozenset() if finding is None else finding.certain
    named = {device for device in range(plan.total) if plan.name(device) in names}
    graph = graph_of(world)
    contradicted = {liar for liar in liars if contradicts_without(graph, liars - {liar})}
    told = {
        liar
        for liar in contradicted
        if all(contradicts_without(graph, (liars - {liar}) | {other}) for other in honest)
    }
    return Found(
        len(contradicted),
        len(contradicted & named),
        len(told),
        len(told & named),
        len(honest),
        len(honest & named),
    )


def total(seed: int, worlds: int, plan: Plan = PLAN) -> Found:
    found = Found(0, 0, 0, 0, 0, 0)
    for one in range(worlds):
        found = found.plus(judged(lying_world(plan, seed * 1000 + one)))
    return found


def lines(seed: int, worlds: int = WORLDS) -> Iterator[Line]:
    started = time.perf_counter()
    found = total(seed, worlds)
    spent = time.perf_counter() - started
    share, wrong = found.isolated / found.detectable, found.quarantined / found.honest
    beside = {"of all who contradict": found.contradicted_named / found.contradicted}
    yield Line("time/liars_isolated", share, "ratio", "higher", found.detectable, seed, spent, 0.99, beside)
    yield Line("time/honest_quarantined", wrong, "ratio", "lower", found.honest, seed, spent, 0.005)

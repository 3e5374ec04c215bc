"""A simulated world's graph, its anchor, and its observations placed, without a Python object a row."""

from __future__ import annotations

import numpy as np

from fieldpost.simulated_fleet import records
from fieldpost.simulated_fleet.world import World
from fieldpost.timeline.columns import Stamps, columns
from fieldpost.timeline.graph import Graph, without
from fieldpost.timeline.paths import contradiction
from fieldpost.timeline.spread import Spread, resilient, strict
from fieldpost.timeline.tighten import Ground


def graph_of(world: World) -> Graph:
    """All of the world's evidence."""
    return without(Ground(columns(records.rows(world))), np.zeros(world.plan.total, bool))


def anchor_of(world: World) -> Stamps:
    """The anchor's one stamp."""
    side = world.tx if world.gateway_sent else world.rx
    return records.as_columns(side.at(np.array([world.zero])))


def contradicts(world: World) -> bool:
    return contradiction(graph_of(world)) is not None


def resilient_spread(world: World) -> Spread:
    """Both intervals of every observation; the anchor's two devices are assumed honest."""
    spared = np.zeros(world.plan.total, bool)
    spared[[world.tx.device[world.zero], world.rx.device[world.zero]]] = True
    units = np.arange(world.plan.total)
    return resilient(graph_of(world), anchor_of(world), records.as_columns(world.observed), units, spared)


def strict_spread(world: World) -> Spread:
    return strict(graph_of(world), anchor_of(world), records.as_columns(world.observed))

"""An estimator after Phoenix (Gupchup et al., EWSN 2010): lines between boots, joined along the best path.

Each pair of boots that met often enough gets a least squares line and its quality; a boot's time is the chain of lines
along the path to the gateway whose squared errors add up to the least. Points only; our own writing, not their code.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from fieldpost.bench.time.pairs import Floats, S, Sightings, boot_numbers, line, sightings, zero_s
from fieldpost.simulated_fleet.world import World

CONTACTS_LEAST = 10  # of a pair; of 3, 6, 10 and 14 this served it best


def pair_lines(seen: Sightings) -> dict[tuple[int, int], tuple[float, float, float]]:
    """By (boot a, boot b), a < b: (gain, start, squared error) of b's reading as a line of a's."""
    swap = seen.sent_by > seen.heard_by
    a, b = np.where(swap, seen.heard_by, seen.sent_by), np.where(swap, seen.sent_by, seen.heard_by)
    x, y = np.where(swap, seen.heard_s, seen.sent_s), np.where(swap, seen.sent_s, seen.heard_s)
    order = np.lexsort((b, a))
    cuts = np.flatnonzero(np.diff(a[order]) | np.diff(b[order])) + 1
    found = {}
    for mine in np.split(order, cuts):
        if len(mine) >= CONTACTS_LEAST:
            gain, start, left = line(x[mine], y[mine])
            found[int(a[mine[0]]), int(b[mine[0]])] = gain, start, (left + 1e-6) / (len(mine) - 2)
    return found


def to_gateway(seen: Sightings) -> dict[int, tuple[float, float]]:
    """By boot: (gain, start) of the gateway's reading as a line of the boot's, along its best path."""
    lines = pair_lines(seen)
    boots = np.unique(np.concatenate((seen.sent_by, seen.heard_by)))
    place = {int(boot): number for number, boot in enumerate(boots)}
    ends = np.array([[place[a], place[b]] for a, b in lines])
    costs = np.array([cost for _, _, cost in lines.values()])
    graph = sparse.csr_matrix((costs, (ends[:, 0], ends[:, 1])), shape=(len(boots), len(boots)))
    length, came_from = csgraph.dijkstra(graph, directed=False, indices=place[0], return_predecessors=True)
    found = {0: (0.0, 0.0)}
    for number in np.argsort(length, kind="stable")[1:]:
        if not np.isfinite(length[number]):
            break
        boot, nearer = int(boots[number]), int(boots[came_from[number]])
        gain, start, _ = lines[min(boot, nearer), max(boot, nearer)]
        if nearer < boot:  # the line tells this boot's reading from the nearer one's: turned round
            gain, start = -gain / (1 + gain), -start / (1 + gain)
        onward, offset = found[nearer]
        found[boot] = gain + onward + gain * onward, start + offset + onward * start
    return found


def by_segments(world: World) -> Floats:
    """Seconds since the anchor of each observation, NaN where no path leads."""
    found = np.full(len(world.observed), np.nan)
    boots, own_s = boot_numbers(world.observed), world.observed.t_ns / S
    for boot, (gain, start) in to_gateway(sightings(world)).items():
        mine = boots == boot
        found[mine] = own_s[mine] * (1 + gain) + start - zero_s(world)
    return found

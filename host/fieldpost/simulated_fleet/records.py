"""A world as evidence, or as the lines of a file for `fieldpost place`, and its truth beside it.

Decides nothing about time; the truth never enters the evidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from fieldpost.simulated_fleet.plan import Plan
from fieldpost.simulated_fleet.world import Readings, World
from fieldpost.timeline.columns import LIMIT, NO_WANDER, Clocks, Rows, Stamps
from fieldpost.timeline.decimals import seconds
from fieldpost.timeline.evidence import Anchor, Assumption, Evidence, Exchange, Stamp


def assumptions(plan: Plan) -> tuple[Assumption, ...]:
    """What is stated of each device's clock."""
    stated = []
    for device in range(plan.total):
        kind = plan.gateway if plan.is_gateway(device) else plan.kind
        stated.append(Assumption(plan.name(device), kind.rate_lo_ppb, kind.rate_hi_ppb, kind.wander_ppb))
    return tuple(stated)


def stamps(plan: Plan, readings: Readings) -> list[Stamp]:
    """The readings as stamps, in their order."""
    names = [plan.name(device) for device in range(plan.total)]
    columns = zip(readings.device.tolist(), readings.boot.tolist(), readings.t_ns.tolist())
    return [Stamp(names[device], boot, t_ns) for device, boot, t_ns in columns]


def exchanges(world: World) -> tuple[Exchange, ...]:
    least = world.plan.delays.stated_least_ns
    ends = zip(stamps(world.plan, world.tx), stamps(world.plan, world.rx))
    return tuple(Exchange(tx, rx, least) for tx, rx in ends)


def evidence(world: World) -> Evidence:
    """All that was recorded: assumptions and exchanges."""
    return Evidence(assumptions(world.plan), exchanges(world))


def as_columns(readings: Readings) -> Stamps:
    return Stamps(readings.device, readings.boot, readings.t_ns)


def rows(world: World) -> Rows:
    """The same evidence as arrays: a device's index is its place in the plan, which is that of its name."""
    stated = assumptions(world.plan)
    clocks = Clocks(
        np.array([one.rate_lo_ppb for one in stated], np.int64),
        np.array([one.rate_hi_ppb for one in stated], np.int64),
        np.array([NO_WANDER if one.wander_ppb is None else one.wander_ppb for one in stated], np.int64),
    )
    least = np.full(len(world.tx), world.plan.delays.stated_least_ns, np.int64)
    without = np.full(len(world.tx), LIMIT, np.int64)
    return Rows(clocks, as_columns(world.tx), as_columns(world.rx), least, without)


def anchor(world: World) -> Anchor:
    """The gateway's stamp of its first exchange; its other end is the field device's."""
    tx, rx = (stamps(world.plan, side.at(np.array([world.zero])))[0] for side in (world.tx, world.rx))
    return Anchor(tx, rx) if world.gateway_sent else Anchor(rx, tx)


def observed_stamps(world: World) -> list[Stamp]:
    return stamps(world.plan, world.observed)


def as_row(stamp: Stamp) -> dict[str, object]:
    return {"device": stamp.device, "boot": stamp.boot, "t": seconds(stamp.t_ns)}


def evidence_lines(world: World) -> Iterator[str]:
    """The file of `fieldpost place`: assumptions, the anchor, exchanges by sending, then one question a reading."""
    for stated in assumptions(world.plan):
        wander = None if stated.wander_ppb is None else stated.wander_ppb / 1000
        rates = [stated.rate_lo_ppb / 1000, stated.rate_hi_ppb / 1000]
        yield json.dumps({"type": "assume", "device": stated.device, "rate_ppm": rates, "wander_ppm": wander})
    yield json.dumps({"type": "anchor", "at": as_row(anchor(world).at)})
    for exchange in exchanges(world):
        row = {"type": "exchange", "tx": as_row(exchange.tx), "rx": as_row(exchange.rx)}
        yield json.dumps({**row, "delay": [seconds(exchange.dmin_ns), None]})
    for place, stamp in enumerate(observed_stamps(world)):
        yield json.dumps({"type": "place", "id": f"o{place}", "at": as_row(stamp)})


def truth_lines(world: World) -> Iterator[str]:
    """The true seconds since the anchor of each question, in the same order."""
    for place, true_ns in enumerate(world.truth_ns.tolist()):
        yield json.dumps({"id": f"o{place}", "true": seconds(true_ns)})

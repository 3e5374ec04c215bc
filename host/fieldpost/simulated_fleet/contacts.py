"""Who meets whom and when: gateways, peers, and the few contacts that join two meshes; then each contact's messages.

Decides that every contact is a call and, unless it is one-way, an answer soon after. Refuses to know clocks: all times
here are true.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldpost.simulated_fleet.plan import MS, Plan

ANSWER_NS = (10 * MS, 500 * MS)
JITTER = 0.1  # of the time between two contacts

Calls = tuple[np.ndarray, np.ndarray, np.ndarray]  # who calls, who answers, true ns


@dataclass(frozen=True, eq=False)
class Messages:
    """Arrays of one length: sender and receiver (places), sent and heard (true ns)."""

    sender: np.ndarray
    receiver: np.ndarray
    sent_ns: np.ndarray
    heard_ns: np.ndarray


def every(rng: np.random.Generator, interval_ns: int, span_ns: int) -> np.ndarray:
    """True times over the span, an interval apart, with jitter, from a phase of its own."""
    count = max(1, span_ns // interval_ns)
    phase = rng.uniform(0, 1) + rng.uniform(-JITTER, JITTER, count)
    at = np.rint((np.arange(count) + phase) * interval_ns).astype(np.int64)
    return at[(at > 0) & (at < span_ns)]


def gateway_calls(rng: np.random.Generator, plan: Plan) -> list[Calls]:
    """Each device that reaches its gateway calls it."""
    found = []
    for mesh in range(plan.meshes):
        devices = np.array(plan.field_devices(mesh))
        reach = max(1, round(plan.gateway_share * plan.devices))
        for device in np.sort(rng.permutation(devices)[:reach]):
            at = every(rng, plan.gateway_every_ns, plan.span_ns)
            found.append((np.full(len(at), device), np.full(len(at), mesh), at))
    return found


def peer_calls(rng: np.random.Generator, plan: Plan) -> list[Calls]:
    """Each device calls one of its neighbours; neighbours stand near it in a ring."""
    found = []
    reach = min(plan.neighbours or plan.devices - 1, plan.devices - 1)
    if reach < 1:
        return []
    for mesh in range(plan.meshes):
        first = plan.field_devices(mesh).start
        for place in range(plan.devices):
            at = every(rng, plan.peer_every_ns, plan.span_ns)
            step = rng.integers(1, reach + 1, len(at)) - (0 if plan.neighbours is None else reach // 2)
            step = np.where(step <= 0, step - 1, step)
            found.append((np.full(len(at), first + place), first + (place + step) % plan.devices, at))
    return found


def bridging_calls(rng: np.random.Generator, plan: Plan) -> list[Calls]:
    """Devices of mesh 0 call devices of each other mesh, in the middle of the span."""
    found = []
    for mesh in range(1, plan.meshes):
        a = rng.integers(plan.field_devices(0).start, plan.field_devices(0).stop, plan.bridges)
        b = rng.integers(plan.field_devices(mesh).start, plan.field_devices(mesh).stop, plan.bridges)
        at = np.rint(rng.uniform(0.3, 0.7, plan.bridges) * plan.span_ns).astype(np.int64)
        found.append((a, b, at))
    return found


def calls(rng: np.random.Generator, plan: Plan) -> tuple[Calls, np.ndarray]:
    """All calls, and which of them always get an answer (those between meshes), in the order of true time."""
    if plan.schedule is not None:
        groups, joining = [plan.schedule(rng, plan)], []
    else:
        groups = gateway_calls(rng, plan) + peer_calls(rng, plan)
        joining = bridging_calls(rng, plan)
    a, b, at = (np.concatenate(columns).astype(np.int64) for columns in zip(*groups, *joining))
    answered = np.zeros(len(at), bool)
    answered[len(at) - sum(len(call[2]) for call in joining) :] = True
    order = np.lexsort((b, a, at))
    return (a[order], b[order], at[order]), answered[order]


def messages(rng: np.random.Generator, plan: Plan) -> Messages:
    """Every message of the plan, whether or not its devices had power then."""
    (a, b, at), answered = calls(rng, plan)
    heard = at + plan.delays.drawn(rng, len(at))
    answered |= rng.random(len(at)) >= plan.one_way
    replied = heard + rng.integers(*ANSWER_NS, len(at))
    back = replied + plan.delays.drawn(rng, len(at))
    return Messages(
        np.concatenate((a, b[answered])),
        np.concatenate((b, a[answered])),
        np.concatenate((at, replied[answered])),
        np.concatenate((heard, back[answered])),
    )

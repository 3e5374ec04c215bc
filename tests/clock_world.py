"""A small seeded world of clocks: skew, drift, delays, reboots, and a liar where one is asked for.

True time is integer nanoseconds; a clock's rate is piecewise constant and stays inside its stated range, its
spread inside the stated wander. Nothing here is read by the product.
"""

import random
from dataclasses import dataclass, field

from fieldpost.timeline.evidence import Anchor, Assumption, Causal, Evidence, Exchange, Stamp

S = 1_000_000_000
RATE_PPB = 100_000
WANDER_PPB = 40_000
DELAY_MIN = 4_000_000


@dataclass
class Clock:
    """Boots of one device: (true start, local origin, [(true from, rate ppb of local against true)])."""

    device: str
    boots: list = field(default_factory=list)

    def stamp(self, true_ns: int) -> Stamp:
        """The reading at a true time, floored to a nanosecond."""
        boot = max(i for i, (start, _, _) in enumerate(self.boots) if start <= true_ns)
        _, local, pieces = self.boots[boot]
        for (begin, rate), nxt in zip(pieces, [*pieces[1:], None]):
            end = true_ns if nxt is None else min(true_ns, nxt[0])
            if end > begin:
                local += (end - begin) * S / (S + rate)  # true = local x (1 + rate)
        return Stamp(self.device, boot, int(local))


def make_clock(rng: random.Random, device: str, span_ns: int, boots: int) -> Clock:
    starts = [0, *sorted(rng.sample(range(span_ns // 10, span_ns), boots - 1))]
    clock = Clock(device)
    for start, end in zip(starts, [*starts[1:], span_ns]):
        middle = rng.randint(-RATE_PPB + WANDER_PPB // 2 + 100, RATE_PPB - WANDER_PPB // 2 - 100)
        cuts = sorted(rng.sample(range(start + 1, end), 5))
        half = WANDER_PPB // 2 - 50
        clock.boots.append((start, 0.0, [(at, middle + rng.randint(-half, half)) for at in [start, *cuts]]))
    return clock


@dataclass
class World:
    evidence: Evidence
    anchor: Anchor
    truth: dict  # stamp -> true ns since the anchor, of every observation
    causals: list


def make_world(
    seed: int, devices: int = 6, contacts: int = 80, observations: int = 300, days: float = 3, boots: int = 2,
    wander: int | None = WANDER_PPB, lie=None, one_way: float = 0.3, ceiling: bool = False, prefix: str = "d",
) -> World:  # fmt: skip
    """`lie(exchange, true_ns)` may alter what is recorded of each message."""
    rng = random.Random(seed)
    span = int(days * 86400) * S
    names = [f"{prefix}{i}" for i in range(devices)]
    clocks = {name: make_clock(rng, name, span, boots) for name in names}
    exchanges, sent = [], []
    for at in sorted(rng.randrange(S, span - 10 * S) for _ in range(contacts)):
        a, b = rng.sample(names, 2)
        heard = at + DELAY_MIN + int(min(rng.expovariate(1 / 80e6), 496e6))
        answered = heard + rng.randrange(1, 2 * S)
        back = answered + DELAY_MIN + int(min(rng.expovariate(1 / 80e6), 496e6))
        found = [(clocks[a].stamp(at), clocks[b].stamp(heard), at)]
        if rng.random() > one_way:
            found.append((clocks[b].stamp(answered), clocks[a].stamp(back), answered))
        for tx, rx, true_tx in found:
            exchange = Exchange(tx, rx, DELAY_MIN - 2, 520_000_000 if ceiling else None)
            exchange = lie(exchange, true_tx) if lie else exchange
            exchanges.append(exchange)
            sent.append((true_tx, exchange.tx, tx))
    zero, first, honest = min((entry for entry in sent if entry[1].device == names[0]), key=lambda e: e[0])
    assert first == honest, "the anchor's device is honest"
    seen_at = [(name, rng.randrange(span)) for name in names for _ in range(observations // devices)]
    truth = {clocks[name].stamp(at): at - zero for name, at in seen_at}
    causals = make_causals(rng, clocks, names, span)
    assumptions = [Assumption(name, -RATE_PPB, RATE_PPB, wander) for name in names]
    evidence = Evidence(tuple(assumptions), tuple(exchanges), tuple(causals))
    return World(evidence, Anchor(first), truth, causals)


def make_causals(rng: random.Random, clocks: dict, names: list, span: int) -> list:
    found = []
    for _ in range(4):
        a, b = rng.sample(names, 2)
        at = rng.randrange(span - 3600 * S)
        found.append(Causal(clocks[a].stamp(at), clocks[b].stamp(at + rng.randrange(S, 3600 * S))))
    return found


def contains(interval, true_ns: int, slack_ns: int = 2) -> bool:
    """True time in the interval; readings are floored to a nanosecond, so the edge may be off by as much."""
    lo, hi = interval
    return (lo is None or lo <= true_ns + slack_ns) and (hi is None or true_ns - slack_ns <= hi)


def stepped(device: str, by_ns: int, after_ns: int):
    """A lie: from some true time on, every reading that the device gives in exchanges is off by as much."""

    def lie(exchange: Exchange, true_ns: int) -> Exchange:
        def shift(stamp: Stamp) -> Stamp:
            told = stamp.device == device and true_ns > after_ns
            return Stamp(stamp.device, stamp.boot, max(0, stamp.t_ns + by_ns)) if told else stamp

        return Exchange(shift(exchange.tx), shift(exchange.rx), exchange.dmin_ns, exchange.dmax_ns)

    return lie

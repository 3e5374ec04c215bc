"""Drains over short contacts, such as a bridge that drives by: how much of the airtime was worth it.

Contacts and gaps are exponential, five seconds in the mean. Both ends are told when one begins and ends; what is on
the air then is lost, and airtime counts up to there. HELLO both ways and the first HAVE are inside each contact.

Ideal needs no words: from the first moment of the same contacts it sends frames of the best length, one
after another, without heads, over the same losses, and knows at once and for nothing what is held. It does not know the
future: it loses frames by chance, and the one that a contact's end cuts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from fieldpost.bench.link.drains import BEGIN_US, LONGEST_US, B, Channel, D, Stuck
from fieldpost.bench.link.ends import Ends
from fieldpost.emulator.medium import Medium
from fieldpost.emulator.simulation import Simulation
from fieldwire.link_terms import Lora

MEAN_US = 5_000_000


@dataclass(frozen=True, slots=True)
class Spent:
    """What a drain took, in contacts alone."""

    air_us: int
    contact_us: int
    contacts: int


def contacts(seed: int) -> Iterator[tuple[int, int]]:
    """(begin, end) of one after another."""
    random = Random(f"contacts/{seed}")
    at_us = BEGIN_US
    while True:
        end_us = at_us + max(1_000, round(random.expovariate(1 / MEAN_US)))
        yield at_us, end_us
        at_us = end_us + max(1_000, round(random.expovariate(1 / MEAN_US)))


class Airtime:
    """Airtime of frames, each counted up to its contact's end."""

    def __init__(self, terms: Lora) -> None:
        self.us = 0
        self._terms = terms

    def add(self, size: int, now_us: int, end_us: int) -> None:
        self.us += min(self._terms.wire_us(size), end_us - now_us)


def ours(terms: Lora, channel: Channel, seed: int, sizes: list[int], resumes: bool = True) -> Spent:
    """Our session. Where it does not resume, each contact begins with the segments that did not arrive whole."""
    medium = channel.medium(terms, seed)
    ends = Ends(Random(f"ends/{seed}"), terms, sizes)
    air, contact_us = Airtime(terms), 0
    for count, (begin_us, end_us) in enumerate(contacts(seed), 1):
        if begin_us > LONGEST_US:
            break
        ends.call(begin_us // 1_000, resumes)
        contact_us += one_contact(medium, terms, ends, air, begin_us, end_us)
        if ends.idle:
            if len(ends.shelf.held) != len(sizes):
                raise Stuck(f"seed {seed}: the device believes that all is held, and it is not")
            return Spent(air.us, contact_us, count)
    raise Stuck(f"seed {seed}: {len(ends.shelf.held)} of {len(sizes)} segments")


def one_contact(medium: Medium, terms: Lora, ends: Ends, air: Airtime, begin_us: int, end_us: int) -> int:
    """Runs one contact and returns how much of it was needed."""
    medium.meet(D, B)
    simulation = Simulation(medium, ends.settle, begin_us)
    simulation.seen = lambda _sender, frame: air.add(len(frame), simulation.now_us, end_us)
    simulation.join(D, ends.device, terms.turnaround_ms, half_duplex=True)
    simulation.join(B, ends.bridge, terms.turnaround_ms, half_duplex=True)
    simulation.run(end_us, lambda: ends.idle)
    needed_us = simulation.now_us - begin_us
    medium.part(D, B)
    simulation.leave(D)
    simulation.leave(B)
    simulation.run(end_us + 10 * terms.wire_us(terms.frame_max))  # what is still on the air comes down
    return needed_us


def ideal(terms: Lora, channel: Channel, seed: int, total: int) -> Spent:
    """The sender that knows at once what is held."""
    medium = channel.medium(terms, seed)
    best = max(range(1, terms.frame_max + 1), key=lambda size: size / terms.wire_us(size))
    air, contact_us, left = Airtime(terms), 0, total
    for count, (begin_us, end_us) in enumerate(contacts(seed), 1):
        now_us = begin_us
        while now_us < end_us and left:
            size = min(best, left)
            air.add(size, now_us, end_us)
            flight = medium.begin(D, bytes(size), now_us)
            now_us += terms.wire_us(size)
            heard = flight is not None and medium.land(flight)
            if heard and now_us <= end_us:
                left -= size
        contact_us += min(now_us, end_us) - begin_us
        if not left:
            return Spent(air.us, contact_us, count)
    raise Stuck("contacts never end")

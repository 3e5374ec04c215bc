"""The figures of drains, contacts and faults: which channels, how many seeds, beside what.

Decides the goals. Each figure is a mean over seeds; the worst seed stands among its references.
"""

import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from fieldpost.bench.line import Line
from fieldpost.bench.link import contacts, drains, ends, faults
from fieldpost.bench.link.workers import shared
from fieldwire.link_terms import Lora, Serial

SEEDS = 40
REFERENCE_SEEDS = 8
CONTACT_SEEDS = 40
SCHEDULES = 100_000
ZMODEM = 0.94  # published, on a clean line
BANDWIDTH_HZ = 125_000


@dataclass(frozen=True, slots=True)
class Air:
    """A LoRa figure. `rate` None: fades (8 s at 2 %, 2 s at 80 %)."""

    name: str
    factor: int
    frame_max: int
    rate: float | None
    goal: float

    def terms(self) -> Lora:
        return Lora(self.factor, BANDWIDTH_HZ, self.frame_max)


@dataclass(frozen=True, slots=True)
class Cable:
    """A UART figure."""

    name: str
    baud: int
    frame_max: int
    error_rate: float
    goal: float

    def terms(self) -> Serial:
        return Serial(self.baud, 1, self.frame_max)


AIRS = (
    Air("lora_sf7_p10", 7, 222, 0.1, 0.96),
    Air("lora_sf7_p30", 7, 222, 0.3, 0.96),
    Air("lora_sf7_ge20", 7, 222, None, 0.96),
    Air("lora_sf12_p10", 12, 51, 0.1, 0.92),
)
CABLES = (
    Cable("uart_115200_246", 115_200, 246, 1e-5, 0.95),
    Cable("uart_921600_246", 921_600, 246, 1e-5, 0.95),
    Cable("uart_115200_512", 115_200, 512, 1e-5, 0.97),
    Cable("uart_115200_1e3", 115_200, 246, 1e-3, 0.80),
)


def air_share(air: Air, seed: int, records: int) -> float:
    return drains.lora_goodput(air.terms(), drains.Channel(air.rate), seed, ends.sizes(records))


def air_reference(air: Air, scheme: str, seed: int, records: int) -> float:
    total = sum(ends.sizes(records))
    return drains.lora_reference(air.terms(), drains.Channel(air.rate), seed, total, drains.SCHEMES[scheme])


def cable_share(cable: Cable, seed: int, records: int) -> float:
    return drains.serial_share(cable.terms(), cable.error_rate, seed, ends.sizes(records))


def cable_reference(cable: Cable, scheme: str, seed: int, records: int) -> float:
    total = sum(ends.sizes(records))
    return drains.serial_reference(cable.terms(), cable.error_rate, seed, total, drains.SCHEMES[scheme])


def drain_lines(seed: int, seeds: int = SEEDS, records: int = ends.RECORDS) -> Iterator[Line]:
    """Drains of the journal over each channel, and over the same channel by the other schemes."""
    cases = [(air, air_share, air_reference, {}) for air in AIRS]
    cases += [(cable, cable_share, cable_reference, {"ZMODEM, published": ZMODEM}) for cable in CABLES]
    for case, share, reference, known in cases:
        began_s = time.monotonic()
        shares = shared(case.name, share, [(case, seed + n, records) for n in range(seeds)])
        references = {"worst": min(shares), **known}
        for scheme in drains.SCHEMES:
            runs = [(case, scheme, seed + n, records) for n in range(min(seeds, REFERENCE_SEEDS))]
            references[scheme] = statistics.mean(shared(f"{case.name}, {scheme}", reference, runs))
        took_s = time.monotonic() - began_s
        mean = statistics.mean(shares)
        yield Line(f"link/{case.name}", mean, "ratio", "higher", seeds, seed, took_s, case.goal, references)


def contact_ratios(rate: float, seed: int, records: int, resumes: bool) -> tuple[float, float]:
    """(airtime, contact time) of the ideal sender over ours."""
    terms, channel, sizes = Lora(7, BANDWIDTH_HZ, 222), drains.Channel(rate), ends.sizes(records)
    best = contacts.ideal(terms, channel, seed, sum(sizes))
    found = contacts.ours(terms, channel, seed, sizes, resumes)
    return best.air_us / found.air_us, best.contact_us / found.contact_us


def contact_lines(seed: int, seeds: int = CONTACT_SEEDS, records: int = ends.RECORDS) -> Iterator[Line]:
    """Contacts of five seconds at SF7 without other losses; the same at a tenth lost stands beside it."""
    began_s = time.monotonic()
    clean = shared("contacts_5s", contact_ratios, [(0.0, seed + n, records, True) for n in range(seeds)])
    lossy = shared(
        "contacts_5s, p=.1", contact_ratios, [(0.1, seed + n, records, True) for n in range(seeds)]
    )
    again = [(0.0, seed + n, records, False) for n in range(min(seeds, REFERENCE_SEEDS))]
    restarted = shared("contacts_5s, restart-per-unit", contact_ratios, again)
    references = {
        "worst": min(air for air, _ in clean),
        "share of contact time": statistics.mean(spent for _, spent in clean),
        "p=.1": statistics.mean(air for air, _ in lossy),
        "restart-per-unit": statistics.mean(air for air, _ in restarted),
    }
    mean = statistics.mean(air for air, _ in clean)
    took_s = time.monotonic() - began_s
    yield Line("link/contacts_5s", mean, "ratio", "higher", seeds, seed, took_s, 0.93, references)


def fault_lines(seed: int, schedules: int = SCHEDULES) -> Iterator[Line]:
    """Schedules that were played, and how many of them ended badly; their seeds go to standard error."""
    began_s = time.monotonic()
    step = max(1, schedules // 100)
    blocks = [range(begin, min(begin + step, schedules)) for begin in range(0, schedules, step)]
    found = faults.Tally()
    for one in shared(f"fault_schedules, {schedules:,}", faults.tally, [(block,) for block in blocks]):
        found.add(one)
    for failure in shown(found):
        print(f"fault schedule {failure}", file=sys.stderr)
    took_s = time.monotonic() - began_s
    played, unsafe, stuck = found.played, len(found.unsafe), len(found.stuck)
    yield Line("link/fault_schedules", played, "schedules", "higher", played, seed, took_s, SCHEDULES)
    yield Line("link/fault_unsafe", unsafe, "schedules", "lower", played, seed, took_s, 0)
    yield Line("link/fault_stuck", stuck, "schedules", "lower", played, seed, took_s, 0)


def shown(found: faults.Tally) -> list[str]:
    """The first failures of each kind."""
    return found.unsafe[:10] + found.stuck[:10]

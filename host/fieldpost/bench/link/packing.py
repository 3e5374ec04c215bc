"""Bytes on the air for each reading of three slow fields, everything included, over LoRa at SF7.

Decides what counts: each frame of either side, from the first call until the device knows that all is held and has
custody of it: handshake, tokens, seals, proofs, questions, answers. The bridge was handed the tokens of the device's
mesh with the salt key, as bridges are; what it takes when it had none stands beside it. The radio's own preamble and
header are none of these bytes.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from fieldpost.bench.device.scripts import run_script
from fieldpost.bench.line import Line
from fieldpost.bench.link.drains import BEGIN_US, LONGEST_US, B, Channel, D, Stuck
from fieldpost.bench.link.ends import BRIDGE, K_DEV
from fieldpost.bench.link.slow_fields import READINGS, SCHEMA, Log, Shelf, senml
from fieldpost.bench.link.workers import shared
from fieldpost.emulator.simulation import Simulation
from fieldwire import cbor, cose, custody, salt, schema
from fieldwire import observation as obs
from fieldwire.link_terms import Lora
from fieldwire.session import BridgeSession, DeviceSession

SEEDS = 8
GOAL = 7
SF7 = Lora(7, 125_000, 222)
SENML_CBOR = 112  # a content format without a schema

# What a log's payloads are: (content format, values -> bytes).
Kind = tuple[int | bytes, Callable[[list[int]], bytes]]
KINDS: dict[str, Kind] = {"fields": (schema.digest(SCHEMA), cbor.encode), "SenML": (SENML_CBOR, senml)}


@dataclass(frozen=True, slots=True)
class Drained:
    """What a drain took: bytes that the device sent, and that the bridge sent."""

    device: int
    bridge: int
    readings: int

    def each(self) -> float:
        return (self.device + self.bridge) / self.readings


@dataclass(frozen=True, slots=True)
class Case:
    """What is drained, and how. `packs`: whether the bridge takes packed segments; `handed`: whether it has tokens."""

    kind: str
    packs: bool = True
    handed: bool = True
    rate: float = 0.0


def drain(case: Case, seed: int, readings: int = READINGS) -> Drained:
    """One log to a bridge. Raises Stuck."""
    log = Log(Random(f"fields/{seed}"), *KINDS[case.kind], readings)
    shelf, random = Shelf(log, log.maker.handed if case.handed else []), Random(f"nonces/{seed}")
    device_id, bytes_sent = log.maker.device, {D: 0, B: 0}
    device = DeviceSession(device_id, 1, K_DEV, random.randbytes(8), log, SF7)
    bridge = BridgeSession(
        BRIDGE,
        1,
        random.randbytes(8),
        lambda _device: custody.link_key(K_DEV, BRIDGE),
        shelf.holdings,
        SF7,
        None,
        lambda _device: salt.salt_key(K_DEV) if case.packs else None,
    )

    def settle() -> None:
        shelf.take(bridge)
        while (event := device.next_event()) is not None:
            if event[0] == "custody":
                for number in range(event[3], event[4] + 1):
                    log.kept.pop(number, None)

    def count(sender: str, frame: bytes) -> None:
        bytes_sent[sender] += len(frame)

    simulation = Simulation(Channel(case.rate).medium(SF7, seed), settle, BEGIN_US)
    simulation.seen = count
    simulation.join(D, device, SF7.turnaround_ms, half_duplex=True)
    simulation.join(B, bridge, SF7.turnaround_ms, half_duplex=True)
    device.open(simulation.now_ms)
    if not simulation.run(LONGEST_US, lambda: device.state == "idle" and not log.kept):
        raise Stuck(f"seed {seed}: device {device.state}, bridge {bridge.state}, {len(log.kept)} segments")
    if [shelf.held[number] for number in range(len(log.sealed))] != log.sealed or shelf.refused:
        raise Stuck(f"seed {seed}: the bridge has other bytes than were sealed")
    return Drained(bytes_sent[D], bytes_sent[B], readings)


def cose_each(seed: int, readings: int = READINGS) -> float:
    """Bytes of a reading that is signed by itself: device, place, time, schema, values; nothing of a link is in it."""
    log, total = Log(Random(f"fields/{seed}"), *KINDS["fields"], readings), 0
    for leaf in log.leaves:
        found = obs.decode(leaf)
        told = [
            found[key] for key in (obs.DEVICE, obs.INCARNATION, obs.STREAM, obs.SEQ, obs.TREF, obs.FORMAT)
        ]
        total += len(cose.sign(cose.EARLY, cbor.encode([*told, found[obs.PAYLOAD]]), log.maker.signer))
    return total / readings


def figure(case: Case, seed: int, readings: int) -> tuple[float, float]:
    """(bytes for each reading, those of the bridge among them)."""
    found = drain(case, seed, readings)
    return found.each(), found.bridge / readings


def lines(seed: int, seeds: int = SEEDS, readings: int = READINGS) -> Iterator[Line]:
    began_s = time.monotonic()

    def mean(case: Case, count: int = seeds) -> tuple[float, float]:
        runs = [(case, seed + n, readings) for n in range(count)]
        found = shared(f"bytes_per_observation, {case}", figure, runs)
        return statistics.mean(one for one, _ in found), statistics.mean(down for _, down in found)

    packed, down = mean(Case("fields"))
    references = {
        "of these the bridge's": down,
        "p=.1": mean(Case("fields", rate=0.1))[0],
        "to a bridge without tokens": mean(Case("fields", handed=False))[0],
        "SenML, packed": mean(Case("SenML"), 2)[0],
        "SenML, sealed plain": mean(Case("SenML", packs=False), 1)[0],
        "sealed plain": mean(Case("fields", packs=False), 1)[0],
        "COSE each, no link": cose_each(seed, readings),
    }
    took_s = time.monotonic() - began_s
    yield Line(
        "link/bytes_per_observation",
        packed,
        "bytes",
        "lower",
        seeds * readings,
        seed,
        took_s,
        GOAL,
        references,
    )
    yield heap_line(seed)


def heap_line(seed: int) -> Line:
    """What packing takes of the unix port's heap, whose pointers are twice as long as a board's, once a bridge asks."""
    began_s = time.monotonic()
    [found] = run_script("bench_packing.py")
    total = found["modules"] + found["while_packing"]
    took_s = time.monotonic() - began_s
    return Line("link/pack_heap_bytes", total, "bytes", "lower", 1, seed, took_s, None, found)

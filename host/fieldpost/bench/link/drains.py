"""Drains a journal over a simulated link and says how near to the channel's limit that was.

Decides the terms of a run: 50 ms of turn-around on LoRa and 1 ms on a cable, each way; acks lost like data; counted
when the device knows that all is held. Capacity is the best n / time on air of any frame length up to the MTU.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from fieldpost.bench.link.ends import Ends
from fieldpost.bench.link.schemes import HEAD, PacketReceiver, PacketSender, Receiver, Sender
from fieldpost.emulator.losses import ByteErrors, Fading, Independent, Losses
from fieldpost.emulator.medium import Medium, Radio
from fieldpost.emulator.serial_line import SerialLine
from fieldpost.emulator.simulation import Carrier, Simulation
from fieldwire.link_terms import Lora, Serial

BEGIN_US = 1_000_000
LONGEST_US = 200_000 * 1_000_000
PACKET_BYTES = 2_520  # RFC 9011's largest packet: 63 tiles of 10 words, or its windows over LoRaWAN
GO_BACK = 32
D, B = "device", "bridge"

# The two ends of a scheme on a link, to drain so many bytes.
Scheme = Callable[[Lora | Serial, int], tuple[Sender, Receiver]]


class Stuck(Exception):
    """A drain did not end."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A LoRa channel's losses: independent at `rate`, or fades where it is None."""

    rate: float | None

    def medium(self, terms: Lora, seed: int) -> Medium:
        random = Random(f"channel/{seed}")
        if self.rate is None:
            fade = Fading(random)
            medium = Medium(seed, lambda _sender, _receiver, _random: fade)
        else:
            rate = self.rate
            medium = Medium(seed, lambda _sender, _receiver, random: Independent(rate, random))
        medium.radios.update({D: Radio(terms), B: Radio(terms, x_m=100.0)})
        return medium

    def mean(self) -> float:
        losses: Losses = Fading(Random(0)) if self.rate is None else Independent(self.rate, Random(0))
        return losses.mean


def capacity(terms: Lora) -> float:
    """Bytes a second of the best frame length."""
    return max(size * 1e6 / terms.wire_us(size) for size in range(1, terms.frame_max + 1))


def lora_goodput(terms: Lora, channel: Channel, seed: int, sizes: list[int]) -> float:
    """Share of what the channel lets through, (1 - p) times capacity. Raises Stuck."""
    seconds = session_seconds(channel.medium(terms, seed), terms, seed, sizes)
    return sum(sizes) / seconds / capacity(terms) / (1 - channel.mean())


def lora_reference(terms: Lora, channel: Channel, seed: int, total: int, scheme: Scheme) -> float:
    """The same of another scheme."""
    seconds = scheme_seconds(channel.medium(terms, seed), terms, total, scheme)
    return total / seconds / capacity(terms) / (1 - channel.mean())


def serial_share(terms: Serial, error_rate: float, seed: int, sizes: list[int]) -> float:
    """Share of the line rate, ten bits a byte."""
    seconds = session_seconds(serial_line(terms, error_rate, seed), terms, seed, sizes)
    return sum(sizes) * 10 / seconds / terms.baud


def serial_reference(terms: Serial, error_rate: float, seed: int, total: int, scheme: Scheme) -> float:
    seconds = scheme_seconds(serial_line(terms, error_rate, seed), terms, total, scheme)
    return total * 10 / seconds / terms.baud


def serial_line(terms: Serial, error_rate: float, seed: int) -> SerialLine:
    return SerialLine((D, B), terms, lambda random: ByteErrors(error_rate, random), seed)


def session_seconds(carrier: Carrier, terms: Lora | Serial, seed: int, sizes: list[int]) -> float:
    """How long our session takes, from its first call on."""
    ends = Ends(Random(f"ends/{seed}"), terms, sizes)
    simulation = Simulation(carrier, ends.settle, BEGIN_US)
    while not ends.idle:
        if simulation.now_us >= LONGEST_US:
            raise Stuck(f"seed {seed}: device {ends.device.state}, bridge {ends.bridge.state}")
        ends.call(simulation.now_ms)  # a session that ended is followed by another, as on a board
        simulation.join(D, ends.device, terms.turnaround_ms, not terms.duplex)
        simulation.join(B, ends.bridge, terms.turnaround_ms, not terms.duplex)
        simulation.run(LONGEST_US, lambda: ends.idle or "closed" in (ends.device.state, ends.bridge.state))
    if len(ends.shelf.held) != len(sizes):
        raise Stuck(f"seed {seed}: the device believes that all is held, and it is not")
    return (simulation.now_us - BEGIN_US) / 1e6


def scheme_seconds(carrier: Carrier, terms: Lora | Serial, total: int, scheme: Scheme) -> float:
    sender, receiver = scheme(terms, total)
    simulation = Simulation(carrier, lambda: None, BEGIN_US)
    simulation.join(D, sender, terms.turnaround_ms, half_duplex=not terms.duplex)
    simulation.join(B, receiver, terms.turnaround_ms, half_duplex=not terms.duplex)
    if not simulation.run(LONGEST_US, lambda: sender.done):
        raise Stuck(f"{sender.held} of {sender.count} frames")
    return (simulation.now_us - BEGIN_US) / 1e6


def stop_and_wait(terms: Lora | Serial, total: int) -> tuple[Sender, Receiver]:
    return Sender(terms, total, 1, terms.frame_max - HEAD), Receiver()


def go_back_n(terms: Lora | Serial, total: int) -> tuple[Sender, Receiver]:
    return Sender(terms, total, GO_BACK, terms.frame_max - HEAD), Receiver()


def ack_on_error(terms: Lora | Serial, total: int) -> tuple[Sender, Receiver]:
    payload = terms.frame_max - HEAD
    window = max(1, PACKET_BYTES // payload)
    return PacketSender(terms, total, window, payload), PacketReceiver(window)


SCHEMES: dict[str, Scheme] = {
    "stop-and-wait": stop_and_wait,
    f"go-back-{GO_BACK}": go_back_n,
    "ack-on-error": ack_on_error,
}

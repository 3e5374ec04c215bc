"""LoRa between emulated boards in real time: their modems' packets over the simulated medium.

Shell. Decides nothing of a frame's fate, the medium does; keeps the time that a frame is on air, and tells a modem when
its frame has left and what it hears. A radio is on the air once its modem is set up, until its board has no power.
"""

import asyncio
import json
import os
import struct

from fieldpost.emulator.medium import Flight, Heard, Medium, Radio
from fieldpost.emulator.world import monotonic_us
from fieldwire import link_terms

MESSAGE_MAX = 4096


class Air:
    """`medium` decides who hears what; `scale` emulated seconds pass in a second of the host."""

    def __init__(self, medium: Medium, scale: int = 1) -> None:
        self.medium = medium
        self._scale = scale
        self._descriptors: dict[str, int] = {}
        self._lives: dict[
            str, int
        ] = {}  # how often a board had power: what it sent before is no news to it now

    def attach(self, name: str, descriptor: int) -> None:
        """A board has power; `descriptor` is its modem's other end, packet by packet, and belongs to the air now."""
        self.detach(name)
        os.set_blocking(descriptor, False)
        self._descriptors[name] = descriptor
        self._lives[name] = self._lives.get(name, 0) + 1
        asyncio.get_running_loop().add_reader(descriptor, self._on_readable, name)

    def detach(self, name: str) -> None:
        descriptor = self._descriptors.pop(name, None)
        if descriptor is not None:
            asyncio.get_running_loop().remove_reader(descriptor)
            os.close(descriptor)

    def close(self) -> None:
        for name in list(self._descriptors):
            self.detach(name)

    def _on_readable(self, name: str) -> None:
        try:
            message = os.read(self._descriptors[name], MESSAGE_MAX)
        except BlockingIOError:
            return
        except OSError:
            message = b""
        if not message:
            self.detach(name)
        elif message[:1] == b"C":
            self._tune(name, json.loads(message[1:]))
        elif name in self.medium.radios:
            self._send(name, message[1:])

    def _tune(self, name: str, settings: dict) -> None:
        """What was set from outside, such as the place, stays."""
        terms = link_terms.lora(settings["sf"], settings["bw"] * 1_000)
        radio = self.medium.radios.setdefault(name, Radio(terms))
        radio.terms = terms
        radio.channel_hz = settings["freq_khz"] * 1_000
        radio.power_dbm = settings["output_power"]

    def _send(self, name: str, frame: bytes) -> None:
        flight = self.medium.begin(name, frame, self._now_us())
        if flight is None:  # refused: the modem believes that it went
            self._tell(name, b"D")
            return
        air_s = (flight.end_us - flight.start_us) / 1e6 / self._scale
        asyncio.get_running_loop().call_later(air_s, self._land, flight, self._lives[name])

    def _land(self, flight: Flight, life: int) -> None:
        for heard in self.medium.land(flight):
            self._tell(heard.receiver, _received(heard))
        if self._lives[flight.sender] == life:
            self._tell(flight.sender, b"D")

    def _tell(self, name: str, message: bytes) -> None:
        descriptor = self._descriptors.get(name)
        if descriptor is None:
            return
        try:
            os.write(descriptor, message)
        except OSError:
            return  # its power just went, or it does not look at its modem

    def _now_us(self) -> int:
        return monotonic_us() * self._scale


def _received(heard: Heard) -> bytes:
    snr_quarter_db = max(-128, min(127, round(4 * heard.snr_db)))
    return b"R" + struct.pack(">hb", round(heard.rssi_dbm), snr_quarter_db) + heard.frame

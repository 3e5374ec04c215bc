"""Emulated modems on the simulated air, in real time."""

import asyncio
import json
import socket
import struct
import time

from emulated_probe import settle

from fieldpost.emulator.air import Air
from fieldpost.emulator.medium import Medium
from fieldwire import link_terms

SETTINGS = b"C" + json.dumps({"sf": 7, "bw": 500, "freq_khz": 868_100, "output_power": 14}).encode()


class Modem:
    """A board's end of its modem."""

    def __init__(self, air, name):
        self.near = None
        self._air, self._name = air, name
        self.power()

    def power(self):
        if self.near is not None:
            self._air.detach(self._name)
            self.near.close()
        self.near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.near.setblocking(False)
        self._air.attach(self._name, far.detach())
        self.near.send(SETTINGS)

    def said(self):
        found = []
        while True:
            try:
                found.append(self.near.recv(512))
            except BlockingIOError:
                return found


def run(scenario):
    async def inside():
        air = Air(Medium(1))
        modems = {name: Modem(air, name) for name in "ab"}
        try:
            await asyncio.sleep(0.02)
            await scenario(air, modems["a"], modems["b"])
        finally:
            air.close()
            for modem in modems.values():
                modem.near.close()

    asyncio.run(inside())


def test_a_frame_is_on_air_for_its_time_and_is_heard_with_its_strength():
    async def scenario(air, a, b):
        began = time.monotonic()
        a.near.send(b"T" + b"x" * 222)
        assert await settle(lambda: air.medium.counts.heard == 1)
        assert time.monotonic() - began >= link_terms.lora(7, 500_000).wire_ms(222) / 1_000 - 0.002
        [heard] = b.said()
        rssi_dbm, _ = struct.unpack(">hb", heard[1:4])
        assert heard[:1] == b"R" and heard[4:] == b"x" * 222 and rssi_dbm < 0
        assert a.said() == [b"D"]

    run(scenario)


def test_a_board_that_was_reset_is_not_told_of_what_it_sent_before():
    async def scenario(air, a, b):
        a.near.send(b"T" + b"x" * 222)
        await asyncio.sleep(0.02)
        a.power()
        assert await settle(lambda: air.medium.counts.heard == 1)
        await asyncio.sleep(0.02)
        assert a.said() == []

    run(scenario)


def test_two_that_send_at_once_do_not_hear_each_other():
    async def scenario(air, a, b):
        a.near.send(b"T" + b"x" * 100)
        b.near.send(b"T" + b"y" * 100)
        assert await settle(lambda: air.medium.counts.deaf == 2)
        await asyncio.sleep(0.02)
        assert a.said() == b.said() == [b"D"]

    run(scenario)

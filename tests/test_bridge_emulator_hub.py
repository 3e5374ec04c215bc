"""The hub carries whole frames between radios in contact, and nothing else."""

import asyncio
import os
import socket

import pytest
from emulated_probe import settle

from fieldpost.emulator import Hub
from fieldpost.emulator.hub import FRAME_BYTES_MAX


class Radio:
    """A board's radio without the board."""

    def __init__(self, hub, name):
        self.near, far = socket.socketpair()
        self.near.setblocking(False)
        hub.attach(name, far.detach())

    def send(self, data):
        self.near.sendall(data)

    def heard(self):
        try:
            return self.near.recv(65536)
        except BlockingIOError:
            return b""


def run(scenario, names="abc", **settings):
    async def inside():
        hub = Hub(**{"latency_ms": (1, 3), **settings})
        radios = {name: Radio(hub, name) for name in names}
        try:
            return await scenario(hub, radios)
        finally:
            hub.close()
            for radio in radios.values():
                radio.near.close()

    return asyncio.run(inside())


def test_a_frame_reaches_those_in_contact_and_only_those():
    async def scenario(hub, radios):
        hub.connect("a", "b")
        assert hub.neighbours("b") == ["a"]
        radios["a"].send(b"\0one\0\0tw")
        assert await settle(lambda: hub.counts.carried == 1)
        assert radios["b"].heard() == b"\0one\0", "a part of a frame waits for the rest"
        radios["a"].send(b"o\0")
        assert await settle(lambda: hub.counts.carried == 2)
        assert radios["b"].heard() == b"\0two\0"
        assert radios["c"].heard() == b""
        assert radios["a"].heard() == b""
        assert (hub.counts.sent, hub.counts.carried, hub.counts.carried_bytes) == (2, 2, 6)

    run(scenario)


def test_ending_a_contact_loses_what_is_in_the_air():
    async def scenario(hub, radios):
        hub.connect("a", "b")
        radios["a"].send(b"\0late\0")
        assert await settle(lambda: hub.counts.sent == 1)
        hub.disconnect("a", "b")
        assert await settle(lambda: hub.counts.unheard == 1)
        assert radios["b"].heard() == b""

    run(scenario, latency_ms=(60, 60))


def test_a_radio_that_is_off_hears_nothing_and_disturbs_nobody():
    async def scenario(hub, radios):
        hub.connect("a", "b")
        hub.connect("a", "c")
        hub.detach("b")
        radios["a"].send(b"\0x\0")
        assert await settle(lambda: hub.counts.carried == 1)
        assert radios["c"].heard() == b"\0x\0"
        radios["c"].near.close()
        radios["a"].send(b"\0y\0")
        assert await settle(lambda: hub.counts.unheard == 3)

    run(scenario)


@pytest.mark.parametrize("tail", [b"\0", b""], ids=["ended", "never ended"])
def test_an_oversized_frame_is_dropped_and_the_next_one_carried(tail):
    async def scenario(hub, radios):
        hub.connect("a", "b")
        radios["a"].send(b"\0" + b"x" * (FRAME_BYTES_MAX + 1) + tail)
        assert await settle(lambda: hub.counts.oversize == 1)
        radios["a"].send(b"\0next\0")
        assert await settle(lambda: hub.counts.carried == 1)
        assert radios["b"].heard() == b"\0next\0"
        assert hub.counts.oversize == 1

    run(scenario)


def test_one_seed_gives_one_fate_to_each_pair_whatever_the_others_do():
    def fate(seed, others):
        async def scenario(hub, radios):
            hub.connect("a", "b")
            hub.connect("a", "c")
            for number in range(40):
                if others:
                    radios["c"].send(b"\0noise\0")
                    await asyncio.sleep(0)
                radios["a"].send(b"\0%02d\0" % number)
            # Noise from c reaches a alone, but draws from the same seed.
            total = 80 + (40 if others else 0)
            assert await settle(lambda: hub.counts.carried + hub.counts.lost == total)
            return {frame for frame in radios["b"].heard().split(b"\0") if frame}

        return run(scenario, seed=seed, loss=0.5)

    kept = fate(7, others=False)
    assert 5 < len(kept) < 35
    assert fate(7, others=True) == kept
    assert fate(8, others=False) != kept


def test_a_full_receiver_loses_frames_and_the_hub_goes_on():
    async def scenario(hub, radios):
        hub.connect("a", "b")
        frame = b"\0" + b"z" * 4000 + b"\0"
        for _ in range(200):
            os.write(radios["a"].near.fileno(), frame)
            await asyncio.sleep(0)
        assert await settle(lambda: hub.counts.carried + hub.counts.unheard == 200)
        assert hub.counts.unheard > 0

    run(scenario)

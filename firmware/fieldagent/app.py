"""The agent's only loop: it owns the board's ports and clock and moves frames and time to the parts.

Decides when to look at what. Refuses to go on with a configuration or a flash that is wrong: it says so and ends.
"""

import asyncio
import json
import sys
from binascii import hexlify

from fieldagent import config, identity, sensors
from fieldagent.agent import Agent
from fieldagent.clock import Clock, next_boot
from fieldagent.drivers.uart import FrameLink
from fieldagent.enrolment import Enrolment
from fieldagent.journal_files import Files
from fieldwire.errors import StorageError

_TURN_MS = 5
_FRAMES_A_TURN = 8


def runtime():
    version = [str(part) for part in sys.implementation.version[:3]]
    return "%s %s" % (sys.implementation.name, ".".join(version))


def run(board, root=""):
    """Runs the board until its power ends. What cannot be remedied here is printed as one line."""
    try:
        asyncio.run(_serve(board, Files(root)))
    except (config.ConfigError, StorageError) as error:
        print("error", error)


async def _serve(board, files):
    boot = next_boot(files)
    clock = Clock(board.ticks_ms)
    links = board.links()
    uart = FrameLink(links["uart"])
    measurement = identity.measure(files)
    known = identity.load(files) or await _enrol(board, files, clock, uart, measurement)
    settings = config.load(files)
    hardware_id = board.unique_id()
    attestation = identity.attest_boot(known.signer, hardware_id, boot, board.random_bytes(32), measurement)
    utc = board.utc if settings.utc else _no_utc
    read_of = _reader(board, clock)
    battery_mv = getattr(board, "battery_mv", None)
    agent = Agent(
        files, known, settings, boot, attestation, read_of, board.random_bytes, utc, uart, battery_mv
    )
    local = FrameLink(links["local"]) if settings.neighbours and "local" in links else None
    try:
        await _work(board, clock, agent, uart, local, Status(board, known, boot, agent, settings.status_ms))
    finally:
        agent.stop()


def _no_utc():
    return None


def _reader(board, clock):
    """Looks a sensor up, a person's own in /sensors.py first, then the board's; its reading comes with its time."""
    try:
        __import__("sensors")
    except ImportError:
        pass

    def read_of(name):
        read = sensors.registered(name) or board.sensor(name)
        return lambda: (read(), clock.now_ms())

    return read_of


async def _enrol(board, files, clock, uart, measurement):
    """Waits on the cable until a host has enrolled this device; the identity is durable before the host is told."""

    def make_seed(host_bytes):
        jitter = identity.clock_jitter(board.ticks_ms)
        return identity.make_seed(board.random_bytes, host_bytes, board.unique_id(), jitter)

    print("status", json.dumps({"state": "awaiting enrolment", "runtime": runtime()}))
    enrolment = Enrolment(board.unique_id(), board.NAME.encode(), measurement, make_seed)
    known = None
    while known is None:
        _exchange(enrolment, uart, clock)
        event = enrolment.next_event()
        if event is not None:
            known = event[1]
            known.store(files)
            enrolment.confirm()
        await board.sleep_ms(_TURN_MS)
    _exchange(enrolment, uart, clock)
    return known


async def _work(board, clock, agent, uart, local, status):
    agent.start(clock.now_ms())
    while True:
        moved = _exchange(agent.uplink, uart, clock)
        if local is not None:
            moved = _exchange(agent.neighbours, local, clock) or moved
        now_ms = clock.now_ms()
        agent.step(now_ms)
        status.print_if_due(now_ms)
        await board.sleep_ms(0 if moved else _TURN_MS)


def _exchange(part, link, clock):
    """Hands arrived frames in and due frames out; True when anything moved."""
    frames = link.receive()
    for frame in frames:
        part.receive(frame, clock.now_ms())
    sent = 0
    while sent < _FRAMES_A_TURN and link.is_clear(clock.now_ms()):
        now_ms = clock.now_ms()
        frame = part.to_send(now_ms)
        if frame is None:
            break
        link.send(frame, now_ms)
        sent += 1
    return bool(frames) or sent > 0


class Status:
    """One line of JSON every few seconds, for whoever watches the console."""

    def __init__(self, board, known, boot, agent, every_ms):
        self._board = board
        self._agent = agent
        self._fixed = {"device": hexlify(known.device).decode(), "runtime": runtime(), "boot": boot}
        self._every_ms = every_ms
        self._due_ms = 0

    def print_if_due(self, now_ms):
        if now_ms < self._due_ms:
            return
        self._due_ms = now_ms + self._every_ms
        line = self._agent.status()
        line.update(self._fixed)
        line["heap"] = self._board.free_heap()
        print("status", json.dumps(line))

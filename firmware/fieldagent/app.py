"""The agent's only loop: it owns the board's ports and clock and moves frames and time to the parts.

Decides when to look at what. Refuses to go on with a configuration or a flash that is wrong: it says so and ends.
"""

import json
import sys
from binascii import hexlify

from fieldagent import identity, sensors
from fieldagent.alive import IN_SAFE_MODE, Alive
from fieldagent.asked import Asked
from fieldagent.borrowed import Borrowed
from fieldagent.clock import Clock
from fieldagent.drivers import prompt
from fieldagent.drivers.uart import FrameLink
from fieldagent.journal_files import Files
from fieldagent.random_source import RandomSource
from fieldagent.settings import ConfigError
from fieldwire.errors import StorageError
from fieldwire.port import const

_TURN_MS = const(5)
_LAST_WORDS_MS = const(200)


def runtime():
    version = [str(part) for part in sys.implementation.version[:3]]
    return "%s %s" % (sys.implementation.name, ".".join(version))


def run(board, root="", start=None):
    """Runs the board until its power ends, where `board.sleep_ms` waits by itself and the agent is all that runs.

    `start`: what main.py recorded of this start, see Alive.

    Beside tasks of one's own, with a board that awaits asyncio's sleep: `asyncio.run(app.serve(board))`.
    """
    try:
        serve(board, root, start).send(None)
    except StopIteration:
        pass


async def serve(board, root="", start=None):
    """Until the prompt is asked for. What cannot be remedied here is printed as one line."""
    ports = prompt.Prompt()
    ports.take()
    board = Alive(board, start)
    try:
        if await prompt.wanted(board, Clock(board.ticks_ms)):
            board.end()
            return
        while not await _serve(board, Files(root)):
            pass  # a board whose key was rotated starts again as another device
        board.give_back()
    except (ConfigError, StorageError) as error:
        print("error", error)
        board.end()
    finally:
        ports.give_back()


async def _serve(board, files):
    """One boot's work; returns when the device's key was rotated, True when its bridge asked for the prompt."""
    clock = Clock(board.ticks_ms)
    links = board.links()
    uart = FrameLink(links["uart"])
    if _is_gateway(files):
        from fieldagent import gateway

        board.begin()
        return await gateway.serve(board, files, clock, uart)
    known = identity.load(files)
    if known is None:
        print("status", json.dumps({"state": "awaiting enrolment", "runtime": runtime()}))
        files.folder("state")
        with Borrowed():
            known = await _keys().enrol(board, files, clock, uart)
        await _restart(board)
    settings = _settings(files)
    in_safe_mode = board.standing == IN_SAFE_MODE
    if in_safe_mode:
        settings.reduce()
    if settings.parts is not None:
        from fieldagent.drivers.fitted import Fitted

        board = Fitted(board, settings.parts, clock)
    random_bytes = RandomSource(board.random_bytes)
    boot, attestation, measurement = _attested(board, files, known.signer, random_bytes)
    utc = board.utc if settings.utc else _no_utc
    read_of = None if in_safe_mode else _reader(board, clock)
    battery_mv = getattr(board, "battery_mv", None)
    from fieldagent.agent import Agent  # not before: an enrolment needs the room

    up = uart if settings.radio is None else _radio(board, files, settings.radio)
    store = _log_store(board, files, settings.journal_bytes)
    agent = Agent(
        files, store, known, settings, boot, attestation, read_of, random_bytes, utc, up, battery_mv
    )
    asked = Asked(known, measurement, board)
    if up is uart:
        agent.uplink.asked = asked
    local = FrameLink(links["local"]) if settings.neighbours and "local" in links else None
    if local is not None and (settings.carry_bytes or settings.hand_over):
        agent.share(local)
    status = Status(board, known, boot, agent, settings.status_ms)

    async def hand_over():
        start, asked.rotate_start = asked.rotate_start, None
        try:
            with Borrowed():
                return await _keys().hand_over(board, files, clock, uart, agent, known, boot, start)
        except MemoryError:  # the agent stays what it was; the host hears nothing and says so
            agent.start(clock.now_ms())
            return False

    try:
        return await _work(
            board, clock, agent, up, uart, asked, local, status, hand_over, settings.light_sleep
        )
    finally:
        agent.stop()


async def _restart(board):
    """Gives the agent a heap that no enrolment has used, where a board can start anew."""
    reset = getattr(board, "reset", None)
    board.end()
    if reset is not None:
        await board.sleep_ms(_LAST_WORDS_MS)  # what the host is told is still on its way
        reset()


def _keys():
    from fieldagent import key_cable  # of use at an enrolment and a rotation only

    return key_cable


def _is_gateway(files):
    with Borrowed():
        from fieldagent import config

        return config.is_gateway(files)


def _radio(board, files, wanted):
    from fieldagent.drivers.radio_setup import open_radio

    return open_radio(board, files, wanted)


def _attested(board, files, signer, random_bytes):
    """The number of this boot, its attestation, and the measurement that this states."""
    with Borrowed():
        from fieldagent import start_up

        boot = start_up.next_boot(files)
        measurement = start_up.measure(files, board.slot)
        seed = random_bytes(32)
        attestation = start_up.attest_boot(signer, board.unique_id(), boot, seed, measurement)
        return boot, attestation, measurement


def _settings(files):
    """The configuration as values; what reads and judges the file is let go of."""
    with Borrowed():
        from fieldagent import config

        return config.load(files)


def _log_store(board, files, journal_bytes):
    """The board's raw flash, where it has a partition for the log; else files."""
    journal_flash = getattr(board, "journal_flash", None)
    flash = journal_flash() if journal_flash is not None else None
    if flash is None:
        from fieldagent.sector_files import SectorFiles

        return SectorFiles(files, journal_bytes)
    from fieldagent.ring import Ring

    return Ring(*flash)


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


async def _work(board, clock, agent, up, cable, asked, local, status, hand_over, light_sleep):
    """Until the device's key is rotated: False; or it is asked for the prompt: True, once the answer has left."""
    board.begin()
    rest = None
    if light_sleep and hasattr(board, "light_sleep"):
        from fieldagent.light_sleep import Pace

        rest = Pace(board.light_sleep, agent)
    agent.start(clock.now_ms())
    while True:
        moved = up.turn(agent.uplink, clock)
        if cable is not up:  # its bridge is on a radio
            moved = cable.turn(asked, clock) or moved
        if asked.rotate_start is not None and await hand_over():
            return False
        if (agent.maintenance or asked.prompt) and up.is_clear(clock.now_ms()) and not moved:
            return True
        if local is not None:
            moved = local.turn(agent.neighbours, clock) or moved
        now_ms = clock.now_ms()
        agent.step(now_ms)
        status.print_if_due(now_ms)
        if rest is not None:
            rest.turn(now_ms)
        await board.sleep_ms(0 if moved else _TURN_MS)


class Status:
    """One line of JSON every few seconds, for whoever watches the console."""

    def __init__(self, board, known, boot, agent, every_ms):
        self._board = board
        self._agent = agent
        self._fixed = {"device": hexlify(known.device).decode(), "runtime": runtime(), "boot": boot}
        if board.standing == IN_SAFE_MODE:
            self._fixed["safe_mode"] = True
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

"""The emulated board as the firmware sees it: names, links, clock, sensors, power.

Holds data and factory functions and decides nothing. Everything outside the board is read from
`/host/config.json`, which the supervisor writes at each power-on. Real boards offer the same names.
"""

import gc
import json
import os
import sys
import time

TICKS_MASK = (1 << 30) - 1
READ_BYTES_MAX = 512
RESET_EXIT = 75
JOURNAL_BLOCK_BYTES = 4096

with open("/host/config.json") as _file:
    _config = json.load(_file)

NAME = _config["kind"]

_world = _config["world"]
_clock = _config["clock"]


class Link:
    """Bytes to and from one neighbour medium; `write` takes what fits and says how much that was."""

    def __init__(self, descriptor, baud, turnaround_ms):
        self.baud = baud
        self.turnaround_ms = turnaround_ms
        self._stream = open(descriptor, "r+b", 0)

    def read(self):
        return self._stream.read(READ_BYTES_MAX) or None

    def write(self, data):
        return self._stream.write(data) or 0


class Feed:
    """Recorded readings, one a call, None when the record has ended.

    The place in the record is kept outside the board: the world goes on while the board is without power.
    """

    def __init__(self, path):
        self._records = open(path + ".jsonl")
        self._place = open(path + ".at", "r+b")

    def __call__(self):
        self._place.seek(0)
        self._records.seek(int(self._place.read(10)))
        line = self._records.readline()
        if not line:
            return None
        self._place.seek(0)
        self._place.write("{:010d}".format(self._records.tell()).encode())
        return json.loads(line)


def _open_links():
    opened = {}
    for name, wire in _config["links"].items():
        opened[name] = Link(wire["descriptor"], wire["baud"], wire["turnaround_ms"])
    return opened


_links = _open_links()


def _true_us(since_us):
    return (time.ticks_us() - since_us) * _world["scale"]


def unique_id():
    return bytes.fromhex(_config["unique_id"])


def ticks_ms():
    """Milliseconds of this board's drifting clock since boot, modulo 2^30."""
    true_us = _true_us(_clock["power_on_us"])
    return (_clock["start_ms"] + (true_us + true_us * _clock["drift_ppm"] // 1000000) // 1000) & TICKS_MASK


async def sleep_ms(duration_ms):
    # A sleep shorter than one host millisecond would turn the agent's loop into a busy one.
    if duration_ms > 0:
        time.sleep_ms(max(1, duration_ms // _world["scale"]))


def links():
    return _links


def lora(lora_cfg):
    """The board's LoRa modem, as micropython-lib's `lora` would make it of these settings."""
    import board_modem  # of use on few boards

    return board_modem.EmuModem(open(_config["radio"], "r+b", 0), ticks_ms, lora_cfg)


def random_bytes(count):
    return os.urandom(count)


def sensor(name):
    """The feed of one emulated sensor; calling it gives a scaled integer, a text, a list or None."""
    if name not in _config["sensors"]:
        raise ValueError("no sensor {}: give the board a record of that name".format(name))
    return Feed("/host/sensors/" + name)


def temperature_mc():
    return _config["die_mc"]


def utc():
    """(seconds since 1970, ms, uncertainty in ms) from the board's UTC receiver, None where it has none."""
    receiver = _config["utc"]
    if receiver is None:
        return None
    now_ms = _world["utc_ms"] + receiver["error_ms"] + _true_us(_world["started_us"]) // 1000
    return now_ms // 1000, now_ms % 1000, receiver["uncertainty_ms"]


def battery_mv():
    """The battery's voltage: one of the list given at each look, the last one from then on; None on mains."""
    left = _config["battery_mv"]
    return left.pop(0) if len(left) > 1 else (left[0] if left else None)


def journal_flash():
    """(flash, program unit, whether a unit may be programmed again) of the partition for the log, None without one.

    The board has one where its directory holds `journal.img`: as many erased blocks as that file is long.
    """
    try:
        size = os.stat("/host/journal.img")[6]
    except OSError:
        return None
    from emulated_flash import RawPartition

    return RawPartition("/host/journal.img", JOURNAL_BLOCK_BYTES, size // JOURNAL_BLOCK_BYTES), 256, True


def reset():
    raise SystemExit(RESET_EXIT)


def free_heap():
    return gc.mem_free()


def boot_reason():
    return _config["boot_reason"]


def runtime():
    """What runs this board, from the interpreter itself."""
    version = ".".join([str(part) for part in sys.implementation[1][:3]])
    return "{} {}".format(sys.implementation[0], version)

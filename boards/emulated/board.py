"""The emulated board as the firmware sees it: names, links, clock, sensors, power.

Holds data and factory functions and decides nothing. Everything outside the board is read from
`config.json` beside it on the host, which the supervisor writes at each start. Real boards offer the same names.
"""

import gc
import json
import os
import sys
import time

import emulated_host
from board_curve import Curve

TICKS_MASK = (1 << 30) - 1
READ_BYTES_MAX = 512
RESET_EXIT = 75
JOURNAL_BLOCK_BYTES = 4096

with emulated_host.open("config.json") as _file:
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

    def read_byte(self):
        byte = self._stream.read(1)
        return byte[0] if byte else None

    def write(self, data):
        return self._stream.write(data) or 0


class Feed:
    """Recorded readings, one a call, None when the record has ended.

    The place in the record is kept outside the board: the world goes on while the board is without power.
    """

    def __init__(self, path):
        self._records = emulated_host.open(path + ".jsonl")
        self._place = emulated_host.open(path + ".at", "r+b")

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


def _true_us(now_us):
    """Emulated microseconds since the world began."""
    return (now_us - _world["started_us"]) * _world["scale"]


def _curve(name):
    return Curve(emulated_host.open(name, "rb"), emulated_host.size(name))


_gained_us = _curve("clock.curve")
_die_mc = _curve("die.curve") if _config["die_course"] else None


def _local_us(now_us):
    true_us = _true_us(now_us)
    return true_us + _gained_us(true_us)


_power_on_us = _local_us(_clock["power_on_us"])


def unique_id():
    return bytes.fromhex(_config["unique_id"])


def ticks_ms():
    """Milliseconds of this board's drifting clock since boot, modulo 2^30."""
    return (_clock["start_ms"] + (_local_us(time.ticks_us()) - _power_on_us) // 1000) & TICKS_MASK


async def sleep_ms(duration_ms):
    # A sleep shorter than one host millisecond would turn the agent's loop into a busy one.
    if duration_ms > 0:
        time.sleep_ms(max(1, duration_ms // _world["scale"]))


def links():
    return _links


if _config["prompt"] is not None:

    def console():
        """The port that the interpreter's prompt is on."""
        return _links[_config["prompt"]]


def lora(lora_cfg):
    """The board's LoRa modem, as micropython-lib's `lora` would make it of these settings."""
    import board_modem  # of use on few boards

    return board_modem.EmuModem(open(_config["radio"], "r+b", 0), ticks_ms, lora_cfg)


def random_bytes(count):
    return os.urandom(count)


def i2c():
    """The bus of a BME280, whose registers stand in the record of that name."""
    import board_parts  # of use on few boards

    return board_parts.RecordedI2c(sensor("bme280"))


def gnss_uart(_baud):
    """The port of a GNSS receiver, whose sentences stand in the record `gnss`."""
    import board_parts

    return board_parts.RecordedUart(sensor("gnss"), ticks_ms)


def sensor(name):
    """The feed of one emulated sensor; calling it gives a scaled integer, a text, a list or None."""
    if name == "die" and name not in _config["sensors"]:
        return temperature_mc
    if name not in _config["sensors"]:
        raise ValueError("no sensor {}: give the board a record of that name".format(name))
    return Feed("sensors/" + name)


def temperature_mc():
    return _config["die_mc"] if _die_mc is None else _die_mc(_true_us(time.ticks_us()))


def utc():
    """(seconds since 1970, ms, uncertainty in ms) from the board's UTC receiver, None where it has none."""
    receiver = _config["utc"]
    if receiver is None:
        return None
    now_ms = _world["utc_ms"] + receiver["error_ms"] + _true_us(time.ticks_us()) // 1000
    return now_ms // 1000, now_ms % 1000, receiver["uncertainty_ms"]


def battery_mv():
    """The battery's voltage: one of the list given at each look, the last one from then on; None on mains."""
    left = _config["battery_mv"]
    return left.pop(0) if len(left) > 1 else (left[0] if left else None)


def journal_flash():
    """(flash, program unit, whether a unit may be programmed again) of the partition for the log, None without one.

    The board has one where its directory holds `journal.img`: as many erased blocks as that file is long.
    """
    size = emulated_host.size("journal.img")
    if size is None:
        return None
    from emulated_flash import RawPartition

    image = emulated_host.open("journal.img", "r+b")
    return RawPartition(image, JOURNAL_BLOCK_BYTES, size // JOURNAL_BLOCK_BYTES), 256, True


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

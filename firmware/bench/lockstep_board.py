"""A board whose time and links are driven in lockstep by a program on the host, so that every run is the same.

Stands on a flash image as `board.py`. Each sleep tells the host how far time has come and takes in what the links
have brought by then; nothing here reads a clock. It decides nothing, as other boards do.
"""

import gc
import json
from hashlib import sha256

import emulated_host

NAME = "lockstep"
TICKS_MASK = (1 << 30) - 1
_READ_BYTES_MAX = 512
_REPLY_BYTES = 6

_now_ms = 0
_drawn = 0


class Link:
    """One link: what the host sent before the last sleep can be read, what is written it sees at the next."""

    def __init__(self, terms):
        self.baud = terms["baud"]
        self.turnaround_ms = terms["turnaround_ms"]
        self.arrived = 0
        self._stream = open(terms["descriptor"], "r+b", 0)

    def read(self):
        if not self.arrived:
            return None
        data = self._stream.read(min(_READ_BYTES_MAX, self.arrived))
        self.arrived -= len(data)
        return data

    def write(self, data):
        return self._stream.write(data)


def _open():
    """(unique id, control, uart, local); what else the host has written is off the heap again."""
    with emulated_host.open("config.json") as file:
        config = json.load(file)
    control = open(config["control"], "r+b", 0)
    return config["unique_id"], control, Link(config["links"]["uart"]), Link(config["links"]["local"])


_unique_id, _control, _uart, _local = _open()


def links():
    return {"uart": _uart, "local": _local}


def ticks_ms():
    """Time passes a little with each look at it, as it does while code runs."""
    global _now_ms
    _now_ms += 1
    return (_now_ms >> 3) & TICKS_MASK


async def sleep_ms(duration_ms):
    """Tells the host the time and waits for how many bytes each link has brought; none ends the run."""
    global _now_ms
    _now_ms += max(1, duration_ms) << 3
    _control.write((_now_ms >> 3).to_bytes(4, "big"))
    reply = _control.read(_REPLY_BYTES)
    if not reply:
        raise SystemExit(0)
    _uart.arrived += int.from_bytes(reply[:3], "big")
    _local.arrived += int.from_bytes(reply[3:], "big")


def unique_id():
    return bytes.fromhex(_unique_id)


def random_bytes(count):
    global _drawn
    _drawn += 1
    data = b""
    while len(data) < count:
        data += sha256(b"%d %d %s" % (_drawn, len(data), _unique_id.encode())).digest()
    return data[:count]


def sensor(name):
    """A sensor that wanders."""

    def read():
        return (_now_ms >> 10) % 40 + 180

    return read


def temperature_mc():
    return 21_000


def utc():
    return None


def free_heap():
    """Bytes free after a collection, so that the figure does not depend on when it is asked for."""
    gc.collect()
    return gc.mem_free()


def reset():
    raise SystemExit(75)

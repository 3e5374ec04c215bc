"""Bytes of heap that packing takes once a bridge asks for it, and how long a segment of slow readings takes to pack.

Runs on any MicroPython port. Prints one JSON object: what the modules keep beside those of a board that offers segments
as they are, what is alive at most while a segment is packed, and what is kept of it until it has come.
"""

import gc
import json
import time

from fieldagent.leaf import Leaves
from fieldwire import cbor, seal_writer, session_device
from fieldwire.merkle_tree import leaf_hash, root

DEVICE, INCARNATION, K_DEV = bytes(16), bytes(8), bytes(32)
AUTHOR = (1, b"c" * 16, b"a" * 16)
READINGS = 32
STEPS = (0, 3, 1, -2, -3, 2, -1)


class Signer:
    public = bytes(32)

    def sign(self, message):
        return bytes(64)


def segment(number, previous):
    """(bytes of a segment, seal hash); the kid in it is the device's."""
    made = Leaves(DEVICE, K_DEV, INCARNATION, AUTHOR)
    values, leaves, first = [2_150, 6_520, 1_013], [], READINGS * number
    for seq in range(first, first + READINGS):
        values = [value + STEPS[(seq * (at + 1)) % len(STEPS)] for at, value in enumerate(values)]
        payload, ms = cbor.encode(values), 60_000 * seq + seq * 331 % 1_001
        leaves.append(made.encode(1, seq, [AUTHOR[0], ms], b"f" * 16, "field/north/weather", payload))
    fields = [INCARNATION, 1, number, first, READINGS] + list(AUTHOR) + [previous, 0]
    made, seal_hash = seal_writer.signed(fields, root([leaf_hash(leaf) for leaf in leaves]), Signer())
    kid = cbor.decode(cbor.decode(made).value[0])[4]
    return cbor.encode([made.replace(kid, DEVICE[:8]), leaves]), seal_hash


def alive():
    gc.collect()
    return gc.mem_alloc()


def packed(packing, number, whole):
    """(bytes told, most that was alive before and after each leaf)."""
    most = [0]

    def read(incarnation, stream, segment, at, size):
        most[0] = max(most[0], alive())
        return whole[at : at + size]

    told = packing.pack((INCARNATION, 1, number), read)
    return len(told), most[0]


def main():
    first, seal_hash = segment(0, None)
    second, _ = segment(1, seal_hash)
    cbor.encode(session_device.TABLE["closed"])  # what every board has loaded
    before = alive()
    from fieldwire.session_packing import Packing

    modules = alive() - before
    packing = Packing(DEVICE, K_DEV)
    packed(packing, 0, first)
    before = alive()
    told, most = packed(packing, 1, second)
    quick = Packing(DEVICE, K_DEV)
    began_us = time.ticks_us()
    quick.pack((INCARNATION, 1, 1), lambda incarnation, stream, segment, at, size: second[at : at + size])
    took_us = time.ticks_diff(time.ticks_us(), began_us)
    figures = {
        "modules": modules,
        "while_packing": most - before,
        "told": told,
        "us_a_leaf": took_us / READINGS,
    }
    print(json.dumps(figures))


main()

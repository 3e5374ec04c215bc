"""What an observation costs on the machine it runs on: time, garbage and flash, from the reading to the journal.

`micropython bench_observe.py ring|littlefs [COUNT]`, or `mpremote run` on a board. Prints one JSON object a line.
The flash is RAM, so that the figures are the program's own. It refuses to judge them.
"""

import gc
import json
import sys
import time

from device_log import DeviceLog, Settings
from quick_signer import QuickSigner
from ram_flash import CountedFlash, RamFlash

from fieldagent.sampling import payload_of
from fieldwire.ed25519 import Ed25519Signer

BLOCKS = 96
FIELDS = [["moisture", 0, "%", -1], ["temperature", 0, "Cel", -1]]
SEGMENT = 32
UNSEALED = 60  # fewer than a segment takes, so that nothing is signed


def store_of(name):
    if name == "ring":
        from ring_store import RingStore

        return RingStore()
    from littlefs_store import LittleFsStore

    return LittleFsStore(Settings.journal_bytes)


def fresh(name, signer, flash):
    store = store_of(name)
    store.format(flash)
    return DeviceLog(store, flash, signer)


def reading(number):
    return payload_of(FIELDS, [412 + number % 7, 215 - number % 5])


def per_second(log, count, after_each, early=False):
    """Observations a second; `after_each(log, number)` is what else belongs to one."""
    gc.collect()
    began = time.ticks_us()
    for number in range(count):
        log.observe(reading(number), 1, early)
        after_each(log, number)
    return count * 1_000_000 / time.ticks_diff(time.ticks_us(), began)


def nothing(log, number):
    return None


def seal_when_full(log, number):
    if number % SEGMENT == SEGMENT - 1:
        log.observer.seal(1)
        drain(log)


def drain(log):
    """As a custody frees: so that the log never fills."""
    for key in list(log.journal.held()):
        log.journal.free(key)


def garbage(log, count):
    """Bytes that one observation allocates, sealing apart: what a collection has to find again."""
    payload = reading(0)
    log.observe(payload)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(count):
        log.observe(payload)
    used = gc.mem_alloc() - before
    gc.enable()
    return used / count


def collection_ms():
    began = time.ticks_us()
    gc.collect()
    return time.ticks_diff(time.ticks_us(), began) / 1000


def told(name, value, unit):
    print(json.dumps({"name": name, "value": value, "unit": unit}))


def wear(name, count):
    """Programs, erases and bytes by which so many sealed and drained observations wear the flash."""
    flash = CountedFlash(BLOCKS)
    log = fresh(name, QuickSigner(), flash)
    flash.clear_counters()
    before = log.leaf_bytes
    per_second(log, count, seal_when_full)
    told("flash_bytes", flash.bytes_programmed / count, "bytes/observation")
    told("flash_bytes_per_byte", flash.bytes_programmed / (log.leaf_bytes - before), "bytes/byte")
    told("programs", flash.programs / count, "1/observation")
    told("erases", flash.erases / count, "1/observation")


def main(name, count):
    signer = Ed25519Signer(bytes(32))
    log = fresh(name, QuickSigner(), RamFlash(BLOCKS))
    told("journalled", per_second(log, UNSEALED, nothing), "observations/s")
    log = fresh(name, signer, RamFlash(BLOCKS))
    told("sealed", per_second(log, count, seal_when_full), "observations/s")
    log = fresh(name, signer, RamFlash(BLOCKS))
    told("early", per_second(log, max(SEGMENT, count // 8), seal_when_full, True), "observations/s")
    told("garbage", garbage(fresh(name, QuickSigner(), RamFlash(BLOCKS)), 24), "bytes/observation")
    told("collection", collection_ms(), "ms")
    wear(name, count)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "ring", int(sys.argv[2]) if len(sys.argv) > 2 else 320)

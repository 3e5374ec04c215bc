"""What the log costs in flash: bytes programmed, programs, erases, bytes read at a start. One JSON object a line.

`bench_journal.py SEED RECORDS`: records of 150 bytes, 32 under a seal, on an emulated ring of 512 KB; and, on
MicroPython, on LittleFS over an emulated part that counts, beside what a flush for each record costs there.
"""

import json
import sys
import time

from dice import Dice
from nor_flash import NorFlash
from quick_signer import QuickSigner

from fieldagent.journal import Journal
from fieldagent.journal_files import Files
from fieldagent.ring import Ring
from fieldagent.sector_files import SectorFiles
from fieldwire import cbor

RECORD_BYTES, SEALED_TOGETHER, STREAM = 150, 32, 1
BLOCKS, JOURNAL_BYTES = 128, 262_144
_ID = b"\x08" * 16


def leaf(incarnation, stream, seq, boot, dice, size=RECORD_BYTES):
    """An observation's shape in exactly so many bytes."""
    place = {1: incarnation, 2: stream, 3: seq, 4: [boot, seq], 7: b"", 8: _ID, 9: _ID}
    missing = size - len(cbor.encode(place)) - 1  # the payload's head takes a byte more from 24 bytes on
    place[7] = dice.bytes(missing)
    return cbor.encode(place)


class Logger:
    """One boot of a log that is filled, sealed, drained and freed."""

    def __init__(self, store, boot=1):
        self.journal = Journal(store, lambda: b"incarn01")
        self._boot = boot
        self.recovered = self.journal.recover(QuickSigner())

    def make_way(self, stream=STREAM):
        """What an append need not wait for: a seal that is due, and an erase that idle time did not do."""
        journal = self.journal
        if not journal.room_for(stream, RECORD_BYTES) or journal.waiting(stream)[0] >= SEALED_TOGETHER:
            journal.seal(stream, QuickSigner())
        journal.next_seq(stream)

    def append(self, dice, stream=STREAM):
        self.make_way(stream)
        journal = self.journal
        seq = journal.next_seq(stream)
        data = leaf(journal.incarnation, stream, seq, self._boot, dice)
        journal.append(stream, data, (self._boot, _ID, _ID), seq)
        return len(data)

    def rest(self):
        while self.journal.idle():
            pass

    def free_all_but(self, count):
        for key in list(self.journal.held())[:-count]:
            self.journal.free(key)


def ring_costs(seed, records):
    """Steady state: the ring has gone round before the counters start."""
    dice = Dice(seed)
    flash = NorFlash(BLOCKS)
    logger = Logger(Ring(flash))
    per_lap = BLOCKS * 26
    for number in range(per_lap + records):
        if number == per_lap:
            flash.clear_counters()
            began_ms, payload, in_append = _now_ms(), 0, 0
        logger.make_way()
        programs = flash.programs
        flash.in_append = True
        size = logger.append(dice)
        flash.in_append = False
        if number >= per_lap:
            payload += size
            in_append += flash.programs - programs
        if number % SEALED_TOGETHER == 0:
            logger.free_all_but(8)
            logger.rest()
    took_ms = max(1, _now_ms() - began_ms)
    return {
        "noun": "ring",
        "records": records,
        "programmed_per_byte": flash.bytes_programmed / payload,
        "programs_per_record": flash.programs / records,
        "programs_in_append": in_append / records,
        "erases_per_record": flash.erases / records,
        "erases_in_append": flash.erases_in_append,
        "appends_per_s": records * 1000 // took_ms,
    }


def recovery_costs(seed, fills):
    """Bytes read by a start at random fill levels of a ring that goes round, with open leaves of three streams."""
    dice = Dice(seed)
    flash = NorFlash(BLOCKS)
    boot = 1
    logger = Logger(Ring(flash))
    starts, seals, looks = [], [], []
    for _ in range(fills):
        for _ in range(dice.below(160)):
            logger.append(dice, dice.one_of((1, 1, 1, 0, 2)))
        if dice.chance(50):
            logger.free_all_but(8)
        if dice.chance(30):
            logger.journal.close()
        boot += 1
        flash.clear_counters()
        journal = Journal(Ring(flash), lambda: b"incarn01")
        starts.append(flash.bytes_read)
        journal.recover(QuickSigner())
        seals.append(flash.bytes_read - starts[-1])
        journal.leaves_held()  # that looks through the whole log
        looks.append(flash.bytes_read - starts[-1] - seals[-1])
        logger = Logger(Ring(flash), boot)
        logger.rest()
    return {
        "noun": "recovery",
        "fills": fills,
        "bytes_read_max": max(starts),
        "bytes_read_mean": sum(starts) / fills,
        "to_seal_recovered_max": max(seals),
        "to_find_segments_max": max(looks),
    }


def littlefs_costs(seed, records):
    import vfs

    flash = NorFlash(BLOCKS)
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    logger = Logger(SectorFiles(Files("", vfs.VfsLfs2(flash, progsize=256)), JOURNAL_BYTES))
    dice = Dice(seed)
    flash.clear_counters()
    began_ms, payload = _now_ms(), 0
    for number in range(records):
        payload += logger.append(dice)
        if number % SEALED_TOGETHER == 0:
            logger.free_all_but(8)
            logger.rest()
    took_ms = max(1, _now_ms() - began_ms)
    return {
        "noun": "littlefs",
        "records": records,
        "programmed_per_byte": flash.bytes_programmed / payload,
        "erases_per_record": flash.erases / records,
        "programs_per_record": flash.programs / records,
        "appends_per_s": records * 1000 // took_ms,
    }


def flush_each_costs(seed, records):
    """The way without a log of one's own: a file to which each record is appended and flushed."""
    import vfs

    flash = NorFlash(BLOCKS)
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    system = vfs.VfsLfs2(flash, progsize=256)
    dice = Dice(seed)
    flash.clear_counters()
    file = None
    for number in range(records):
        if number % SEALED_TOGETHER == 0:
            if file is not None:
                file.close()
            file = system.open("/%d" % (number // SEALED_TOGETHER % 16), "wb")
        file.write(dice.bytes(RECORD_BYTES))
        file.flush()
    file.close()
    return {
        "noun": "flush_each",
        "records": records,
        "programmed_per_byte": flash.bytes_programmed / (records * RECORD_BYTES),
        "erases_per_record": flash.erases / records,
    }


def _now_ms():
    return time.ticks_ms() if hasattr(time, "ticks_ms") else time.monotonic_ns() // 1_000_000


def main(seed, records):
    print(json.dumps(ring_costs(seed, records)))
    print(json.dumps(recovery_costs(seed, max(20, records // 40))))
    if sys.implementation.name == "micropython":
        print(json.dumps(littlefs_costs(seed, records)))
        print(json.dumps(flush_each_costs(seed, records // 4)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

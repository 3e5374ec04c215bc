"""The campaign of power cuts can fail: parts that lie and logs that cut corners do not pass it."""

import power_cuts
from nor_flash import SYNC, NorFlash
from ring_store import RingStore

from fieldagent import record, ring
from fieldagent.journal import Journal

CUTS = 300


class LyingFlash(NorFlash):
    """Says that it has synced before it has programmed anything."""

    def ioctl(self, operation, argument):
        return 0 if operation == SYNC else super().ioctl(operation, argument)


class Store(RingStore):
    """A ring under a journal of the given class."""

    def __init__(self, journal_of, waiting_max=0):
        super().__init__()
        self._journal_of = journal_of
        self._waiting_max = waiting_max

    def open(self, flash, new_incarnation):
        store = ring.Ring(flash, flash.unit_bytes)
        store.waiting_max = self._waiting_max
        return self._journal_of(store, new_incarnation)


class Careless(Journal):
    """Promises what it has not written."""

    def commit(self):
        pass


class Reusing(Journal):
    """Goes on with the seq behind the last record that it finds."""

    def recover(self, signer):
        recovered = super().recover(signer)
        for head in self._heads:
            head.seq = max(0, head.seq - self._store.sector_bytes // 64)
        return recovered


def part():
    return NorFlash(8, 2048, 256)


def broken(store_of, flash_of=part):
    tally = power_cuts.campaign(power_cuts.Kind(store_of, flash_of), 1, CUTS)
    return {text.split(": ")[2] for text in tally.broken}


def test_a_part_that_says_synced_too_early_is_caught():
    assert "record lost" in broken(RingStore, lambda: LyingFlash(8, 2048, 256, cached=True))


def test_a_log_that_promises_before_it_commits_is_caught():
    assert "record lost" in broken(lambda: Store(Careless, waiting_max=64))


def test_a_log_that_uses_a_seq_again_is_caught():
    assert "seq repeated" in broken(lambda: Store(Reusing))


def test_a_log_that_ignores_its_checks_is_caught():
    sound = record._crc
    record._crc = lambda *parts: 0
    try:
        found = broken(RingStore)
    finally:
        record._crc = sound
    assert found

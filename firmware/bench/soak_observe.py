"""Observes for as long as one asks, as a board does over months, and watches whether its heap grows.

`micropython soak_observe.py ring|littlefs [COUNT]`. Real observer, journal and outbox; a stand-in for a bridge that
reads, checks and gives custody, with long absences in which the log fills and drops. Prints one JSON object a line.
It judges one thing alone, that nothing was lost silently; whether the heap grew is for the reader to say.
"""

import gc
import json
import sys

from bench_observe import fresh, reading
from quick_signer import QuickSigner
from ram_flash import RamFlash

from fieldagent.outbox import Outbox
from fieldwire import cbor

BLOCKS = 40
SEGMENT = 32
PIECE_BYTES = 512
SAMPLES = 20
CONTACT = 640  # observations between two contacts,
ABSENCE = 5  # of which every fifth does not take place, nor the nine after it
ABSENT = 10


class NoFiles:
    """The outbox remembers rejections in a file; here is none."""

    def read(self, name):
        return None


class Taker:
    """What a bridge does with a segment, as far as a device can tell."""

    def __init__(self, outbox):
        self._outbox = outbox
        self.taken = 0

    def contact(self):
        """Takes all that is offered, piece by piece, and gives custody of it."""
        for incarnation, stream, segment in list(self._outbox.places()):
            data = bytearray()
            while len(data) < self._outbox.length(incarnation, stream, segment):
                piece = self._outbox.read_segment(incarnation, stream, segment, len(data), PIECE_BYTES)
                if not piece:
                    raise ValueError("segment %d of stream %d ends at %d" % (segment, stream, len(data)))
                data.extend(piece)
            leaves = cbor.decode(data)[1]
            self.taken += len(leaves)
            freed = self._outbox.custody(incarnation, stream, segment, segment)
            if freed != len(leaves):
                raise ValueError(
                    "segment %d of stream %d: %d freed of %d" % (segment, stream, freed, len(leaves))
                )


def stream_of(number):
    """Mostly readings, some urgent, some bulk."""
    return 0 if number % 61 == 0 else 3 if number % 7 == 0 else 1


def is_present(number):
    return number // CONTACT % (ABSENCE + ABSENT) < ABSENCE


def lived(log, taker, count, sampled):
    """Observes `count` times; `sampled(number)` is called about SAMPLES times, after a collection."""
    every = max(1, count // SAMPLES)
    for number in range(count):
        log.observe(reading(number), stream_of(number))
        while log.tend():
            pass
        if number % CONTACT == CONTACT - 1 and is_present(number):
            log.observer.seal_all()
            taker.contact()
        if number % every == every - 1:
            gc.collect()
            sampled(number)
    log.observer.seal_all()
    taker.contact()


def main(name, count):
    log = fresh(name, QuickSigner(), RamFlash(BLOCKS))
    taker = Taker(Outbox(log.journal, log.observer, None, NoFiles()))

    def sampled(number):
        print(json.dumps({"name": "heap", "observations": number + 1, "bytes": gc.mem_alloc()}))

    lived(log, taker, count, sampled)
    observer = log.observer
    if taker.taken + observer.dropped != observer.journalled:
        raise ValueError("%d taken, %d dropped of %d" % (taker.taken, observer.dropped, observer.journalled))
    print(json.dumps({"name": "end", "journalled": observer.journalled, "dropped": observer.dropped}))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "ring", int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)

"""What the log loses, and that it says so first: segments dropped, readings refused, and the gap records about them.

Decides the order: a record is durable before anything goes. Keeps records few: those that a newer one can tell in
fewer words go with what it names. Refuses to choose what is lost: space.py and the observer do. How a loss is worded
is seldom needed, and let go of each time. SPEC 6.6
"""

from fieldagent.borrowed import Borrowed
from fieldwire import observation_writer as obs
from fieldwire.port import const

FULL, THINNED, UNREADABLE = "journal full", "thinned", "unreadable"
STOPPED, WENT_ON = "stopped", "went on"
_RECORDS_MIN = const(4)  # segments of gap records alone that may lie there before they are worth telling anew


class Losses:
    """`write(payload, now_ms)` puts a gap record into the urgent stream; it is durable on return."""

    def __init__(self, journal, write, boot):
        self._journal = journal
        self._write = write
        self._boot = boot
        self._waiting = {}  # stream -> [seq, [boot, ms], readings refused] while the policy stops it
        self._records = None  # keys of sealed segments of gap records alone; looked for once they matter
        self._in_open = 0  # gap records in the open urgent segment
        self._tell_anew_at = _RECORDS_MIN
        self.dropped = 0
        self.refused = 0

    def is_waiting(self, stream):
        return stream in self._waiting

    def is_stopped(self):
        return bool(self._waiting)

    # Segments

    def drop(self, keys, reason, now_ms):
        """Frees segments behind a durable gap record that names them."""
        with Borrowed():
            keys = self._tell_dropped(list(keys), reason, now_ms)
        for key in keys:
            self.dropped += self._journal.free(key)

    def _tell_dropped(self, keys, reason, now_ms):
        """The keys that may go: also those of older records, where a new one tells what they told."""
        from fieldagent import gap

        entries = gap.dropped(self._journal, keys, reason)
        old = [key for key in self._old_records(gap) if key not in keys and self._journal.holds(key)]
        if len(old) >= self._tell_anew_at:
            told = gap.joined(entries + gap.dropped(self._journal, old, reason))
            if 2 * len(told) <= gap.ENTRIES_MAX * len(old):
                keys, entries = keys + old, told
                self._tell_anew_at = _RECORDS_MIN
            else:
                self._tell_anew_at = 2 * len(old)  # they tell of runs that lie apart
        self._record(gap.payloads(entries), now_ms)
        return keys

    def _old_records(self, gap):
        if self._records is None:
            urgent = self._journal.held((obs.URGENT,))
            self._records = [key for key in urgent if gap.is_told_alone(self._journal, key)]
        self._records = [key for key in self._records if self._journal.holds(key)]
        return self._records

    def sealed_urgent(self, key, count):
        """The urgent segment of that key and count of leaves is closed now."""
        if self._records is not None and count == self._in_open:
            self._records.append(key)
        self._in_open = 0

    # Readings

    def refuse(self, stream, now_ms):
        """Counts a reading that the policy keeps out; the first one is told by a durable gap record.

        A log that takes nothing before it has recovered cannot be told so: it is told when it goes on.
        """
        self.refused += 1
        waiting = self._waiting.get(stream)
        if waiting is None:
            waiting = [self._journal.lowest_seq(stream), [self._boot, now_ms], 0]
            if self._journal.is_recovered:
                self._tell_refused({stream: waiting}, STOPPED, now_ms)
            self._waiting[stream] = waiting
        waiting[2] += 1

    def go_on(self, now_ms):
        """Tells how many readings were refused, and lets the streams go on."""
        self._tell_refused(self._waiting, WENT_ON, now_ms)
        self._waiting = {}

    def _tell_refused(self, waiting, reason, now_ms):
        with Borrowed():
            from fieldagent import gap

            log = self._journal.incarnation
            told = [gap.refused(log, one, *waiting[one], reason) for one in sorted(waiting)]
            self._record(gap.payloads(told), now_ms)

    def _record(self, payloads, now_ms):
        for payload in payloads:
            self._write(payload, now_ms)
            self._in_open += 1

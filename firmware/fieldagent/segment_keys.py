"""Which segments of one stream are held, by name: runs of numbers, so that a thousand of them take no more than one.

Decides where in its list a segment stands. Refuses to know where it lies in flash: segments.py does.
"""


class SegmentKeys:
    """A list of (incarnation, segment). It must not change while it is gone through."""

    def __init__(self):
        self._incarnations = []  # of each run,
        self._firsts = []  # its first segment,
        self._counts = []  # and how many it has

    def __iter__(self):
        for run, incarnation in enumerate(self._incarnations):
            for segment in range(self._firsts[run], self._firsts[run] + self._counts[run]):
                yield incarnation, segment

    def at(self, index):
        run, into = self._run_at(index)
        return self._incarnations[run], self._firsts[run] + into

    def index(self, incarnation, segment):
        """Where it stands, or -1."""
        before = 0
        for run, count in enumerate(self._counts):
            into = segment - self._firsts[run]
            if 0 <= into < count and self._incarnations[run] == incarnation:
                return before + into
            before += count
        return -1

    def index_for(self, incarnation, segment):
        """Before the first newer one of its incarnation, or behind its last; before all where there is none."""
        index = before = 0
        for run, count in enumerate(self._counts):
            if self._incarnations[run] == incarnation:
                into = segment - self._firsts[run]
                if into < count:
                    return before + max(0, into)
                index = before + count
            before += count
        return index

    def next_from(self, incarnation, segment):
        """The least number of an incarnation from `segment` on, or None."""
        least = None
        for run, first in enumerate(self._firsts):
            if self._incarnations[run] == incarnation and segment < first + self._counts[run]:
                found = max(first, segment)
                least = found if least is None else min(least, found)
        return least

    def insert(self, index, incarnation, segment):
        run, into = self._run_at(index)
        if into:
            self._split(run, into)
            run += 1
        self._incarnations.insert(run, incarnation)
        self._firsts.insert(run, segment)
        self._counts.insert(run, 1)
        self._join(run)
        self._join(run - 1)

    def pop(self, index):
        run, into = self._run_at(index)
        if into:
            self._split(run, into)
            run += 1
        self._firsts[run] += 1
        self._counts[run] -= 1
        if not self._counts[run]:
            self._remove(run)
            self._join(run - 1)

    def _run_at(self, index):
        """(run, how far into it)"""
        for run, count in enumerate(self._counts):
            if index < count:
                return run, index
            index -= count
        return len(self._counts), 0

    def _split(self, run, into):
        self._incarnations.insert(run, self._incarnations[run])
        self._firsts.insert(run + 1, self._firsts[run] + into)
        self._counts.insert(run + 1, self._counts[run] - into)
        self._counts[run] = into

    def _join(self, run):
        """Makes a run and the next one the same where that goes on from it."""
        if not 0 <= run < len(self._counts) - 1 or self._incarnations[run] != self._incarnations[run + 1]:
            return
        if self._firsts[run] + self._counts[run] == self._firsts[run + 1]:
            self._counts[run] += self._counts[run + 1]
            self._remove(run + 1)

    def _remove(self, run):
        for column in (self._incarnations, self._firsts, self._counts):
            column.pop(run)

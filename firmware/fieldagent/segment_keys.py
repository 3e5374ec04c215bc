"""Which segments of one stream are held, by name: runs of numbers, so that a thousand of them take no more than one.

Decides where in its list a segment stands. Refuses to know where it lies in flash: segments.py does.
"""

from fieldwire.port import const

_RUN = const(3)


class SegmentKeys:
    """A list of (incarnation, segment). It must not change while it is gone through."""

    def __init__(self):
        self._runs = []  # incarnation, first segment, how many; and so on for each run

    def __iter__(self):
        runs = self._runs
        for at in range(0, len(runs), _RUN):
            for segment in range(runs[at + 1], runs[at + 1] + runs[at + 2]):
                yield runs[at], segment

    def at(self, index):
        at, into = self._run_at(index)
        return self._runs[at], self._runs[at + 1] + into

    def index(self, incarnation, segment):
        """Where it stands, or -1."""
        runs, before = self._runs, 0
        for at in range(0, len(runs), _RUN):
            into = segment - runs[at + 1]
            if 0 <= into < runs[at + 2] and runs[at] == incarnation:
                return before + into
            before += runs[at + 2]
        return -1

    def index_for(self, incarnation, segment):
        """Before the first newer one of its incarnation, or behind its last; before all where there is none."""
        runs, index, before = self._runs, 0, 0
        for at in range(0, len(runs), _RUN):
            if runs[at] == incarnation:
                into = segment - runs[at + 1]
                if into < runs[at + 2]:
                    return before + max(0, into)
                index = before + runs[at + 2]
            before += runs[at + 2]
        return index

    def next_from(self, incarnation, segment):
        """The least number of an incarnation from `segment` on, or None."""
        runs, least = self._runs, None
        for at in range(0, len(runs), _RUN):
            if runs[at] == incarnation and segment < runs[at + 1] + runs[at + 2]:
                found = max(runs[at + 1], segment)
                least = found if least is None else min(least, found)
        return least

    def insert(self, index, incarnation, segment):
        at = self._begin_at(index)
        self._put(at, incarnation, segment, 1)
        self._join(at)
        self._join(at - _RUN)

    def pop(self, index):
        at = self._begin_at(index)
        self._runs[at + 1] += 1
        self._runs[at + 2] -= 1
        if not self._runs[at + 2]:
            self._remove(at)
            self._join(at - _RUN)

    def _run_at(self, index):
        """(where its run lies, how far into it)"""
        runs = self._runs
        for at in range(0, len(runs), _RUN):
            if index < runs[at + 2]:
                return at, index
            index -= runs[at + 2]
        return len(runs), 0

    def _begin_at(self, index):
        """Where the run lies that begins with it, or is to: one that holds it further in is parted."""
        at, into = self._run_at(index)
        if not into:
            return at
        runs = self._runs
        self._put(at + _RUN, runs[at], runs[at + 1] + into, runs[at + 2] - into)
        runs[at + 2] = into
        return at + _RUN

    def _join(self, at):
        """Makes a run and the next one the same where that goes on from it."""
        runs = self._runs
        if not 0 <= at < len(runs) - _RUN or runs[at] != runs[at + _RUN]:
            return
        if runs[at + 1] + runs[at + 2] == runs[at + _RUN + 1]:
            runs[at + 2] += runs[at + _RUN + 2]
            self._remove(at + _RUN)

    def _put(self, at, *run):
        for column, value in enumerate(run):
            self._runs.insert(at + column, value)

    def _remove(self, at):
        for _ in range(_RUN):
            self._runs.pop(at)

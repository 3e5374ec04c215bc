"""Runs: what came together in one envelope and differs in little, remembered in little until it is judged.

Decides which observations are alike for admission but for their time: of one device, boot, subject and format, without
sources. Refuses to hold more than `MANY` observations: the others are read from the tables again when they are judged.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fieldpost.model import Verified
from fieldwire import observation as obs

MANY = 131_072  # some 25 MB
FEW = 2


@dataclass(frozen=True)
class Run:
    """Observations numbered from `first.n` on. `ids`, `readings` (ms) and `payloads`: one of each."""

    first: Verified
    ids: list[bytes]
    readings: list[int]
    payloads: list[bytes]

    @property
    def numbers(self) -> range:
        return range(self.first.n, self.first.n + len(self.ids))


def run_of(entries: Sequence[Verified]) -> Run | None:
    """The run that new observations of one envelope are, or None."""
    if len(entries) < FEW:
        return None
    first = entries[0]
    subject, content_format = first.observation[obs.SUBJECT], first.observation[obs.FORMAT]
    readings, payloads = [], []
    for entry in entries:
        observation = entry.observation
        alike = observation[obs.SUBJECT] == subject and observation[obs.FORMAT] == content_format
        if not alike or obs.SOURCES in observation:
            return None
        readings.append(observation[obs.TREF][1])
        payloads.append(observation[obs.PAYLOAD])
    return Run(first, [entry.id for entry in entries], readings, payloads)


class Runs:
    """Those not judged yet, in order."""

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._count = 0

    def add(self, entries: Sequence[Verified]) -> None:
        run = run_of(entries) if self._count + len(entries) <= MANY else None
        if run is not None:
            self._runs.append(run)
            self._count += len(entries)

    def take(self, begin: int) -> list[Run]:
        """Those whose numbers begin here or later; none are left."""
        runs, self._runs, self._count = self._runs, [], 0
        return [run for run in runs if run.first.n >= begin]


def between(runs: Iterable[Run], numbers: range) -> Iterator[int]:
    """Those of the numbers that are in no run."""
    at = numbers.start
    for run in runs:
        yield from range(at, run.numbers.start)
        at = run.numbers.stop
    yield from range(at, numbers.stop)

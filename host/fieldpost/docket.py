"""The docket: whose verdicts may be others since all was judged last.

Decides nothing: those who change what verdicts rest on say here whom it concerns. What is not named stands.
"""

from collections.abc import Iterable
from itertools import chain

from fieldpost.held import Held
from fieldpost.runs import Run, Runs, between


class Docket:
    """By number. `everyone`: something came that may concern any. `incomplete`: whose lineage was not held when judged.

    What came since is on it by itself.
    """

    def __init__(self) -> None:
        self.everyone = False
        self.runs = Runs()  # as they came since
        self.incomplete: set[int] = set()
        self._from = 1  # from this number on all came since
        self._more: set[int] = set()
        self._devices: set[bytes] = set()

    def add(self, number: int) -> None:
        """An observation that is held otherwise than before."""
        self._more.add(number)

    def since(self, number: int) -> None:
        """All from this one on, too."""
        self._from = min(self._from, number)

    def concern(self, device: bytes) -> None:
        """All that this device said."""
        self._devices.add(device)

    def take(self, held: Held) -> tuple[list[Run], Iterable[int]]:
        """Whom to judge, by runs and by numbers in the order of arrival; the docket is empty afterwards."""
        everyone, begin, devices = self.everyone, self._from, self._devices
        earlier = self._more
        self.everyone, self._from = False, held.count + 1
        self._more, self._devices = set(), set()
        runs, fresh = self.runs.take(begin), range(begin, held.count + 1)
        if everyone:
            runs, begin, fresh = [], 1, range(1, held.count + 1)
        if devices or earlier or fresh:
            earlier = earlier.union(self.incomplete, *map(held.of_device, devices))
        runs = [run for run in runs if earlier.isdisjoint(run.numbers)]
        return runs, chain(sorted(one for one in earlier if one < begin), between(runs, fresh))

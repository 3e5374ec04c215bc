"""The docket: whose verdicts may be others since all was judged last.

Decides nothing: those who change what verdicts rest on say here whom it concerns. What is not named stands.
"""

from collections.abc import Iterable, Mapping

from fieldpost.model import Verified
from fieldwire import observation as obs


class Docket:
    """`everyone`: something came that may concern any. `incomplete`: ids whose lineage was not held when judged."""

    def __init__(self) -> None:
        self.everyone = False
        self.incomplete: set[bytes] = set()
        self._fresh: dict[bytes, None] = {}
        self._devices: set[bytes] = set()

    def add(self, identity: bytes) -> None:
        """An observation that came, or that is held otherwise than before."""
        self._fresh[identity] = None

    def concern(self, device: bytes) -> None:
        """All that this device said."""
        self._devices.add(device)

    def take(self, entries: Mapping[bytes, Verified]) -> Iterable[Verified]:
        """Whom to judge, in the order of arrival; the docket is empty afterwards."""
        everyone, fresh, devices = self.everyone, self._fresh, self._devices
        self.everyone, self._fresh, self._devices = False, {}, set()
        if everyone or devices:
            chosen = fresh.keys() | self.incomplete
            return [
                entry
                for entry in entries.values()
                if everyone or entry.id in chosen or entry.observation[obs.DEVICE] in devices
            ]
        waiting = self.incomplete - fresh.keys() if fresh else ()
        return [entries[one] for one in (*fresh, *waiting)]

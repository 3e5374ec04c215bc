"""The bare loop: decode, verify, hash, log and store segments, and nothing else. What a pipeline cannot be faster than.

Decides nothing of admission, time or conflict; each observation becomes one row, each segment one input and one event.
"""

from collections.abc import Sequence

from fieldpost.model import Input, Outcome, Verified
from fieldpost.recorder import Log, event
from fieldpost.store import Store
from fieldpost.trust import Trust
from fieldpost.verify import open_segment
from fieldwire import merkle
from fieldwire import observation as obs


class BareLoop:
    """Segments into a store; `trust` holds what they verify under."""

    def __init__(self, store: Store, trust: Trust) -> None:
        self._store, self._trust, self._log, self._n, self._held = store, trust, Log(), 0, 0

    def take(self, segments: Sequence[bytes]) -> None:
        """All of them in one transaction."""
        led = []
        with self._store.writing():
            for data in segments:
                self._n += 1
                opened = open_segment(data, self._trust)
                if not isinstance(opened, list):
                    raise ValueError(f"a segment of the fleet is refused: {opened.code}")
                name = merkle.leaf_hash(data)
                outcome = Outcome([event("import", (1, self._n), [name], None, "new", {})])
                outcome.rows = [("envelope", (self._n, name, "segment", data))]
                outcome.rows += [_row(entry, name, self._held + at) for at, entry in enumerate(opened, 1)]
                self._held += len(opened)
                self._log.append(outcome.events[0])
                led.append((Input(self._n, "segment", (1, self._n), data), outcome))
            self._store.put_all(led)


def _row(entry: Verified, envelope: bytes, number: int) -> tuple[str, tuple]:
    observation = entry.observation
    where = (*obs.position(observation), entry.mesh, entry.authority, observation[obs.SUBJECT])
    content_format = observation[obs.FORMAT]
    shown = content_format.hex() if isinstance(content_format, bytes) else str(content_format)
    standing = (shown, *observation[obs.TREF][:2], entry.credential, entry.grade)
    return "observation", (number, entry.id, *where, *standing, envelope, entry.index, entry.leaf, 1, 1)

"""The canvas: which admitted observations claim something of which subject, and which of these are to be drawn anew.

Decides nothing: `picture` draws. It knows claims by who made them and when on their own clock, never by arrival.
"""

from bisect import insort
from collections.abc import Sequence
from typing import Any

from fieldpost.model import Verified
from fieldwire import observation as obs

Key = tuple[str, str]  # (subject, property)
Mark = tuple[int, int, bytes]  # boot, ms, id
Row = tuple[bytes, tuple[bytes, ...], str]  # id, alternatives, by whom


class Canvas:
    """`marks` by key and device, sorted. `derived`: observations with sources. `local`, `decided` and both together,
    `rows`: as they were drawn last.
    """

    def __init__(self) -> None:
        self.marks: dict[Key, dict[bytes, list[Mark]]] = {}
        self.derived: dict[bytes, Verified] = {}
        self.local: dict[Key, Row] = {}
        self.decided: dict[Key, Row] = {}
        self.rows: dict[Key, Row] = {}
        self.touched: set[Key] = set()
        self.edition: Any = None  # of what all keys rest on
        self._shown: dict[bytes, tuple[Key, ...]] = {}

    def show(self, entry: Verified, claims: Sequence[tuple[Any, ...]]) -> None:
        """An observation was judged: what it claims, as `fields_claimed` tells it, is to be drawn; nothing, if it is
        not admitted."""
        subject = entry.observation[obs.SUBJECT]
        keys = tuple([(subject, one[0]) for one in claims])
        before = self._shown.get(entry.id, ())
        self.touched.update(keys)
        if keys == before:
            return
        self.touched.update(before)
        observation = entry.observation
        device, mark = observation[obs.DEVICE], (*observation[obs.TREF][:2], entry.id)
        for key in before:
            self.marks[key][device].remove(mark)
            if not self.marks[key][device]:
                del self.marks[key][device]
        for key in keys:
            insort(self.marks.setdefault(key, {}).setdefault(device, []), mark)
        if keys:
            self._shown[entry.id] = keys
        else:
            del self._shown[entry.id]
        if obs.SOURCES in observation:
            self.edition = None
            self.derived.pop(entry.id, None)
            if keys:
                self.derived[entry.id] = entry

    def keys_of(self, identity: bytes) -> tuple[Key, ...]:
        """What an observation claims to be shown; nothing where it is not admitted."""
        return self._shown.get(identity, ())

"""The canvas: which admitted observations claim something of which subject, and which of these are to be drawn anew.

Decides nothing: `picture` draws. It knows claims by who made them and when on their own clock, never by arrival; the
claims themselves lie in the tables.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fieldpost.held import SHOWN, Held
from fieldpost.model import Verified
from fieldpost.tables import Tables
from fieldwire import observation as obs

Key = tuple[str, str]  # (subject, property)
Row = tuple[bytes, tuple[bytes, ...], str]  # id, alternatives, by whom
ENDLESS = (1 << 63) - 1
PAGE = 4  # claims asked for at once


class Canvas:
    """`makers`: by key and device how many claims of each boot are shown. `derived`: observations with sources.
    `local`, `decided` and both together, `rows`: as they were drawn last.
    """

    def __init__(self, tables: Tables) -> None:
        self.makers: dict[Key, dict[bytes, dict[int, int]]] = {}
        self.derived: set[int] = set()
        self.local: dict[Key, Row] = {}
        self.decided: dict[Key, Row] = {}
        self.rows: dict[Key, Row] = {}
        self.touched: set[Key] = set()
        self.edition: Any = None  # of what all keys rest on
        self._tables = tables

    def show(self, entry: Verified, claims: Sequence[tuple[Any, ...]], admitted: bool, held: Held) -> None:
        """An observation was judged: what it claims, as `fields_claimed` tells it, is to be drawn, or no more."""
        observation = entry.observation
        keys = [(observation[obs.SUBJECT], one[0]) for one in claims]
        self.touched.update(keys)
        if admitted == held.marked(entry.n, SHOWN):
            return
        device, boot = observation[obs.DEVICE], observation[obs.TREF][0]
        (held.mark if admitted else held.unmark)(entry.n, SHOWN)
        for key in keys:
            self._count(key, device, boot, 1 if admitted else -1)
        if obs.SOURCES in observation:
            self.edition = None
            (self.derived.add if admitted else self.derived.discard)(entry.n)

    def show_run(self, where: tuple[str, bytes, int], names: Sequence[str]) -> None:
        """Claims of these properties were shown for the first time; `where`: subject, device, boot."""
        subject, device, boot = where
        for name, many in Counter(names).items():
            self.touched.add((subject, name))
            self._count((subject, name), device, boot, many)

    def _count(self, key: Key, device: bytes, boot: int, more: int) -> None:
        makers = self.makers.setdefault(key, {})
        boots = makers.setdefault(device, {})
        boots[boot] = boots.get(boot, 0) + more
        if not boots[boot]:
            del boots[boot]
        if not boots:
            del makers[device]

    def each(self, key: Key, of: Callable[[Key, bytes, Held], Iterator[int]], held: Held) -> Iterator[int]:
        """What `lasts` or `back` tells of each device that claims it."""
        for device in self.makers[key]:
            yield from of(key, device, held)

    def lasts(self, key: Key, device: bytes, held: Held) -> Iterator[int]:
        """Of one device's claims the last ones of each boot, by number."""
        for boot in self.makers[key][device]:
            latest = None
            for ms, number in self._of_boot(key, device, boot, held):
                latest = ms if latest is None else latest
                if ms < latest:
                    break
                yield number

    def back(self, key: Key, device: bytes, held: Held) -> Iterator[int]:
        """A device's claims by number, the last on its own clock first."""
        for boot in sorted(self.makers[key][device], reverse=True):
            yield from (number for _, number in self._of_boot(key, device, boot, held))

    def _of_boot(self, key: Key, device: bytes, boot: int, held: Held) -> Iterator[tuple[int, int]]:
        """(ms, number) of those shown, the last first."""
        below = (ENDLESS, 0)
        while page := self._tables.marks(key, device, boot, below, PAGE):
            for mark in page:
                if mark[1] <= held.count and held.marked(mark[1], SHOWN):
                    yield mark
            below = page[-1]

"""A sitting: many observations judged as things stand at one moment, what they share judged once.

Decides which of them are alike for admission: own ones without sources, of devices of which nothing is known but their
credentials. Refuses to decide a verdict itself: each kind's first is judged by `admission`, the rest by its example.
"""

from collections.abc import Iterable
from typing import Any

from fieldpost import clocks
from fieldpost.admission import judge
from fieldpost.model import Verdict, Verified
from fieldpost.state import State
from fieldpost.timeline.evidence import Stamp
from fieldpost.when import utc_validity
from fieldwire import observation as obs


class Sitting:
    """`prepare` some, then `judge` them. Nothing that verdicts rest on may change while it goes on."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._mesh = state.own().mesh
        self._plain: dict[bytes, bool] = {}
        self._alike: dict[tuple[Any, ...], Verdict] = {}

    def prepare(self, entries: Iterable[Verified]) -> None:
        """Place what must be placed to judge these, all at once: of each own boot first the ends, as a rule no more."""
        times = self._state.times
        if times.offset is None or times.home is None:
            return
        boots: dict[tuple[bytes, int], list[Verified]] = {}
        foreign = []
        for entry in entries:
            if entry.id in times.awaited:
                continue
            if entry.mesh != self._mesh:
                foreign.append(clocks.stamp_of(entry.observation))
                continue
            boot, ms = entry.observation[obs.TREF][:2]
            known = times.valid.get((entry.credential, boot))
            if known is None or not known[0] <= ms <= known[1]:
                boots.setdefault((entry.credential, boot), []).append(entry)
        ends = {key: (min(several, key=_ms), max(several, key=_ms)) for key, several in boots.items()}
        times.home.place(_stamp(one) for pair in ends.values() for one in pair)
        doubtful: list[Stamp] = []
        for key, pair in ends.items():
            if all(utc_validity(self._state, one) == "valid" for one in pair):
                known = times.valid.setdefault(key, [_ms(pair[0]), _ms(pair[1])])
                known[:] = min(known[0], _ms(pair[0])), max(known[1], _ms(pair[1]))
            else:
                doubtful.extend(map(_stamp, boots[key]))
        times.home.place(doubtful)
        if times.joined is not None:
            times.joined.place(foreign)

    def judge(self, entry: Verified) -> Verdict:
        """The verdict over one of those prepared."""
        observation = entry.observation
        if entry.mesh != self._mesh or obs.SOURCES in observation or not self._is_plain(entry):
            return judge(self._state, entry)
        kind = (
            entry.credential,
            observation[obs.BOOT_ATTESTATION],
            observation[obs.SUBJECT],
            observation[obs.FORMAT],
            utc_validity(self._state, entry),
        )
        found = self._alike.get(kind)
        if found is None:
            found = self._alike[kind] = judge(self._state, entry)
        return found

    def _is_plain(self, entry: Verified) -> bool:
        """True when its device has one history, handed over nothing, and nothing above it was taken back."""
        known = self._plain.get(entry.credential)
        if known is None:
            trust, device = self._state.trust, entry.observation[obs.DEVICE]
            chain = trust.chain(entry.credential)
            known = self._plain[entry.credential] = (
                device not in self._state.forks
                and not trust.handovers_of(device)
                and not trust.revocations_of(device, chain[-1])
                and not any(trust.revocations_of(one.id, one) for one in chain)
            )
        return known


def _ms(entry: Verified) -> int:
    return entry.observation[obs.TREF][1]


def _stamp(entry: Verified) -> Stamp:
    return clocks.stamp_of(entry.observation)

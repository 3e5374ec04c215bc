"""A sitting: many observations judged as things stand at one moment, what they share judged once.

Decides which of them are alike for admission: own ones without sources, of devices of which nothing is known but their
credentials. Refuses to decide a verdict itself: each kind's first is judged by `admission`, the rest by its example.
"""

from collections.abc import Iterable
from typing import Any

from fieldpost import clocks
from fieldpost.admission import judge
from fieldpost.model import Verdict, Verified
from fieldpost.runs import Run
from fieldpost.state import State
from fieldpost.timeline.evidence import Stamp
from fieldpost.when import intervals, utc_validity
from fieldwire import limits
from fieldwire import observation as obs


class Sitting:
    """`prepare` all, `place` some, then `judge` them. Nothing that verdicts rest on may change while it goes on."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._mesh = state.own().mesh
        self._doubtful = False
        self._plain: dict[bytes, bool] = {}
        self._alike: dict[tuple[Any, ...], Verdict] = {}

    def prepare(self, entries: Iterable[Verified]) -> None:
        """Place the ends of the own boots among those that will be judged: as a rule nothing else need be placed.

        A boot's end is looked for as far ahead as the boot has lasted, so that it is not placed again soon.
        """
        times = self._state.times
        if times.offset is None or times.home is None:
            return
        boots: dict[tuple[bytes, int], Verified] = {}
        for entry in entries:
            if entry.mesh == self._mesh and not self._surely_valid(entry):
                boots.setdefault((entry.credential, entry.observation[obs.TREF][0]), entry)
        later = self._valid_between(boots, 1)
        self._doubtful = bool(self._valid_between(later, 0)) or self._doubtful

    def _valid_between(
        self, boots: dict[tuple[bytes, int], Verified], ahead: int
    ) -> dict[tuple[bytes, int], Verified]:
        """Notes which boots lie within their validity, up to so many times their length ahead; returns the others."""
        times, ends = self._state.times, {}
        for key, entry in boots.items():
            first, last = self._state.book.of_boot(entry.mesh, (entry.observation[obs.DEVICE], key[1]))
            later = min(last + ahead * (last - first), limits.COUNT_MAX)
            ends[key] = [_read_at(entry, key[1], ms) for ms in (first, later)]
        if times.home is not None:
            times.home.place(_stamp(one) for pair in ends.values() for one in pair)
        others = {}
        for key, pair in ends.items():
            if all(utc_validity(self._state, one) == "valid" for one in pair):
                known = times.valid.setdefault(key, [_ms(pair[0]), _ms(pair[1])])
                known[:] = min(known[0], _ms(pair[0])), max(known[1], _ms(pair[1]))
            else:
                others[key] = boots[key]
        return others

    def place(self, entries: Iterable[Verified]) -> None:
        """Place those of these whose validity the ends do not tell, all at once."""
        times = self._state.times
        if times.offset is not None and (self._doubtful or self._state.book.meshes - {self._mesh}):
            intervals(self._state, [one for one in entries if not self._surely_valid(one)])

    def _surely_valid(self, entry: Verified) -> bool:
        boot, ms = entry.observation[obs.TREF][:2]
        known = self._state.times.valid.get((entry.credential, boot))
        return entry.mesh == self._mesh and known is not None and known[0] <= ms <= known[1]

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

    def judge_run(self, run: Run) -> Verdict | None:
        """The verdict over all of a run of our own; None where each is to be judged alone."""
        times, first = self._state.times, run.first
        if first.mesh != self._mesh or not self._is_plain(first):
            return None
        known = times.valid.get((first.credential, first.observation[obs.TREF][0]))
        timed = known is not None and known[0] <= min(run.readings) and max(run.readings) <= known[1]
        if run.numbers.stop > times.upto + 1 or not (timed or times.offset is None):
            return None
        return self.judge(first)

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


def _read_at(entry: Verified, boot: int, ms: int) -> Verified:
    return entry._replace(observation={**entry.observation, obs.TREF: [boot, ms]})


def _ms(entry: Verified) -> int:
    return entry.observation[obs.TREF][1]


def _stamp(entry: Verified) -> Stamp:
    return clocks.stamp_of(entry.observation)

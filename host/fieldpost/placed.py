"""When the observations of a store were: the timelines that it was reconciled by, read and asked again.

Decides nothing. Refuses to believe more than the stored evidence tells. SPEC 9
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fieldpost import clocks
from fieldpost.placing import Solved, read
from fieldpost.reading import Rows, profile_of
from fieldpost.reconcile import HOME, JOINED
from fieldpost.timeline.evidence import Stamp
from fieldpost.timeline.place import Placement, Timeline
from fieldwire import observation as obs

_ASKED = """
SELECT o.id, o.mesh, o.leaf FROM observation o JOIN verdict v ON v.id = o.id WHERE o.id IN (%s)
"""


@dataclass(frozen=True)
class Home:
    """The timeline of a store's own mesh. `named`: the id of one observation at each stamp, in hex."""

    mesh: str
    solved: Solved
    timeline: Timeline
    named: dict[Stamp, str]


def home_timeline(store: Rows) -> Home | None:
    """Every own observation on the own mesh's timeline; None before any exchange.

    TypeError or ValueError where the stored timeline is none.
    """
    own, _, name = profile_of(store)
    rows = store.query("SELECT solved FROM timeline WHERE which = ?", HOME)
    if not rows:
        return None
    solved = read(rows[0][0])
    held = store.query(
        "SELECT o.id, o.leaf FROM observation o JOIN verdict v ON v.id = o.id WHERE o.mesh = ?", own
    )
    named = {clocks.stamp_of(obs.decode(leaf)): identity.hex() for identity, leaf in held}
    return Home(name, solved, solved.timeline(sorted(named, key=lambda stamp: stamp.key)), named)


def placed(store: Rows, ids: Sequence[bytes]) -> dict[bytes, tuple[Solved, Placement]]:
    """(timeline, placement) of each of these ids that was placed; what came since it was judged last was not.

    TypeError or ValueError where the stored timeline is none.
    """
    solved = {which: read(data) for which, data in store.query("SELECT which, solved FROM timeline")}
    own, *_ = profile_of(store)
    stamps: dict[int, dict[bytes, clocks.Stamp]] = {HOME: {}, JOINED: {}}
    for begin in range(0, len(ids), 500):
        some = ids[begin : begin + 500]
        for identity, mesh, leaf in store.query(_ASKED % ", ".join("?" * len(some)), *some):
            stamps[HOME if mesh == own else JOINED][identity] = clocks.stamp_of(obs.decode(leaf))
    found = {}
    for which, timeline in solved.items():
        placements = timeline.place(stamps[which].values())
        found |= {one: (timeline, placements[stamp]) for one, stamp in stamps[which].items()}
    return found

"""A stored bridge's state: the fold over its inputs, and its own mesh's timeline in it.

Decides nothing: what the bridge learned is learned once more from the same bytes. Writes nothing.
"""

from dataclasses import dataclass

from fieldpost import clocks, reconcile
from fieldpost.pipeline import Bridge
from fieldpost.reading import Rows
from fieldpost.state import State
from fieldpost.timeline.evidence import Anchor, Stamp
from fieldpost.timeline.gauge import mesh_anchor
from fieldpost.timeline.isolate import Graphs
from fieldpost.timeline.place import Timeline, place_on, same, strict_alone
from fieldpost.timeline.words import ENDS, steps_words


@dataclass(frozen=True)
class Home:
    """The timeline of a store's own mesh. `named`: the id of one observation at each stamp, in hex."""

    mesh: str
    graphs: Graphs
    timeline: Timeline
    named: dict[Stamp, str]


def folded(store: Rows) -> State:
    """The state after all inputs of a store."""
    bridge = Bridge()
    for item in store.inputs():
        bridge.apply(item)
    return bridge.state


def home_timeline(state: State) -> Home | None:
    """Every own observation placed by the own mesh's evidence; None before any exchange."""
    mesh = state.own().mesh
    own = [entry for entry in state.entries.values() if entry.mesh == mesh]
    evidence = reconcile.evidence_of(state, own)
    anchor: Anchor | None = mesh_anchor(evidence.exchanges)
    if anchor is None:
        return None
    named = {clocks.stamp_of(entry.observation): entry.id.hex() for entry in own}
    graphs = Graphs(evidence, same)
    return Home(state.own().name, graphs, place_on(graphs, anchor, sorted(named, key=_key)), named)


def path_told(state: State, identity: bytes, ends: int | None = ENDS) -> list[list[str]] | None:
    """Both binding paths of a held observation in words, of a long one its `ends` (None: all); None without a place."""
    entry = state.entries.get(identity)
    own = [one for one in state.entries.values() if one.mesh == state.own().mesh]
    home = reconcile.evidence_of(state, own)
    anchor = mesh_anchor(home.exchanges)
    if entry is None or anchor is None:
        return None
    known = home if entry in own else reconcile.evidence_of(state, list(state.entries.values()))
    stamp = clocks.stamp_of(entry.observation)
    timeline = place_on(Graphs(known, same), anchor, [stamp], strict_alone)
    return [steps_words(side, ends) for side in timeline.path(stamp)]


def _key(stamp: Stamp) -> tuple:
    return stamp.key

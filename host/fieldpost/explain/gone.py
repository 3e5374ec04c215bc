"""What a device's own log dropped before anybody took it, as its gap records tell. SPEC 6.6

Decides nothing: the records are read again from the stored observations. What no record names is missing, not gone.
"""

from dataclasses import dataclass

from fieldpost.explain.held import Shelf, Step, short, step
from fieldpost.gaps import Dropped, told
from fieldpost.reading import Rows
from fieldwire import observation as obs


@dataclass(frozen=True)
class Gone:
    """A run of segments that `device` dropped; `record` is the id of the observation that says so."""

    device: bytes
    record: bytes
    run: Dropped

    @property
    def id(self) -> bytes:
        """The seal hash of the last of them; the record's id where it is not known."""
        return self.run.seal_hash or self.record

    def words(self) -> str:
        return f"{self.run.words()}; so says gap record {short(self.record)} of device {short(self.device)}"

    def step(self) -> Step:
        return step("journal", [self.record], "not-held", self.words(), self.id, "dropped")


def gone(store: Rows) -> list[Gone]:
    """All that held gap records name as dropped."""
    rows = store.query(
        "SELECT device, id, leaf FROM observation WHERE format = ? ORDER BY id", str(obs.GAP_FORMAT)
    )
    return [
        Gone(device, record, run)
        for device, record, leaf in rows
        for run in told(obs.decode(leaf))
        if isinstance(run, Dropped)
    ]


def position_gone(store: Rows, source: list) -> Gone | None:
    """The run that a source's position lies in, if its device dropped it."""
    device, incarnation, stream, seq = source[:4]
    for one in gone(store):
        run = one.run
        if (one.device, run.incarnation, run.stream) != (device, incarnation, stream) or run.seqs is None:
            continue
        if run.seqs[0] <= seq <= run.seqs[1]:
            return one
    return None


def gone_steps(shelf: Shelf, identity: bytes) -> list[Step]:
    """Why something that was never held is not: it was dropped, or nobody brought it yet."""
    found = [one.step() for one in gone(shelf.store) if one.id == identity]
    rows = shelf.store.query(
        "SELECT o.leaf FROM edge e JOIN observation o ON o.id = e.child WHERE e.parent = ? ORDER BY o.id",
        identity,
    )
    for (leaf,) in rows:
        child, sources = short(obs.observation_id(leaf)), obs.decode(leaf)[obs.SOURCES]
        source = next(one for one in sources if one[4] == identity)
        dropped = position_gone(shelf.store, source)
        place = f"device {short(source[0])}, stream {source[2]}, seq {source[3]}"
        reason = f"{child} derives from it ({place}); " + (dropped.words() if dropped else "it is not held")
        found.append(
            step("lineage", [identity], "not-held", reason, identity, "dropped" if dropped else "incomplete")
        )
    return found

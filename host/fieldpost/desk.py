"""The desk: where an input becomes durable. The fold, the store and the bridge's key in one place.

Shell. Decides nothing: it numbers inputs, applies them to the fold and writes them with all that they led to
in one transaction. Other processes may write inputs too; they are applied here before anything new is.
"""

from collections.abc import Callable, Sequence
from typing import Any

from fieldpost import verify
from fieldpost.model import Input, Outcome
from fieldpost.own_head import OwnHead
from fieldpost.pipeline import Bridge
from fieldpost.signing import Signer
from fieldpost.state import State
from fieldpost.store import Store
from fieldwire import cose, keys

Clock = Callable[[], tuple[int, int]]  # (boot, ms) of the bridge's own clock


class Desk:
    """Constructing it replays the store into `bridge`, which is fresh and rests on the store's tables from then on.
    `clock() -> (boot, ms)`.
    """

    def __init__(self, store: Store, bridge: Bridge, signer: Signer, clock: Clock) -> None:
        self._store = store
        self._tables = store.tables()
        self._bridge = bridge
        bridge.rest_on(self._tables)
        self._signer = signer
        self._clock = clock
        self._seen = 0
        self._told = 0
        self.difference: str | None = None  # the first event or row that its inputs do not lead to
        self.thumbprint: bytes = keys.thumbprint(signer.public)
        self.head = OwnHead(store.events, signer)
        self.meetings: dict[bytes, Any] = {}  # by peer bridge: the session that goes on
        if self._emptied():
            with store.writing():
                store.empty()
                self._follow()
        self.catch_up()
        state = self.state
        kept = {
            "observation": len(state.entries),
            "envelope": state.entries.envelopes,
            "seal": state.chains.count,
        }
        self.difference = self.difference or self._tables.beyond(kept)

    @property
    def state(self) -> State:
        """The fold as of the last input seen. After a failed write it is another object: do not keep it."""
        return self._bridge.state

    def _emptied(self) -> bool:
        """True for a store that an earlier version filled otherwise: it has inputs, and not what follows from them."""
        taken = "SELECT EXISTS (SELECT 1 FROM input WHERE kind IN ('segment', 'early', 'item'))"
        return self._store.query(taken) != self._store.query("SELECT EXISTS (SELECT 1 FROM envelope)")

    def catch_up(self) -> None:
        """Apply inputs that another process wrote; their events and rows are in the store already, and are compared."""
        with self._tables.following():
            self._follow()
        self.difference = self.difference or self._tables.difference

    def _follow(self) -> None:
        log = self._store.events(self._told)
        for item in self._store.inputs(self._seen):
            for made in self._bridge.apply(item).events:
                self._compare(next(log, None), made, f"input {item.n} ({item.kind})")
            self._seen = item.n
        if self.difference is None and next(log, None) is not None:
            self.difference = f"event {self._told} of the log follows from no input"

    def _compare(self, stored: bytes | None, made: bytes, cause: str) -> None:
        if stored != made and self.difference is None:
            self.difference = f"event {self._told} of the log is not what {cause} leads to"
        self._told += 1

    def submit(self, kind: str, data: bytes) -> Outcome:
        """Apply one input and write it with what it led to: durable when this returns."""
        return self.submit_many([(kind, data)])[0]

    def submit_many(self, things: Sequence[tuple[str, bytes]]) -> list[Outcome]:
        """The same for several (kind, data) in one transaction: all of them or none."""
        led = []
        try:
            with self._store.writing():
                self.catch_up()
                for kind, data in things:
                    item = Input(self._seen + 1, kind, self._clock(), data)
                    led.append((item, self._bridge.apply(item)))
                    self._seen = item.n
                self._store.log(led)
                self._told += sum(len(outcome.events) for _, outcome in led)
        except BaseException:
            self._fold_anew()
            raise
        return [outcome for _, outcome in led]

    def _fold_anew(self) -> None:
        """The fold had gone ahead of what became durable."""
        self._bridge, self._seen, self._told = Bridge(self._tables), 0, 0
        self.catch_up()

    def item(self, identity: bytes) -> bytes:
        """The crossing item of a held observation, from its envelope as received. SPEC 10.3"""
        found = self._store.query(
            "SELECT envelope.kind, envelope.data, leaf_index FROM observation JOIN envelope ON hash = envelope"
            " WHERE observation.id = ?",
            identity,
        )
        return verify.item_of(*found[0])

    def sign(self, typ: int, payload: bytes) -> bytes:
        """A COSE_Sign1 of that typ by the bridge's key."""
        return cose.sign(typ, payload, self._signer)

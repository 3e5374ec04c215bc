"""What a bridge knows: the fold over its inputs.

Decides nothing; holds what the stages read and add to. Everything here can be rebuilt from the inputs, so
nothing here is ever stored for its own sake.
"""

from dataclasses import dataclass, field
from typing import Any

from fieldpost.canvas import Canvas
from fieldpost.chains import Chains, Stamp, Whole
from fieldpost.docket import Docket
from fieldpost.evidence_book import EvidenceBook
from fieldpost.held import Held
from fieldpost.model import Authority, Outcome
from fieldpost.placing import Times
from fieldpost.recorder import event
from fieldpost.shares import Shares
from fieldpost.tables import MemoryTables, Tables
from fieldpost.trust import Trust
from fieldpost.verdicts import Verdicts

EVENT_INPUTS_MAX = 1_024  # so that an event stays below CBOR_MAX
ROWS_MAX = 10_000  # of one input, before they go to the tables


@dataclass(frozen=True)
class Profile:
    """The bridge's own standing: mesh id, key thumbprint, petname, how many UTC claims must agree."""

    mesh: bytes
    thumbprint: bytes
    name: str
    utc_claims: int


@dataclass(frozen=True)
class Mode:
    """A channel's mode (`open`, `partitioned`, `one-way-in`, `one-way-out`) and the subject trees it withholds."""

    mode: str = "open"
    withheld: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dispute:
    """A scope that two agreements claim, or all scopes of one that was forked: `report` is both proofs."""

    scope: str
    code: str
    reason: str
    report: bytes


@dataclass
class State:
    """The fold. What is kept of each observation lies in `tables`; `entries` and `verdicts` ask there."""

    tables: Tables = field(default_factory=MemoryTables)
    profile: Profile | None = None
    trust: Trust = field(default_factory=Trust)
    entries: Held = field(init=False)
    verdicts: Verdicts = field(init=False)
    chains: Chains = field(init=False)  # what forks are found by
    whole: Whole = field(init=False)  # segments that are held whole
    waiting: dict[bytes, tuple[str, bytes]] = field(default_factory=dict)  # envelope hash: kind, bytes
    wanted: dict[bytes, set[bytes]] = field(default_factory=dict)  # token id: envelopes that wait for it
    shares: Shares = field(default_factory=Shares)  # whose envelopes wait
    forks: dict[bytes, Stamp] = field(default_factory=dict)  # device: from when on it is quarantined
    arrived: dict[bytes, tuple[int, int]] = field(default_factory=dict)  # token: bridge's (boot, ms)
    grades: dict[tuple[bytes, bytes], set[int]] = field(
        default_factory=dict
    )  # by credential and boot attestation: what is held of them was graded so
    regrade: bool = False  # endorsements or revocations came since grades were last looked at
    faulty: set[bytes] = field(default_factory=set)  # time records that are none, told once
    book: EvidenceBook = field(default_factory=EvidenceBook)
    times: Times = field(default_factory=Times)  # what was solved last
    canvas: Canvas = field(init=False)
    docket: Docket = field(default_factory=Docket)  # what is to be judged at the next reconciliation
    agreement: Any = None
    agreement_digest: bytes | None = None
    agreed_at: tuple[int, int] = (0, 0)  # the bridge's (boot, ms) when it was adopted
    agreement_proof: bytes = b""  # [agreement bytes, signature, signature] as adopted
    beside: dict[bytes, Any] = field(default_factory=dict)  # digest: (agreement, proof) between other parties
    disputes: dict[bytes, Dispute] = field(default_factory=dict)  # cases over the agreement itself, by id
    modes: dict[str, Mode] = field(default_factory=dict)
    stopped: dict[str, bytes] = field(default_factory=dict)  # scope subject: case id
    cases: dict[bytes, Any] = field(default_factory=dict)  # divergence cases, by id
    picked: dict[bytes, Any] = field(default_factory=dict)  # by peer: what the epochs with it picked last
    epochs: list[Any] = field(default_factory=list)
    decided: set[bytes] = field(default_factory=set)  # ids in the joint set of an earlier epoch
    outcome: Outcome = field(default_factory=Outcome)
    at: tuple[int, int] = (0, 0)
    kept_out: set[bytes] = field(default_factory=set)  # items that a closed channel turned away, by SHA-256
    unsolved: bool = False  # something came since all was last placed and judged
    # By peer bridge (thumbprint):
    offered: dict[bytes, Any] = field(default_factory=dict)  # our side of the epoch that is being opened
    pending: dict[bytes, Any] = field(default_factory=dict)  # decided here, not yet signed by both
    numbers: dict[bytes, int] = field(default_factory=dict)  # the highest epoch number that we signed
    settled: dict[bytes, frozenset[bytes]] = field(default_factory=dict)  # ids that epochs with it cover
    kept_back: dict[bytes, bytes] = field(default_factory=dict)  # what either withheld when last they met
    compared: dict[bytes, Any] = field(
        default_factory=dict
    )  # the last epochs, where they were seen to differ
    anew: dict[bytes, int] = field(default_factory=dict)  # epochs up to this number are not common any more
    replayed: set[bytes] = field(default_factory=set)  # names of what came again, which is written once
    proposals: set[Authority] = field(default_factory=set)  # foreign authorities that nothing maps
    heard: dict[bytes, Any] = field(default_factory=dict)  # discovery's listing, by key or address
    heads: dict[bytes, dict[int, bytes]] = field(default_factory=dict)  # by bridge, by size: signed log heads
    doubted: dict[bytes, str] = field(
        default_factory=dict
    )  # bridges whose heads do not fit together: the code

    def __post_init__(self) -> None:
        self.entries = Held(self.tables)
        self.verdicts = Verdicts(self.entries, self.tables)
        self.chains = Chains(self.tables)
        self.whole = Whole(self.chains)
        self.canvas = Canvas(self.tables)
        self._handed = 0  # rows of the outcome that the tables have

    def begin(self, at: tuple[int, int]) -> None:
        """Another input, which came at (boot, ms) of the bridge's clock."""
        self.outcome, self._handed, self.at = Outcome(), 0, at

    def own(self) -> Profile:
        """This bridge's standing; ValueError before the first `config` input."""
        if self.profile is None:
            raise ValueError("the first input of a bridge is its config")
        return self.profile

    def record(self, kind: str, inputs: list[bytes], outcome: str, /, **detail: Any) -> None:
        """Add an event to the outcome of the input at hand; several where it names more than one may. SPEC 15.1"""
        for begin in range(0, max(len(inputs), 1), EVENT_INPUTS_MAX):
            named = inputs[begin : begin + EVENT_INPUTS_MAX]
            self.outcome.events.append(event(kind, self.at, named, self.agreement_digest, outcome, detail))

    def row(self, table: str, *values: Any) -> None:
        """Add a row to one of the store's tables; the first columns are its key and a later row replaces."""
        self.outcome.rows.append((table, values))

    def hand_over(self) -> None:
        """All rows so far go to the tables, so that they can be asked."""
        rows = self.outcome.rows
        if len(rows) > self._handed:
            self.tables.write(rows[self._handed :] if self._handed else rows)
        self._handed = len(rows)
        self.entries.settled()

    def let_go(self) -> None:
        """The same where there are many, and the outcome forgets them if the tables keep them elsewhere."""
        if len(self.outcome.rows) - self._handed > ROWS_MAX:
            self.hand_over()
            if self.tables.apart:
                self.outcome.rows.clear()
                self._handed = 0

    def refuse(self, what: bytes, code: str, reason: str, remedy: str) -> None:
        """Record a refusal of bytes named by their SHA-256 or id."""
        self.record("refused", [what], code, reason=reason, remedy=remedy)
        self.row("refusal", what, code, reason, remedy)

    def mode_of(self, channel: str) -> Mode:
        return self.modes.get(channel, Mode())

    def unsettle(self, device: bytes | None = None) -> None:
        """Verdicts over all that this device said, or over everything, may be others; so may be who speaks of time."""
        self.book.changed()
        if device is None:
            self.docket.everyone = True
        else:
            self.docket.concern(device)

    def age_ms(self, token: bytes) -> int:
        """The bridge's own elapsed time since a token, or the agreement, arrived; a lower bound after a restart."""
        agreed = token == self.agreement_digest
        boot, ms = self.agreed_at if agreed else self.arrived.get(token, self.at)
        return self.at[1] - ms if boot == self.at[0] else self.at[1]

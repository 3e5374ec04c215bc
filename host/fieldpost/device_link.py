"""One cable: frames and session events on one side, the desk on the other.

Decides only the order of keeping and promising: custody is granted after the desk has made the
segment durable, and never before. SPEC 8.5
"""

import hashlib
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from fieldpost import codes, imports, verify
from fieldpost.chains import WholeOf
from fieldpost.model import Outcome
from fieldpost.own_log import OwnLog
from fieldpost.state import State
from fieldpost.trust import Trust
from fieldwire import cbor, error_numbers, frame, tokens
from fieldwire.errors import WireError
from fieldwire.session_bridge import BridgeSession
from fieldwire.transfer_head import CARRIED, EARLY, PACKED, SEGMENT, TOKEN

log = logging.getLogger(__name__)
KINDS = {TOKEN: "token", SEGMENT: "segment", EARLY: "early", PACKED: "segment", CARRIED: "segment"}
REJECTED_MAX = (
    4096  # rejections remembered; one that is forgotten is decided anew when the segment comes again
)
DOWN_MAX = 64  # objects that wait for one device
OBJECT_OVERHEAD = 32  # of a frame, around an object
REVOCATIONS_MAX = 16  # handed down, the latest: a device keeps twice as many
STRANGERS_MAX = 64  # devices without a key that were told of


class Terms(Protocol):
    """What a link is like: link_terms.Serial, Lora."""

    frame_max: int
    turnaround_ms: int
    duplex: bool
    by_bytes: bool

    def wire_ms(self, size: int) -> int: ...


Place = tuple[bytes, bytes, int, int]  # device, incarnation, stream, segment


class Keeper(Protocol):
    """Who makes things durable: the desk."""

    @property
    def state(self) -> State: ...

    def submit(self, kind: str, data: bytes) -> Outcome: ...

    def item(self, identity: bytes) -> bytes: ...


@dataclass
class DeviceLink:
    """The bridge's end of one cable. `write(bytes)` puts bytes on it; `now_ms()` is the bridge's own clock.

    `framed(frame)`: a frame as that medium has it; `clear()`: whether it takes the next one now.
    `salt_key_for(device)`: what its packed segments are expanded with, where the medium is slow enough to ask for them.
    """

    desk: Keeper
    own: OwnLog
    thumbprint: bytes
    terms: Terms
    key_for: Callable[[bytes], bytes | None]
    random: Callable[[int], bytes]
    now_ms: Callable[[], int]
    write: Callable[[bytes], None]
    boot: int
    changed: Callable[[], None]
    framed: Callable[[bytes], bytes] = frame.encode
    clear: Callable[[], bool] = lambda: True
    salt_key_for: Callable[[bytes], bytes | None] = lambda _device: None
    device: bytes | None = None
    _deframer: frame.Deframer = field(default_factory=frame.Deframer)
    _session: BridgeSession | None = None
    _rejected: dict[Place, int] = field(default_factory=dict)
    _doubted: dict[Place, bytes] = field(default_factory=dict)  # place: digest of its bytes
    _down: dict[bytes, deque[bytes]] = field(default_factory=dict)  # device: objects it has not answered
    _asked: bool = False  # the first of them is under way
    _strangers: set[bytes] = field(default_factory=set)
    _told: set[tuple[bytes, bytes]] = field(default_factory=set)  # device, and a revocation it was handed

    def opened(self) -> None:
        """The cable is in: the session goes on where the cable was pulled, until another device calls."""
        self._deframer = frame.Deframer()
        if self._session is None:
            self._begin()

    def _begin(self) -> None:
        """A new session, which resumes what an earlier one had begun."""
        self.device, self._asked = None, False
        incoming = None if self._session is None else self._session.incoming
        self._session = BridgeSession(
            self.thumbprint,
            self.boot,
            self.random(8),
            self.key_for,
            self.holdings,
            self.terms,
            incoming,
            self.salt_key_for,
        )

    def received(self, data: bytes) -> None:
        """Bytes came in."""
        for one in self._deframer.feed(data):
            self.heard(one)

    def heard(self, one: bytes) -> None:
        """A frame came in."""
        if self._session is not None:
            self._session.receive(one, self.now_ms())
            self._pump()

    def tick(self) -> None:
        """Time passed."""
        if self._session is None:
            return
        due = self._session.deadline()
        if due is not None and self.now_ms() >= due:
            self._session.on_deadline(self.now_ms())
        self._pump()

    def hand_down(self, data: bytes) -> None:
        """Send a signed object to the device on the line; it is repeated on the next line until it answers. SPEC 8.2"""
        if self.device is None:
            return
        waiting = self._down.setdefault(self.device, deque())
        if len(data) > self.terms.frame_max - OBJECT_OVERHEAD:
            log.warning("an object of %d bytes fits no frame to device %s", len(data), self.device.hex())
        elif len(waiting) >= DOWN_MAX:
            log.warning("device %s has %d objects to take first", self.device.hex(), DOWN_MAX)
        else:
            waiting.append(data)
            self._next_down()
            self._pump()

    def ask_for_prompt(self) -> None:
        """The device on the line is to end its program, so that somebody at its port has the interpreter's prompt."""
        if self._session is not None and self.device is not None:
            self._session.request_prompt()
            self._pump()

    def hand_down_revocations(self) -> None:
        """Tell the device on the line what authorities of its mesh took back, as far as it was not told. SPEC 8.8"""
        if self.device is None or not self.desk.state.trust.revocations:
            return
        for identity, objects in revocation_objects(self.desk.state):
            if (self.device, identity) not in self._told:
                self._told.add((self.device, identity))
                for one in objects:
                    self.hand_down(one)

    def _next_down(self) -> None:
        waiting = self._down.get(self.device or b"")
        if waiting and not self._asked and self._session is not None:
            self._asked = True
            self._session.send_object(waiting[0])

    def _answered(self) -> None:
        self._asked = False
        waiting = self._down.get(self.device or b"")
        if waiting:
            waiting.popleft()
        self._next_down()

    def _pump(self) -> None:
        session = self._session
        while session is not None:
            event = session.next_event()
            if event is not None:
                self._happened(event)
                session = self._session
                continue
            out = session.to_send(self.now_ms()) if self.clear() else None
            if out is None:
                return
            self.write(self.framed(out))

    def _happened(self, event: tuple) -> None:
        name, *rest = event
        if name == "established":
            self._established(rest[0])
        elif name == "item":
            self._item(*rest)
        elif name == "awaited":
            self._promise(*rest)
        elif name == "answered" and rest[0] == "object":
            self._answered()
        elif name == "exchange":
            self._exchange(rest[0])
        elif name == "unknown-device":
            self._stranger(rest[0])
        elif name == "closed":
            self._farewell()
            self._begin()

    def _established(self, device: bytes) -> None:
        self._asked = self._asked and device == self.device
        self.device = device
        log.info("device %s is on the line", device.hex())
        self.hand_down_revocations()
        self._next_down()

    def _stranger(self, device: bytes) -> None:
        if device not in self._strangers and len(self._strangers) < STRANGERS_MAX:
            self._strangers.add(device)
            log.warning(
                "device %s calls, but no link key of it is here; hand this bridge its key", device.hex()
            )

    def _farewell(self) -> None:
        """What an ended session still has to say."""
        while self._session is not None and (out := self._session.to_send(self.now_ms())) is not None:
            self.write(self.framed(out))

    def _item(self, kind: int, key: bytes | tuple, data: bytes) -> None:
        if kind == PACKED and self._session is not None and not may_be_sealed(data, self.desk.state.trust):
            self._session.refuse_packed(*key)
            return
        fresh = not imports.heard(self.desk.state, data)
        rows = self.desk.submit(KINDS[kind], data).rows if fresh else []
        self.changed()
        if (
            kind not in (SEGMENT, PACKED, CARRIED)
            or not isinstance(key, tuple)
            or self._session is None
            or self._session.device is None
        ):
            return
        place = _place(self._session.device, *key)
        for table, row in rows:
            if table == "refusal" and row[1] not in imports.PASSING:
                self._doubt(place, data, code_number(row[1]))
        self._promise(*key)

    def _doubt(self, place: Place, data: bytes, code: int) -> None:
        """Rejects a segment that came twice alike; once, it may have been put together wrongly on its way."""
        digest = hashlib.sha256(data).digest()
        if self._doubted.get(place) == digest:
            self._rejected[place] = code
        else:
            self._doubted[place] = digest
            if self._session is not None:
                self._session.forget_transfer()
        for memory in (self._rejected, self._doubted):
            while len(memory) > REJECTED_MAX:
                del memory[next(iter(memory))]

    def _promise(self, *key: Any) -> None:
        """Custody for all that is verified and durable around a segment; a rejection for what never will be."""
        session, state = self._session, self.desk.state
        if session is None or session.device is None:
            return
        device, incarnation, stream, segment = place = _place(session.device, *key)
        whole = state.whole[device]
        if len(key) == len(place):
            self._promise_carried(session, place, whole)
            return
        first = last = segment
        if (incarnation, stream, segment) in whole:
            while (incarnation, stream, first - 1) in whole:
                first -= 1
            while (incarnation, stream, last + 1) in whole:
                last += 1
            session.grant_custody(incarnation, stream, first, last, whole[incarnation, stream, last])
            return
        code = self._rejected.get(place)
        if code is not None:
            session.reject(incarnation, stream, segment, code)

    def _promise_carried(self, session: BridgeSession, place: Place, whole: WholeOf) -> None:
        """The same to a mule. Up to its segment only: its origin may have freed what follows before it is told."""
        device, incarnation, stream, segment = place
        seal_hash, first = whole.get(place[1:]), segment
        if seal_hash is not None:
            while (incarnation, stream, first - 1) in whole:
                first -= 1
        if seal_hash is not None or place in self._rejected:
            session.answer_carried(device, incarnation, stream, first, segment, seal_hash)

    def _exchange(self, payload: list) -> None:
        data = self.own.exchange(payload, (self.boot, self.now_ms()))
        self.desk.submit("early", data)
        self.changed()

    def holdings(self, device: bytes) -> tuple[list, list]:
        """What this bridge holds of a device, in HELD's form. SPEC 8.2"""
        state = self.desk.state
        found: dict[tuple[bytes, int], list[int]] = {}
        for incarnation, stream, segment in state.whole[device]:
            found.setdefault((incarnation, stream), []).append(segment)
        held = [
            [incarnation, stream, ranges(found[incarnation, stream])] for incarnation, stream in sorted(found)
        ]
        return held, self._tokens(device)

    def _tokens(self, device: bytes) -> list[bytes]:
        trust = self.desk.state.trust
        known = [one.id for one in trust.boots.values() if one.message.kid == device[:8]]
        known += [one.id for one in trust.endorsements.get(device, [])]
        for one in trust.credentials_of(device):
            known += [above.id for above in trust.chain(one.id)]
        return sorted(set(known))


def may_be_sealed(data: bytes, trust: Trust) -> bool:
    """False where an expanded segment is not what its device sealed: it is to come as it is, and nobody is to blame."""
    try:
        verify.open_segment(data, trust)
    except WireError:
        return False
    return True


def _place(device: bytes, *key: Any) -> Place:
    """The place of an item: of the device on the line, or of the one whose segment that carries."""
    return key if len(key) == 4 else (device, *key)


def ranges(numbers: list[int]) -> list[list[int]]:
    """Sorted [[lo, hi] ...] of the numbers."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def code_number(name: str) -> int:
    """The number of a code of SPEC 16, the wire's or the bridge's."""
    return error_numbers.NUMBER[name] if name in error_numbers.NUMBER else codes.CODES[name][0]


def revocation_objects(state: State) -> list[tuple[bytes, list[bytes]]]:
    """(id, objects that hand it down, its issuer's chain first) of our mesh's latest revocations, latest last."""
    trust = state.trust
    ours = [
        one
        for one in trust.revocations.values()
        if trust.mesh_of(one.claims[tokens.ISSUER]) == state.own().mesh
    ]
    latest = sorted(ours, key=lambda one: (one.claims[tokens.NBF], one.id))[-REVOCATIONS_MAX:]
    return [
        (
            one.id,
            [cbor.encode(["credential", above.data]) for above in trust.chain(one.claims[tokens.ISSUER])]
            + [cbor.encode(["revocation", one.data])],
        )
        for one in latest
    ]


def foreign_objects(desk: Keeper, identity: bytes) -> list[bytes]:
    """The objects that let a device verify an admitted foreign observation for itself; [] where it is not one.

    The authority's own credentials go first, then ["foreign", item, [root key, token ...], equivalence].
    """
    state = desk.state
    verdict = state.verdicts.get(identity)
    if verdict is None or verdict.code != "admitted-mapped" or len(verdict.equivalences) != 1:
        return []
    entry = state.entries[identity]
    equivalence = state.trust.equivalences[verdict.equivalences[0]]
    above = [
        cbor.encode(["credential", one.data]) for one in state.trust.chain(equivalence.claims[tokens.ISSUER])
    ]
    chain = [state.trust.roots[entry.mesh], *(one.data for one in state.trust.chain(entry.credential))]
    return [*above, cbor.encode(["foreign", cbor.decode(desk.item(identity)), chain, equivalence.data])]

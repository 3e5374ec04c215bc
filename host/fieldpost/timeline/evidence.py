"""What was recorded about time: stamps, exchanges, causal edges, assumptions and claims.

Decides what counts as the same evidence: a canonical order without doubles, and one digest for it. Refuses
to judge whether any of it is true (see `isolate`) and whether its signatures hold (the stage before this
one).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from fieldwire import cbor

Device = str | bytes
Interval = tuple[int | None, int | None]

NS_MAX = 1 << 62  # every reading, delay and sum of them stays inside a signed 64-bit integer
PPB_MAX = 500_000_000  # a clock that gains or loses half its time is broken, not skewed
LABEL = b"fieldpost/evidence/1"


def device_key(device: Device) -> tuple[int, bytes]:
    """Sorts device ids: byte strings first, then text by its UTF-8."""
    return (0, device) if isinstance(device, bytes) else (1, device.encode())


def _check_ns(name: str, value: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not -NS_MAX < value < NS_MAX:
        raise ValueError(f"{name} must be an integer of nanoseconds between -2^62 and 2^62, not {value!r}")


@dataclass(frozen=True, slots=True)
class Stamp:
    """A reading of one device's own clock: nanoseconds since an origin that means nothing outside this
    boot.
    """

    device: Device
    boot: int
    t_ns: int

    def __post_init__(self) -> None:
        _check_ns("a stamp's t_ns", self.t_ns)

    @property
    def key(self) -> tuple[int, bytes, int, int]:
        return (*device_key(self.device), self.boot, self.t_ns)

    def as_list(self) -> list[Device | int]:
        return [self.device, self.boot, self.t_ns]


@dataclass(frozen=True, slots=True)
class Assumption:
    """A clock's stated rate: true elapsed = local elapsed x (1 + r), r between lo and hi over every sub-
    interval.

    `wander_ppb`: all r of one boot lie in some window of that width; None states nothing beyond the range.
    """

    device: Device
    rate_lo_ppb: int
    rate_hi_ppb: int
    wander_ppb: int | None = None

    def __post_init__(self) -> None:
        if not -PPB_MAX <= self.rate_lo_ppb <= self.rate_hi_ppb <= PPB_MAX:
            raise ValueError(f"rate range of {self.device!r} must be lo <= hi within +-{PPB_MAX} ppb")
        if self.wander_ppb is not None and not 0 <= self.wander_ppb <= 2 * PPB_MAX:
            raise ValueError(f"wander of {self.device!r} must be between 0 and {2 * PPB_MAX} ppb")

    def as_list(self) -> list[Device | int | None]:
        return [self.device, self.rate_lo_ppb, self.rate_hi_ppb, self.wander_ppb]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One message heard: dmin <= true(rx) - true(tx) <= dmax. Two-way contact = two of these.

    `dmin_ns` may be negative (two receivers that heard one event); `dmax_ns` None states no ceiling.
    """

    tx: Stamp
    rx: Stamp
    dmin_ns: int
    dmax_ns: int | None = None

    def __post_init__(self) -> None:
        _check_ns("an exchange's dmin_ns", self.dmin_ns)
        if self.tx.device == self.rx.device:
            raise ValueError(f"an exchange joins two devices; both ends are {self.tx.device!r}")
        if self.dmax_ns is not None:
            _check_ns("an exchange's dmax_ns", self.dmax_ns)
            if self.dmax_ns < self.dmin_ns:
                raise ValueError("an exchange's dmax_ns is below its dmin_ns")

    @property
    def key(self) -> tuple[object, ...]:
        ceiling = (1, 0) if self.dmax_ns is None else (0, self.dmax_ns)
        return (self.tx.key, self.rx.key, self.dmin_ns, ceiling)

    def as_list(self) -> list[object]:
        return [self.tx.as_list(), self.rx.as_list(), self.dmin_ns, self.dmax_ns]


@dataclass(frozen=True, slots=True)
class Causal:
    """`earlier` did not happen after `later`: a source and what was derived from it, a sending and its
    hearing.
    """

    earlier: Stamp
    later: Stamp

    @property
    def key(self) -> tuple[object, ...]:
        return (self.earlier.key, self.later.key)

    def as_list(self) -> list[object]:
        return [self.earlier.as_list(), self.later.as_list()]


@dataclass(frozen=True, slots=True)
class Claim:
    """The device said that UTC was within half_width of utc_ns (since 1970, no leap seconds) at its own
    stamp.
    """

    at: Stamp
    utc_ns: int
    half_width_ns: int

    def __post_init__(self) -> None:
        _check_ns("a claim's utc_ns", self.utc_ns)
        _check_ns("a claim's half_width_ns", self.half_width_ns)
        if self.half_width_ns < 0:
            raise ValueError("a claim's half_width_ns is negative")

    @property
    def key(self) -> tuple[object, ...]:
        return (self.at.key, self.utc_ns, self.half_width_ns)

    def as_list(self) -> list[object]:
        return [self.at.as_list(), self.utc_ns, self.half_width_ns]


@dataclass(frozen=True, slots=True)
class Anchor:
    """The zero of a timeline: a stamp, and the other end of its exchange where it has one.

    Devices of the anchor are assumed honest: a timeline cannot be told without the clock that it starts from.
    """

    at: Stamp
    other: Stamp | None = None

    @property
    def devices(self) -> frozenset[Device]:
        return frozenset({self.at.device} if self.other is None else {self.at.device, self.other.device})


def _canonical(items: Iterable) -> tuple:
    return tuple(sorted(set(items), key=lambda item: item.key))


@dataclass(frozen=True)
class Evidence:
    """A set of evidence in canonical order: the order and the doubles of the input never matter.

    `seen` are stamps that prove only that a boot reached a reading (they matter next to a reboot).
    Raises ValueError when a device has no assumption, or two that differ.
    """

    assumptions: tuple[Assumption, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    causals: tuple[Causal, ...] = ()
    claims: tuple[Claim, ...] = ()
    seen: tuple[Stamp, ...] = ()
    assumption_of: dict[Device, Assumption] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        stated = sorted(set(self.assumptions), key=lambda item: device_key(item.device))
        by_device = {item.device: item for item in stated}
        if len(by_device) != len(stated):
            raise ValueError("a device has two assumptions that differ; state the wider one alone")
        canonical = {
            "assumptions": tuple(stated),
            "exchanges": _canonical(self.exchanges),
            "causals": _canonical(self.causals),
            "claims": _canonical(self.claims),
            "seen": _canonical(self.seen),
            "assumption_of": by_device,
        }
        for name, value in canonical.items():
            object.__setattr__(self, name, value)
        for stamp in self.stamps():
            if stamp.device not in by_device:
                raise ValueError(f"no assumption for device {stamp.device!r}: state its rate range")

    def stamps(self) -> list[Stamp]:
        """All stamps that the evidence mentions, in canonical order."""
        found = set(self.seen)
        for exchange in self.exchanges:
            found.update((exchange.tx, exchange.rx))
        for causal in self.causals:
            found.update((causal.earlier, causal.later))
        found.update(claim.at for claim in self.claims)
        return sorted(found, key=lambda stamp: stamp.key)

    def within(self, devices: frozenset[Device]) -> Evidence:
        """The part that speaks of these devices alone."""
        return Evidence(
            tuple(a for a in self.assumptions if a.device in devices),
            tuple(x for x in self.exchanges if x.tx.device in devices and x.rx.device in devices),
            tuple(c for c in self.causals if c.earlier.device in devices and c.later.device in devices),
            tuple(c for c in self.claims if c.at.device in devices),
            tuple(s for s in self.seen if s.device in devices),
        )

    def digest(self) -> bytes:
        """What was solved, by value: SHA-256 over the label and the CBOR of the five sorted lists. 32
        bytes.
        """
        lists = [self.assumptions, self.exchanges, self.causals, self.claims, self.seen]
        body = cbor.encode([[item.as_list() for item in items] for items in lists])
        return hashlib.sha256(LABEL + body).digest()

    @property
    def assumptions_digest(self) -> bytes:
        """What was assumed of all clocks, by value: `sources_digest` of no observation. 32 bytes."""
        return sources_digest((), self.assumptions)


def sources_digest(ids: Iterable[bytes], assumptions: Iterable[Assumption]) -> bytes:
    """What was solved, by the observations it came from and the clocks assumed. SPEC 9.4. 32 bytes."""
    stated = sorted(set(assumptions), key=lambda item: device_key(item.device))
    body = cbor.encode(sorted(set(ids))) + cbor.encode([item.as_list() for item in stated])
    return hashlib.sha256(LABEL + body).digest()

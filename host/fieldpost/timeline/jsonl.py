"""An evidence file, line by line, into evidence and questions.

Decides what a line may say and names the first line that says something else. Readings finer than a
nanosecond are cut, and what they touch is widened by the nanosecond that was cut, so that no bound becomes
narrower by it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO

from fieldpost.json_lines import once, whole, why_none
from fieldpost.timeline.decimals import ceil_scaled, floor_scaled, read
from fieldpost.timeline.evidence import PPB_MAX, Assumption, Causal, Claim, Evidence, Exchange, Stamp

LINE_BYTES_MAX = 65_536
LINES_MAX = 1_000_000
DEVICES_MAX = 10_000  # of whom each is a clock to solve
DEVICES_RESILIENT_MAX = 1_000  # of whom each may cost a solve of its own
NAME_CHARS_MAX = 256
SECONDS_MAX = 4_611_686_018  # 2^62 ns: a sum of two readings still fits 64 bits
RATE_PPM_MAX = PPB_MAX // 1000


class LineError(Exception):
    """A line of the file says something that cannot be meant."""

    def __init__(self, line: int, reason: str):
        super().__init__(f"line {line}: {reason}")
        self.line = line


@dataclass(frozen=True)
class Place:
    id: str
    at: Stamp


@dataclass(frozen=True)
class Relate:
    a: str
    b: str


@dataclass
class Request:
    """What the file holds: evidence, the zero, and the questions in the order of the file."""

    evidence: Evidence
    anchor: Stamp
    questions: list[Place | Relate]
    stamp_of: dict[str, Stamp]
    causals: list[Causal]
    verbatim: dict[Stamp, Any]  # `t` as the line had it
    cut: set[Stamp]  # readings finer than a nanosecond


@dataclass
class Reader:
    """Collects lines; `finish` checks what only the whole file shows."""

    devices_max: int = DEVICES_MAX
    assumptions: dict[str, Assumption] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    causals: list[Causal] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    questions: list[Place | Relate] = field(default_factory=list)
    question_lines: list[int] = field(default_factory=list)
    anchor: Stamp | None = None
    verbatim: dict[Stamp, Any] = field(default_factory=dict)
    cut: set[Stamp] = field(default_factory=set)
    first_line_of: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # one copy of each device's name
    ids: dict[str, Stamp] = field(default_factory=dict)
    line: int = 0

    def name(self, value: object, what: str) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= NAME_CHARS_MAX:
            raise ValueError(f"{what} must be text of 1 to {NAME_CHARS_MAX} characters, not {value!r:.80}")
        if any("\ud800" <= one <= "\udfff" for one in value):
            raise ValueError(f"{what} {value!r:.80} has half a character, which no text holds")
        return value

    def device(self, value: object) -> str:
        name = self.name(value, "device")
        self.first_line_of.setdefault(name, self.line)
        if len(self.first_line_of) > self.devices_max:
            easier = "use --interval strict, or " if self.devices_max < DEVICES_MAX else ""
            raise ValueError(
                f"{name!r:.80} is device {self.devices_max + 1}, one too many; {easier}split the file by mesh"
            )
        return self.names.setdefault(name, name)

    def stamp(self, value: object, what: str) -> Stamp:
        if not isinstance(value, dict) or not {"device", "boot", "t"} <= value.keys():
            raise ValueError(f'{what} must be {{"device", "boot", "t"}}')
        boot = value["boot"]
        if not isinstance(boot, int) or isinstance(boot, bool) or not 0 <= boot < 1 << 62:
            raise ValueError(f"{what}: boot must be an integer from 0, not {boot!r:.80}")
        t_ns, exact = whole_ns(value["t"], f"{what}: t")
        stamp = Stamp(self.device(value["device"]), boot, t_ns)
        self.verbatim.setdefault(stamp, value["t"])
        if not exact:
            self.cut.add(stamp)
        return stamp

    def assume(self, row: dict[str, Any]) -> None:
        rates = row["rate_ppm"]
        if not isinstance(rates, list) or len(rates) != 2:
            raise ValueError("rate_ppm must be [lo, hi]")
        wander = row.get("wander_ppm")
        device = self.device(row["device"])
        lo, hi = (finite(rate, "rate_ppm") for rate in rates)
        if not -RATE_PPM_MAX <= lo <= hi <= RATE_PPM_MAX:
            raise ValueError(f"rate_ppm must be lo <= hi within +-{RATE_PPM_MAX} ppm, not [{lo}, {hi}]")
        width = None if wander is None else finite(wander, "wander_ppm")
        if width is not None and not 0 <= width <= 2 * RATE_PPM_MAX:
            raise ValueError(f"wander_ppm must be null or from 0 to {2 * RATE_PPM_MAX} ppm, not {width}")
        widest = None if width is None else ceil_scaled(width, 3)
        stated = Assumption(device, floor_scaled(lo, 3)[0], ceil_scaled(hi, 3), widest)
        if self.assumptions.setdefault(device, stated) != stated:
            raise ValueError(f"device {device!r} was assumed otherwise before; keep one assumption a device")

    def exchange(self, row: dict[str, Any]) -> None:
        tx, rx, delay = self.stamp(row["tx"], "tx"), self.stamp(row["rx"], "rx"), row["delay"]
        if not isinstance(delay, list) or len(delay) != 2:
            raise ValueError("delay must be [dmin, dmax] or [dmin, null]")
        slack = (tx in self.cut) + (rx in self.cut)
        least = whole_ns(delay[0], "the least delay")[0] - slack
        most = None if delay[1] is None else -whole_ns(delay[1], "the greatest delay", -1)[0] + slack
        if most is not None and most < least:
            raise ValueError(f"delay must be [dmin, dmax] with dmin <= dmax, not [{delay[0]}, {delay[1]}]")
        self.exchanges.append(Exchange(tx, rx, least, most))

    def causal(self, row: dict[str, Any]) -> None:
        earlier, later = self.stamp(row["earlier"], "earlier"), self.stamp(row["later"], "later")
        if earlier.device == later.device and (earlier.boot, earlier.t_ns) > (later.boot, later.t_ns):
            raise ValueError(f"the clock of {earlier.device!r} runs back from earlier to later")
        self.causals.append(Causal(earlier, later))

    def claim(self, row: dict[str, Any]) -> None:
        if row["scale"] != "utc":
            raise ValueError(f"scale must be utc, not {row['scale']!r:.80}")
        at = self.stamp(row["at"], "at")
        value, exact = whole_ns(row["value"], "value")
        half_width = -whole_ns(row["half_width"], "half_width", -1)[0] + (not exact) + (at in self.cut)
        if half_width < 0:
            raise ValueError(f"half_width must not be negative, and is {row['half_width']}")
        self.claims.append(Claim(at, value, half_width))

    def place(self, row: dict[str, Any]) -> None:
        name = self.name(row["id"], "id")
        if name in self.ids:
            raise ValueError(f"id {name!r} was placed before; ids are unique")
        self.ids[name] = self.stamp(row["at"], "at")
        self.questions.append(Place(name, self.ids[name]))
        self.question_lines.append(self.line)

    def relate(self, row: dict[str, Any]) -> None:
        self.questions.append(Relate(self.name(row["a"], "a"), self.name(row["b"], "b")))
        self.question_lines.append(self.line)

    def set_anchor(self, row: dict[str, Any]) -> None:
        if self.anchor is not None:
            raise ValueError("a second anchor; a file has exactly one")
        self.anchor = self.stamp(row["at"], "at")

    def finish(self) -> Request:
        if self.anchor is None:
            raise LineError(
                max(1, self.line), 'the file ends without an anchor; add {"type":"anchor","at":{..}}'
            )
        for device, line in self.first_line_of.items():
            if device not in self.assumptions:
                raise LineError(line, f'device {device!r} has no {{"type":"assume"}} line')
        for line, question in zip(self.question_lines, self.questions):
            unknown = {question.a, question.b} - self.ids.keys() if isinstance(question, Relate) else ()
            for name in sorted(unknown):
                raise LineError(line, f"relate names {name!r}, which no place line has")
        exchanges, causals = list(self.exchanges), []
        for causal in self.causals:
            slack = (causal.earlier in self.cut) + (causal.later in self.cut)
            if causal.earlier.device == causal.later.device or not slack:
                causals.append(causal)
            else:
                exchanges.append(Exchange(causal.earlier, causal.later, -slack))
        assumptions = tuple(self.assumptions.values())
        seen = tuple(ends_of_boots(self.ids.values()))
        evidence = Evidence(assumptions, tuple(exchanges), tuple(causals), tuple(self.claims), seen)
        return Request(evidence, self.anchor, self.questions, self.ids, self.causals, self.verbatim, self.cut)


KINDS: dict[str, tuple[Callable[[Reader, dict[str, Any]], None], tuple[str, ...]]] = {
    "assume": (Reader.assume, ("device", "rate_ppm")),
    "exchange": (Reader.exchange, ("tx", "rx", "delay")),
    "causal": (Reader.causal, ("earlier", "later")),
    "claim": (Reader.claim, ("at", "scale", "value", "half_width")),
    "place": (Reader.place, ("id", "at")),
    "relate": (Reader.relate, ("a", "b")),
    "anchor": (Reader.set_anchor, ("at",)),
}


def finite(value: object, what: str) -> Decimal:
    """A number of any size that a file may hold; else ValueError with its name."""
    try:
        return read(value)
    except ValueError:
        shown = str(value) if isinstance(value, Decimal) else json.dumps(value, default=str)
        raise ValueError(f"{what} must be a finite decimal number, not {shown:.80}") from None


def whole_ns(value: object, what: str, sign: int = 1) -> tuple[int, bool]:
    """(floor of sign x seconds in ns, whether exact); ValueError beyond what a 64-bit clock of ns holds."""
    number = finite(value, what)
    if abs(number) > SECONDS_MAX:
        raise ValueError(f"{what} is {value!s:.80} s, beyond +-{SECONDS_MAX} s (146 years)")
    return floor_scaled(sign * number, 9)


def ends_of_boots(stamps: Iterable[Stamp]) -> list[Stamp]:
    """The first and last reading of each boot, of devices that show several boots."""
    by_device: dict[Any, dict[int, list[Stamp]]] = {}
    for stamp in stamps:
        by_device.setdefault(stamp.device, {}).setdefault(stamp.boot, []).append(stamp)
    ends = []
    for boots in by_device.values():
        for found in boots.values():
            ends += [min(found, key=lambda s: s.t_ns), max(found, key=lambda s: s.t_ns)]
    return ends


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a finite number")


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; of one that is too long no more than shows it."""
    while line := file.readline(LINE_BYTES_MAX + 1):
        yield line


def parse(lines: Iterable[bytes], devices_max: int = DEVICES_MAX) -> Request:
    """Reads a whole file. Raises LineError with the number of the first wrong line."""
    reader = Reader(devices_max)
    for number, raw in enumerate(lines, start=1):
        reader.line = number
        if number > LINES_MAX:
            raise LineError(number, f"a file may hold {LINES_MAX} lines; split it by mesh or by time")
        if len(raw) > LINE_BYTES_MAX:
            raise LineError(number, f"longer than {LINE_BYTES_MAX} bytes; one JSON object a line is meant")
        if not raw.strip():
            continue
        try:
            row = json.loads(
                raw, parse_int=whole, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=once
            )
            take(reader, row)
        except (ValueError, RecursionError) as error:
            raise LineError(number, why_none(error)) from error
    return reader.finish()


def take(reader: Reader, row: object) -> None:
    """One row into the reader. Raises ValueError with what is wrong."""
    kind = row.get("type") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"type must be one of {', '.join(KINDS)}")
    method, needed = KINDS[kind]
    missing = [name for name in needed if name not in row]
    if missing:
        raise ValueError(f"{kind} lacks {', '.join(missing)}")
    method(reader, row)

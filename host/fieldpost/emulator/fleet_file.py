"""A fleet in one TOML file: its boards, what lies on their flash, where they stand, and what befalls them when.

Decides what a correct file is; a mistake is named by file, line, key and what was expected. Paths are taken from the
file's own folder. What a configuration says to the firmware is the firmware's to judge.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from fieldpost.emulator.readings import COLUMNS, STATIONS
from fieldpost.toml_struct import Fault, read

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=31_536_000)]
Metres = Annotated[float, msgspec.Meta(ge=-1_000_000, le=1_000_000)]
Place = tuple[Metres, Metres]
Pair = tuple[Name, Name]
Ppb = Annotated[int, msgspec.Meta(ge=-10_000_000, le=10_000_000)]
Millidegrees = Annotated[int, msgspec.Meta(ge=-60_000, le=150_000)]
Latency = Annotated[int, msgspec.Meta(ge=0, le=60_000)]


class FleetTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[fleet]: the seed of all chance, emulated seconds in a second, and the local radio's latency, loss and reach.

    `events_from`: what events count their time from, the start or when every board that is to be enrolled is.
    """

    seed: int = 0
    events_from: Literal["start", "enrolled"] = "start"
    scale: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 1
    latency_ms: tuple[Latency, Latency] = (20, 120)
    loss: Share = 0.0
    reach_m: Annotated[float, msgspec.Meta(gt=0, le=1_000_000)] | None = None


class GainTable(
    msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"sender": "from", "receiver": "to"}
):
    """[[air.gain]]: what one direction has over the path loss."""

    sender: Name
    receiver: Name
    db: Annotated[float, msgspec.Meta(ge=-200, le=200)]


class AirTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[air]: LoRa. `loss`: frames lost by chance alone; `fading`: channels that are good and bad in turns instead."""

    loss: Share = 0.0
    fading: bool = False
    gain: list[GainTable] = []


class SchemaTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[schema.NAME]: fields of property, type, unit and exponent; a board's configuration may name it."""

    fields: list[tuple[str, Literal["integer", "category", "opaque", "position"], str, int]]


class SensorTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Readings from a file (JSON Lines, or a column of a CSV file in units of 10^exponent) or a recorded station."""

    file: str | None = None
    station: str | None = None
    column: str | None = None
    exponent: Annotated[int, msgspec.Meta(ge=-18, le=18)] = 0
    count: Annotated[int, msgspec.Meta(ge=1)] | None = None


class UtcTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    uncertainty_ms: Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]
    error_ms: Annotated[int, msgspec.Meta(ge=-86_400_000, le=86_400_000)] = 0


class ClockTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """board.clock: `rates`: (emulated second, parts per billion that the clock gains from then on), the first at 0.

    Or `model`, a crystal drawn by the fleet's seed and the board's name, in a `climate`, over so many `days`.
    """

    rates: list[tuple[Seconds, Ppb]] = []
    model: Literal["tuning-fork", "at-cut"] | None = None
    climate: Literal["outdoor", "indoor"] = "outdoor"
    days: Annotated[int, msgspec.Meta(ge=1, le=400)] = 30


class MeshTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[mesh.NAME]: a mesh to found beside the boards, with its authorities."""

    authorities: Annotated[list[str], msgspec.Meta(min_length=1)]


class EnrolTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the board's mesh lets it say, once its cable is in; without `subjects` everything."""

    authority: str
    subjects: list[str] | None = None
    rights: tuple[Literal["observe", "time"], ...] = ("observe",)


class BoardTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[[board]]: `firmware` false: a board as it was bought, with the interpreter alone; `files`: flash path to a file.

    `prompt`: the port that the interpreter's prompt is on. `start_ms`: what its clock shows when it is switched on.
    `die_mc`: how warm its die is, or (emulated second, how warm) joined by straight lines. `clock`: instead of a drift
    that stays. `settings`: the [settings.NAME] whose keys `config` has too, where it does not say otherwise.
    """

    name: Name
    mesh: str = ""
    position_m: Place | None = None
    drift_ppm: Annotated[int, msgspec.Meta(ge=-10_000, le=10_000)] = 0
    clock: ClockTable | None = None
    start_ms: Annotated[int, msgspec.Meta(ge=0, lt=1 << 30)] = 0
    prompt: Literal["none", "uart", "usb"] = "none"
    firmware: bool = True
    enrol: EnrolTable | None = None
    settings: Name | None = None
    config: dict[str, Any] | None = None
    files: dict[str, str] = {}
    sensor: dict[str, list[int | str | list[int] | None] | SensorTable] = {}
    utc: UtcTable | None = None
    die_mc: (
        Millidegrees | Annotated[list[tuple[Seconds, Millidegrees]], msgspec.Meta(min_length=1)] | None
    ) = None
    battery_mv: list[Annotated[int, msgspec.Meta(ge=0, le=60_000)]] = []
    heap_bytes: Annotated[int, msgspec.Meta(ge=65_536, le=1 << 30)] | None = None
    baud: Annotated[int, msgspec.Meta(ge=300, le=10_000_000)] | None = None
    unique_id: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{2}){4,16}$")] | None = None
    powered: bool = True
    plugged: bool = True


class EventTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[[event]]: what befalls boards at an emulated second, and again after each `every_s`.

    `jitter_s`: each time up to so much later, by the fleet's seed.
    """

    at_s: Seconds
    do: Literal["plug", "unplug", "power-on", "power-cut", "reset", "meet", "part", "move"]
    boards: Annotated[list[Name], msgspec.Meta(min_length=1)]
    every_s: Annotated[float, msgspec.Meta(ge=0.1, le=31_536_000)] | None = None
    jitter_s: Seconds = 0.0
    to_m: Place | None = None


class FleetFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    board: Annotated[list[BoardTable], msgspec.Meta(min_length=1)]
    fleet: FleetTable = FleetTable()
    air: AirTable = AirTable()
    mesh: dict[Name, MeshTable] = {}
    schema: dict[Name, SchemaTable] = {}
    settings: dict[Name, dict[str, Any]] = {}
    contact: list[Pair] = []
    event: list[EventTable] = []

    def config_of(self, board: BoardTable) -> dict[str, Any] | None:
        """Its own words, and those of its settings where it says nothing else; None: it has neither."""
        if board.settings is None:
            return board.config
        return {**self.settings[board.settings], **(board.config or {})}


def load(path: Path) -> FleetFile:
    """The checked file; ConfigError, or OSError where it cannot be read."""
    return read(path, FleetFile, lambda fleet: _faults(fleet, path.parent))


def _faults(fleet: FleetFile, folder: Path) -> Iterator[Fault]:
    names = [board.name for board in fleet.board]
    known = f"one of the fleet's boards: {', '.join(names)}"
    low, high = fleet.fleet.latency_ms
    if low > high:
        yield ("fleet", "latency_ms"), "fleet.latency_ms", "the least latency before the greatest"
    for index, board in enumerate(fleet.board):
        if board.name in names[:index]:
            yield ("board", index, "name"), f"board[{index}].name", "a name that no other board has"
        yield from _board_faults(index, board, fleet, folder)
    for index, gain in enumerate(fleet.air.gain):
        for key, name in (("from", gain.sender), ("to", gain.receiver)):
            if name not in names:
                yield ("air", "gain", index, key), f"air.gain[{index}].{key}", known
    for index, pair in enumerate(fleet.contact):
        if not set(pair) <= set(names) or pair[0] == pair[1]:
            yield ("contact",), f"contact[{index}]", f"two different boards, each {known}"
    for index, event in enumerate(fleet.event):
        for key, expected in _event_faults(event, names):
            yield ("event", index, key), f"event[{index}].{key}", expected


def _event_faults(event: EventTable, names: list[str]) -> Iterator[tuple[str, str]]:
    if not set(event.boards) <= set(names):
        yield "boards", f"boards of the fleet: {', '.join(names)}"
    if event.do in ("meet", "part") and len(set(event.boards)) < 2:
        yield "boards", f"two boards or more, to {event.do}"
    if (event.do == "move") != (event.to_m is not None):
        yield "to_m", "[x, y] in metres for a move, and for nothing else"
    if event.every_s is not None and event.jitter_s > event.every_s:
        yield "jitter_s", f"at most every_s ({event.every_s:g})"


def _board_faults(index: int, board: BoardTable, fleet: FleetFile, folder: Path) -> Iterator[Fault]:
    if fleet.fleet.reach_m is not None and board.position_m is None:
        yield ("board", index), f"board[{index}].position_m", "[x, y] in metres, since fleet.reach_m is set"
    for key, expected in _course_faults(board):
        yield ("board", index, key), f"board[{index}].{key}", expected
    if board.enrol is not None:
        mesh = fleet.mesh.get(board.mesh)
        if mesh is None or board.enrol.authority not in mesh.authorities:
            yield (
                ("board", index, "enrol"),
                f"board[{index}].enrol",
                "a mesh with a [mesh.NAME] that lists this authority",
            )
    for name, path in board.files.items():
        if not (folder / path).is_file():
            yield (
                ("board", index, "files", name),
                f"board[{index}].files.{name}",
                f"a file, {folder / path} is none",
            )
    for name, source in board.sensor.items():
        if isinstance(source, SensorTable):
            for expected in _sensor_faults(source, folder):
                yield ("board", index, "sensor", name), f"board[{index}].sensor.{name}", expected
    if board.settings is not None and board.settings not in fleet.settings:
        yield ("board", index, "settings"), f"board[{index}].settings", "the name of a [settings.NAME]"
        return
    for key in ("observe", "derive"):
        for line in (fleet.config_of(board) or {}).get(key, []):
            if not _is_schema(line.get("schema") if isinstance(line, dict) else None, fleet):
                expected = "the name of a [schema.NAME] or 32 lower-case hexadecimal digits"
                yield ("board", index, "config", key), f"board[{index}].config.{key}.schema", expected


def _is_schema(named: object, fleet: FleetFile) -> bool:
    """Or nothing that this file speaks of."""
    return not isinstance(named, str) or named in fleet.schema or bool(re.fullmatch("[0-9a-f]{32}", named))


def _course_faults(board: BoardTable) -> Iterator[tuple[str, str]]:
    rates = [] if board.clock is None else [at_s for at_s, _ in board.clock.rates]
    warmth = [at_s for at_s, _ in board.die_mc] if isinstance(board.die_mc, list) else []
    for key, found in (("clock", rates), ("die_mc", warmth)):
        if found and (found[0] or any(one >= other for one, other in pairwise(found))):
            yield key, "seconds that begin with 0 and increase"
    if board.clock is not None and board.drift_ppm:
        yield "clock", "either a clock or drift_ppm"
    if board.clock is not None and bool(rates) == (board.clock.model is not None):
        yield "clock", "either rates or a model"


def _sensor_faults(source: SensorTable, folder: Path) -> Iterator[str]:
    if (source.file is None) == (source.station is None):
        yield "either a file or a station"
    elif source.file is not None:
        if not (folder / source.file).is_file():
            yield f"a file of readings, {folder / source.file} is none"
        elif source.file.endswith(".csv") != (source.column is not None):
            yield "a column, for a file that ends in .csv and for no other"
    elif source.station not in STATIONS or source.column not in COLUMNS:
        yield f"a station out of {', '.join(STATIONS)} and a column out of {', '.join(COLUMNS)}"

"""What a fleet's file means: the boards to make, the air between them, the readings of their sensors.

Decides how names in the file become bytes on a flash. Reads the files that it names, and starts nothing.
"""

import csv
import hashlib
import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from fieldpost.emulator.board import BoardSpec, Reading, UtcReceiver
from fieldpost.emulator.clock_course import GIGA, ClockCourse, constant
from fieldpost.emulator.clock_model import modelled
from fieldpost.emulator.fleet_file import BoardTable, EventTable, FleetFile, SensorTable
from fieldpost.emulator.losses import Fading, Independent, Losses
from fieldpost.emulator.medium import Medium, Radio
from fieldpost.emulator.readings import load_readings, scaled
from fieldpost.emulator.runtime import EmulatorError
from fieldwire import link_terms, schema, schema_writer

KINDS = {
    "integer": schema_writer.INTEGER,
    "category": schema_writer.CATEGORY,
    "opaque": schema_writer.OPAQUE,
    "position": schema_writer.POSITION,
}


def specs(fleet: FleetFile, folder: Path) -> list[BoardSpec]:
    """The boards. Raises EmulatorError for readings that are none, WireError for a schema that is none."""
    known = schemas(fleet)
    return [_spec(fleet, board, known, folder) for board in fleet.board]


def schedule(fleet: FleetFile, seed: int) -> Iterator[tuple[float, EventTable]]:
    """(emulated second, what befalls), in order; without end where something comes again.

    Each event draws from a source of its own, so that another one in the file changes none of its times.
    """
    dice = [Random(f"{seed}/event/{index}") for index in range(len(fleet.event))]

    def due(index: int, at_s: float) -> tuple[float, int, float]:
        return at_s + dice[index].uniform(0, fleet.event[index].jitter_s), index, at_s

    queue = [due(index, event.at_s) for index, event in enumerate(fleet.event)]
    heapq.heapify(queue)
    while queue:
        when_s, index, at_s = heapq.heappop(queue)
        event = fleet.event[index]
        yield when_s, event
        if event.every_s is not None:
            heapq.heappush(queue, due(index, at_s + event.every_s))


def schemas(fleet: FleetFile) -> dict[str, bytes]:
    """The schemas by their names in the file."""
    return {
        name: schema.encode(
            name, [[prop, KINDS[kind], unit, exponent] for prop, kind, unit, exponent in one.fields]
        )
        for name, one in fleet.schema.items()
    }


def medium(fleet: FleetFile, seed: int) -> Medium:
    """The air of LoRa, with the radios that have a place."""

    def losses(_sender: str, _receiver: str, random: Random) -> Losses:
        return Fading(random) if fleet.air.fading else Independent(fleet.air.loss, random)

    made = Medium(seed, losses)
    for board in fleet.board:
        if board.position_m is not None:
            x_m, y_m = board.position_m
            made.radios[board.name] = Radio(link_terms.lora(7, 125_000), x_m, y_m)
    for gain in fleet.air.gain:
        made.set_gain(gain.sender, gain.receiver, gain.db)
    return made


def _spec(fleet: FleetFile, board: BoardTable, known: Mapping[str, bytes], folder: Path) -> BoardSpec:
    files = {name: (folder / path).read_bytes() for name, path in board.files.items()}
    config = fleet.config_of(board)
    if config is not None:
        files |= {f"/schemas/{schema.digest(data).hex()}.cbor": data for data in known.values()}
        files["/config.json"] = json.dumps(_with_digests(config, known)).encode()
    utc = None if board.utc is None else UtcReceiver(board.utc.uncertainty_ms, board.utc.error_ms)
    return BoardSpec(
        name=board.name,
        mesh=board.mesh,
        drift_ppm=board.drift_ppm,
        sensors={name: _readings(source, folder) for name, source in board.sensor.items()},
        utc=utc,
        die_mc=board.die_mc if isinstance(board.die_mc, int) else None,
        clock=_course(fleet, board),
        battery_mv=board.battery_mv,
        heap_bytes=board.heap_bytes,
        start_ms=board.start_ms,
        unique_id=None if board.unique_id is None else bytes.fromhex(board.unique_id),
        baud=board.baud,
        prompt=board.prompt == "uart",
        usb=board.prompt == "usb",
        files=files,
    )


def _course(fleet: FleetFile, board: BoardTable) -> ClockCourse:
    """How its clock runs, and how warm it is where a model of a crystal knows that and the file says nothing."""
    course = constant(board.drift_ppm)
    if board.clock is not None and board.clock.model is not None:
        seed = hashlib.sha256(f"{fleet.fleet.seed} clock {board.name}".encode()).digest()
        course = modelled(board.clock.model, board.clock.climate, board.clock.days, seed)
    elif board.clock is not None:
        course = ClockCourse([(round(at_s * GIGA), ppb) for at_s, ppb in board.clock.rates])
    if isinstance(board.die_mc, list):
        course = replace(course, die_mc=[(round(at_s * GIGA), mc) for at_s, mc in board.die_mc])
    return course


def _with_digests(config: Mapping[str, Any], known: Mapping[str, bytes]) -> dict[str, Any]:
    """The configuration with the digest of each schema that it names."""

    def named(one: Any) -> Any:
        if isinstance(one, dict) and one.get("schema") in known:
            return {**one, "schema": schema.digest(known[one["schema"]]).hex()}
        return one

    lists = {key: [named(one) for one in config[key]] for key in ("observe", "derive") if key in config}
    return {**config, **lists}


def _readings(source: Sequence[Reading] | SensorTable, folder: Path) -> Sequence[Reading]:
    if not isinstance(source, SensorTable):
        return source
    if source.station is not None:
        found: Sequence[Reading] = load_readings(source.station, source.column or "").values
    elif source.column is not None:
        found = _of_column(folder / (source.file or ""), source.column, source.exponent)
    else:
        found = _of_lines(folder / (source.file or ""))
    return found[: source.count]


def _of_column(path: Path, column: str, exponent: int) -> list[Reading]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if column not in (rows.fieldnames or ()):
            raise EmulatorError(f"{path}: has no column {column}; it has {', '.join(rows.fieldnames or ())}")
        return [scaled(row[column], exponent, f"{path}:{line}") for line, row in enumerate(rows, start=2)]


def _of_lines(path: Path) -> list[Reading]:
    found: list[Reading] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            raise EmulatorError(f"{path}:{number}: is no JSON; write one reading a line") from None
    return found

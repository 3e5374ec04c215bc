"""Recorded readings that emulated sensors replay.

Decides how the text of a record becomes integers: exactly, by the record's own exponent. It refuses to fill
a gap, to convert a unit or to round. Where the records come from stands in `data/SOURCE.md`.
"""

import csv
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from fieldpost.emulator.runtime import EmulatorError

_DATA = Path(__file__).with_name("data")
STATIONS = ("ewr", "jfk", "lga")
ABSENT = "NA"


@dataclass(frozen=True, slots=True)
class Column:
    """One property of a record: its unit and the power of ten that its integers count."""

    unit: str
    exponent: int


COLUMNS = {
    "temp": Column("degF", -2),
    "dewp": Column("degF", -2),
    "humid": Column("%", -2),
    "pressure": Column("hPa", -1),
}


@dataclass(frozen=True, slots=True)
class Readings:
    """Hourly readings of one station: `values[i] * 10**exponent` in `unit` at `times[i]`, None if absent."""

    station: str
    column: str
    unit: str
    exponent: int
    times: tuple[str, ...]
    values: tuple[int | None, ...]


def load_readings(station: str, column: str) -> Readings:
    """One column of one station's record. Raises EmulatorError naming what is unknown or malformed."""
    if station not in STATIONS:
        raise EmulatorError(f"no readings of station {station!r}: choose one of {', '.join(STATIONS)}")
    if column not in COLUMNS:
        raise EmulatorError(f"no readings of {column!r}: choose one of {', '.join(COLUMNS)}")
    path = _DATA / f"{station}.csv"
    known = COLUMNS[column]
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    times = tuple(row["time_hour"] for row in rows)
    values = tuple(
        scaled(row[column], known.exponent, f"{path.name}:{line}") for line, row in enumerate(rows, start=2)
    )
    return Readings(station, column, known.unit, known.exponent, times, values)


def scaled(text: str, exponent: int, where: str) -> int | None:
    """`text` as a whole number of 10**exponent, None for an absent reading. Raises EmulatorError."""
    if text == ABSENT:
        return None
    try:
        value = Decimal(text).scaleb(-exponent)
    except InvalidOperation:
        raise EmulatorError(f"{where}: {text!r} is no number; write a decimal or {ABSENT}") from None
    if not value.is_finite() or value != value.to_integral_value():
        raise EmulatorError(f"{where}: {text!r} is finer than 10^{exponent}; widen the column's exponent")
    return int(value)

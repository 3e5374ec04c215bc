"""Parts that a configuration names, on a board: which is asked, what is said of a fault, and what is refused."""

import json

from fake_parts import FakeI2c, FakeUart, recorded
from gnss_sentences import second
from vectors_io import fails

from fieldagent import config
from fieldagent.config_parts import Parts
from fieldagent.drivers import fitted
from fieldagent.settings import ConfigError
from fieldwire.observation_writer import SENML_FORMAT

ROW = recorded("bme280")[1]
SENML = {
    "sensor": "bme280",
    "subject": "field/air",
    "senml": [["temperature", "Cel", -2], ["pressure", "Pa", 0]],
    "period_ms": 100,
}


class Clock:
    ms = 10_000

    def now_ms(self):
        return self.ms


class Board:
    """`slept`: how long the agent has slept."""

    NAME = "fake"

    def __init__(self):
        self.bus, self.uart, self.slept, self.baud = FakeI2c(ROW), FakeUart(), 0, None

    def i2c(self):
        return self.bus

    def gnss_uart(self, baud):
        self.baud = baud
        return self.uart

    def sensor(self, name):
        if name != "die":
            raise ValueError(name)
        return lambda: 21_500

    def utc(self):
        return 5, 0, 10

    async def sleep_ms(self, duration_ms):
        self.slept += duration_ms


def run(task):
    try:
        task.send(None)
    except StopIteration:
        pass


def made(address=None, gnss=None, say=print):
    board, clock = Board(), Clock()
    return board, clock, fitted.Fitted(board, Parts(address, gnss), clock, waits, say)


def waits(_ms):
    pass


def test_a_part_answers_to_its_name_and_the_board_to_every_other():
    board, _, both = made(118, (4_800, 1_500, 3_000))
    assert board.baud == 4_800 and both.NAME == "fake"
    assert both.sensor("bme280")() == ROW["readings"]
    assert both.sensor("gnss")() is None
    assert both.sensor("die")() == 21_500
    fails(ValueError, both.sensor, "soil")
    assert getattr(both, "battery_mv", None) is None
    run(both.sleep_ms(7))
    assert board.slept == 7


def test_what_is_not_configured_is_the_boards():
    _, _, both = made(118)
    fails(ValueError, both.sensor, "gnss")
    assert both.utc() == (5, 0, 10)
    _, _, both = made(None, (9_600, 1_500, 3_000))
    fails(ValueError, both.sensor, "bme280")
    assert both.utc() is None, "the receiver is the source, and knows nothing yet"


def test_the_receiver_is_heard_while_the_board_sleeps():
    board, clock, both = made(None, (9_600, 1_500, 3_000))
    run(both.sleep_ms(5))
    for number in (1, 2):
        for _ in range(4):
            clock.ms += 250
            run(both.sleep_ms(5))
        board.uart.waiting += second(number).encode()
        run(both.sleep_ms(5))
    assert both.sensor("gnss")() == [472852395, 85652537, 10_100]
    assert both.utc() == (1_794_213_302, 0, 1_500)


def test_a_fault_is_said_once_and_again_when_it_changes():
    said = []
    board, _, both = made(118, say=lambda *words: said.append(" ".join(words)))
    read = both.sensor("bme280")
    board.bus.fails_at = -1
    fails(OSError, read)
    fails(OSError, read)
    board.bus.fails_at = None
    board.bus.registers[0xD0] = 0x58
    fails(OSError, read)
    board.bus.registers[0xD0] = 0x60
    assert read() == ROW["readings"]
    board.bus.fails_at = -1
    fails(OSError, read)
    silent = "sensor bme280 no answer at I2C address 0x76: look at power, SDA, SCL and SDO"
    assert said == [silent, "sensor bme280 the part at 0x76 is 0x58, a BME280 is 0x60", silent]


def test_a_board_without_the_port_is_refused_with_the_key():
    class Bare:
        pass

    for parts, said in ((Parts(118, None), "bme280: expected a board with i2c()"), (
        Parts(None, (9_600, 1_500, 3_000)), "gnss: expected a board with gnss_uart()")):  # fmt: skip
        assert said in str(fails(ConfigError, fitted.Fitted, Bare(), parts, Clock()))


def test_parts_have_their_defaults_and_are_none_when_they_are_not_named():
    assert config.parse("{}", {}).parts is None
    parts = config.parse('{"bme280": {}, "gnss": {}}', {}).parts
    assert (parts.bme280_address, parts.gnss) == (118, (9_600, 1_500, 3_000))
    assert config.parse('{"gnss": {"baud": 38400}}', {}).parts.bme280_address is None


def test_a_reading_is_senml_where_it_names_its_values():
    [reading] = config.parse(json.dumps({"observe": [SENML]}), {}).observe
    assert reading.schema == SENML_FORMAT
    assert reading.fields == [["temperature", "Cel", -2], ["pressure", "Pa", 0]]


def test_what_parts_and_senml_may_not_say_is_named():
    def changed(**values):
        row = dict(SENML)
        row.update(values)
        return {"observe": [row]}

    for value, said in (
        ({"bme280": {"address": 120}}, "bme280.address: expected one of 118, 119"),
        ({"bme280": {"adress": 118}}, "bme280.adress: expected no such key"),
        ({"bme280": 118}, "bme280: expected an object"),
        ({"gnss": {"baud": 300}}, "gnss.baud: expected an integer from 1200"),
        ({"gnss": {"uncertainty_ms": 10}}, "gnss.uncertainty_ms: expected an integer from 500"),
        ({"gnss": {"stale_ms": 0}}, "gnss.stale_ms: expected an integer from 1000"),
        (changed(senml=[]), "observe[0].senml: expected [name, unit, exponent] for 1 to 16"),
        (changed(senml=[["t", "Cel", -2]] * 2), "observe[0].senml: expected [name"),
        (changed(senml=[["t", "Cel", -19]]), "observe[0].senml: expected [name"),
        (changed(senml=[["t", 1, 0]]), "observe[0].senml: expected [name"),
        (changed(senml=[["t x", "", 0]]), "observe[0].senml: expected [name"),
        (changed(senml=[["t", "Cel"]]), "observe[0].senml: expected [name"),
        (changed(senml=[["t", "Cel", True]]), "observe[0].senml: expected [name"),
        (changed(senml={"t": 1}), "observe[0].senml: expected [name"),
        (changed(schema="00" * 16), "observe[0].schema: expected no such key"),
    ):
        error = fails(ConfigError, config.parse, json.dumps(value), {})
        assert said in str(error), (value, str(error))

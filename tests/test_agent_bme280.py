"""The BME280's driver against what real parts held: known readings, and every fault of bus and part."""

from fake_parts import FakeI2c, recorded
from vectors_io import fails, unhex

from fieldagent.drivers import bme280_formulas
from fieldagent.drivers.bme280 import Bme280

ROWS = recorded("bme280")


def waits(_ms):
    pass


def part(row=1):
    i2c = FakeI2c(ROWS[row])
    return i2c, Bme280(i2c, waits)


def test_each_recorded_part_gives_the_readings_that_are_known_of_it():
    for row in ROWS:
        assert Bme280(FakeI2c(row), waits)() == row["readings"], row["name"]


def test_a_published_checksum_is_that_of_its_trimming_values():
    asleep = ROWS[-1]
    assert (
        bme280_formulas.crc(unhex(asleep["low"]) + unhex(asleep["high"])) == unhex(asleep["crc"])[0] == 0x8E
    )


def test_trimming_values_are_read_once_and_each_reading_measures_anew():
    i2c, read = part()
    first = read()
    begun = i2c.transfers
    assert read() == first
    again = i2c.transfers - begun
    assert (begun, again) == (10, 5)
    i2c.data = unhex(ROWS[1]["data"][:6]) + b"\x80\x00\x00" + unhex(ROWS[1]["data"][12:])
    assert read() is None, "a temperature that was not measured"
    assert i2c.registers[0xF4] & 3 == 0, "it sleeps between readings"


def test_a_value_that_was_not_measured_is_missing_by_itself():
    i2c, read = part()
    temperature, pressure, humidity = read()
    whole = i2c.data
    i2c.data = b"\x80\x00\x00" + whole[3:]
    assert read() == [temperature, None, humidity]
    i2c.data = whole[:6] + b"\x80\x00"
    assert read() == [temperature, pressure, None]


def test_what_the_part_is_not_made_for_is_no_reading():
    i2c, read = part()
    whole = i2c.data
    i2c.data = whole[:3] + b"\x00\x00\x00" + whole[6:]
    assert read() is None
    i2c.data = whole[:3] + b"\xff\xff\xf0" + whole[6:]
    assert read() is None
    i2c.data = b"\x00\x00\x00" + whole[3:]
    assert read()[1] is None, "more than 1,100 hPa"
    i2c.data = whole[:6] + b"\x00\x00"
    assert read()[2] == 0, "humidity ends at its limits"
    i2c.data = whole[:6] + b"\xff\xff"
    assert read()[2] == 10_000


def test_a_part_that_is_not_there_is_named_with_what_to_look_at():
    i2c = FakeI2c(ROWS[1], address=0x77)
    error = fails(OSError, Bme280(i2c, waits))
    assert "no answer at I2C address 0x76: look at power" in str(error)
    assert Bme280(i2c, waits, 0x77)() == ROWS[1]["readings"]


def test_another_part_at_its_address_is_named():
    i2c, read = part()
    i2c.registers[0xD0] = 0x58
    assert "0x76 is 0x58, a BME280 is 0x60" in str(fails(OSError, read))


def test_a_part_that_is_still_starting_or_measuring_gives_no_reading():
    i2c, read = part()
    i2c.registers[0xF3] = 0x01
    assert "still starting" in str(fails(OSError, read))
    i2c.registers[0xF3] = 0x00
    assert read() == ROWS[1]["readings"]
    i2c.busy = 4
    assert read() == ROWS[1]["readings"]
    i2c.busy = 5
    assert "does not end" in str(fails(OSError, read))


def test_no_flipped_bit_of_the_trimming_values_passes():
    for row in ROWS[1:]:
        for at in list(range(0x88, 0xA2)) + list(range(0xE1, 0xE9)):
            for bit in range(8):
                i2c = FakeI2c(row)
                i2c.registers[at] ^= 1 << bit
                assert "checksum" in str(fails(OSError, Bme280(i2c, waits)))


def test_whatever_transfer_is_not_acknowledged_the_part_begins_anew_and_reads_the_same():
    for known_before, transfers in ((False, 10), (True, 5)):
        for failing in range(1, transfers + 1):
            i2c, read = part()
            if known_before:
                read()
            i2c.transfers, i2c.fails_at = 0, failing
            fails(OSError, read)
            i2c.transfers, i2c.fails_at = 0, None
            assert read() == ROWS[1]["readings"]
            assert i2c.transfers == 10, "the trimming values were read again"


def test_a_part_that_is_pulled_and_replaced_is_read_with_its_own_trimming_values():
    i2c, read = part(1)
    assert read() == ROWS[1]["readings"]
    i2c.fails_at = -1
    fails(OSError, read)
    other = FakeI2c(ROWS[2])
    i2c.registers, i2c.data, i2c.fails_at = other.registers, other.data, None
    assert read() == ROWS[2]["readings"]


def test_trimming_values_of_nothing_divide_by_nothing():
    known = bme280_formulas.trimming(bytes(26), bytes(7))
    assert bme280_formulas.readings(known, unhex(ROWS[1]["data"])) == [0, None, 0]

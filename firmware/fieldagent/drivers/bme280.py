"""A BME280 on I2C: temperature, pressure and humidity, measured anew at each reading and asleep in between.

Decides that a part which does not answer, is another one, or whose trimming values do not fit their checksum gives no
reading: OSError says what to look at. After any fault it begins anew, so a part may be pulled and put back.
"""

from fieldagent.drivers import bme280_formulas
from fieldwire.port import const

ADDRESS = const(0x76)
_CHIP = const(0x60)
_ID, _TRIM_LOW, _TRIM_HIGH, _TRIM_CRC = const(0xD0), const(0x88), const(0xE1), const(0xE8)
_HUMIDITY_CONTROL, _STATUS, _CONTROL, _CONFIG, _DATA = (
    const(0xF2),
    const(0xF3),
    const(0xF4),
    const(0xF5),
    const(0xF7),
)
_LOADING, _MEASURING = const(0x01), const(0x08)  # of the status, data sheet 5.4.4
_MEASURE_MS = const(10)  # 9.3 ms at most for one of each, data sheet 9.1
_LOOKS = const(5)


class Bme280:
    """`i2c`: a machine.I2C; `sleep_ms` waits so many ms. Calling it reads.

    [hundredths of a degree Celsius, Pa, hundredths of a percent of relative humidity], as bme280_formulas.readings.
    """

    def __init__(self, i2c, sleep_ms, address=ADDRESS):
        self._i2c = i2c
        self._sleep_ms = sleep_ms
        self._address = address
        self._known = None

    def __call__(self):
        known, self._known = self._known, None  # what fails below leaves nothing known
        if known is None:
            known = self._begin()
        data = self._measured()
        self._known = known
        return bme280_formulas.readings(known, data)

    def _begin(self):
        found = self._read(_ID, 1)[0]
        if found != _CHIP:
            raise OSError("the part at 0x%02x is 0x%02x, a BME280 is 0x60" % (self._address, found))
        if self._read(_STATUS, 1)[0] & _LOADING:
            raise OSError("the BME280 is still starting")
        low, high = self._read(_TRIM_LOW, 26), self._read(_TRIM_HIGH, 7)
        if bme280_formulas.crc(low + high) != self._read(_TRIM_CRC, 1)[0]:
            raise OSError("the BME280's trimming values do not fit their checksum: shorten or slow its bus")
        return bme280_formulas.trimming(low, high)

    def _measured(self):
        """The eight bytes of one measurement, each value taken once, without a filter. Data sheet 5.4.3 to 5.4.6"""
        self._write(_HUMIDITY_CONTROL, b"\x01")
        self._write(_CONFIG, b"\x00")
        self._write(_CONTROL, b"\x25")
        for _ in range(_LOOKS):
            self._sleep_ms(_MEASURE_MS)
            if not self._read(_STATUS, 1)[0] & _MEASURING:
                return self._read(_DATA, 8)
        raise OSError("the BME280 does not end its measurement")

    def _read(self, register, count):
        try:
            return self._i2c.readfrom_mem(self._address, register, count)
        except OSError:
            raise self._silence()

    def _write(self, register, data):
        try:
            self._i2c.writeto_mem(self._address, register, data)
        except OSError:
            raise self._silence()

    def _silence(self):
        return OSError("no answer at I2C address 0x%02x: look at power, SDA, SCL and SDO" % self._address)

"""Parts beside the emulated board, from records: a BME280 behind its I2C bus, and what a GNSS receiver sends.

Decides nothing about readings: the drivers are those of real boards. A line of the record `bme280` is a text of
register blocks in hex, `88=..,e1=..,e8=..,d0=60,f7=..`, taken for each measurement; one of `gnss` is a second's bytes.
"""

import binascii

_ADDRESS = 0x76
_CONTROL = 0xF4
_EIO = 5
_SECOND_MS = 1000
_TICKS_MASK = (1 << 30) - 1


class RecordedI2c:
    """A line that is null, and the record's end, leave the part without an answer."""

    def __init__(self, feed):
        self._feed = feed
        self._registers = None
        self._measured = True

    def readfrom_mem(self, address, register, count):
        self._answer(address)
        return bytes(self._registers[register : register + count])

    def writeto_mem(self, address, register, data):
        if register == _CONTROL and self._measured:
            self._registers = None
        self._answer(address)
        self._registers[register : register + len(data)] = data
        self._measured = self._measured or register == _CONTROL

    def _answer(self, address):
        if address != _ADDRESS:
            raise OSError(_EIO)
        if self._registers is None:
            line = self._feed()
            if line is None:
                raise OSError(_EIO)
            self._registers = bytearray(256)
            self._measured = False
            for block in line.split(","):
                at, _, text = block.partition("=")
                data = binascii.unhexlify(text)
                self._registers[int(at, 16) : int(at, 16) + len(data)] = data


class RecordedUart:
    """What a receiver sends, a line of its record each second of the board's clock."""

    def __init__(self, feed, ticks_ms):
        self._feed = feed
        self._ticks_ms = ticks_ms
        self._sent_ms = ticks_ms()
        self._waiting = b""

    def any(self):
        if (self._ticks_ms() - self._sent_ms) & _TICKS_MASK >= _SECOND_MS:
            self._sent_ms = (self._sent_ms + _SECOND_MS) & _TICKS_MASK
            self._waiting += (self._feed() or "").encode()
        return len(self._waiting)

    def read(self, count):
        data, self._waiting = self._waiting[:count], self._waiting[count:]
        return data or None

"""Parts of memory for the drivers' tests, on both runtimes: a BME280 behind an I2C bus, a receiver behind a UART."""

import json

from vectors_io import HERE, unhex


def recorded(name):
    """The rows of tests/data/NAME.json."""
    with open(HERE + "/data/" + name + ".json") as file:
        return json.load(file)


class FakeI2c:
    """A bus with one BME280 on it. `fails_at`: which transfer from now on is not acknowledged, -1 for all of them."""

    def __init__(self, row, address=0x76):
        self.address = address
        self.registers = bytearray(256)
        for at, text in ((0x88, row["low"]), (0xE1, row["high"]), (0xE8, row["crc"]), (0xD0, "60")):
            data = unhex(text)
            self.registers[at : at + len(data)] = data
        self.data = unhex(row["data"])
        self.fails_at = None
        self.transfers = 0
        self.busy = 0

    def _transfer(self, address):
        self.transfers += 1
        if address != self.address or self.fails_at in (-1, self.transfers):
            raise OSError(5)

    def readfrom_mem(self, address, register, count):
        self._transfer(address)
        if register == 0xF3 and self.busy:
            self.busy -= 1
            return b"\x08"
        return bytes(self.registers[register : register + count])

    def writeto_mem(self, address, register, data):
        self._transfer(address)
        self.registers[register : register + len(data)] = data
        if register == 0xF4 and data[0] & 3 == 1:
            self.registers[0xF7:0xFF] = self.data
            self.registers[0xF4] &= 0xFC  # it sleeps again


class FakeUart:
    """What a receiver has sent waits here."""

    def __init__(self):
        self.waiting = b""

    def any(self):
        return len(self.waiting)

    def read(self, count):
        data, self.waiting = self.waiting[:count], self.waiting[count:]
        return data or None

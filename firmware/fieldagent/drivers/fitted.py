"""A board with the parts that its configuration names: their sensors, and a UTC source, beside the board's own.

Decides which part answers to which name. A part that fails says so on the console, and again when that changes; its
readings are missing meanwhile. Everything else is the board's.
"""

import time

from fieldagent.settings import ConfigError


class Fitted:
    """Face of a board. `parts`: config_parts.Parts; `clock`: clock.Clock. ConfigError where the board has no such port.

    `wait_ms(duration)`: the runtime's own where none is given; `say`: prints on the console.
    """

    def __init__(self, board, parts, clock, wait_ms=None, say=print):
        self._board = board
        self._clock = clock
        self._gnss = None
        self._sensors = {}
        if parts.bme280_address is not None:
            from fieldagent.drivers.bme280 import Bme280

            part = Bme280(_port(board, "i2c", "bme280")(), wait_ms or time.sleep_ms, parts.bme280_address)
            self._sensors["bme280"] = Telling("bme280", part, say)
        if parts.gnss is not None:
            from fieldagent.drivers.gnss import Gnss

            baud, uncertainty_ms, stale_ms = parts.gnss
            self._gnss = Gnss(_port(board, "gnss_uart", "gnss")(baud), uncertainty_ms, stale_ms)
            self._sensors["gnss"] = lambda: self._gnss.position(clock.now_ms())

    def __getattr__(self, name):
        return getattr(self._board, name)

    def sensor(self, name):
        return self._sensors.get(name) or self._board.sensor(name)

    def utc(self):
        return self._board.utc() if self._gnss is None else self._gnss.utc(self._clock.now_ms())

    async def sleep_ms(self, duration_ms):
        if self._gnss is not None:
            self._gnss.turn(self._clock.now_ms())
        await self._board.sleep_ms(duration_ms)


class Telling:
    """A sensor that says on the console what is wrong with it, once for each fault."""

    def __init__(self, name, read, say):
        self._name = name
        self._read = read
        self._say = say
        self._told = ""

    def __call__(self):
        try:
            value = self._read()
        except OSError as error:
            if self._told != str(error):
                self._told = str(error)
                self._say("sensor", self._name, self._told)
            raise
        self._told = ""
        return value


def _port(board, face, key):
    made = getattr(board, face, None)
    if made is None:
        raise ConfigError("/config.json: %s: expected a board with %s() in its board.py" % (key, face))
    return made

"""A receiver of GNSS on a UART: where the board is, and what UTC it is, as far as one may believe a receiver.

Decides by two sentences that agree: a position is one that RMC and GGA give for the same moment, a UTC one that goes on
from the sentence before as the board's own clock does. What is older than asked for is none. It never sets a clock: a
UTC reading is a claim of an ordinary source, and its uncertainty is what the configuration states. SPEC 5.3
"""

from fieldagent.drivers import nmea
from fieldwire.port import const

_READ_MAX = const(512)
_LATE_MS = const(500)  # bytes that may have waited longer have no time of arrival
_STEP_MS = const(700)  # less than the second between two sentences, so one that stands still is seen
_APART_MAX = const(1_000)  # 1e-7 degrees: 11 m, which RMC may be coarser than GGA
_MM_PER_HDOP = const(100)  # 10 m at HDOP 1 holds 95 of 100 fixes: twice a range error of 5 m
# A receiver that lost count of its weeks is 19.6 years behind: no date before this program's own is believed.
_EARLIEST_MS = 1_767_225_600_000  # 2026-01-01


class Gnss:
    """`uart`: any() and read(count), as a machine.UART's. `turn` wants to be called several times a second."""

    def __init__(self, uart, uncertainty_ms, stale_ms):
        self._uart = uart
        self._uncertainty_ms = uncertainty_ms
        self._stale_ms = stale_ms
        self._lines = nmea.Lines()
        self._looked_ms = None
        self._rmc = self._gga = None
        self._fix = None  # (latitude, longitude, radius, when it came)
        self._utc = None  # (UTC in ms, when it came)
        self._steady = False
        self.faults = 0  # sentences whose checksum does not hold

    def turn(self, now_ms):
        """Takes in what the receiver has sent."""
        late = self._looked_ms is None or now_ms - self._looked_ms > _LATE_MS
        self._looked_ms = now_ms
        there = self._uart.any()
        if not there:
            return
        data = self._uart.read(min(there, _READ_MAX)) or b""
        if late:
            self._lines.drop()
            if there > _READ_MAX:
                self._looked_ms = None  # what is left is as old
            return
        for sentence in self._lines.feed(data):
            self._take(sentence, now_ms)

    def position(self, now_ms):
        """[latitude, longitude in 1e-7 degrees, radius in mm] of SPEC 5.4, None without a fix that is fresh."""
        if self._fix is None or now_ms - self._fix[3] > self._stale_ms:
            return None
        return list(self._fix[:3])

    def utc(self, now_ms):
        """(s since 1970, ms, uncertainty in ms); None without a fresh sentence that follows from the one before."""
        if not self._steady or now_ms - self._utc[1] > self._stale_ms:
            return None
        utc_ms = self._utc[0] + now_ms - self._utc[1]
        return utc_ms // 1_000, utc_ms % 1_000, self._uncertainty_ms

    def _take(self, sentence, now_ms):
        told = nmea.fields(sentence)
        if told is None:
            self.faults += 1
            return
        kind = told[0][2:]
        if len(told[0]) != 5 or kind not in ("RMC", "GGA"):
            return
        if kind == "RMC":
            self._rmc = nmea.rmc(told)
            self._follow(self._rmc, now_ms)
        else:
            self._gga = nmea.gga(told)
        if self._rmc is None or self._gga is None:
            self._fix = None  # it says itself that it does not know where it is
        elif self._rmc[0] == self._gga[0] and _agree(self._rmc[2:], self._gga[1:3]):
            self._fix = self._gga[1], self._gga[2], self._gga[3] * _MM_PER_HDOP, now_ms

    def _follow(self, found, now_ms):
        before, self._utc, self._steady = self._utc, None, False
        if found is None or found[1] < _EARLIEST_MS:
            return
        self._utc = found[1], now_ms
        if before is not None:
            passed_ms = found[1] - before[0]
            self._steady = passed_ms > 0 and abs(passed_ms - (now_ms - before[1])) <= _STEP_MS


def _agree(one, other):
    return abs(one[0] - other[0]) <= _APART_MAX and abs(one[1] - other[1]) <= _APART_MAX

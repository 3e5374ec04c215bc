"""What a radio may still send: airtime that refills at a share of the time, and outlives a restart.

Decides when the next frame may go. What may be sent at once and what refills in an hour make the share of that hour
together, so no hour holds more, whenever it begins. A level that was written down is never above the true one: a
reboot gains nothing. Refuses to know a frame; time is an argument.
"""

from fieldwire.port import const

_HOUR_US = const(3_600)  # per millionth of the time
_ALL = const(1_000_000)
_AT_ONCE = const(6)  # that part of an hour's share may be sent at once
_STEPS = const(8)  # of a full level, between two writes
# ETSI EN 300 220-2, table B.1: (from kHz, to kHz, millionths of the time)
_SUB_BANDS = (
    (863_000, 865_000, 1_000),
    (865_000, 868_600, 10_000),
    (868_700, 869_200, 1_000),
    (869_400, 869_650, 100_000),
    (869_700, 870_000, 10_000),
)


def share_ppm(channel_khz):
    """Share of the time that a channel of the European 868 MHz band allows, None outside of it."""
    for low, high, share in _SUB_BANDS:
        if low <= channel_khz < high:
            return share
    return None


class Airtime:
    """`longest_us`: a frame as long as can be, `reserve_us`: one question and one answer, which are kept for.

    `level_us`: what was written down, None: all. `keep(level_us)` writes it down. ValueError for a share that never
    allows such a frame.
    """

    def __init__(self, share_ppm, longest_us, reserve_us, level_us, keep):
        hour_us = share_ppm * _HOUR_US
        self._full_us = max(hour_us // _AT_ONCE, longest_us + reserve_us)
        if self._full_us >= hour_us:
            raise ValueError(
                "%d us of airtime an hour do not carry a frame of %d us; use a lower spreading factor, or another"
                " channel" % (hour_us, longest_us)
            )
        self._rate_ppm = _ALL if share_ppm >= _ALL else share_ppm - self._full_us // _HOUR_US
        self._reserve_us = reserve_us
        self._step_us = self._full_us // _STEPS
        self._keep = keep
        self._level_us = self._full_us if level_us is None else min(level_us, self._full_us)
        self._kept_us = self._level_us
        self._rest = 0
        self._at_ms = None

    def level_us(self, now_ms):
        """Airtime that is left."""
        if self._at_ms is not None and now_ms > self._at_ms:
            grown = (now_ms - self._at_ms) * self._rate_ppm + self._rest
            self._level_us = min(self._full_us, self._level_us + grown // 1_000)
            self._rest = grown % 1_000
        self._at_ms = now_ms
        return self._level_us

    def carries(self, air_us, now_ms):
        """Whether a frame may go and leave the reserve, which only a short one may use."""
        kept_us = 0 if air_us <= self._reserve_us else self._reserve_us
        return self.level_us(now_ms) >= air_us + kept_us

    def spend(self, air_us, now_ms):
        """A frame goes now. What is written down meanwhile already lacks what the next frames will take."""
        self._level_us = self.level_us(now_ms) - air_us
        if self._level_us < self._kept_us or self._level_us > self._kept_us + 2 * self._step_us:
            self._kept_us = max(0, self._level_us - self._step_us)
            self._keep(self._kept_us)

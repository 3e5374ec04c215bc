"""The battery's voltage, and when it has become low: then what waits should be sealed, while there is power for it.

Decides when a falling voltage counts, once for each fall. Refuses to switch anything off.
"""

from fieldwire.port import const

_LOOK_MS = const(5_000)
_RECOVERED_MV = const(100)  # a voltage that wavers about the limit is one fall, not many


class Battery:
    """`read() -> mV`, or None where the board cannot tell just now; `low_mv` of the configuration."""

    def __init__(self, read, low_mv):
        self._read = read
        self._low_mv = low_mv
        self._look_at_ms = 0
        self._is_low = False

    def has_fallen(self, now_ms):
        """True once, when the voltage was found below the limit. Looks every few seconds."""
        if now_ms < self._look_at_ms:
            return False
        self._look_at_ms = now_ms + _LOOK_MS
        try:
            voltage_mv = self._read()
        except OSError:
            return False
        if not isinstance(voltage_mv, int):
            return False
        was_low = self._is_low
        if voltage_mv < self._low_mv:
            self._is_low = True
        elif voltage_mv >= self._low_mv + _RECOVERED_MV:
            self._is_low = False
        return self._is_low and not was_low

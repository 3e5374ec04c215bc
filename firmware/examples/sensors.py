"""Sensors of one's own: copy this file to the board as /sensors.py and make it yours.

Each function under `@sensor(NAME)` is called when a line of `observe` with that name is due. It returns an integer in
the scale of its schema (2150 for 21.50 under an exponent of -2), a list for a schema of several fields, or None when
there is nothing to read just now. No floats: two boards must agree on every digit.
It must return soon: the board does nothing else meanwhile, and a second or more is counted as slow. What it raises is
counted as `sensor` in the status line, and the board goes on. Import a part's driver inside the function that needs it,
so that a board without that part costs no room.
"""

from fieldagent.sensors import sensor

# A capacitive soil probe on an analogue pin: what it reads in air and in water, each measured once with your own.
PROBE_PIN = 26
DRY, WET = 52_000, 21_000
LOOKS = 8


@sensor("soil")
def soil_permille():
    """How wet the soil is, in thousandths of the way from dry to wet: a schema [soil.moisture, integer, "/", -3]."""
    from machine import ADC

    adc = ADC(PROBE_PIN)
    raw = sum([adc.read_u16() for _ in range(LOOKS)]) // LOOKS
    if not WET // 2 < raw <= 65_000:
        return None  # the probe is not plugged in, or its wire is broken
    return min(1_000, max(0, (DRY - raw) * 1_000 // (DRY - WET)))


@sensor("box")
def box_warmth():
    """[the chip's temperature in thousandths of a degree, free bytes of RAM]: several fields are a list."""
    import board

    return [board.temperature_mc(), board.free_heap()]

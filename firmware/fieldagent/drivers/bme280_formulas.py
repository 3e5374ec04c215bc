"""The BME280's arithmetic: its trimming values and their check, and readings from what its converters counted.

Decides that a value outside of what the part is made for, or one that was not measured, is none. Integers only, as the
data sheet's section 4.2.3 has them; pressure by its 64-bit formula.
"""

import struct

from fieldwire.port import const

_SKIPPED_20, _SKIPPED_16 = (
    const(0x80000),
    const(0x8000),
)  # data sheet 5.4.7 to 5.4.9: what an unmeasured one reads


def crc(data):
    """The checksum over both blocks of trimming values that the part has at 0xE8: CRC-8 of polynomial 0x1D."""
    found = 0xFF
    for byte in data:
        found ^= byte
        for _ in range(8):
            found = (found << 1 ^ 0x1D) & 0xFF if found & 0x80 else found << 1
    return found ^ 0xFF


def trimming(low, high):
    """((T1, T2, T3), (P1 .. P9), (H1 .. H6)) of the 26 bytes at 0x88 and the 7 at 0xE1. Data sheet 4.2.2"""
    words = struct.unpack("<HhhHhhhhhhhh", low[:24])
    h2, h3, h4, shared, h5, h6 = struct.unpack("<hBbBbb", high)
    return words[:3], words[3:], (low[25], h2, h3, h4 << 4 | shared & 0x0F, h5 << 4 | shared >> 4, h6)


def readings(known, data):
    """[hundredths of a degree Celsius, Pa, hundredths of a percent] of the 8 bytes at 0xF7.

    None for a pressure or a humidity that is none, and in place of the list without a temperature.
    """
    pressure_raw = data[0] << 12 | data[1] << 4 | data[2] >> 4
    temperature_raw = data[3] << 12 | data[4] << 4 | data[5] >> 4
    humidity_raw = data[6] << 8 | data[7]
    fine = _fine(known[0], temperature_raw)
    temperature = _within((fine * 5 + 128) >> 8, -4_000, 8_500)
    if temperature is None or temperature_raw == _SKIPPED_20:
        return None  # the other two are computed from it
    pressure = None if pressure_raw == _SKIPPED_20 else _pressure_pa(known[1], pressure_raw, fine)
    humidity = None if humidity_raw == _SKIPPED_16 else _humidity(known[2], humidity_raw, fine)
    return [temperature, _within(pressure, 30_000, 110_000), humidity]


def _within(value, least, most):
    return value if value is not None and least <= value <= most else None


def _fine(known, raw):
    t1, t2, t3 = known
    whole = (((raw >> 3) - (t1 << 1)) * t2) >> 11
    apart = (raw >> 4) - t1
    return whole + ((((apart * apart) >> 12) * t3) >> 14)


def _pressure_pa(known, raw, fine):
    """The part of a pascal is rounded; None where the trimming values allow no division."""
    p1, p2, p3, p4, p5, p6, p7, p8, p9 = known
    fine -= 128_000
    offset = fine * fine * p6 + ((fine * p5) << 17) + (p4 << 35)
    slope = ((fine * fine * p3) >> 8) + ((fine * p2) << 12)
    slope = (((1 << 47) + slope) * p1) >> 33
    if slope <= 0:
        return None
    value = ((((1_048_576 - raw) << 31) - offset) * 3_125) // slope
    more = ((p9 * (value >> 13) * (value >> 13)) >> 25) + ((p8 * value) >> 19)
    value = ((value + more) >> 8) + (p7 << 4)  # 256 of it are a pascal
    return (value + 128) >> 8


def _humidity(known, raw, fine):
    h1, h2, h3, h4, h5, h6 = known
    fine -= 76_800
    damp = ((((fine * h6) >> 10) * (((fine * h3) >> 11) + 32_768)) >> 10) + 2_097_152
    value = (((raw << 14) - (h4 << 20) - h5 * fine + 16_384) >> 15) * ((damp * h2 + 8_192) >> 14)
    value -= ((((value >> 15) * (value >> 15)) >> 7) * h1) >> 4
    value = min(max(value, 0), 419_430_400) >> 12  # 1024 of it are a percent
    return (value * 100 + 512) >> 10

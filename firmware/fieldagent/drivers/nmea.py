"""NMEA 0183 as receivers of GNSS send it: whole sentences from bytes, and what RMC and GGA say.

Decides whether a sentence is sound: length, checksum, every field in its form. Refuses a fix that the receiver calls
void, estimated, simulated or typed in, and what no place or day can be. Integers only; nothing here knows the time.
"""

from fieldwire.port import const

LINE_MAX = const(100)  # NMEA has 82; receivers of centimetres write more digits
_DAY_MS = const(86_400_000)
_FIXES = (
    "1",
    "2",
    "3",
    "4",
    "5",
)  # of GGA: plain, differential, precise, and two kinds of real-time kinematic
_MODES = ("", "A", "D", "F", "P", "R")  # of RMC from version 2.3 on
_HDOP_MAX = const(2_000)  # hundredths: nobody can use worse, and 99.99 says that there is none
_SATELLITES_MIN = const(3)


class Lines:
    """Bytes as they come, cut into sentences without `$` and line end. What has no end by LINE_MAX is dropped."""

    def __init__(self):
        self._held = b""

    def drop(self):
        self._held = b""

    def feed(self, data):
        """The sentences that `data` completes; of what was spliced the last one begun."""
        parts = (self._held + data).split(b"\n")
        rest = parts.pop()
        begun = rest.rfind(b"$")
        self._held = rest[begun:] if begun >= 0 and len(rest) - begun <= LINE_MAX else b""
        found = []
        for part in parts:
            begun = part.rfind(b"$")
            if begun >= 0 and len(part) - begun <= LINE_MAX:
                found.append(part[begun + 1 :].rstrip(b"\r"))
        return found


def fields(sentence):
    """The comma-separated texts of a sentence whose checksum holds, None otherwise."""
    if sentence[-3:-2] != b"*" or min(sentence) < 0x20 or max(sentence) > 0x7E:
        return None
    found = 0
    for byte in sentence[:-3]:
        found ^= byte
    if sentence[-2:].upper() != b"%02X" % found:
        return None
    return str(sentence[:-3], "utf-8").split(",")


def rmc(told):
    """(ms of the day, UTC in ms since 1970, latitude, longitude) of a valid fix, None otherwise. 1e-7 degrees"""
    if len(told) < 10 or told[2] != "A" or (told[12] if len(told) > 12 else "") not in _MODES:
        return None
    day_ms, days, place = _day_ms(told[1]), _days(told[9]), _place(told[3:7])
    if day_ms is None or days is None or place is None:
        return None
    return day_ms, days * _DAY_MS + day_ms, place[0], place[1]


def gga(told):
    """(ms of the day, latitude, longitude, hundredths of HDOP) of a fix, None otherwise. 1e-7 degrees"""
    if len(told) < 12 or told[6] not in _FIXES:
        return None
    day_ms, place, hdop = _day_ms(told[1]), _place(told[2:6]), _scaled(told[8], 2)
    satellites = _scaled(told[7], 0)
    if day_ms is None or place is None or hdop is None or satellites is None:
        return None
    if not 0 < hdop <= _HDOP_MAX or satellites < _SATELLITES_MIN:
        return None
    return day_ms, place[0], place[1], hdop


def _scaled(text, places):
    """A decimal without sign in units of 10^-places, what is finer cut off; None for what is none."""
    whole, _, rest = text.partition(".")
    if not 0 < len(whole) <= 6 or len(rest) > 9 or not (whole + rest).isdigit():
        return None
    return int(whole + (rest + "000000000")[:places])


def _day_ms(text):
    """Of hhmmss.sss; a leap second is no time that can be told from the next one."""
    value = _scaled(text, 3)
    if value is None or text.find(".") not in (6, -1) or len(text) < 6:
        return None
    hours, rest = divmod(value, 10_000_000)
    minutes, ms = divmod(rest, 100_000)
    if hours > 23 or minutes > 59 or ms > 59_999:
        return None
    return (hours * 60 + minutes) * 60_000 + ms


def _days(text):
    """Days since 1970 of ddmmyy; from 80 on the years are of the century before."""
    if len(text) != 6 or not text.isdigit():
        return None
    day, month, year = int(text[:2]), int(text[2:4]), int(text[4:])
    year += 2_000 if year < 80 else 1_900
    if not 1 <= month <= 12 or not 1 <= day <= _month_days(month, year):
        return None
    days = (year - 1_970) * 365 + (year - 1_969) // 4  # every fourth year is a leap year until 2100
    for before in range(1, month):
        days += _month_days(before, year)
    return days + day - 1


def _month_days(month, year):
    if month == 2:
        return 28 if year % 4 else 29
    return 30 if month in (4, 6, 9, 11) else 31


def _place(told):
    """(latitude, longitude) of ddmm.mmm, N, dddmm.mmm, E; None where there is none. Nobody is at 0, 0."""
    latitude = _angle(told[0], told[1], 4, "NS", 900_000_000)
    longitude = _angle(told[2], told[3], 5, "EW", 1_800_000_000)
    if latitude is None or longitude is None or latitude == longitude == 0:
        return None
    return latitude, longitude


def _angle(text, side, width, sides, most):
    degrees, minutes = _scaled(text[: width - 2], 0), _scaled(text[width - 2 :], 7)
    if degrees is None or minutes is None or text.find(".") not in (width, -1) or len(text) < width:
        return None
    value = degrees * 10_000_000 + (minutes + 30) // 60
    if minutes >= 600_000_000 or value > most or len(side) != 1 or side not in sides:
        return None
    return value if side == sides[0] else -value

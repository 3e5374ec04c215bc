"""Sentences of a receiver for the tests, checksummed: where and when are given. Runs on both runtimes."""


def checked(body):
    """A whole line of a sentence's body."""
    found = 0
    for byte in body.encode():
        found ^= byte
    return "$%s*%02X\r\n" % (body, found)


def rmc(clock="083559.00", place="4717.11437,N,00833.91522,E", date="091126", state="A", mode="A"):
    return checked("GNRMC,%s,%s,%s,0.004,77.52,%s,,,%s" % (clock, state, place, date, mode))


def gga(clock="083559.00", place="4717.11437,N,00833.91522,E", quality="1", satellites="08", hdop="1.01"):
    return checked("GNGGA,%s,%s,%s,%s,%s,499.6,M,48.0,M,," % (clock, place, quality, satellites, hdop))


def second(number, **changed):
    """What a receiver sends at 08:35:00 and so many seconds: a position and a UTC."""
    clock = "0835%02d.00" % number
    date = changed.pop("date", "091126")
    return rmc(clock, date=date, **changed) + gga(clock, **changed)

"""What boards with an RP2040 or RP2350 have in common: temperature, noise, and a part of the flash for the log.

Decides that a part on which the file system may lie is no part for the log: a runtime as it is published has its file
system on the whole flash, one built with this board's manifest leaves room.
"""

import os

import machine
import rp2

_PROGRAM_BYTES = 256
_WATCHDOG_MS = 8_000  # an RP2040 counts to 8,388

# Its timer goes on, and with it ticks_ms; USB does where a host has configured it. UARTs hear nothing meanwhile.
light_sleep = machine.lightsleep


def temperature_mc():
    """Of the die, in thousandths of a degree Celsius: 0.706 V at 27 degrees, 1.721 mV less for each more."""
    microvolts = _thermometer().read_u16() * 3_300_000 // 65_535
    return 27_000 - (microvolts - 706_000) * 1_000 // 1_721


def noise(count):
    """Low bits of the converter, whose 12 bits stand at the top of what it reads."""
    adc = _thermometer()
    return bytes([(adc.read_u16() >> 4) & 0xFF for _ in range(count)])


def watchdog():
    return machine.WDT(timeout=_WATCHDOG_MS)


def journal_flash(files_bytes, journal_bytes):
    """(flash, program unit, whether a unit may be programmed again) of what lies behind the file system, or None."""
    volume = os.statvfs("/")
    if volume[0] * volume[2] > files_bytes:
        return None
    return rp2.Flash(start=files_bytes, len=journal_bytes), _PROGRAM_BYTES, True


def _thermometer():
    return machine.ADC(machine.ADC.CORE_TEMP)

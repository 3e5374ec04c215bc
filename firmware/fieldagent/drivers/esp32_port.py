"""What boards with an ESP32 of any kind have in common: a partition for the log, a watchdog, and ESP-NOW.

Decides nothing. Partitions are found by their label in the table that the runtime was flashed with.
"""

import esp32
import machine

_PROGRAM_BYTES = 256
_WATCHDOG_MS = 30_000


def journal_flash():
    """(flash, program unit, whether a unit may be programmed again) of the partition `journal`, None without one."""
    found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="journal")
    return (found[0], _PROGRAM_BYTES, True) if found else None


def watchdog():
    return machine.WDT(timeout=_WATCHDOG_MS)


def espnow():
    """An active espnow.ESPNow; the radio listens all the time, or frames would be missed."""
    import network
    from espnow import ESPNow

    station = network.WLAN(network.WLAN.IF_STA)
    station.active(True)
    station.config(pm=station.PM_NONE)
    radio = ESPNow()
    radio.active(True)
    return radio

"""What boards with an ESP32 of any kind have in common: a partition for the log, and ESP-NOW.

Decides nothing. Partitions are found by their label in the table that the runtime was flashed with.
"""

import esp32

_PROGRAM_BYTES = 256


def journal_flash():
    """(flash, program unit, whether a unit may be programmed again) of the partition `journal`, None without one."""
    found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="journal")
    return (found[0], _PROGRAM_BYTES, True) if found else None


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

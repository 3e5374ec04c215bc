"""A LoRa modem of micropython-lib's `lora` package, polled: it receives all the time but while it sends.

Decides nothing about frames. Where the modem's interrupt pin is wired it is asked only after an interrupt, and now
and then besides: questions over SPI disturb what is being received.
"""

from fieldwire.port import const

_FAULTS = (RuntimeError, OSError)  # a modem that says otherwise than it should, a bus that says nothing
_QUIET_CALLS = const(200)  # of receive(), after which it is asked though no interrupt came: about a second


def settings(channel_khz, terms, power_dbm):
    """`lora_cfg` of that package for a channel with the terms of SPEC 8.1: explicit header, CRC on."""
    return {
        "freq_khz": channel_khz,
        "sf": terms.factor,
        "bw": terms.bandwidth_hz // 1_000,
        "coding_rate": 5,
        "preamble_len": 8,
        "implicit_header": False,
        "crc_en": True,
        "output_power": power_dbm,
    }


class LoraModem:
    """`modem`: SX1261, SX1262, SX1276 to SX1279 or WL55SubGhzModem, configured."""

    def __init__(self, modem):
        self._modem = modem
        self._sending = False
        self._calls = 0
        self.faults = 0  # answers of the modem that were none
        self.rssi_dbm = 0  # of the last frame received
        self.snr_quarter_db = 0
        self._interrupts = modem.start_recv(continuous=True)

    def start(self, frame):
        self._sending = True
        try:
            self._modem.prepare_send(frame)
            self._modem.start_send()
        except _FAULTS:
            self.restart()

    def is_sending(self):
        """Asks until it has sent: then the package goes back to receiving."""
        if self._sending:
            try:
                self._sending = self._modem.poll_send() is True
            except _FAULTS:
                self.restart()
        return self._sending

    def receive(self):
        """The next frame, or None."""
        if self.is_sending() or not self._has_news():
            return None
        try:
            found = self._modem.poll_recv()
            if found is False:  # a receive ended by itself: listen again
                self._modem.start_recv(continuous=True)
        except _FAULTS:
            self.restart()
            return None
        if found is True or found is False:
            return None
        self.rssi_dbm = found.rssi or 0
        self.snr_quarter_db = found.snr or 0
        return bytes(found)

    def restart(self):
        """The modem did not do as it was told; what was on its way is lost."""
        self.faults += 1
        self._sending = False
        try:
            self._modem.standby()
            self._modem.start_recv(continuous=True)
        except _FAULTS:
            pass  # it is tried again at the next frame

    def _has_news(self):
        self._calls += 1
        if self._interrupts and self._calls < _QUIET_CALLS and not self._modem.irq_triggered():
            return False
        self._calls = 0
        return True

"""Radios of memory with the faces that micropython-lib's `lora` and the port's `espnow` document, on both runtimes."""


class Packet(bytearray):
    """As lora.RxPacket: a payload that bears its strength."""

    def __init__(self, payload, rssi=-80, snr=20):
        super().__init__(payload)
        self.rssi = rssi
        self.snr = snr


class FakeLora:
    """A polled modem. `air` are packets that arrive; `sends` is how often poll_send says that it still sends."""

    def __init__(self, interrupts=False, sends=2):
        self.air = []
        self.sent = []
        self.polls = 0
        self.failing = 0  # so many calls raise, as after a disturbance on SPI
        self.stuck = False
        self._interrupts = interrupts
        self._sends = sends
        self._prepared = None
        self._left = 0
        self._receiving = False

    def start_recv(self, timeout_ms=None, continuous=False, rx_length=0xFF):
        self._fail()
        assert continuous and timeout_ms is None
        self._receiving = True
        return self._interrupts

    def irq_triggered(self):
        return bool(self.air)

    def poll_recv(self, rx_packet=None):
        self._fail()
        self.polls += 1
        if not self._receiving:
            return False
        if self._left:
            return True
        return self.air.pop(0) if self.air else True

    def prepare_send(self, packet):
        self._fail()
        self._prepared = bytes(packet)

    def start_send(self):
        assert self._prepared is not None, "start_send comes after prepare_send"
        self.sent.append(self._prepared)
        self._prepared = None
        self._left = self._sends
        return self._interrupts

    def poll_send(self):
        """True while sending, once the time at which it ended, then False."""
        self._fail()
        if not self._left:
            return False
        if not self.stuck:
            self._left -= 1
        return True if self._left else 12_345

    def standby(self):
        self._fail()
        self._left = 0
        self._receiving = False

    def _fail(self):
        if self.failing:
            self.failing -= 1
            raise RuntimeError("Status 2,5 indicates command error")


class FakeEspNow:
    """As espnow.ESPNow: `answers()` is the radio that tells how a frame went."""

    def __init__(self):
        self.peers = []
        self.sent = []
        self.air = []
        self.answered = 0
        self.full = False

    def add_peer(self, mac):
        self.peers.append(mac)

    def send(self, mac, message, sync):
        assert mac in self.peers and len(message) <= 250 and sync is False
        if self.full:
            raise OSError(-12391, "ESP_ERR_ESPNOW_NO_MEM")
        self.sent.append(bytes(message))
        return True

    def answers(self):
        self.answered += 1

    def stats(self):
        return len(self.sent), self.answered, 0, 0, 0

    def recv(self, timeout_ms):
        assert timeout_ms == 0
        return (b"\x01" * 6, self.air.pop(0)) if self.air else (None, None)

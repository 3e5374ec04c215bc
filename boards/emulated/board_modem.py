"""The emulated board's LoRa modem, polled as micropython-lib's `lora` is.

Decides nothing: packets go to the supervisor and come from it, which keeps the time on air. Each message bears its
kind in its first byte: C settings, T a frame to send; D it has left, R a frame with its strength before it.
"""

import json
import struct

MESSAGE_MAX = 512


class RxPacket(bytearray):
    def __init__(self, payload, ticks_ms, snr, rssi):
        super().__init__(payload)
        self.ticks_ms = ticks_ms
        self.snr = snr
        self.rssi = rssi
        self.valid_crc = True


class EmuModem:
    """`stream`: non-blocking, one message a read or write."""

    def __init__(self, stream, ticks_ms, lora_cfg):
        self._stream = stream
        self._ticks_ms = ticks_ms
        self._receiving = self._sending = False
        self._left_ms = None
        self._prepared = None
        self._arrived = []
        self.configure(lora_cfg)

    def configure(self, lora_cfg):
        self._stream.write(b"C" + json.dumps(lora_cfg).encode())

    def start_recv(self, timeout_ms=None, continuous=False, rx_length=0xFF):
        self._receiving = True
        return False

    def poll_recv(self, rx_packet=None):
        self._take()
        if not self._receiving or self._sending or not self._arrived:
            return self._receiving
        return self._arrived.pop(0)

    def prepare_send(self, packet):
        self._prepared = bytes(packet)

    def start_send(self):
        self._sending, self._left_ms = True, None
        self._stream.write(b"T" + self._prepared)
        return False

    def poll_send(self):
        self._take()
        left_ms, self._left_ms = self._left_ms, None
        return self._sending if left_ms is None else left_ms

    def standby(self):
        self._receiving = self._sending = False
        self._arrived.clear()

    def irq_triggered(self):
        return False

    def _take(self):
        while True:
            message = self._stream.read(MESSAGE_MAX)
            if not message:
                return
            if message[0] == 0x44:
                self._sending = False
                self._left_ms = self._ticks_ms()
            elif self._receiving:
                rssi, snr = struct.unpack(">hb", message[1:4])
                self._arrived.append(RxPacket(message[4:], self._ticks_ms(), snr, rssi))

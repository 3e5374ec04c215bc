"""What a session must know of its link: how long a frame takes, and who may talk when.

Decides nothing: formulas of the framing (SPEC 8.1) and of the LoRa modem (Semtech AN1200.13, 4). `duplex`: both sides
may talk at once. `by_bytes`: errors strike bytes, so that a shorter frame is safer.
"""


class Serial:
    """A UART or a USB port: ten bits a byte, framed by SPEC 8.1."""

    duplex = True
    by_bytes = True

    def __init__(self, baud, turnaround_ms, frame_max):
        self.baud = baud
        self.turnaround_ms = turnaround_ms
        self.frame_max = frame_max

    def wire_ms(self, size):
        """Milliseconds that a frame of that size and its framing take, rounded up."""
        return (size + 8 + size // 254) * 10_000 // self.baud + 1


class Lora:
    """One LoRa channel: explicit header, CRC on. `coding` 1 to 4: 4/5 to 4/8."""

    duplex = False
    by_bytes = False

    def __init__(self, factor, bandwidth_hz, frame_max, turnaround_ms=50, coding=1, preamble=8):
        self.factor = factor
        self.bandwidth_hz = bandwidth_hz
        self.frame_max = frame_max
        self.turnaround_ms = turnaround_ms
        self._coding = coding
        self._preamble = preamble
        self._slow = 1 if factor >= 11 and bandwidth_hz <= 125_000 else 0  # low data rate optimisation

    def wire_us(self, size):
        """Microseconds on air of a frame of that size, rounded up."""
        factor = self.factor
        blocks = (8 * size - 4 * factor + 44 + 4 * (factor - 2 * self._slow) - 1) // (
            4 * (factor - 2 * self._slow)
        )
        symbols = 8 + max(blocks, 0) * (self._coding + 4)
        quarters = 4 * (self._preamble + symbols) + 17
        return (quarters * (1 << factor) * 250_000 + self.bandwidth_hz - 1) // self.bandwidth_hz

    def wire_ms(self, size):
        return (self.wire_us(size) + 999) // 1_000


class EspNow:
    """ESP-NOW at 1 Mbit/s: the radios take turns by themselves, each frame is answered by its receiver's radio."""

    duplex = True
    by_bytes = False
    frame_max = 250
    turnaround_ms = 20

    def wire_ms(self, size):
        return (size + 80) * 8 // 1_000 + 2


# Bytes of the longest frame by spreading factor: as a LoRaWAN of Europe has them, so that none holds the air for long.
_LORA_FRAMES = {7: 222, 8: 222, 9: 115, 10: 51, 11: 51, 12: 51}


def lora(factor, bandwidth_hz):
    """The terms that both ends of a channel use. ValueError for a spreading factor without a frame."""
    if factor not in _LORA_FRAMES:
        raise ValueError("a spreading factor is 7 to 12, not %d" % factor)
    return Lora(factor, bandwidth_hz, _LORA_FRAMES[factor])

"""What a radio may still send under its duty cycle: one bucket of airtime for each sub-band.

Decides when a frame may go. The last of a bucket is kept for short frames, so that a question and its answer never
wait behind data. Time is an argument; a bucket's level can be written down and given back.
"""

from fieldwire.link_terms import Lora

HOUR_US = 3_600_000_000
PPM = 1_000_000
# ETSI EN 300 220-2, table B.1: (from Hz, to Hz, share of time in ppm)
SUB_BANDS = (
    (863_000_000, 865_000_000, 1_000),
    (865_000_000, 868_000_000, 10_000),
    (868_000_000, 868_600_000, 10_000),
    (868_700_000, 869_200_000, 1_000),
    (869_400_000, 869_650_000, 100_000),
    (869_700_000, 870_000_000, 10_000),
)
POLL_BYTES = 3
ACK_BYTES = 13


def duty_ppm(channel_hz: int) -> int:
    """The share of time of a channel's sub-band. ValueError for one in which nobody may send."""
    for low, high, share in SUB_BANDS:
        if low <= channel_hz < high:
            return share
    raise ValueError(f"{channel_hz} Hz is in no sub-band")


def reserve_us(terms: Lora) -> int:
    """Airtime of one poll and one ack."""
    return terms.wire_us(POLL_BYTES) + terms.wire_us(ACK_BYTES)


class Bucket:
    """Airtime that refills at `share_ppm` of the time up to that share of an hour.

    `short_us`: frames of at most this airtime may use the last `kept_us`; all others leave it.
    """

    def __init__(
        self, share_ppm: int, kept_us: int = 0, short_us: int = 0, level_us: int | None = None
    ) -> None:
        full_us = HOUR_US * share_ppm // PPM
        if kept_us >= full_us:
            raise ValueError(f"a reserve of {kept_us} us leaves nothing of {full_us}")
        self._share_ppm = share_ppm
        self._full = full_us * PPM  # in microseconds of airtime times a million
        self._kept = kept_us * PPM
        self._short_us = short_us
        self._level = self._full if level_us is None else min(level_us, full_us) * PPM
        self._at_us = 0

    def level_us(self, now_us: int) -> int:
        """Airtime that is left."""
        self._refill(now_us)
        return self._level // PPM

    def ready_us(self, air_us: int, now_us: int) -> int:
        """When a frame of that airtime may go, now at the earliest. ValueError if it never may."""
        self._refill(now_us)
        kept = 0 if air_us <= self._short_us else self._kept
        needed = air_us * PPM + kept
        if needed > self._full:
            raise ValueError(f"a frame of {air_us} us is longer than this sub-band ever allows")
        return now_us + max(0, -((self._level - needed) // self._share_ppm))

    def spend(self, air_us: int, now_us: int) -> None:
        """A frame goes now. ValueError when it may not."""
        if self.ready_us(air_us, now_us) > now_us:
            raise ValueError("the duty cycle is spent")
        self._level -= air_us * PPM

    def _refill(self, now_us: int) -> None:
        if now_us > self._at_us:
            self._level = min(self._full, self._level + (now_us - self._at_us) * self._share_ppm)
            self._at_us = now_us


def bucket_for(terms: Lora, channel_hz: int, level_us: int | None = None) -> Bucket:
    """The bucket of a LoRa channel; `level_us`: what was left of it, None: all."""
    return Bucket(duty_ppm(channel_hz), reserve_us(terms), terms.wire_us(ACK_BYTES), level_us)

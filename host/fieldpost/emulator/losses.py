"""How frames and bytes are lost by chance: independently, or in fades (Gilbert and Elliott).

Decides one frame's fate from its moment and a seeded source. A model is asked in order of time.
"""

import math
from random import Random
from typing import Protocol


class Losses(Protocol):
    """`mean`: the share of frames that is lost in the long run."""

    mean: float

    def lost(self, now_us: int) -> bool: ...


class Independent:
    """Each frame is lost with the same probability."""

    def __init__(self, rate: float, random: Random) -> None:
        self.mean = rate
        self._random = random

    def lost(self, now_us: int) -> bool:
        return self._random.random() < self.mean


class Fading:
    """A channel that is good and bad in turns of exponential length; both directions of a pair may share one."""

    def __init__(
        self,
        random: Random,
        good_us: int = 8_000_000,
        bad_us: int = 2_000_000,
        good_rate: float = 0.02,
        bad_rate: float = 0.80,
    ) -> None:
        self.mean = (good_us * good_rate + bad_us * bad_rate) / (good_us + bad_us)
        self._random = random
        self._lengths_us = (good_us, bad_us)
        self._rates = (good_rate, bad_rate)
        self._bad = random.random() < bad_us / (good_us + bad_us)
        self._until_us = self._length_us()

    def lost(self, now_us: int) -> bool:
        while now_us >= self._until_us:
            self._bad = not self._bad
            self._until_us += self._length_us()
        return self._random.random() < self._rates[self._bad]

    def _length_us(self) -> int:
        return round(self._random.expovariate(1 / self._lengths_us[self._bad]))


class ByteErrors:
    """Each byte on a line becomes another one with the same probability."""

    def __init__(self, rate: float, random: Random) -> None:
        self._rate = rate
        self._random = random
        self._sound = self._gap()

    def strike(self, data: bytes) -> bytes:
        """`data` as it arrives."""
        if self._sound >= len(data):
            self._sound -= len(data)
            return data
        struck = bytearray(data)
        while self._sound < len(struck):
            struck[self._sound] ^= self._random.randrange(1, 256)
            self._sound += 1 + self._gap()
        self._sound -= len(struck)
        return bytes(struck)

    def _gap(self) -> int:
        """Bytes until the next error: geometric."""
        if not self._rate:
            return 1 << 60
        return int(math.log(1 - self._random.random()) / math.log(1 - self._rate))

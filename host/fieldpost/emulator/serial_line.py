"""A serial line in simulated time: ten bits a byte, both directions at once, errors that strike bytes.

Decides when bytes arrive and which are damaged. Frames travel as SPEC 8.1 says and come out of the real deframer, so
that a damaged one is missed exactly as on a cable.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from fieldpost.emulator.losses import ByteErrors
from fieldpost.emulator.medium import Heard
from fieldwire import frame
from fieldwire.link_terms import Serial


@dataclass(eq=False, slots=True)
class Passage:
    """A frame on its way."""

    sender: str
    data: bytes
    end_us: int


class SerialLine:
    """Two ends by name; `begin` and `land` as for a Medium."""

    def __init__(
        self,
        ends: tuple[str, str],
        terms: Serial,
        errors: Callable[[Random], ByteErrors],
        seed: int | str = 0,
    ) -> None:
        self.sent_bytes = 0
        self._ends = ends
        self._terms = terms
        self._errors = {end: errors(Random(f"{seed}/{end}")) for end in ends}
        self._deframers = {end: frame.Deframer(terms.frame_max) for end in ends}
        self._busy_us = dict.fromkeys(ends, 0)

    def ready_us(self, name: str, size: int, now_us: int) -> int:
        return max(now_us, self._busy_us[name])

    def begin(self, name: str, data: bytes, now_us: int) -> Passage | None:
        """None: refused, since this end is still sending."""
        if self._busy_us[name] > now_us:
            return None
        framed = frame.encode(data, self._terms.frame_max)
        end_us = now_us + (len(framed) * 10_000_000 + self._terms.baud - 1) // self._terms.baud
        self._busy_us[name] = end_us
        self.sent_bytes += len(framed)
        return Passage(name, self._errors[name].strike(framed), end_us)

    def land(self, passage: Passage) -> list[Heard]:
        [receiver] = [end for end in self._ends if end != passage.sender]
        return [Heard(receiver, one, 0.0, 0.0) for one in self._deframers[receiver].feed(passage.data)]

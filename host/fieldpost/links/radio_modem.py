"""A radio at the far end of a serial port: a board in gateway mode puts the bridge's frames on air.

Decides when it is handed the next frame: when it says so, and has told of the frame before. Decides too whose turn the
channel is: while one device is at work, calls of others wait. Who is authentic is the session's matter. SPEC 8.10
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from fieldwire import frame, gateway_frames
from fieldwire.errors import WireError
from fieldwire.link_terms import Lora
from fieldwire.session_frames import is_call

log = logging.getLogger(__name__)
TELLS_EVERY_MS = 500  # a gateway says how it is so often
SILENT_MS = 6 * TELLS_EVERY_MS  # it has been restarted, or is no gateway: set it up anew
LOST_MS = 3 * TELLS_EVERY_MS  # so long after a frame it must have told of it
WAITING_MAX = 8
QUIET_TURNS = 8  # turns without a word of the device at work, and another one may have the channel


@dataclass
class RadioModem:
    """`tune`: channel_khz, factor, bandwidth_khz, power_dbm, duty_ppm; `write(bytes)` puts bytes on the port.

    `on_frame(frame)` is told what the radio hears; `owner()`: the device at work, or None.
    """

    tune: tuple[int, int, int, int, int]
    terms: Lora
    write: Callable[[bytes], None]
    on_frame: Callable[[bytes], None]
    owner: Callable[[], bytes | None]
    now_ms: Callable[[], int]
    strength: tuple[int, int] | None = None  # dBm, quarters of a dB, of the last frame heard
    _deframer: frame.Deframer = field(default_factory=frame.Deframer)
    _number: int = 0
    _clear: bool = False
    _sent_ms: int = 0
    _told_ms: int = 0
    _owner_ms: int = 0
    _waiting: list[bytes] = field(default_factory=list)
    _trouble: str = ""

    def opened(self) -> None:
        """The port is there."""
        self._deframer = frame.Deframer()
        self._waiting.clear()
        self._set_up()

    def is_clear(self) -> bool:
        """Whether the next frame would go on air at once."""
        return self._clear and not self._waiting

    def send(self, one: bytes) -> None:
        """Puts a frame on air as soon as the radio takes it."""
        if len(self._waiting) < WAITING_MAX:
            self._waiting.append(one)
            self._push()

    def received(self, data: bytes) -> None:
        """Bytes came in from the gateway."""
        for one in self._deframer.feed(data):
            try:
                name, body = gateway_frames.decode(one)
            except WireError as error:
                log.debug("the gateway says what is none: %s", error)
                continue
            self._told_ms = self.now_ms()
            if name == "HEARD":
                self._heard(*body)
            elif name == "STATE":
                self._state(*body)
            elif name == "UNFIT" and body != self._trouble:
                self._trouble = body
                log.warning("the gateway cannot do what the configuration says: %s", body)

    def tick(self) -> None:
        if self.now_ms() - self._told_ms >= SILENT_MS:
            self._set_up()

    def _set_up(self) -> None:
        self._clear, self._number = False, 0
        self._told_ms = self.now_ms()  # it is set up again in so long
        self.write(frame.encode(gateway_frames.tune(*self.tune)))

    def _state(self, number: int, clear: bool) -> None:
        lost = number != self._number and self.now_ms() - self._sent_ms >= LOST_MS
        self._clear = clear and (number == self._number or lost)
        self._push()

    def _push(self) -> None:
        if self._clear and self._waiting:
            self._clear = False
            self._number = self._number % 255 + 1
            self._sent_ms = self.now_ms()
            self.write(frame.encode(gateway_frames.send(self._number, self._waiting.pop(0))))

    def _heard(self, rssi_dbm: int, snr_quarter_db: int, one: bytes) -> None:
        self.strength = rssi_dbm, snr_quarter_db
        owner, now_ms = self.owner(), self.now_ms()
        if is_call(one) and owner is not None and one[3:19] != owner:
            quiet_ms = QUIET_TURNS * (self.terms.wire_ms(self.terms.frame_max) + self.terms.turnaround_ms)
            if now_ms - self._owner_ms < quiet_ms:
                return
        else:
            self._owner_ms = now_ms
        self.on_frame(one)

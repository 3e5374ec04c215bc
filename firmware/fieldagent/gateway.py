"""A board that lends its radio to the host on its cable: frames of the one go out on the other, unread.

Decides when a frame may go on air, by the airtime it has, and tells the host when it would take the next one. Refuses
everything else: it has no key, keeps no log, and hands on what it hears whoever sent it. SPEC 8.10
"""

from fieldagent.airtime import share_ppm
from fieldagent.drivers.radio_setup import open_radio
from fieldagent.settings import ConfigError, LoraRadio
from fieldwire import gateway_frames
from fieldwire.errors import WireError
from fieldwire.port import const

_STATE_MS = const(500)
_QUEUE_MAX = const(16)
_TURN_MS = const(2)


class Gateway:
    """`uart`: a FrameLink; `tune(LoraRadio)` -> RadioLink, or ConfigError."""

    def __init__(self, uart, tune):
        self._uart = uart
        self._tune = tune
        self._radio = None
        self._tuned = None
        self._number = 0
        self._waiting = None  # the frame that is to go on air
        self._told_clear = False
        self._told_ms = 0
        self._out = []

    def step(self, now_ms):
        """True when anything moved."""
        frames = self._uart.receive()
        for one in frames:
            self._command(one)
        heard = self._radio.next_frame() if self._radio is not None else None
        if heard is not None:
            self._radio.hold(now_ms)
            self._tell(gateway_frames.heard(*self._radio.strength(), heard))
        if self._waiting is not None and self._radio.carries(len(self._waiting), now_ms):
            self._radio.send(self._waiting, now_ms)
            self._waiting = None
        self._tell_state(now_ms)
        while self._out and self._uart.is_clear(now_ms):
            self._uart.send(self._out.pop(0), now_ms)
        return bool(frames) or heard is not None

    def _command(self, frame):
        try:
            name, body = gateway_frames.decode(frame)
        except WireError:
            return  # not for a gateway: a host that takes it for a device
        if name == "TUNE":
            self._on_tune(body)
        elif name == "SEND" and self._radio is not None and len(body[1]) <= self._radio.frame_max:
            self._number, self._waiting = body
            self._told_clear = False

    def _on_tune(self, body):
        self._number, self._waiting = 0, None
        self._told_clear, self._told_ms = False, -_STATE_MS
        if body != self._tuned:
            try:
                self._radio = self._tune(_wanted(*body))
            except ConfigError as error:
                self._radio = self._tuned = None
                self._tell(gateway_frames.unfit(str(error)))
                return
            self._tuned = body

    def _tell_state(self, now_ms):
        """At once when the next frame may come, and now and then."""
        if self._radio is None:
            return
        clear = self._waiting is None and self._radio.carries(0, now_ms)
        if (clear and not self._told_clear) or now_ms - self._told_ms >= _STATE_MS:
            self._told_clear, self._told_ms = clear, now_ms
            self._tell(gateway_frames.state(self._number, clear))

    def _tell(self, frame):
        if len(self._out) == _QUEUE_MAX:
            self._out.pop(0)
        self._out.append(frame)


def _wanted(channel_khz, factor, bandwidth_khz, power_dbm, duty_ppm):
    duty_ppm = duty_ppm or share_ppm(channel_khz)
    if duty_ppm is None:
        raise ConfigError("duty_ppm: expected, since the channel is in no band that the gateway knows")
    return LoraRadio(channel_khz, factor, bandwidth_khz, power_dbm, duty_ppm)


async def serve(board, files, clock, uart):
    """Until the power ends."""
    files.folder("state")
    gateway = Gateway(uart, lambda wanted: open_radio(board, files, wanted))
    print("status", '{"state": "gateway"}')
    while True:
        moved = gateway.step(clock.now_ms())
        await board.sleep_ms(0 if moved else _TURN_MS)

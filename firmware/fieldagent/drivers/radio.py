"""Frames over a packet radio: one in flight, none while airtime is short, all ears when it does not send.

Decides when the next frame may be asked for: never before it may go at once, so that the timers of who makes it are
right. The radio's own check sum guards a frame. Refuses to look into one. SPEC 8.1
"""


class RadioLink:
    """`terms` as a session needs them. `modem`: start(frame), is_sending(), receive() -> frame | None, restart(); none waits.

    `airtime`: carries_any(now_ms), spend(air_us, now_ms), for terms that have wire_us; None: unlimited.
    """

    def __init__(self, terms, modem, airtime=None):
        self.frame_max = terms.frame_max
        self.turnaround_ms = terms.turnaround_ms
        self.duplex = terms.duplex
        self.by_bytes = terms.by_bytes
        self.wire_ms = terms.wire_ms
        self._terms = terms
        self._modem = modem
        self._airtime = airtime
        self._hold_until_ms = 0
        self._stuck_ms = 2 * (terms.wire_ms(terms.frame_max) + terms.turnaround_ms)
        self._sent_ms = 0

    def receive(self, now_ms):
        """Frames that have arrived since the last call. On half duplex their sender still turns to listening."""
        frames = []
        while True:
            one = self._modem.receive()
            if one is None:
                break
            if 0 < len(one) <= self.frame_max:
                frames.append(one)
        if frames and not self.duplex:
            self._hold_until_ms = now_ms + self.turnaround_ms
        return frames

    def is_clear(self, now_ms):
        """True when the next frame may be sent, however long it is."""
        if self._modem.is_sending():
            if now_ms - self._sent_ms >= self._stuck_ms:
                self._modem.restart()
            return False
        if now_ms < self._hold_until_ms:
            return False
        return self._airtime is None or self._airtime.carries_any(now_ms)

    def send(self, one, now_ms):
        """Sends one frame; call only when the link is clear."""
        if self._airtime is not None:
            self._airtime.spend(self._terms.wire_us(len(one)), now_ms)
        self._sent_ms = now_ms
        self._modem.start(one)

    def turn(self, part, clock):
        """Hands arrived frames to a protocol object and sends the next one it has due; True when anything moved."""
        frames = self.receive(clock.now_ms())
        for one in frames:
            part.receive(one, clock.now_ms())
        now_ms = clock.now_ms()
        one = part.to_send(now_ms) if self.is_clear(now_ms) else None
        if one is not None:
            self.send(one, now_ms)
        return bool(frames) or one is not None

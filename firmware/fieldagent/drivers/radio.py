"""Frames over a packet radio: one in flight, none while airtime is short, all ears when it does not send.

Decides when the next frame may be asked for: never before it may go at once, so that the timers of who makes it are
right. The radio's own check sum guards a frame. Refuses to look into one. SPEC 8.1
"""


class RadioLink:
    """`terms` as a session needs them. `modem`: start(frame), is_sending(), receive() -> frame | None, restart().

    `airtime`: carries(air_us, now_ms), spend(air_us, now_ms), for terms that have wire_us; None: unlimited.
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

    def receive(self):
        """Frames that have arrived since the last call."""
        frames = []
        while True:
            one = self.next_frame()
            if one is None:
                return frames
            frames.append(one)

    def next_frame(self):
        """One of them, or None; `strength` is its."""
        while True:
            one = self._modem.receive()
            if one is None or 0 < len(one) <= self.frame_max:
                return one

    def strength(self):
        """(dBm, quarters of a dB above the noise) of the last frame received, for a LoRa modem."""
        return self._modem.rssi_dbm, self._modem.snr_quarter_db

    def hold(self, now_ms):
        """A frame has come: who sent it still turns to listening."""
        if not self.duplex:
            self._hold_until_ms = now_ms + self.turnaround_ms

    def is_clear(self, now_ms):
        """True when the next frame may be sent, however long it is."""
        return self.carries(self.frame_max, now_ms)

    def carries(self, size, now_ms):
        """True when a frame of that size may be sent."""
        if self._modem.is_sending():
            if now_ms - self._sent_ms >= self._stuck_ms:
                self._modem.restart()
            return False
        if now_ms < self._hold_until_ms:
            return False
        return self._airtime is None or self._airtime.carries(self._terms.wire_us(size), now_ms)

    def send(self, one, now_ms):
        """Sends one frame; call only when the link is clear."""
        if self._airtime is not None:
            self._airtime.spend(self._terms.wire_us(len(one)), now_ms)
        self._sent_ms = now_ms
        self._modem.start(one)

    def turn(self, part, clock):
        """Hands arrived frames to a protocol object and sends the next one it has due; True when anything moved."""
        frames = self.receive()
        for one in frames:
            part.receive(one, clock.now_ms())
        if frames:
            self.hold(clock.now_ms())
        now_ms = clock.now_ms()
        one = part.to_send(now_ms) if self.is_clear(now_ms) else None
        if one is not None:
            self.send(one, now_ms)
        return bool(frames) or one is not None

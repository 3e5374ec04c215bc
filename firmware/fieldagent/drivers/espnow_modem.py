"""ESP-NOW as a packet modem: one frame in flight, the next one when the radio has told how the last one went.

Decides nothing about frames. What the radio could not deliver is lost; a session repeats it.
"""

BROADCAST = b"\xff" * 6


class EspNowModem:
    """`radio`: an active espnow.ESPNow, `peer`: whom frames go to, 6 bytes; frames are taken from anybody in reach."""

    def __init__(self, radio, peer=BROADCAST):
        self._radio = radio
        self._peer = peer
        self._unanswered = 0  # frames of which the radio will never tell
        radio.add_peer(peer)

    def start(self, frame):
        try:
            self._radio.send(self._peer, frame, False)
        except OSError:  # its buffers are full, or its peer is gone: as if it were lost on the air
            pass

    def is_sending(self):
        """A frame is in flight as long as fewer answers than frames are counted."""
        sent, answered = self._radio.stats()[:2]
        return answered + self._unanswered < sent

    def restart(self):
        """The radio did not tell how its last frame went, and will not."""
        sent, answered = self._radio.stats()[:2]
        self._unanswered = sent - answered

    def receive(self):
        """The next frame, or None."""
        _, frame = self._radio.recv(0)
        return None if frame is None else bytes(frame)

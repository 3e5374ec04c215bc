"""A device's bursts: which frame of its transfer goes next, how it counts down to the question, what was answered.

Decides how long a burst is and when it asks. When to wait, and for how long, is the session's matter. SPEC 8.9
"""

from fieldwire import custody, session_frames
from fieldwire.errors import WireError
from fieldwire.port import const
from fieldwire.session_frames import COUNTDOWN_MAX, DATA_HEAD, HAVE_BYTES
from fieldwire.session_outgoing import Known
from fieldwire.transfer_head import SPAN, TILE, WINDOW
from fieldwire.transfer_pace import Pace
from fieldwire.transfer_sending import Sending

# Frames between two questions: enough that asking costs a hundredth, few enough to fit the receiver's window.
_FRAMES_MAX = const(112)
_WINDOW_PARTS = const(3)
# Where both may talk at once: so many questions in the time of a burst, so that a lost one stops nothing.
_OPEN_QUESTIONS = const(4)
_PIECE = const(256)
_FIRST_FRAMES = const(8)  # of a transfer that goes on, before the bridge has said what it holds
# Eighths of a byte of the next answer: a gap takes two bytes, and of frames in a row few are gaps of their own.
_GAP_NEW, _GAP_AGAIN = const(5), const(8)
_GAPS_MORE = const(4)  # bytes: few frames may all be lost
_PLENTY = const(4)  # frames: more than a countdown
# A frame is in the heap three times while it is sent, once in pieces.
# At twice the size a head would weigh one part in a hundred less.
_SENT_MAX = const(512)


def _frames(tiles):
    """Frames of a burst: as many as the receiver's window takes with room for what is lost."""
    return min(_FRAMES_MAX, WINDOW // (_WINDOW_PARTS * tiles))


def longest_ms(link):
    """How long a device may be sending on a link without hearing anything."""
    return _frames((link.frame_max - DATA_HEAD) // TILE) * link.wire_ms(link.frame_max)


class Burst:
    """`outgoing` chooses items and reads them; `sending` goes on, or where it is None a transfer `identity` begins."""

    def __init__(self, link, outgoing, sending, identity):
        self.sending = sending
        self.key = None  # K, once the bridge is known
        self.resumed = sending is not None  # so that the bridge lists nothing of its own accord
        self.confirmed = False  # the bridge has answered a question, so it knows that we are live
        self._unheard = 0  # eighths of a byte: what the frames since the last answer may add to the next one
        self._duplex = link.duplex
        self._outgoing = outgoing
        self._pace = Pace((min(link.frame_max, _SENT_MAX) - DATA_HEAD) // TILE, link.by_bytes)
        self._left = 0
        self._asked = []  # (mark, number of the question) not answered yet
        if sending is None:
            self.begin_transfer(identity)
        else:
            sending.read = outgoing.read
            outgoing.known = sending.known
            sending.begin_contact()

    def begin_transfer(self, identity):
        self.resumed = False
        self._outgoing.known = Known()
        self.sending = Sending(identity, self._outgoing.known)
        self.sending.read = self._outgoing.read

    def begin(self):
        """One frame of a new transfer until the bridge has answered, then many."""
        most = _frames(self._pace.tiles)
        if not self.confirmed:
            most = min(most, _FIRST_FRAMES) if self.resumed else 1
        if self._duplex:
            most = max(1, most // (2 * _OPEN_QUESTIONS))
        self._left = most

    def begin_again(self):
        """No answer came: a few frames ask once more, the last of which announce when we listen."""
        self._left = 1 if self._duplex or not self.confirmed else COUNTDOWN_MAX

    def over(self):
        return self._left == 0

    def counting(self):
        """Whether a countdown has told the bridge when we listen: nothing else may come between."""
        return not self._duplex and 0 < self._left < COUNTDOWN_MAX

    def may_ask_more(self):
        """Where both may talk at once, sending goes on until some questions are open."""
        return self._duplex and len(self._asked) < _OPEN_QUESTIONS

    def frame(self):
        """(frame, countdown) of the next DATA, None when there is nothing to send; raises Gone."""
        if not self.counting():
            self.fill()
        tiles = self._pace.tiles
        # Counted frames do not grow: who hears one knows how long those behind it take at most.
        last = not self._duplex and min(self._left, self.sending.frames_left(tiles, _PLENTY)) <= COUNTDOWN_MAX
        ahead = self.sending.ahead()
        found = self.sending.frame(tiles, last)
        if found is None:
            self._left = 0
            return None
        tile, pieces = found
        follow = min(self._left - 1, self.sending.frames_left(tiles, COUNTDOWN_MAX))
        self._left = follow if follow < COUNTDOWN_MAX else self._left - 1
        countdown = follow + 1 if follow < (1 if self._duplex else COUNTDOWN_MAX) else 0
        if countdown:
            self._asked.append((tile % SPAN, self.sending.question + 1))
        if countdown == 1:
            self.sending.asked()
            self._left = 0
        frame = session_frames.encode_data(tile, countdown, pieces)
        self._pace.sent(len(frame))
        self._unheard += _GAP_AGAIN if self.sending.ahead() == ahead else _GAP_NEW
        return frame, countdown

    def asked(self):
        """The mark of a bare question that goes now."""
        number = self.sending.asked()
        self._asked.append((number % SPAN, number))
        return number % SPAN

    def answer_bytes(self):
        """How long the answer to a question may be; hardly ever is it longer."""
        return HAVE_BYTES + _GAPS_MORE + self._unheard // 8

    def fill(self):
        """Places items until the next frames are sure, so that a burst knows its end."""
        sending, tiles = self.sending, self._pace.tiles
        while sending.frames_left(tiles, COUNTDOWN_MAX + 1) <= COUNTDOWN_MAX:
            if sending.ahead() > COUNTDOWN_MAX * tiles:
                return  # the receiver's window is full
            item = self._outgoing.next_item(sending.items())
            if item is None:
                return
            proof = custody.item_proof(self.key, sending.identity, item.kind, item.key, self._pieces(item))
            sending.place(item, item.kind, item.key, item.total, proof)

    def waits(self):
        """Whether there is a frame to send now."""
        return self.sending.frames_left(self._pace.tiles, 1) > 0

    def question_of(self, mark):
        """Number of the latest question that bore the mark; WireError where none did."""
        numbers = [number for asked, number in self._asked if asked == mark]
        if not numbers:
            raise WireError("frame-stale", "the answer to no question of ours")
        return numbers[-1]

    def take(self, question, base, held, told_to):
        """Takes an answer, as for Sending.have; True when it tells anything."""
        self.confirmed = True
        self._unheard = 0
        self._asked = [entry for entry in self._asked if entry[1] > question]
        before = self.sending.left()
        lost, done = self.sending.have(question, base, held, told_to)
        self._pace.lost(lost)
        for item in done:
            self._outgoing.delivered(item)
        return bool(done) or not before or self.sending.left() < before

    def _pieces(self, item):
        for at in range(0, item.total, _PIECE):
            yield self._outgoing.read(item, at, min(_PIECE, item.total - at))

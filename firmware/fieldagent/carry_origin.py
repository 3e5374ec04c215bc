"""The side of a device that lets its log be carried: it answers a mule, hands over what waits, takes custody back.

Decides whether a custody that a mule brings is right. Frees nothing: the journal does, and only what that names;
handing over is no custody. Believes nothing else that a mule says. SPEC 8.11
"""

from fieldwire import carry_frames, custody, limits
from fieldwire.carry_frames import CARRY, FETCH, KEPT, OFFER, PART, PART_HEAD_MAX, PARTS_MAX, TAKEN
from fieldwire.errors import WireError
from fieldwire.port import const

_ROWS_MAX = const(32)
_ROW_BYTES = const(24)
_OFFER_HEAD = const(40)
_MULES_MAX = const(8)
_KEPT_MAX = const(8)  # answers that wait; a mule says again what was not answered


class Origin:
    """Five methods as every protocol object here; it has no time of its own. `outbox`: what waits under `device`.

    Event: ("custody", incarnation, stream, first, last). `refused` counts by code.
    """

    def __init__(self, device, k_dev, outbox, frame_max, interval_ms):
        self._device = device
        self._k_dev = k_dev
        self._outbox = outbox
        self._frame_max = min(frame_max, limits.FRAME_MAX)
        self._interval_ms = interval_ms
        self._offered = {}  # mule -> ms of the last offer
        self._answers = []  # frames
        self._parts = []  # [mule, item, at, end] of the last FETCH; it is read when it is sent
        self._events = []
        self.refused = {}

    def receive(self, frame, now_ms):
        """Takes one unframed frame; what is malformed or wrong is counted and dropped."""
        try:
            kind, body = carry_frames.decode(frame)
            if kind == CARRY:
                self._on_carry(body[0], now_ms)
            elif kind == FETCH and body[1] == self._device:
                self._on_fetch(*body)
            elif kind == KEPT and body[1] == self._device:
                self._on_kept(body)
        except WireError as error:
            self.refused[error.code] = self.refused.get(error.code, 0) + 1

    def next_event(self):
        return self._events.pop(0) if self._events else None

    def deadline(self):
        return None

    def on_deadline(self, now_ms):
        """Nothing here is due by itself."""

    def to_send(self, now_ms):
        if self._answers:
            return self._answers.pop(0)
        while self._parts:
            frame = self._part(*self._parts.pop(0))
            if frame is not None:
                return frame
        return None

    def _on_carry(self, mule, now_ms):
        last_ms = self._offered.get(mule)
        if last_ms is not None and now_ms - last_ms < self._interval_ms // 2:
            raise WireError("frame-limit", "a mule asks too often")
        if last_ms is None and len(self._offered) >= _MULES_MAX:
            self._offered.clear()
        self._offered[mule] = now_ms
        count = min(_ROWS_MAX, (self._frame_max - _OFFER_HEAD) // _ROW_BYTES)
        rows = []
        for place in self._outbox.places():
            length = self._outbox.length(*place)
            if 0 < length <= limits.CARRIED_SEGMENT_MAX:
                rows.append(list(place) + [length])
            if len(rows) == count:
                break
        self._answer(OFFER, [self._device, mule, rows])

    def _answer(self, kind, body):
        self._answers = self._answers[1 - _KEPT_MAX :] + [carry_frames.encode(kind, body)]

    def _on_fetch(self, mule, _, item, at, end):
        step = self._frame_max - PART_HEAD_MAX
        pieces = [(mule, item, start, min(start + step, end)) for start in range(at, end, step)]
        self._parts = pieces[:PARTS_MAX]

    def _part(self, mule, item, at, end):
        """A PART as it is now; None for what is no longer there."""
        if isinstance(item, bytes):
            data = self._outbox.token(item) or b""
            total, data = len(data), data[at:end]
        else:
            total = self._outbox.length(*item)
            data = self._outbox.read_segment(*item, at, min(end, total) - at) if at < total else b""
        if not data or total > carry_frames.item_max(item):
            return None
        return carry_frames.encode(PART, [self._device, mule, item, at, total, bytes(data)])

    def _on_kept(self, body):
        """A custody is worth what its MAC is, whoever brings it; TAKEN says only that it need not come again."""
        mule, _, bridge, incarnation, stream, first, last, mac = body
        self._answer(TAKEN, [self._device, mule] + body[2:])
        seal_hash = self._outbox.seal_hash(incarnation, stream, last)
        if seal_hash is None:
            return  # freed already: mules meet us as often as they like
        key = custody.link_key(self._k_dev, bridge)
        place = (incarnation, stream, first, last)
        if not custody.matches(custody.custody_mac(key, self._device, bridge, *place, seal_hash), mac):
            raise WireError("custody-mac", "custody of other bytes than ours")
        self._events.append(("custody",) + place)

"""The local link of a board that carries for others or lets itself be carried: neighbours and mules share one wire.

Decides only whose frame is whose, by its type. SPEC 8.6, 8.11
"""

from fieldwire.carry_frames import CARRY, TAKEN


class LocalLink:
    """Neighbours, with the `parts` that take a mule's frames beside it."""

    def __init__(self, neighbours, parts):
        self._neighbours = neighbours
        self._parts = parts
        self.broadcast = neighbours.broadcast

    @property
    def refused(self):
        """Counts by code, of all together."""
        found = {}
        for part in [self._neighbours] + self._parts:
            for code, count in part.refused.items():
                found[code] = found.get(code, 0) + count
        return found

    def receive(self, frame, now_ms):
        if frame and CARRY <= frame[0] <= TAKEN:
            for part in self._parts:
                part.receive(frame, now_ms)
        else:
            self._neighbours.receive(frame, now_ms)

    def next_event(self):
        return self._first([part.next_event for part in [self._neighbours] + self._parts])

    def to_send(self, now_ms):
        return self._first(
            [lambda part=part: part.to_send(now_ms) for part in [self._neighbours] + self._parts]
        )

    def _first(self, calls):
        for call in calls:
            found = call()
            if found is not None:
                return found
        return None

    def deadline(self):
        times = [part.deadline() for part in [self._neighbours] + self._parts]
        return min([at for at in times if at is not None])

    def on_deadline(self, now_ms):
        for part in [self._neighbours] + self._parts:
            due_ms = part.deadline()
            if due_ms is not None and now_ms >= due_ms:
                part.on_deadline(now_ms)

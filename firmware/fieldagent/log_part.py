"""The part of a log that one device id may drain: after a rotation the old id's segments are not the new one's.

Decides nothing: `is_mine(incarnation)` says what belongs to the id. SPEC 8.7
"""


class LogPart:
    """An outbox that offers only one id's incarnations; the tokens are all offered by both."""

    def __init__(self, outbox, is_mine):
        self._outbox = outbox
        self._is_mine = is_mine
        self.tokens = outbox.tokens
        self.token = outbox.token
        self.read_segment = outbox.read_segment

    def early(self):
        return [row for row in self._outbox.early() if self._is_mine(row[0])]

    def places(self, streams=(0, 1, 2, 3)):
        for place in self._outbox.places(streams):
            if self._is_mine(place[0]):
                yield place

    def length(self, incarnation, stream, segment):
        return self._outbox.length(incarnation, stream, segment) if self._is_mine(incarnation) else 0

    def seal_hash(self, incarnation, stream, segment):
        """None for a segment that is not of this part: no custody of it is this id's."""
        return self._outbox.seal_hash(incarnation, stream, segment) if self._is_mine(incarnation) else None

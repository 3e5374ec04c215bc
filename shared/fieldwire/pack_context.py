"""What both ends of a transfer remember of its packed segments: authors, topics, where each stream stands. SPEC 6.7

Decides which number stands for an author or a topic, and from where a segment goes on. Both ends learn the same in the
same order: a sender when it packs an item, a receiver when it unpacks it. Refuses to grow beyond its bounds: what comes
later travels whole.
"""

from fieldwire import limits


class Context:
    """`authors`: (boot, credential id, boot attestation id); `topics`: (content format, subject)."""

    def __init__(self):
        self.authors = []
        self.topics = []
        self._last = {}  # stream -> (incarnation, segment, what it left)

    def learn_author(self, author):
        if len(self.authors) < limits.PACK_AUTHORS_MAX and author not in self.authors:
            self.authors.append(author)

    def learn_topic(self, topic):
        if len(self.topics) < limits.PACK_TOPICS_MAX and topic not in self.topics:
            self.topics.append(topic)

    def before(self, key):
        """What the segment before `key` left, if it is the last one of its stream that went packed; else None."""
        incarnation, stream, segment = key
        last = self._last.get(stream)
        return last[2] if last is not None and last[:2] == (incarnation, segment - 1) else None

    def leave(self, key, left):
        """`left`: a Left. Whatever came of the segment, the next one of its stream may go on from there."""
        incarnation, stream, segment = key
        self._last[stream] = (incarnation, segment, left)

    def forget(self, stream):
        """The next segment of the stream goes on from none."""
        self._last.pop(stream, None)


class Left:
    """`seq`: behind the last leaf; `ends`: of (topic, layout), where each column ended; `seal_hash`, if known."""

    def __init__(self, seq, ends):
        self.seq = seq
        self.ends = ends
        self.seal_hash = None


NOTHING = Left(0, {})  # what a segment goes on from that follows none

"""Unpacks a segment as it crossed a radio, to the bytes that its device sealed. SPEC 6.7

Decides what bytes a packed segment stands for. Refuses to believe them: the seal proves them or does not, and whoever
unpacks them asks it before anything else.
"""

from fieldwire import cbor, limits, merkle_tree, pack_parts, seal
from fieldwire.errors import WireError
from fieldwire.observation_writer import is_path
from fieldwire.pack_column import Cursor, bad
from fieldwire.pack_column_writer import NEW
from fieldwire.pack_context import NOTHING, Context, Left
from fieldwire.pack_table_writer import LINEAGES, READINGS, WHOLE
from fieldwire.pack_writer import (
    AUTHOR_GIVEN,
    MORE_TOPICS,
    PREVIOUS_GIVEN,
    RECOVERED,
    SALTS_GIVEN,
    TOPIC_GIVEN,
)
from fieldwire.salt import Salts

_DIGEST_BYTES, _SALT_BYTES, _SIGNATURE_BYTES = 16, 8, 64


class Unpacker:
    """One device's segments in one transfer, each once and in the order in which they were packed.

    `salt_key`: that of the device, or None while it is not held.
    """

    def __init__(self, device, salt_key):
        self.salt_key = salt_key
        self._device = device
        self._context = Context()

    def unpack(self, data, key):
        """The segment (SPEC 6.4) that `data` stands for; `key`: (incarnation, stream, segment).

        WireError("pack-shape") where it stands for none, ("pack-unknown") where that takes what is not held.
        """
        if len(data) > limits.SEGMENT_MAX:
            bad("%d bytes, the limit is %d" % (len(data), limits.SEGMENT_MAX))
        cursor = Cursor(data)
        head = _Head(cursor, key, self._context)
        signature = cursor.take(_SIGNATURE_BYTES)
        salts = cursor.take(_SALT_BYTES * head.count) if head.flags & SALTS_GIVEN else None
        left = Left(head.first + head.count, {})
        rows = _rows(cursor, head, left.ends)
        if not cursor.is_done():
            bad("bytes behind the last column")
        self._context.leave(key, left)
        fields = head.fields()
        leaves = self._leaves(key, head, rows, self._salts(key, head) if salts is None else _cut(salts))
        protected = pack_parts.protected(fields, self._device)
        left.seal_hash = seal.seal_hash(
            protected, merkle_tree.root([merkle_tree.leaf_hash(one) for one in leaves])
        )
        return seal.encode_segment(pack_parts.seal(fields, self._device, signature), leaves)

    def _salts(self, key, head):
        if self.salt_key is None:
            raise WireError("pack-unknown", "the salt key of the device is not held")
        salts = Salts(self.salt_key, self._device, key[0])
        return [salts.at(key[1], head.first + index) for index in range(head.count)]

    def _leaves(self, key, head, rows, salts):
        maker = pack_parts.LeafMaker(self._device, key[0], key[1], head.author)
        leaves = []
        size = 0
        for index, (topic, time, lineage, payload) in enumerate(rows):
            leaf = maker.leaf(head.first + index, time, topic, payload, lineage, salts[index])
            size += len(leaf)
            if len(leaf) > limits.OBSERVATION_MAX or size > limits.SEGMENT_MAX:
                bad("leaf %d is too long" % index)
            leaves.append(leaf)
        return leaves


class _Head:
    """What a packed segment says before its signature. What it tells anew is learnt, whatever follows."""

    def __init__(self, cursor, key, context):
        self._key = key
        self.flags = cursor.byte()
        self.count = cursor.number()
        if not 1 <= self.count <= limits.SEGMENT_LEAVES_MAX:
            bad("%d leaves, a segment has 1 to %d" % (self.count, limits.SEGMENT_LEAVES_MAX))
        follows = key[2] and not self.flags & PREVIOUS_GIVEN
        before = context.before(key) if follows else NOTHING
        self.before = before or NOTHING
        self.first = _count(cursor, self.before.seq)
        known = len(context.topics)
        self.author = self._author(cursor, context)
        self.previous = self.before.seal_hash
        if self.flags & PREVIOUS_GIVEN:
            if key[2] == 0:
                bad("a seal before the first")
            self.previous = cursor.take(32)
        self.topics = []  # (topic, layout)
        more = MORE_TOPICS
        while more:
            if len(self.topics) == self.count:
                bad("more topics than leaves")
            first = cursor.byte()
            more = first & MORE_TOPICS
            topic = _topic(cursor, context, first & ~MORE_TOPICS, known)
            self.topics.append((topic, cursor.byte()))
        if before is None:
            raise WireError("pack-unknown", "segment %d did not come packed before it" % (key[2] - 1))

    def _author(self, cursor, context):
        index = self.flags >> 3
        if index != AUTHOR_GIVEN:
            if index >= len(context.authors):
                bad("author %d is not known" % index)
            return context.authors[index]
        author = (_count(cursor, 0), cursor.take(_DIGEST_BYTES), cursor.take(_DIGEST_BYTES))
        context.learn_author(author)
        return author

    def fields(self):
        """Those of the seal, in SPEC 6.2's order."""
        if self.before is not NOTHING and self.previous is None:
            raise WireError("pack-unknown", "segment %d did not come whole" % (self._key[2] - 1))
        fields = list(self._key) + [self.first, self.count] + list(self.author)
        return fields + [self.previous, self.flags & RECOVERED]


def _count(cursor, before):
    value = before + cursor.number()
    if value > limits.COUNT_MAX:
        bad("a count of %d" % value)
    return value


def _topic(cursor, context, index, known):
    if index != TOPIC_GIVEN:
        if index >= known:
            bad("topic %d is not known" % index)
        return context.topics[index]
    number = cursor.number()
    if number > 0x10000:
        bad("content format %d" % (number - 1))
    content_format = number - 1 if number else cursor.take(_DIGEST_BYTES)
    subject = cursor.take(cursor.number())
    if len(subject) > limits.SUBJECT_MAX or max(subject, default=0) > 0x7F or not is_path(subject.decode()):
        bad("a subject is 1 to 8 segments of [a-z0-9][a-z0-9._-]{0,31}")
    topic = (content_format, subject.decode())
    context.learn_topic(topic)
    return topic


def _rows(cursor, head, ends):
    """(topic, time, lineage, payload) of each leaf; where the columns end goes to `ends`."""
    order = cursor.integers(head.count) if len(head.topics) > 1 else [0] * head.count
    if min(order) < 0 or max(order) >= len(head.topics):
        bad("a leaf of a topic that is not named")
    tables = []
    for index, (topic, layout) in enumerate(head.topics):
        before = head.before.ends.get((topic, layout))
        leaves, end = _table(cursor, order.count(index), topic, layout, before)
        ends[topic, layout] = end
        tables.append(iter(leaves))
    return [next(tables[index]) for index in order]


def _table(cursor, rows, topic, layout, before):
    """A topic's leaves, and where its columns end."""
    size = layout & ~(READINGS | LINEAGES)
    if rows == 0 or not (size == WHOLE or size <= limits.SCHEMA_FIELDS_MAX):
        bad("a topic of %d leaves with %d values each" % (rows, size))
    others = bool(layout & READINGS) + bool(layout & LINEAGES)
    before = iter(before or [NEW] * (1 + others + (1 if size == WHOLE else size)))
    times, end = cursor.times(rows, next(before))
    read = [cursor.column(rows, one) for one in before]
    ends = [end] + [one for _, one in read]
    columns = [values for values, _ in read]
    readings = _checked(list, columns.pop(0)) if layout & READINGS else [None] * rows
    lineages = _checked(bytes, columns.pop(0)) if layout & LINEAGES else [None] * rows
    found = []
    for row in range(rows):
        values = [column[row] for column in columns]
        payload = _whole(values[0]) if size == WHOLE else cbor.encode(values)
        found.append((topic, (times[row], readings[row]), lineages[row], payload))
    return found, ends


def _checked(kind, column):
    if not all(value is None or isinstance(value, kind) for value in column):
        bad("a column of another kind than its leaves have")
    return column


def _whole(payload):
    if not isinstance(payload, bytes):
        bad("a payload is bytes")
    return payload


def _cut(salts):
    return [salts[at : at + _SALT_BYTES] for at in range(0, len(salts), _SALT_BYTES)]

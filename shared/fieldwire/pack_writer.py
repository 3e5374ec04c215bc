"""Packs sealed segments as they cross a radio: what the receiver knows or can derive is left out. SPEC 6.7

Decides the bytes of a packed segment. Refuses a segment that would not come back byte for byte, or that takes more
memory than there is: such a one travels as it is.
"""

from fieldwire import cbor, pack_parts, seal_writer
from fieldwire.errors import WireError
from fieldwire.pack_column_writer import integers, number
from fieldwire.pack_context import NOTHING, Context, Left
from fieldwire.pack_table_writer import Rows
from fieldwire.salt import Salts

RECOVERED, PREVIOUS_GIVEN, SALTS_GIVEN = 1, 2, 4
AUTHOR_GIVEN = 31
TOPIC_GIVEN, MORE_TOPICS = 127, 128


class Packer:
    """One device's segments in one transfer.

    `salt_key`: that of the device, where the receiver holds it too, or None. `room`: bytes of heap that a segment in
    work may take.
    """

    def __init__(self, device, salt_key, room):
        self._device = device
        self._salt_key = salt_key
        self._room = room
        self._context = Context()

    def pack(self, parts):
        """The packed bytes, or None where the segment travels as it is. What was packed MUST be sent, and once.

        `parts`: the bytes of a sound seal, then of each of its leaves.
        """
        parts = iter(parts)
        seal_bytes = bytes(next(parts))
        try:
            protected, _, _, signature = cbor.decode(seal_bytes).value
        except WireError:
            return None  # it is gone
        fields = cbor.decode(protected)[seal_writer.BODY]
        if seal_bytes != pack_parts.seal(fields, self._device, signature):
            return None
        rows = self._rows(fields, parts)
        return None if rows is None else self._packed(fields, rows, signature)

    def forget(self, stream):
        """The receiver could not unpack what the last segments of a stream told: the next one goes on from none."""
        self._context.forget(stream)

    def _packed(self, fields, rows, signature):
        """The context learns when all is written: who runs out of memory on the way has told nothing."""
        key, first = tuple(fields[:3]), fields[3]
        before = self._context.before(key)
        if before is not None and before.seq > first:
            before = None
        out = bytearray()
        self._put_head(out, fields, rows, before)
        out.extend(signature)
        if not rows.salts_implied:
            out.extend(rows.salts)
        if len(rows.tables) > 1:
            integers(out, rows.order)
        left = Left(first + fields[4], {})
        for table in rows.tables:
            place = table.topic, table.layout()
            left.ends[place] = table.write(out, (before or NOTHING).ends.get(place))
        self._context.learn_author(tuple(fields[5:8]))
        for table in rows.tables:
            self._context.learn_topic(table.topic)
        self._context.leave(key, left)
        return bytes(out)

    def _rows(self, fields, leaves):
        incarnation, stream, _, first, count = fields[:5]
        salts = None
        if self._salt_key is not None:
            salts = Salts(self._salt_key, self._device, incarnation)
        rows = Rows(pack_parts.LeafMaker(self._device, incarnation, stream, fields[5:8]), salts, stream)
        for leaf in leaves:
            if not rows.add(first + len(rows.order), leaf) or rows.cost() > self._room:
                return None
        return rows if len(rows.order) == count else None

    def _put_head(self, out, fields, rows, before):
        _, _, _, first, count, boot, credential, attestation, previous, flags = fields
        author = (boot, credential, attestation)
        known = self._context.authors
        flags |= SALTS_GIVEN if not rows.salts_implied else 0
        flags |= PREVIOUS_GIVEN if previous is not None and before is None else 0
        flags |= (known.index(author) if author in known else AUTHOR_GIVEN) << 3
        out.append(flags)
        number(out, count)
        number(out, first if before is None else first - before.seq)
        if author not in known:
            number(out, boot)
            out.extend(credential + attestation)
        if flags & PREVIOUS_GIVEN:
            out.extend(previous)
        for index, table in enumerate(rows.tables):
            self._put_topic(out, table, index + 1 < len(rows.tables))

    def _put_topic(self, out, table, more):
        known = self._context.topics
        given = table.topic not in known
        out.append((TOPIC_GIVEN if given else known.index(table.topic)) | (MORE_TOPICS if more else 0))
        if given:
            content_format, subject = table.topic
            if isinstance(content_format, bytes):
                out.append(0)
                out.extend(content_format)
            else:
                number(out, content_format + 1)
            subject = subject.encode()
            number(out, len(subject))
            out.extend(subject)
        out.append(table.layout())

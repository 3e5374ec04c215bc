"""Leaves of a segment taken apart into tables of columns, one table a topic, as their sender packs them. SPEC 6.7

Decides which column a part of a leaf goes to. Refuses a leaf that would not come out of its parts byte for byte.
"""

from fieldwire import cbor, limits
from fieldwire.errors import WireError
from fieldwire.pack_column_writer import ABSENT, NEW, Column, kind_of
from fieldwire.port import const

# A layout is a number of values, or WHOLE where the payload is one byte string, and what else the leaves have.
WHOLE = const(63)
LINEAGES = const(64)
READINGS = const(128)

_TREF = const(4)
_FORMAT = const(5)
_SUBJECT = const(6)
_PAYLOAD = const(7)
_SOURCES = const(10)
_DERIVATION = const(11)
_SALT = const(12)


class Table:
    """The leaves of one topic whose payloads have the same number of values, or are taken whole."""

    def __init__(self, topic, size):
        self.topic = topic
        self.size = size
        self._rows = 0
        self._readings = Column()
        self._lineages = Column()
        self._times = Column()
        self._values = [Column() for _ in range(1 if size == WHOLE else size)]

    def takes(self, values):
        return all(column.takes(value) for column, value in zip(self._values, values))

    def add(self, time, lineage, values):
        self._rows += 1
        self._times.add(time[0])
        self._readings.add(time[1])
        self._lineages.add(lineage)
        for column, value in zip(self._values, values):
            column.add(value)

    def layout(self):
        readings = READINGS if self._readings.kind != ABSENT else 0
        lineages = LINEAGES if self._lineages.kind != ABSENT else 0
        return self.size | readings | lineages

    def cost(self):
        """Bytes of heap that the columns take, about."""
        return sum([one.cost() for one in [self._times, self._readings, self._lineages] + self._values])

    def write(self, out, before):
        """Where each column ends; `before`: where those end that these go on from, or None."""
        columns = self._columns()
        before = before or [NEW] * len(columns)
        return [column.write(out, self._rows, end) for column, end in zip(columns, before)]

    def _columns(self):
        """Those that are written: readings and lineages only where a leaf has one."""
        own = [column for column in (self._readings, self._lineages) if column.kind != ABSENT]
        return [self._times] + own + self._values


class Rows:
    """`maker`: a LeafMaker; `salts`: the Salts that a receiver makes itself, or None where it cannot."""

    def __init__(self, maker, salts, stream):
        self._maker = maker
        self._salts = salts
        self._stream = stream
        self.tables = []
        self.order = bytearray()  # the table of each leaf
        self.salts = bytearray()
        self.salts_implied = salts is not None

    def add(self, seq, leaf):
        """False where the leaf is not packed."""
        try:
            found = cbor.decode(leaf)
            payload, salt = found[_PAYLOAD], found[_SALT]
            topic = (found[_FORMAT], found[_SUBJECT])
            time, lineage = _time(found[_TREF]), _lineage(found)
            made = self._maker.leaf(seq, time, topic, payload, lineage, salt)
        except (WireError, KeyError, TypeError):
            return False
        if made != leaf:
            return False
        values = _values(payload)
        index = self._place(topic, WHOLE if values is None else len(values))
        if values is None or not self.tables[index].takes(values):
            index, values = self._place(topic, WHOLE), [payload]
        self.tables[index].add(time, lineage, values)
        self._add_salt(seq, salt)
        self.order.append(index)
        return True

    def _add_salt(self, seq, salt):
        """Salts are kept from the first one on that a receiver would not make; those before it are made again."""
        if self.salts_implied and self._salts.at(self._stream, seq) != salt:
            self.salts_implied = False
            for before in range(seq - len(self.order), seq):
                self.salts.extend(self._salts.at(self._stream, before))
        if not self.salts_implied:
            self.salts.extend(salt)

    def cost(self):
        """Bytes of heap that the rows take, about."""
        return sum([table.cost() for table in self.tables]) + len(self.salts) + len(self.order)

    def _place(self, topic, size):
        for index, table in enumerate(self.tables):
            if table.size == size and table.topic == topic:
                return index
        self.tables.append(Table(topic, size))
        return len(self.tables) - 1


def _time(tref):
    """(ms, reading) as a LeafMaker takes them."""
    if len(tref) == 2:
        return tref[1], None
    from fieldwire.tref import check_tref, utc_of  # few boards have a UTC reading

    check_tref(tref)
    utc_ms, uncertainty_ms = utc_of(tref)
    return tref[1], [utc_ms - tref[1], tref[2].value[-2], uncertainty_ms]


def _lineage(found):
    if _SOURCES not in found:
        return None
    return b"\x0a" + cbor.encode(found[_SOURCES]) + b"\x0b" + cbor.encode(found[_DERIVATION])


def _values(payload):
    """The values of a payload that is a list of what columns take, or None."""
    try:
        values = cbor.decode(payload)
    except WireError:
        return None
    if not isinstance(values, list) or len(values) > limits.SCHEMA_FIELDS_MAX:
        return None
    return values if all(kind_of(value) is not None for value in values) else None

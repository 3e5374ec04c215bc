"""The device's log in flash: four streams of leaves, sealed into segments, kept until custody frees them.

Decides what is durable and when a position may be used. Refuses to reuse a position, to free without being told,
and to drop what it has not been told to drop. Why no cut loses or forges a record: JOURNAL.md. SPEC 6
"""

from binascii import crc32

from fieldagent import segment_file as segments
from fieldwire import cbor, limits
from fieldwire import merkle_tree as merkle
from fieldwire import seal_writer as seals
from fieldwire.errors import StorageError, WireError

_HEADS = "log/heads"
_STREAMS = 4
_SEQ_BLOCK = 64
_BLOCK_BYTES = 4096  # a file takes whole erase blocks, however short it is
_OVERHEAD_BYTES = 512  # seal, array heads and trailer beside the leaves of a segment


def on_flash(size):
    """Bytes of flash that a file of `size` bytes takes."""
    return (size + _BLOCK_BYTES - 1) // _BLOCK_BYTES * _BLOCK_BYTES


class Head:
    """Where a stream of the current incarnation stands; `previous` is the last seal's hash."""

    def __init__(self, reserved=0, segment=0, previous=None):
        self.reserved = reserved
        self.segment = segment
        self.previous = previous
        self.seq = reserved


class OpenSegment:
    """The segment that a stream appends to. `broken`: an append failed, only the leaves counted here are sure."""

    def __init__(self, key, header, appender, now_ms):
        self.key = key
        self.header = header
        self.appender = appender
        self.opened_ms = now_ms
        self.tree = merkle.Tree()
        self.bytes = 0
        self.crc = 0
        self.broken = False

    def write(self, payload):
        data, crc = segments.record(payload, self.crc)
        self.appender.append(data)
        self.crc = crc
        self.bytes += len(data)


class Journal:
    """`files`: journal_files.Files; `new_incarnation() -> 8 random bytes`, called when the last seq is not provable.

    `bytes` is the flash that its segments take, in whole blocks. `capacity` is set by whoever knows how much it may.
    """

    capacity = 0
    damaged = ()
    bytes_written = payload_bytes = 0

    def __init__(self, files, new_incarnation):
        self._files = files
        self._open = {}
        self._sealed = {}  # (incarnation, stream) -> [(segment, file size) ...] ascending
        self._unsealed = []  # keys of open files that an older boot left
        self.bytes = 0
        files.folder(segments.FOLDER)
        self._scan()
        if not self._load_heads():
            self.incarnation = new_incarnation()
            self._heads = [Head() for _ in range(_STREAMS)]
            self._store_heads()

    def renew(self, incarnation):
        """Begins a new incarnation, as a device does whose key is new. Nothing may be open or unsealed."""
        self.incarnation = incarnation
        self._heads = [Head() for _ in range(_STREAMS)]
        self._store_heads()

    # What flash holds at start

    def _scan(self):
        for entry, size in self._files.entries(segments.FOLDER):
            parsed = segments.parse(entry)
            if parsed is None:
                continue
            key, ending = parsed
            if ending == segments.OPEN:
                self._unsealed.append(key)
            else:
                self._keep(key, size)
        for held in self._sealed.values():
            held.sort()

    def _keep(self, key, size):
        self._sealed.setdefault(key[:2], []).append((key[2], size))
        self.bytes += on_flash(size)

    def _load_heads(self):
        """False when the log cannot prove its last seq: no heads, damaged heads, or segments beyond them."""
        data = self._files.read(_HEADS)
        try:
            if not data or int.from_bytes(data[:4], "big") != crc32(data[4:]):
                return False
            self.incarnation, heads = cbor.decode(data[4:])
        except WireError:
            return False
        self._heads = [Head(*head) for head in heads]
        for stream, head in enumerate(self._heads):
            last = self._last_of(stream)
            if last > head.segment or any(self._is_beyond(key, stream, head) for key in self._unsealed):
                return False
            if last == head.segment:  # the cut came between the seal and the heads
                head.previous = self.seal_hash((self.incarnation, stream, last))
                head.segment = last + 1
                self._store_heads()
        return True

    def _last_of(self, stream):
        return max([entry[0] for entry in self._sealed.get((self.incarnation, stream), [])], default=-1)

    def _is_beyond(self, key, stream, head):
        return key[0] == self.incarnation and key[1] == stream and key[2] > head.segment

    def _store_heads(self):
        body = cbor.encode(
            [self.incarnation, [[head.reserved, head.segment, head.previous] for head in self._heads]]
        )
        self._files.replace(_HEADS, [crc32(body).to_bytes(4, "big"), body])

    def recover(self, signer):
        """Seals what an older boot left open, flagged; returns the number of leaves recovered. SPEC 6.2"""
        recovered = 0
        while self._unsealed:
            recovered += self._recover_one(self._unsealed[-1], signer)
            self._unsealed.pop()
        return recovered

    def _recover_one(self, key, signer):
        name = segments.name(key, segments.OPEN)
        ours = key[0] == self.incarnation
        sealed_before = self.holds(key) or (ours and key[2] < self._heads[key[1]].segment)
        count = 0
        if not sealed_before:
            tree = merkle.Tree()
            with self._files.reader(name) as file:
                header = segments.read_header(file)
                file.seek(0)
                for leaf in segments.leaves(file):
                    tree.add(merkle.leaf_hash(leaf))
            count = tree.size
            if header is not None and count:
                self._write_sealed(key, header, tree, signer, seals.RECOVERED)
        self._files.remove(name)
        return count

    # Writing

    def next_seq(self, stream):
        """The position to use next; reserved in flash in blocks, so that no boot uses it again. SPEC 6.1"""
        head = self._heads[stream]
        if head.seq >= head.reserved:
            before = head.reserved
            head.reserved = head.seq + _SEQ_BLOCK
            try:
                self._store_heads()
            except StorageError:
                head.reserved = before
                raise
        return head.seq

    def append(self, stream, leaf, author, now_ms):
        """Makes `leaf`, an observation at next_seq(stream), durable.

        `author` = (boot, credential id, boot attestation id) as the leaf names them.
        """
        head = self._heads[stream]
        current = self._open.get(stream)
        seq = head.seq
        if seq >= head.reserved or (current is not None and current.broken):
            raise ValueError(
                "stream %d: reserve the seq, and seal a broken segment, before appending" % stream
            )
        head.seq += 1  # used up even when the append fails: its bytes may stand in flash
        if current is None:
            current = self._begin(stream, author, seq, now_ms)
        try:
            before = current.bytes
            current.write(leaf)
        except StorageError:
            current.broken = True
            raise
        current.tree.add(merkle.leaf_hash(leaf))
        self.bytes += on_flash(current.bytes) - on_flash(before)
        return seq

    def commit(self):
        """Makes every leaf appended so far durable; each append here has done so already."""

    def idle(self):
        """There is nothing to do ahead."""
        return False

    def is_pressed(self, stream):
        """True when leaves that wait for a seal are in the way."""
        return False

    def _begin(self, stream, author, seq, now_ms):
        head = self._heads[stream]
        key = (self.incarnation, stream, head.segment)
        header = segments.Header(author[0], author[1], author[2], seq, head.previous)
        current = OpenSegment(key, header, self._files.appender(segments.name(key, segments.OPEN)), now_ms)
        self._open[stream] = current
        try:
            current.write(header.encode())
        except StorageError:
            current.broken = True
            raise
        self.bytes += on_flash(current.bytes)
        return current

    def room_for(self, stream, size):
        """False when the stream's open segment must be sealed before a leaf of `size` bytes."""
        current = self._open.get(stream)
        if current is None:
            return True
        full = current.tree.size >= limits.SEGMENT_LEAVES_MAX
        return not (current.broken or full or current.bytes + size + _OVERHEAD_BYTES > limits.SEGMENT_MAX)

    def waiting(self, stream):
        """(leaves in the open segment, ms of its begin), (0, None) when there is none."""
        current = self._open.get(stream)
        return (0, None) if current is None else (current.tree.size, current.opened_ms)

    def seal(self, stream, signer):
        """Seals the stream's open segment; returns its key, or None where nothing waits. Durable on return."""
        current = self._open.get(stream)
        if current is None:
            return None
        current.broken = True  # whatever fails from here, no leaf is appended to it any more
        if current.appender is not None:
            appender, current.appender = current.appender, None
            appender.close()
        if current.tree.size:
            self._write_sealed(current.key, current.header, current.tree, signer, 0)
        del self._open[stream]
        self.bytes -= on_flash(current.bytes)
        self._files.remove(segments.name(current.key, segments.OPEN))
        return current.key if current.tree.size else None

    def _write_sealed(self, key, header, tree, signer, flags):
        incarnation, stream, segment = key
        root = tree.root()
        place = [incarnation, stream, segment, header.first, tree.size, header.boot]
        fields = place + [header.credential, header.attestation, header.previous, flags]
        seal_bytes, seal_hash = seals.signed(fields, root, signer)
        name = segments.name(key, segments.SEALED)
        with self._files.reader(segments.name(key, segments.OPEN)) as file:
            counted = _first(tree.size, segments.leaves(file))
            self._files.replace(name, segments.sealed_pieces(seal_bytes, tree.size, counted, seal_hash))
        if incarnation == self.incarnation:
            head = self._heads[stream]
            head.segment, head.previous = segment + 1, seal_hash
            self._store_heads()
        self._keep(key, self._files.size(name))

    # Reading, freeing, dropping

    def _index(self, key):
        for index, entry in enumerate(self._sealed.get(key[:2], [])):
            if entry[0] == key[2]:
                return index
        return None

    def holds(self, key):
        return self._index(key) is not None

    def held(self):
        """[(incarnation, stream, segment, length) ...]: urgent streams first, older incarnations before this one."""
        places = sorted(self._sealed, key=lambda place: (place[1], place[0] == self.incarnation, place[0]))
        return [
            place + (segment, size - segments.TRAILER_BYTES)
            for place in places
            for segment, size in self._sealed[place]
        ]

    def read(self, key, offset, size):
        """Up to `size` bytes of a sealed segment as it travels (SPEC 6.4), from `offset`."""
        length = self._size(key) - segments.TRAILER_BYTES
        return self._files.read_at(
            segments.name(key, segments.SEALED), offset, max(0, min(size, length - offset))
        )

    def _size(self, key):
        index = self._index(key)
        if index is None:
            raise ValueError("segment %r is not held" % (key,))
        return self._sealed[key[:2]][index][1]

    def _trailer(self, key):
        at = self._size(key) - segments.TRAILER_BYTES
        return segments.read_trailer(
            self._files.read_at(segments.name(key, segments.SEALED), at, segments.TRAILER_BYTES)
        )

    def leaves_held(self):
        """How many observations lie sealed in the log."""
        return sum(
            [self._trailer(place + (entry[0],))[0] for place in self._sealed for entry in self._sealed[place]]
        )

    def seal_hash(self, key):
        """The seal hash of a sealed segment, None where it is not held."""
        return self._trailer(key)[1] if self.holds(key) else None

    def heads(self):
        """[[incarnation, stream, segment, seal hash] ...] of each stream's last seal."""
        return [
            [self.incarnation, stream, head.segment - 1, head.previous]
            for stream, head in enumerate(self._heads)
            if head.previous is not None
        ]

    def free(self, key):
        """Forgets one sealed segment; returns its number of leaves, 0 when it was not held."""
        index = self._index(key)
        if index is None:
            return 0
        count = self._trailer(key)[0]
        self._files.remove(segments.name(key, segments.OPEN))  # a later start must not seal it a second time
        self._files.remove(segments.name(key, segments.SEALED))
        place = key[:2]
        self.bytes -= on_flash(self._sealed[place].pop(index)[1])
        if not self._sealed[place]:
            del self._sealed[place]
        return count

    def oldest_of_lowest(self, size):
        """Keys to drop first, of at least `size` bytes together: the least urgent stream, its oldest segments."""
        chosen = []
        held = self.held()
        for index in sorted(range(len(held)), key=lambda index: (-held[index][1], index)):
            if size <= 0:
                break
            chosen.append(held[index][:3])
            size -= on_flash(held[index][3])
        return chosen


def _first(count, source):
    for index, item in enumerate(source):
        if index == count:
            return
        yield item

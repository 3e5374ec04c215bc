"""What a mule keeps for others: their segments, the tokens that prove them, and the custody on its way back.

Decides what there is room for: so much for one device, so much for all, and never what the own log may still need.
Verifies nothing: what comes here is verified. A file is whole or absent; tokens come before the segment that needs
them and go after it, custody is durable before its segments go. SPEC 8.11
"""

from binascii import hexlify, unhexlify

from fieldwire import cbor
from fieldwire.errors import StorageError, WireError
from fieldwire.port import const

FOLDER = const("carry")
_RECEIPTS = const("carry/custody")
_SEGMENT, _TOKEN = ".seg", ".tok"
_BLOCK = const(4_096)  # a file takes whole blocks of the flash
_ID = const(16)
_SEGMENTS_MAX = const(128)
# Files that a segment may bring along: four credentials, a boot attestation, and the custody that comes back.
_BESIDE = const(6)
# 3 KB that are written anew with each; one that is forgotten costs another way to a bridge.
_RECEIPTS_MAX = const(32)
_REFUSED_MAX = const(64)


def blocks(size):
    """Bytes of flash that a file of `size` takes."""
    return (size + _BLOCK - 1) // _BLOCK * _BLOCK


def _piece(files, name, at, size):
    try:
        with files.reader(name) as file:
            file.seek(at)
            return file.read(size)
    except OSError as cause:
        raise StorageError("cannot read %s at %d (%s)" % (name, at, cause))


class CarryStore:
    """`total`: bytes for all, a quarter of it for one device; `own_need() -> bytes` that the own log may still take.

    A place is (device, incarnation, stream, segment). A receipt is [device, bridge, incarnation, stream, first, last,
    mac]. StorageError where the flash fails.
    """

    def __init__(self, files, total, own_need):
        self._files = files
        self._total = total
        self._own_need = own_need
        self._segments = {}  # place -> (length, ids of its tokens)
        self._refused = []  # places that a bridge gave no custody for
        files.folder(FOLDER)
        self._recover()
        try:
            self._receipts = cbor.decode(files.read(_RECEIPTS) or b"\x80")
        except WireError:  # it costs another way to a bridge
            self._receipts = []

    def _recover(self):
        """Takes in what lies on the flash; drafts that a cut left, and tokens that nothing needs, go."""
        for entry, size in self._files.entries(FOLDER):
            if entry.endswith(_SEGMENT):
                name = FOLDER + "/" + entry
                count = _piece(self._files, name, 0, 1)[0]
                head = _piece(self._files, name, 1, _ID * count)
                needs = [head[at : at + _ID] for at in range(0, len(head), _ID)]
                self._segments[_place(entry)] = (size - 1 - len(head), needs)
            elif entry.endswith(".tmp"):
                self._files.remove(FOLDER + "/" + entry)
        self._sweep()

    def _sweep(self):
        needed = {identity for _, needs in self._segments.values() for identity in needs}
        for entry, _ in self._files.entries(FOLDER):
            if entry.endswith(_TOKEN) and unhexlify(entry[: -len(_TOKEN)]) not in needed:
                self._files.remove(FOLDER + "/" + entry)

    # What a session offers (session_carried)

    def segments(self):
        """[(place, length) ...], the most urgent stream first."""
        rows = [(place[2], place, row[0]) for place, row in self._segments.items()]
        rows.sort()
        return [(place, length) for _, place, length in rows]

    def needs(self, place):
        """Ids of the tokens that a segment needs, issuers first."""
        return self._segments[place][1]

    def token(self, identity):
        """Bytes of a token, or None."""
        return self._files.read(_token_name(identity))

    def read(self, place, at, size):
        """Bytes of a segment; none when it was let go of."""
        row = self._segments.get(place)
        if row is None or at >= row[0]:
            return b""
        return _piece(self._files, _segment_name(place), 1 + _ID * len(row[1]) + at, min(size, row[0] - at))

    # What a mule takes

    def wants(self, place, length):
        """Whether a segment is new and there is room for it."""
        device, incarnation, stream, segment = place
        if place in self._segments or place in self._refused or len(self._segments) >= _SEGMENTS_MAX:
            return False
        for receipt in self._receipts:
            if (
                receipt[0] == device
                and receipt[2:4] == [incarnation, stream]
                and receipt[4] <= segment <= receipt[5]
            ):
                return False
        size = blocks(length + _BESIDE * _ID)
        theirs = sum([blocks(row[0]) for one, row in self._segments.items() if one[0] == device])
        if theirs + size > self._total // 4:
            return False
        size += _BESIDE * _BLOCK
        return self._used() + size <= self._total and self._files.free_bytes() - size >= self._own_need()

    def _used(self):
        return sum([blocks(size) for _, size in self._files.entries(FOLDER)])

    def put(self, place, data, held):
        """Keeps a verified segment and `held`, [(id, token bytes) ...], issuers first. Durable on return."""
        for identity, token in held:
            if self.token(identity) != token:
                self._files.replace(_token_name(identity), [token])
        needs = [identity for identity, _ in held]
        head = bytes((len(needs),)) + b"".join(needs)
        self._files.replace(_segment_name(place), [head, data])
        self._segments[place] = (len(data), needs)

    # What a bridge answers, and what an origin is told

    def settle(self, bridge, device, incarnation, stream, first, last, mac):
        """Custody, or None that there is none to be had: the segments go, the custody stays until it is handed on."""
        if mac is not None:
            self._keep_receipt([device, bridge, incarnation, stream, first, last, mac])
        gone = [
            place
            for place in self._segments
            if place[:3] == (device, incarnation, stream) and first <= place[3] <= last
        ]
        for place in gone:
            self._files.remove(_segment_name(place))
            del self._segments[place]
        if gone:
            self._sweep()
        if mac is None:
            self._refused = (self._refused + gone)[-_REFUSED_MAX:]

    def _keep_receipt(self, new):
        """One that lies within the new one tells no more than it."""
        kept = [old for old in self._receipts if old[:4] != new[:4] or old[4] < new[4] or new[5] < old[5]]
        self._store_receipts((kept + [new])[-_RECEIPTS_MAX:])

    def receipts_for(self, device):
        return [receipt for receipt in self._receipts if receipt[0] == device]

    def forget_receipt(self, receipt):
        """Its device has it."""
        if receipt in self._receipts:
            self._store_receipts([one for one in self._receipts if one != receipt])

    def _store_receipts(self, receipts):
        self._files.replace(_RECEIPTS, [cbor.encode(receipts)])
        self._receipts = receipts


def _token_name(identity):
    return "%s/%s%s" % (FOLDER, hexlify(identity).decode(), _TOKEN)


def _segment_name(place):
    device, incarnation, stream, segment = place
    log = hexlify(device + incarnation).decode()
    return "%s/%s-%d-%08x%s" % (FOLDER, log, stream, segment, _SEGMENT)


def _place(entry):
    log, stream, segment = entry[: -len(_SEGMENT)].split("-")
    log = unhexlify(log)
    return log[:_ID], log[_ID:], int(stream), int(segment, 16)

"""Gap records: which segments the log dropped, and which readings it refused, for a device to sign. SPEC 6.6

Decides how a loss is told, so that a bridge can follow the chain of seals over it. Refuses to choose what is lost:
that is space.py's, and nothing is dropped before its record is durable.
"""

from fieldwire import cbor
from fieldwire import observation_writer as obs
from fieldwire.errors import StorageError, WireError
from fieldwire.seal_writer import BODY

ENTRIES_MAX = 4  # of a record: the longest four fit an observation's payload

_SEAL_BYTES_MAX = 320
_FORMAT, _PAYLOAD = 5, 7  # keys of an observation, SPEC 5.1
_FIRST, _COUNT, _PREVIOUS = 3, 4, 8  # places in a seal's body, SPEC 6.2
_LINKED = 9  # elements of a run whose seals could be read: the last four carry the chain over it


def payloads(entries):
    """The payloads of as many gap records as these entries need."""
    return [cbor.encode(entries[at : at + ENTRIES_MAX]) for at in range(0, len(entries), ENTRIES_MAX)]


def refused(incarnation, stream, seq, since, count, reason):
    """The stream's readings from `since` = [boot, ms] on got no position; the next one would have been `seq`."""
    return [incarnation, stream, seq, since, count, reason]


def dropped(journal, keys, reason):
    """Entries for segments about to go, with what gap records inside them tell: runs as long as they can be."""
    entries = []
    for key in keys:
        entries.append(_dropped_one(journal, key, reason))
        if key[1] == obs.URGENT:
            entries.extend(_told_in(journal, key))
    return joined(entries)


def _dropped_one(journal, key, reason):
    """Without its links where the flash no longer gives the seal back."""
    entry = [key[0], key[1], key[2], key[2], reason]
    if not journal.holds(key):
        return entry
    try:
        body = _seal_body(journal.read(key, 0, _SEAL_BYTES_MAX))
        return entry + [
            body[_FIRST],
            body[_FIRST] + body[_COUNT] - 1,
            body[_PREVIOUS],
            journal.seal_hash(key),
        ]
    except (StorageError, WireError):
        return entry


def _seal_body(head):
    """The ten fields that the seal at the begin of a segment binds; WireError where there is none. SPEC 6.2, 6.4"""
    if head[:1] != b"\x82":
        raise WireError("seal-shape", "a segment begins with its seal")
    at, size = _string(head[1:4])
    signed = cbor.decode(head[1 + at : 1 + at + size])
    return cbor.decode(signed.value[0])[BODY]


def _told_in(journal, key):
    """What gap records among the leaves of a segment say: it must outlive them."""
    told = []
    try:
        for observation in _leaves(journal, key):
            if observation[_FORMAT] == obs.GAP_FORMAT:
                told.extend(cbor.decode(observation[_PAYLOAD]))
    except (StorageError, WireError):
        return told  # the rest cannot be read any more, and its segment is named as dropped
    return told


def is_told_alone(journal, key):
    """True for a segment that holds gap records and nothing else."""
    try:
        return all(one[_FORMAT] == obs.GAP_FORMAT for one in _leaves(journal, key))
    except (StorageError, WireError):
        return False


def _leaves(journal, key):
    """The observations of a segment one by one: all at once they may fill a board's heap."""
    at = 1
    at += sum(_string(journal.read(key, at, 3)))
    count = journal.read(key, at, 2)
    at, left = (at + 1, count[0] & 0x1F) if count[0] < 0x98 else (at + 2, count[1])
    for _ in range(left):
        head, size = _string(journal.read(key, at, 3))
        yield cbor.decode(journal.read(key, at + head, size))
        at += head + size


def _string(head):
    """(bytes of its head, bytes behind it) of a CBOR byte string; WireError where none begins."""
    if len(head) > 2 and head[0] == 0x59:
        return 3, head[1] << 8 | head[2]
    if len(head) > 1 and head[0] == 0x58:
        return 2, head[1]
    if not head or head[0] >> 5 != 2 or head[0] & 0x1F > 23:
        raise WireError("seal-shape", "a byte string was expected")
    return 1, head[0] & 0x1F


def joined(entries):
    """Entries with neighbouring runs of one reason made one; what was refused comes last, in its order."""
    runs = sorted([one for one in entries if len(one) != 6], key=_place)
    joined = []
    for run in runs:
        last = joined[-1] if joined and joined[-1][:2] == run[:2] else None
        if last is not None and run[3] <= last[3]:
            continue  # told before, by a record whose segments a cut left in place
        if last is not None and last[3] + 1 == run[2] and last[4] == run[4] and len(last) == len(run):
            last[3] = run[3]
            if len(last) == _LINKED:
                last[6], last[8] = run[6], run[8]
        else:
            joined.append(run)
    return joined + [one for one in entries if len(one) == 6]


def _place(run):
    return (run[0], run[1], run[2])

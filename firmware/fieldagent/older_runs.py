"""Leaves of an older boot that lie under no seal: which of them belong under one, read from flash.

Decides where a run ends. Refuses a leaf that does not say where it belongs. Used by a start, and after a write that
failed; then let go of. SPEC 6.2
"""

from fieldagent import record
from fieldagent.record_log import DAMAGED
from fieldagent.run import Run
from fieldagent.segment_reader import leaves, meant, walk
from fieldwire import cbor, limits, seal_writer
from fieldwire.errors import StorageError, WireError
from fieldwire.port import const

# Keys of an observation, SPEC 5.1; the module that names them reads whole ones, which a log need not.
_INCARNATION = const(1)
_STREAM = const(2)
_SEQ = const(3)
_TREF = const(4)
_CREDENTIAL = const(8)
_BOOT_ATTESTATION = const(9)


def _continues(run, author, seq):
    return (
        author == run.author
        and seq == run.seq + run.count
        and run.count < limits.SEGMENT_LEAVES_MAX
        and run.leaf_bytes < limits.SEGMENT_MAX // 2
    )


def position_of(leaf):
    """(incarnation, stream, seq, author) as the leaf itself says, or None where it is no observation."""
    try:
        found = cbor.decode(leaf)
        author = (found[_TREF][0], found[_CREDENTIAL], found[_BOOT_ATTESTATION])
        return found[_INCARNATION], found[_STREAM], found[_SEQ], author
    except (WireError, KeyError, TypeError, IndexError):
        return None


def boots_of(log, segments, incarnation, heads):
    """The boots of the segments' leaves, and of those under no seal, as a set; None where flash cannot tell."""
    boots = set()
    try:
        for key in segments.held(range(4)):
            stream, place = key[1], segments.place(key)
            seal = segments.seal_at(place)
            boots.add(position_of(next(leaves(log, stream, place, seal)))[3][0])
        for stream, head in enumerate(heads):
            if head.first is not None:
                boots.update([run.author[0] for run, _ in runs(log, incarnation, stream, head.first, 0)])
    except (StorageError, StopIteration):
        return None
    return boots


def runs(log, incarnation, stream, first, flags):
    """(Run, place of the next leaf or None): the stream's leaves from the place `first` on, each run fit for one seal.

    A damaged record that may have been the stream's seal ends a run, with the flags that it had, so that its new seal
    is the same. A leaf that was written once more counts once. What is yielded hangs on no bit of what is damaged but
    those flags.
    """
    run, is_ended, last = None, False, -1
    for place, kind, of_stream in walk(log, first, (log.head, log.sector_bytes)):
        if kind == DAMAGED and run is not None and not is_ended:
            lost = _flags_of_lost_seal(meant(log, place[0], place[1], 1)[0], stream)
            if lost is not None:
                run.flags, is_ended = lost, True
        elif kind == record.LEAF and of_stream == stream:
            leaf = bytes(log.payload(*place)[2])
            found = position_of(leaf)
            if found is None or found[:2] != (incarnation, stream) or found[2] <= last:
                continue
            last = found[2]
            if run is not None and (is_ended or not _continues(run, found[3], found[2])):
                yield run, place
                run = None
            if run is None:
                run, is_ended = Run(found[3], found[2], place, 0, flags), False
            run.add(leaf)
    if run is not None:
        yield run, None


def _flags_of_lost_seal(first_byte, stream):
    """The flags of the stream's seal that a damaged record may have been; None where it was none."""
    known = record.kind_of(first_byte)
    if known == (record.SEAL_RECOVERED, stream):
        return seal_writer.RECOVERED
    return 0 if known is None or known == (record.SEAL, stream) else None

"""Moves a segment that keeps the oldest sector from being used again to the head of the log, whole and unchanged.

Decides nothing of what is moved when. Refuses to begin where there may not be room for all of it. A cut on the way
leaves copies that no seal covers: the segment is still where it was.
"""

from fieldagent import record
from fieldagent.segment_reader import leaves
from fieldwire.errors import StorageError


def move(log, segments, stream, place):
    """Writes the segment sealed at `place` anew; False where there is no room. What cannot be read is given up."""
    try:
        seal = segments.seal_at(place)
    except StorageError:
        segments.lose(stream, place)
        return True
    seal.seal_bytes = bytes(seal.seal_bytes)
    if not log.takes(seal.flash_bytes(log.align)):
        return False
    first = None
    source = leaves(log, stream, place, seal)
    while True:
        try:
            leaf = bytes(next(source))
        except StopIteration:
            break
        except StorageError:
            segments.lose(stream, place)
            return True
        at = _append(log, record.LEAF_COPY, stream, leaf)
        first = first or at
    seal.first = first
    at = _append(log, record.SEAL_COPY, stream, seal.encode())
    log.commit()
    segments.move(stream, place, at, first)
    if log.store.mark_bytes:
        log.mark(*place)
    return True


def _append(log, kind, stream, payload):
    while not log.is_ready():
        if not log.clear_one():
            raise StorageError("the journal has no sector left to move segments in; free or drop segments")
    return log.append(kind, stream, payload)

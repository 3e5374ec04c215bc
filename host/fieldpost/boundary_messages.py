"""Messages between two bridges: CBOR arrays that begin with their number.

Decides whether bytes are one message of the table below, with every bound kept. Refuses to judge whether the
message may come now (the session does) and whether what it says is true. SPEC 10.2
"""

from collections.abc import Callable
from typing import Any

from fieldwire import cbor, limits
from fieldwire import observation as obs
from fieldwire.errors import WireError

NUMBERS = {
    "HELLO": 0,
    "PROOF": 1,
    "REFUSED": 2,
    "AGREEMENT": 3,
    "STANDING": 4,
    "FRONTIER": 5,
    "TOKENS": 6,
    "ITEMS": 7,
    "DONE": 8,
    "OFFER": 9,
    "EPOCH": 10,
    "BYE": 11,
    "VOTES": 12,
    "CHANGE": 13,
    "HEADS": 14,
    "GROWTH": 15,
}
NAMES = {number: name for name, number in NUMBERS.items()}

# Two credentials with their chains, and the roots of sixteen parties: a stranger gets no more room than that.
HANDSHAKE_MAX = 16_384
# An offer of 200,000 ids, which is what one exchange of a year's urgent and read-out observations may hold.
MESSAGE_MAX = 8 * 1024 * 1024
# Items go in batches, so that what a cut loses is a fraction of a second on any wire.
BATCH_MAX = 256 * 1024
ITEM_MAX = limits.OBSERVATION_MAX + limits.TOKEN_MAX + 34 * limits.MERKLE_PATH_MAX
PROOF_TOKENS_MAX = 16
PARTIES_MAX = 16
VOTES_MAX = 1024
CHECKPOINT_MAX = 256
HEADS_MAX = 72
COUNT_MAX = 1 << 62  # an epoch's number; the next one still fits 64 bits
BOX_OVERHEAD = 16


def encode(name: str, *fields: Any) -> bytes:
    """Bytes of one message."""
    return cbor.encode([NUMBERS[name], *fields])


def decode(data: bytes, size_max: int = MESSAGE_MAX) -> tuple[str, list[Any]]:
    """(name, fields) of one message; WireError("frame-shape") and cbor's own for anything else."""
    value = cbor.decode(data, size_max=size_max)
    if not isinstance(value, list) or not value or not obs.is_uint(value[0]) or value[0] not in NAMES:
        raise WireError("frame-shape", "a message is an array that begins with a known number")
    name, fields = NAMES[value[0]], value[1:]
    shape = _SHAPES[name]
    if len(fields) != len(shape) or not all(fits(one) for fits, one in zip(shape, fields, strict=True)):
        raise WireError("frame-shape", f"the fields of {name} are not those of SPEC 10.2")
    return name, fields


def _bytes(size: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, bytes) and len(value) == size


def _up_to(size_max: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, bytes) and len(value) <= size_max


def _or_nil(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


def _list(fits: Callable[[Any], bool], count_max: int | None = None) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, list)
        and (count_max is None or len(value) <= count_max)
        and all(fits(one) for one in value)
    )


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= limits.TEXT_MAX


def _count(value: Any) -> bool:
    return obs.is_uint(value) and value < COUNT_MAX


def _ranges(value: Any) -> bool:
    """[[lo, hi] ...] in order, without overlap."""
    if not isinstance(value, list):
        return False
    least = 0
    for one in value:
        if not isinstance(one, list) or len(one) != 2 or not all(obs.is_uint(end) for end in one):
            return False
        if not least <= one[0] <= one[1]:
            return False
        least = one[1] + 1
    return True


def _lane(value: Any) -> bool:
    """[device, incarnation, stream, sealed ranges, early ranges]."""
    if not isinstance(value, list) or len(value) != 5:
        return False
    device, incarnation, stream, sealed, early = value
    if not obs.is_bytes(device, 16) or not obs.is_bytes(incarnation, 8) or not obs.is_uint(stream):
        return False
    return stream < limits.STREAMS_MAX and _ranges(sealed) and _ranges(early)


def _kept_back(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and _bytes(32)(value[0]) and _text(value[1])


def _grown(value: Any) -> bool:
    """[size, consistency path or nil]."""
    if not isinstance(value, list) or len(value) != 2 or not _count(value[0]):
        return False
    return value[1] is None or _list(_bytes(32), 2 * limits.MERKLE_PATH_MAX)(value[1])


_REPORTS = _list(_up_to(limits.CBOR_MAX), 64)
_SHAPES: dict[str, tuple[Callable[[Any], bool], ...]] = {
    "HELLO": (_bytes(16), _bytes(32), _list(_bytes(32), PARTIES_MAX)),
    "PROOF": (
        _up_to(2048),
        _list(_bytes(32), PARTIES_MAX),
        _list(_up_to(limits.TOKEN_MAX), PROOF_TOKENS_MAX),
    ),
    "REFUSED": (_text, _text),
    "AGREEMENT": (_count, _bytes(32), _up_to(limits.CBOR_MAX)),
    "STANDING": (_or_nil(_up_to(limits.CBOR_MAX)), _or_nil(_up_to(limits.CBOR_MAX)), _REPORTS),
    "FRONTIER": (_or_nil(_list(_lane)), _list(_bytes(16))),
    "TOKENS": (_list(_up_to(limits.TOKEN_MAX)),),
    "ITEMS": (_list(_up_to(ITEM_MAX)),),
    "DONE": (_list(_kept_back),),
    "OFFER": (_count, _or_nil(_up_to(MESSAGE_MAX))),
    "EPOCH": (_up_to(limits.CBOR_MAX), _REPORTS),
    "BYE": (_text, _text),
    "HEADS": (_up_to(CHECKPOINT_MAX), _list(_up_to(CHECKPOINT_MAX), HEADS_MAX)),
    "GROWTH": (_list(_grown, HEADS_MAX),),
    "CHANGE": (_count, _bytes(32), _up_to(MESSAGE_MAX)),
    "VOTES": (_list(_up_to(limits.TOKEN_MAX), VOTES_MAX), _list(_up_to(limits.CBOR_MAX), VOTES_MAX)),
}

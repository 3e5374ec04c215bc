"""Two words under one number by one key, found among what reached a bridge: agreements, epochs, log heads.

Decides which pair of signed objects a fork proof shows. Refuses to look at what never reached the bridge. SPEC 15.4
"""

from collections.abc import Iterator
from typing import Any

from fieldpost.agreement_cbor import from_cbor
from fieldpost.boundary_messages import MESSAGE_MAX
from fieldpost.reading import Rows
from fieldwire import cbor, cose
from fieldwire.errors import WireError


def doubled(store: Rows, kid: bytes) -> tuple[bytes, bytes] | None:
    """Two objects that the key of this id signed, of one kind and number, that differ; None where there are none."""
    seen: dict[Any, tuple[bytes, bytes]] = {}
    for data in _signed(store):
        try:
            message = cose.decode(data)
            number = _number(message)
        except WireError:
            continue
        if message.kid != kid or number is None:
            continue
        payload, before = seen.setdefault(number, (message.payload, data))
        if payload != message.payload:
            return before, data
    return None


def _signed(store: Rows) -> Iterator[bytes]:
    for (data,) in store.query("SELECT data FROM input WHERE kind = 'agreement' ORDER BY n"):
        yield from _parts(data, lambda value: value[1])
    for (data,) in store.query("SELECT data FROM input WHERE kind = 'epoch-close' ORDER BY n"):
        yield from _parts(data, lambda value: value[:2])
    for (data,) in store.query("SELECT data FROM input WHERE kind = 'twice' ORDER BY n"):
        yield from _parts(data, lambda value: value[1:2])
    for (data,) in store.query("SELECT data FROM input WHERE kind = 'heads' ORDER BY n"):
        yield from _parts(data, lambda value: value[1])


def _parts(data: bytes, pick: Any) -> list[bytes]:
    """Bytes among a stored input's parts; it may be anything that a peer or a person brought."""
    try:
        value = cbor.decode(data, size_max=MESSAGE_MAX)
    except WireError:
        return []
    parts = pick(value) if isinstance(value, list) and len(value) > 1 else []
    return [one for one in parts if isinstance(one, bytes)] if isinstance(parts, list) else []


def _number(message: cose.Sign1) -> tuple[Any, ...] | None:
    if message.payload is None:
        return None
    if message.typ == cose.AGREEMENT:
        terms = from_cbor(message.payload)
        return message.typ, terms.version, terms.parties
    if message.typ == cose.EPOCH:
        body = cbor.decode(message.payload)
        return (message.typ, body[0], tuple(body[6])) if isinstance(body, list) and len(body) == 7 else None
    if message.typ == cose.CHECKPOINT:
        body = cbor.decode(message.payload)
        return (message.typ, body[1]) if isinstance(body, list) and len(body) == 3 else None
    return None

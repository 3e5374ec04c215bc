"""Payloads as their schema says: one value a field, each of the field's type. SPEC 5.4

What a device needs to write; `schema` adds schemas themselves, claims and derivations. Refuses payloads that do not
fit; never guesses a unit or a scale.
"""

from fieldwire import cbor, limits
from fieldwire.errors import WireError

INTEGER, CATEGORY, POSITION, OPAQUE = range(4)


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_value(value):
    return is_int(value) and -limits.CLAIM_MAX - 1 <= value <= limits.CLAIM_MAX


def pack(fields, values):
    """Payload bytes for one value a field, None for absent."""
    payload = cbor.encode(list(values))
    unpack(fields, payload)
    return payload


def unpack(fields, payload):
    """The list of values, checked against the schema; WireError("payload-schema") where they do not fit."""
    values = cbor.decode(payload)
    if not isinstance(values, list) or len(values) != len(fields):
        raise WireError("payload-schema", "the schema has %d fields" % len(fields))
    for field, value in zip(fields, values):
        if value is not None and not _fits(field[1], value):
            raise WireError("payload-schema", "%s does not fit its type" % field[0])
    return values


def _fits(kind, value):
    if kind == INTEGER:
        return is_value(value)
    if kind == CATEGORY:
        return isinstance(value, str)
    if kind == OPAQUE:
        return isinstance(value, bytes)
    return (
        isinstance(value, list)
        and len(value) == 3
        and all(is_int(part) for part in value)
        and -900000000 <= value[0] <= 900000000
        and -1800000000 <= value[1] <= 1800000000
        and 0 <= value[2] <= limits.CLAIM_MAX
    )

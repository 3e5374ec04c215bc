"""Schemas: how a payload's bytes become claims, and derivations that anyone can recompute.

Decides the meaning of payload fields by their schema alone. Refuses payloads that do not fit it; never
guesses a unit or a scale. SPEC 5.4, 5.5
"""

import hashlib

from fieldwire import cbor, limits
from fieldwire.errors import WireError

INTEGER, CATEGORY, POSITION, OPAQUE = range(4)
BUILT_IN = ("mean", "min", "max", "difference", "count")


def _is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _is_value(value):
    return _is_int(value) and -limits.CLAIM_MAX - 1 <= value <= limits.CLAIM_MAX


def _is_text(value):
    return isinstance(value, str) and len(value.encode()) <= limits.TEXT_MAX


def encode(name, fields):
    """Canonical bytes of a schema; `fields` = [[property, type, unit, exponent] ...]."""
    data = cbor.encode([name, [list(field) for field in fields]])
    decode(data)
    return data


def decode(data):
    """(name, [[property, type, unit, exponent] ...]) or WireError("schema-shape")."""
    value = cbor.decode(data)
    if not isinstance(value, list) or len(value) != 2 or not _is_text(value[0]) or not value[0]:
        raise WireError("schema-shape", "a schema is [name, fields]")
    fields = value[1]
    if not isinstance(fields, list) or not 1 <= len(fields) <= limits.SCHEMA_FIELDS_MAX:
        raise WireError("schema-shape", "a schema has 1 to %d fields" % limits.SCHEMA_FIELDS_MAX)
    seen = []
    for field in fields:
        if not isinstance(field, list) or len(field) != 4:
            raise WireError("schema-shape", "a field is [property, type, unit, exponent]")
        name, kind, unit, exponent = field
        if not _is_text(name) or not name or not _is_text(unit) or name in seen:
            raise WireError("schema-shape", "property and unit are text, each property once")
        if not _is_int(kind) or not 0 <= kind <= 3 or not _is_int(exponent) or not -18 <= exponent <= 18:
            raise WireError("schema-shape", "type is 0 to 3, exponent -18 to 18")
        seen.append(name)
    return value[0], fields


def digest(data):
    return hashlib.sha256(b"fieldpost/schema/1" + data).digest()[:16]


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
        return _is_value(value)
    if kind == CATEGORY:
        return isinstance(value, str)
    if kind == OPAQUE:
        return isinstance(value, bytes)
    return (
        isinstance(value, list)
        and len(value) == 3
        and all(_is_int(part) for part in value)
        and -900000000 <= value[0] <= 900000000
        and -1800000000 <= value[1] <= 1800000000
        and 0 <= value[2] <= limits.CLAIM_MAX
    )


def claims(fields, payload):
    """[(property, type, value, unit, exponent) ...] of the values that claim something. SPEC 5.4"""
    values = unpack(fields, payload)
    return [
        (field[0], field[1], value, field[2], field[3])
        for field, value in zip(fields, values)
        if value is not None and field[1] != OPAQUE
    ]


def function_digest(name):
    """Code digest of a built-in function. SPEC 5.5"""
    return hashlib.sha256(b"fieldpost/function/1" + name.encode()).digest()


def compute(name, values):
    """A built-in function over integer values; difference takes (minuend, subtrahend). SPEC 5.5

    WireError("derivation-false") where the result is no integer that a payload can state.
    """
    result = _computed(name, values)
    if not _is_value(result):
        raise WireError("derivation-false", "the %s leaves 64 bits" % name)
    return result


def _computed(name, values):
    if not values or (name == "difference" and len(values) != 2):
        raise WireError("derivation-false", "difference has two sources, any other function at least one")
    if name == "count":
        return len(values)
    if name == "min":
        return min(values)
    if name == "max":
        return max(values)
    if name == "difference":
        return values[0] - values[1]
    if name == "mean":
        return _mean(sum(values), len(values))
    raise WireError("derivation-unknown", "%s is no built-in function" % name)


def _mean(total, count):
    quotient, remainder = divmod(total, count)
    if 2 * remainder > count or (2 * remainder == count and quotient % 2):
        return quotient + 1
    return quotient

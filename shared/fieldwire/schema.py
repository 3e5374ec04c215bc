"""Schemas: how a payload's bytes become claims, and derivations that anyone can recompute.

Decides the meaning of payload fields by their schema alone. Refuses payloads that do not fit it; never
guesses a unit or a scale. SPEC 5.4, 5.5
"""

import hashlib

from fieldwire import cbor, limits
from fieldwire.errors import WireError
from fieldwire.observation_writer import SENML_FORMAT
from fieldwire.schema_writer import CATEGORY, INTEGER, OPAQUE, POSITION, is_int, is_value, pack, unpack

__all__ = ["CATEGORY", "INTEGER", "POSITION", "pack"]

BUILT_IN = ("mean", "min", "max", "difference", "count")


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
        if not is_int(kind) or not 0 <= kind <= 3 or not is_int(exponent) or not -18 <= exponent <= 18:
            raise WireError("schema-shape", "type is 0 to 3, exponent -18 to 18")
        seen.append(name)
    return value[0], fields


def digest(data):
    return hashlib.sha256(b"fieldpost/schema/1" + data).digest()[:16]


def claims(fields, payload):
    """[(property, type, value, unit, exponent) ...] of the values that claim something. SPEC 5.4"""
    values = unpack(fields, payload)
    return [
        (field[0], field[1], value, field[2], field[3])
        for field, value in zip(fields, values)
        if value is not None and field[1] != OPAQUE
    ]


def claims_of(content_format, payload, fields_of):
    """What `payload` claims under its content format, as `claims`; `fields_of(format) -> fields | None`.

    WireError("schema-unknown") where the format is one that makes no claims, or its schema is not held. SPEC 5.4
    """
    if content_format == SENML_FORMAT:
        from fieldwire import senml  # only where somebody writes it

        return senml.claims(payload)
    fields = fields_of(content_format)
    if fields is None:
        raise WireError("schema-unknown", "the schema of an observation is not held")
    return claims(fields, payload)


def function_digest(name):
    """Code digest of a built-in function. SPEC 5.5"""
    return hashlib.sha256(b"fieldpost/function/1" + name.encode()).digest()


def compute(name, values):
    """A built-in function over integer values; difference takes (minuend, subtrahend). SPEC 5.5

    WireError("derivation-false") where the result is no integer that a payload can state.
    """
    result = _computed(name, values)
    if not is_value(result):
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

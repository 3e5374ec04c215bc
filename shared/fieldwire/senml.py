"""SenML in CBOR (RFC 8428), as far as its records make claims: a name, a unit, an exact number or a text.

Decides what a pack claims, base name, unit and value applied. Refuses what an exact and timeless reader cannot keep:
floats, sums, times of its own (an observation has its tref), other versions, fields that it does not know. SPEC 5.8
"""

from fieldwire import cbor, limits
from fieldwire.errors import WireError
from fieldwire.port import const
from fieldwire.schema_writer import CATEGORY, INTEGER, is_int, is_value
from fieldwire.senml_writer import BOOLEAN, DATA, DECIMAL_FRACTION, NAME, TEXT, UNIT, VALUE, is_name

_BASE_VERSION, _BASE_NAME, _BASE_UNIT, _BASE_VALUE = -1, -2, -4, -5  # RFC 8428 6
_VERSION = const(10)
_EXPONENT_MAX = const(18)
_LABELS = (_BASE_VERSION, _BASE_NAME, _BASE_UNIT, _BASE_VALUE, NAME, UNIT, VALUE, TEXT, BOOLEAN, DATA)


def _bad(detail):
    raise WireError("senml-shape", detail)


def claims(payload):
    """[(property, type, value, unit, exponent) ...], one a record; bytes claim nothing. WireError otherwise."""
    records = cbor.decode(payload)
    if not isinstance(records, list) or not 1 <= len(records) <= limits.SENML_RECORDS_MAX:
        _bad("a pack has 1 to %d records" % limits.SENML_RECORDS_MAX)
    base = {_BASE_NAME: "", _BASE_UNIT: "", _BASE_VALUE: None}
    found, names = [], []
    for record in records:
        _rebase(base, record)
        name = base[_BASE_NAME] + _text(record, NAME)
        if not is_name(name) or name in names:
            _bad("a name is made of A-Z a-z 0-9 - : . / _, begins with a letter or digit, and is there once")
        names.append(name)
        claim = _claim(base, record, name)
        if claim is not None:
            found.append(claim)
    return found


def _rebase(base, record):
    """Base fields hold from their record on, until another sets them anew. RFC 8428 4.1"""
    if not isinstance(record, dict):
        _bad("a record is a map")
    for label in record:
        if label not in _LABELS:
            _bad("a record has no field %s here" % label)
    if record.get(_BASE_VERSION, _VERSION) != _VERSION:
        _bad("the version is %d" % _VERSION)
    for label in (_BASE_NAME, _BASE_UNIT):
        if label in record:
            base[label] = _text(record, label)
    if _BASE_VALUE in record:
        base[_BASE_VALUE] = _number(record[_BASE_VALUE])


def _text(record, label):
    value = record.get(label, "")
    if not isinstance(value, str) or len(value.encode()) > limits.TEXT_MAX:
        _bad("names and units are text of at most %d bytes" % limits.TEXT_MAX)
    return value


def _claim(base, record, name):
    """The claim of a record's one value; None for bytes, which claim nothing."""
    stated = [label for label in (VALUE, TEXT, BOOLEAN, DATA) if label in record]
    if len(stated) != 1:
        _bad("a record has one value")
    [label] = stated
    value, unit = record[label], _text(record, UNIT) or base[_BASE_UNIT]
    if label == VALUE:
        number, exponent = _sum(base[_BASE_VALUE], _number(value))
        return name, INTEGER, number, unit, exponent
    if label == BOOLEAN and (value is True or value is False):
        return name, CATEGORY, "true" if value else "false", unit, 0
    if label == TEXT and isinstance(value, str):
        return name, CATEGORY, value, unit, 0
    if label == DATA and isinstance(value, bytes):
        return None
    return _bad("%s is not of the type that its label says" % name)


def _number(value):
    """(integer, exponent) of an integer or a decimal fraction, whose exponent is not 0: that is the integer."""
    exponent = 0
    if isinstance(value, cbor.Tag):
        parts = value.value
        if value.number != DECIMAL_FRACTION or not isinstance(parts, list) or len(parts) != 2:
            _bad("a number is an integer or a decimal fraction")
        exponent, value = parts
        if not is_int(exponent) or not exponent or not -_EXPONENT_MAX <= exponent <= _EXPONENT_MAX:
            _bad("an exponent is -%d to %d, and not 0" % (_EXPONENT_MAX, _EXPONENT_MAX))
    if not is_value(value):
        _bad("a number is an integer of 64 bits, or such a one times a power of ten")
    return value, exponent


def _sum(base, own):
    """Of two exact numbers, in the finer of their scales."""
    if base is None:
        return own
    exponent = min(base[1], own[1])
    total = base[0] * 10 ** (base[1] - exponent) + own[0] * 10 ** (own[1] - exponent)
    if not is_value(total):
        _bad("base value and value together leave 64 bits")
    return total, exponent

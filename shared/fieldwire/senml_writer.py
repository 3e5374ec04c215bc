"""SenML in CBOR (RFC 8428) as a device writes it: one record a value that is there, exact numbers, no base fields.

Decides nothing of what a reading means: names, units and exponents are given. Refuses floats, and a pack of nothing.
SPEC 5.8
"""

from fieldwire import cbor, limits
from fieldwire.errors import WireError
from fieldwire.schema_writer import is_value

NAME, UNIT, VALUE, TEXT, BOOLEAN = range(5)  # RFC 8428 6, labels of a record
DATA = 8
DECIMAL_FRACTION = 4  # RFC 8949 3.4.4

_FIRST = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_REST = _FIRST + "-:./_"


def is_name(text):
    """True for what a record may be called, its base name before it. RFC 8428 4.5.1"""
    if not isinstance(text, str) or not 0 < len(text) <= limits.TEXT_MAX or text[0] not in _FIRST:
        return False
    return all(character in _REST for character in text)


def pack(fields, values):
    """Payload bytes for one value a field, None for absent; `fields` = [[name, unit, exponent] ...].

    An integer counts units of 10^exponent. WireError("senml-shape") where a value fits no record, or none is there.
    """
    if len(values) != len(fields):
        raise WireError("senml-shape", "there are %d names" % len(fields))
    records = [_record(field, value) for field, value in zip(fields, values) if value is not None]
    if not records:
        raise WireError("senml-shape", "a pack has at least one value")
    return cbor.encode(records)


def _record(field, value):
    name, unit, exponent = field
    record = {NAME: name}
    if unit:
        record[UNIT] = unit
    if value is True or value is False:
        record[BOOLEAN] = value
    elif is_value(value):
        record[VALUE] = cbor.Tag(DECIMAL_FRACTION, [exponent, value]) if exponent else value
    elif isinstance(value, str):
        record[TEXT] = value
    elif isinstance(value, bytes):
        record[DATA] = value
    else:
        raise WireError("senml-shape", "%s is no integer of 64 bits, text, boolean or bytes" % name)
    return record

"""What the configuration says of parts that are wired to the board, and of readings that travel as SenML.

Decides what is well-formed, as `config` does for the rest; read only where a configuration has such keys.
"""

from fieldagent.config import integer, one_of
from fieldwire import limits
from fieldwire.senml_writer import is_name

_DAY_MS = 86_400_000


class Parts:
    """What is wired to the board: the address of a BME280, and a GNSS receiver's (baud, uncertainty_ms, stale_ms)."""

    def __init__(self, bme280_address, gnss):
        self.bme280_address = bme280_address
        self.gnss = gnss


def parts(source):
    """Of the file's object; an empty object under a part's name is one with every default."""
    address = gnss = None
    if source.has("bme280"):
        part = source.inner("bme280")
        address = part.take("address", one_of((118, 119)), 118)
        part.end()
    if source.has("gnss"):
        receiver = source.inner("gnss")
        baud = receiver.take("baud", integer(1_200, 921_600), 9_600)
        uncertainty_ms = receiver.take("uncertainty_ms", integer(500, _DAY_MS), 1_500)
        gnss = baud, uncertainty_ms, receiver.take("stale_ms", integer(1_000, 60_000), 3_000)
        receiver.end()
    return Parts(address, gnss)


def senml(entry):
    """The fields that a reading names in place of a schema; a schema beside them is a key too many."""
    return entry.take("senml", _records, None)


def _records(value):
    expected = "[name, unit, exponent] for 1 to %d names, each once" % limits.SENML_RECORDS_MAX
    if not isinstance(value, list) or not 1 <= len(value) <= limits.SENML_RECORDS_MAX:
        return None, expected
    names = []
    for field in value:
        if not isinstance(field, list) or len(field) != 3 or not is_name(field[0]) or field[0] in names:
            return None, expected
        _, unit, exponent = field
        if not isinstance(unit, str) or len(unit.encode()) > limits.TEXT_MAX or integer(-18, 18)(exponent)[1]:
            return None, expected
        names.append(field[0])
    return value, ""

"""One sensor and when to read it: what it returns becomes a payload under its schema, or a counted fault.

Decides whether a reading is one. Refuses to repair it: a wrong type, a number out of range or a list of the wrong
length makes no observation. A sensor that never returns stops the board; a watchdog is the remedy for that.
"""

from fieldwire import limits, schema_writer
from fieldwire.errors import WireError
from fieldwire.observation_writer import SENML_FORMAT

SLOW_MS = 1_000

# A sensor is a person's own program: whatever it may raise is its fault, and the board goes on.
_FAULTS = (
    OSError,
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    AttributeError,
    NameError,
    RuntimeError,
    AssertionError,
    MemoryError,
)


class Sampler:
    """`read() -> (value, now_ms when it was there)`."""

    def __init__(self, reading, read):
        self.reading = reading
        self._read = read
        self._pack = _packer(reading.schema)
        self.due_ms = 0

    def sample(self, now_ms):
        """(payload or None, time of the reading in ms, name of what to count or "")."""
        period_ms = self.reading.period_ms
        self.due_ms = max(self.due_ms, now_ms - period_ms + 1) + period_ms
        try:
            value, read_ms = self._read()
        except _FAULTS:
            return None, now_ms, "sensor"  # the next turn asks again
        if value is None:
            return None, read_ms, ""  # nothing to read just now
        payload = payload_of(self.reading.fields, value, self._pack)
        if payload is None:
            return None, read_ms, "sensor-value"
        return payload, read_ms, "sensor-slow" if read_ms - now_ms >= SLOW_MS else ""


def _packer(content_format):
    if content_format != SENML_FORMAT:
        return schema_writer.pack
    from fieldwire import senml_writer  # only where a reading is configured so

    return senml_writer.pack


def payload_of(fields, value, pack=schema_writer.pack):
    """The payload for what a sensor returned: a list (or tuple) for several fields. None where it does not fit.

    `pack(fields, values)`: payload bytes, WireError where they do not fit.
    """
    if len(fields) > 1:
        if not isinstance(value, (list, tuple)):
            return None
        values = value
    else:
        values = (value,)
    try:
        payload = pack(fields, values)
    except (WireError, TypeError, ValueError):
        return None
    return payload if len(payload) <= limits.PAYLOAD_MAX else None

"""The board's configuration: /config.json and the schemas beside it.

Decides what a well-formed configuration is. Refuses a wrong one with the file, the key and what was expected;
nothing runs on a guess. JSON is turned into values here and nowhere else.
"""

import json
from binascii import hexlify, unhexlify

from fieldagent import airtime
from fieldagent.settings import Config, ConfigError, EspNowRadio, LoraRadio, Reading, Rule
from fieldwire import limits, schema
from fieldwire import observation_writer as obs
from fieldwire.errors import WireError
from fieldwire.port import const

FILE = "config.json"
RADIOS = ("lora", "espnow")
FULL_POLICIES = ("drop-oldest", "thin", "stop")
_DAY_MS = const(86_400_000)
_ABSENT = object()


def _config(source, schemas):
    found = Config(schemas)
    take = source.take
    found.journal_bytes = take("journal_bytes", integer(65_536, 1 << 30), 786_432)
    found.full = take("full", one_of(FULL_POLICIES), FULL_POLICIES[0])
    found.beacon_ms = take("beacon_ms", integer(100, _DAY_MS), 10_000)
    found.exchange_ms = take("exchange_ms", integer(100, _DAY_MS), 30_000)
    found.status_ms = take("status_ms", integer(100, _DAY_MS), 2_000)
    found.neighbours = take("neighbours", _boolean, False)
    found.utc = take("utc", _boolean, False)
    sealing = source.inner("seal")
    found.seal_count = sealing.take("count", integer(1, limits.SEGMENT_LEAVES_MAX), 32)
    found.seal_age_ms = sealing.take("age_ms", integer(1, limits.SEGMENT_AGE_MS_MAX), 60_000)
    found.seal_on_link = sealing.take("on_link", _boolean, True)
    found.seal_low_battery_mv = sealing.take("low_battery_mv", integer(500, 60_000), None)
    sealing.end()
    carrying = source.inner("carry")
    found.carry_bytes = carrying.take("bytes", integer(65_536, 1 << 30), None)
    carrying.end()
    found.hand_over = take("hand_over", _boolean, False)
    if (found.carry_bytes or found.hand_over) and not found.neighbours:
        source.fail("neighbours", "true, since carrying goes over the local link")
    found.radio = _radio(source.inner("radio"))
    found.parts = _parts(source)
    found.light_sleep = take("light_sleep", _boolean, False)
    if found.light_sleep and (found.neighbours or found.radio or (found.parts and found.parts.gnss)):
        source.fail(
            "light_sleep", "false, since neighbours, a radio and a GNSS receiver are listened to all the time"
        )
    found.observe = [_reading(entry, schemas) for entry in source.rows("observe")]
    found.derive = [_rule(entry, schemas) for entry in source.rows("derive")]
    source.take("gateway", _boolean, False)
    source.end()
    return found


def _radio(entry):
    """The radio to the bridge; None: the cable is."""
    kind = entry.take("kind", one_of(RADIOS), None)
    found = None
    if kind == "espnow":
        found = EspNowRadio(entry.take("peer", _address, b"\xff" * 6))
    elif kind == "lora":
        channel_khz = entry.take("channel_khz", integer(137_000, 1_020_000))
        factor = entry.take("factor", integer(7, 12))
        bandwidth_khz = entry.take("bandwidth_khz", one_of((125, 250, 500)), 125)
        power_dbm = entry.take("power_dbm", integer(-9, 22), 14)
        duty_ppm = entry.take("duty_ppm", integer(100, 1_000_000), None) or airtime.share_ppm(channel_khz)
        if duty_ppm is None:
            entry.fail(
                "duty_ppm", "the key to be there, since the channel is in no band that the agent knows"
            )
        found = LoraRadio(channel_khz, factor, bandwidth_khz, power_dbm, duty_ppm)
    entry.end()
    return found


def _parts(source):
    """The parts that are wired to the board; None without any."""
    if not source.has("bme280") and not source.has("gnss"):
        return None
    from fieldagent import config_parts

    return config_parts.parts(source)


def _format(entry, schemas):
    """(content format, fields) of a reading: a schema's, or what `senml` names in its place."""
    if not entry.has("senml"):
        return _schema(entry, schemas)
    from fieldagent import config_parts

    return obs.SENML_FORMAT, config_parts.senml(entry)


def _schema(entry, schemas):
    digest = entry.take("schema", _digest)
    if digest not in schemas:
        entry.fail("schema", "a digest whose schema stands in /schemas")
    return digest, schemas[digest]


def _reading(entry, schemas):
    sensor = entry.take("sensor", _text)
    subject = entry.take("subject", _subject)
    digest, fields = _format(entry, schemas)
    period_ms = entry.take("period_ms", integer(10, _DAY_MS))
    stream = entry.take("stream", integer(0, 3), obs.READINGS)
    early = entry.take("early", _boolean, False) or stream == obs.URGENT
    entry.end()
    return Reading(sensor, subject, digest, fields, period_ms, stream, early)


def _rule(entry, schemas):
    function = entry.take("function", one_of(schema.BUILT_IN))
    wanted = entry.take("property", _text)
    parameters = entry.take("parameters", _list, [wanted])
    inputs = entry.inner("inputs")
    pattern = inputs.take("subject", _subject)
    authority = inputs.take("authority", _subject, None)
    count = inputs.take("count", integer(1, limits.SOURCES_MAX))
    inputs.end()
    subject = entry.take("subject", _subject)
    digest, fields = _schema(entry, schemas)
    if len(fields) > 1 and not any(field[0] == wanted for field in fields):
        entry.fail("schema", "a schema of one field, or one that has the property")
    stream = entry.take("stream", integer(0, 3), obs.READINGS)
    early = entry.take("early", _boolean, False) or stream == obs.URGENT
    entry.end()
    return Rule(function, parameters, pattern, authority, count, subject, digest, fields, stream, early)


class _Object:
    """A JSON object whose keys are taken one by one; what is left over at the end is a mistake."""

    def __init__(self, value, path):
        self._path = path
        if not isinstance(value, dict):
            self.fail("", "an object")
        self._rest = dict(value)

    def fail(self, key, expected, found=_ABSENT):
        path = ".".join([part for part in (self._path, key) if part]) or "the whole file"
        said = "" if found is _ABSENT else ", found %r" % (found,)
        raise ConfigError("/%s: %s: expected %s%s" % (FILE, path, expected, said))

    def take(self, key, kind, default=_ABSENT):
        if key not in self._rest:
            if default is _ABSENT:
                self.fail(key, "the key to be there")
            return default
        found = self._rest.pop(key)
        value, expected = kind(found)
        if expected:
            self.fail(key, expected, found)
        return value

    def has(self, key):
        return key in self._rest

    def inner(self, key):
        return _Object(self._rest.pop(key, {}), self._join(key))

    def rows(self, key):
        found = self._rest.pop(key, [])
        if not isinstance(found, list):
            self.fail(key, "a list")
        return [_Object(row, "%s[%d]" % (self._join(key), index)) for index, row in enumerate(found)]

    def _join(self, key):
        return self._path + "." + key if self._path else key

    def end(self):
        for key in self._rest:
            self.fail(key, "no such key")


# Each kind takes what JSON held and returns (value, "") or (None, what was expected).


def integer(least, most):
    def kind(value):
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            return None, "an integer from %d to %d" % (least, most)
        return value, ""

    return kind


def one_of(names):
    def kind(value):
        return (value, "") if value in names else (None, "one of " + ", ".join([str(name) for name in names]))

    return kind


def _boolean(value):
    return (value, "") if value is True or value is False else (None, "true or false")


def _text(value):
    return (value, "") if isinstance(value, str) and value else (None, "a text")


def _list(value):
    return (value, "") if isinstance(value, list) else (None, "a list")


def _subject(value):
    return (
        (value, "")
        if obs.is_path(value)
        else (None, "1 to 8 segments of [a-z0-9][a-z0-9._-]{0,31} joined by /")
    )


def _digest(value):
    try:
        digest = unhexlify(value)
    except (ValueError, TypeError):
        digest = b""
    return (digest, "") if len(digest) == 16 else (None, "a schema digest of 32 hex digits")


def _address(value):
    try:
        address = unhexlify(value)
    except (ValueError, TypeError):
        address = b""
    return (address, "") if len(address) == 6 else (None, "an address of 12 hex digits")


def load_schemas(files):
    """{digest: fields} of /schemas/<digest>.cbor; the name must be the digest of the bytes. SPEC 5.4"""
    found = {}
    for name, _ in files.entries("schemas"):
        data = files.read("schemas/" + name)
        digest = schema.digest(data)
        if name != hexlify(digest).decode() + ".cbor":
            raise ConfigError("/schemas/%s: expected the name %s.cbor" % (name, hexlify(digest).decode()))
        try:
            found[digest] = schema.decode(data)[1]
        except WireError as error:
            raise ConfigError("/schemas/%s: expected a schema, found %s" % (name, error))
    return found


def parse(text, schemas):
    """Config of JSON text; ConfigError otherwise."""
    try:
        value = json.loads(text)
    except ValueError:
        raise ConfigError("/%s: the whole file: expected JSON" % FILE)
    return _config(_Object(value, ""), schemas)


def is_gateway(files):
    """Whether the board is to relay a bridge's radio and to be nothing else. SPEC 8.10"""
    try:
        value = json.loads(files.read(FILE) or b"{}")
    except ValueError:
        return False
    return isinstance(value, dict) and value.get("gateway") is True


def load(files):
    """The Config on the flash; ConfigError names what is wrong with it."""
    data = files.read(FILE)
    if data is None:
        raise ConfigError("/%s: the whole file: expected it to be there" % FILE)
    return parse(data, load_schemas(files))

"""The configuration as values, the way the agent keeps it.

Decides nothing: `config` reads the file, says what is wrong with it, and is let go of once these are made.
"""


class ConfigError(Exception):
    """The configuration does not say what it must; the message names file, key and what was expected."""


class Reading:
    """One line of `observe`: which sensor, as what, how often. `schema`: a digest and its fields, or SenML's number."""

    def __init__(self, sensor, subject, digest, fields, period_ms, stream, early):
        self.sensor = sensor
        self.subject = subject
        self.schema = digest
        self.fields = fields
        self.period_ms = period_ms
        self.stream = stream
        self.early = early


class Rule:
    """One line of `derive`: a built-in function over `count` verified inputs of a subject tree (and an authority)."""

    def __init__(
        self, function, parameters, pattern, authority, count, subject, digest, fields, stream, early
    ):
        self.function = function
        self.parameters = parameters
        self.pattern = pattern
        self.authority = authority
        self.count = count
        self.subject = subject
        self.schema = digest
        self.fields = fields
        self.stream = stream
        self.early = early


class LoraRadio:
    """`radio` of kind lora. `duty_ppm`: the share of the time that may be sent, in millionths."""

    def __init__(self, channel_khz, factor, bandwidth_khz, power_dbm, duty_ppm):
        self.channel_khz = channel_khz
        self.factor = factor
        self.bandwidth_khz = bandwidth_khz
        self.power_dbm = power_dbm
        self.duty_ppm = duty_ppm


class EspNowRadio:
    """`radio` of kind espnow: whom frames go to, 6 bytes."""

    def __init__(self, peer):
        self.peer = peer


class Config:
    """`schemas`: {digest: fields}; the rest is set by config.py, which knows what may stand there."""

    journal_bytes: int
    full: str
    beacon_ms: int
    exchange_ms: int
    status_ms: int
    neighbours: bool
    utc: bool
    light_sleep: bool
    seal_count: int
    seal_age_ms: int
    seal_on_link: bool
    seal_low_battery_mv: "int | None"
    carry_bytes: "int | None"
    hand_over: bool
    radio: "LoraRadio | EspNowRadio | None"
    parts: "object | None"  # a config_parts.Parts
    observe: "list[Reading]"
    derive: "list[Rule]"

    def __init__(self, schemas):
        self.schemas = schemas

    def reduce(self):
        """Safe mode: whatever reads, derives or talks to others may be what crashes."""
        self.observe, self.derive, self.parts = [], [], None
        self.neighbours = self.hand_over = self.light_sleep = False
        self.carry_bytes = None

    def fields_of(self, digest):
        """The fields of a held schema, or None."""
        return self.schemas.get(digest)

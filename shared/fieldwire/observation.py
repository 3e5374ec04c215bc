"""The governed observation: its map, its id, its position, its early copy.

Decides whether bytes are a well-formed observation. Says nothing of who may say it: that is the bridge's
admission. SPEC 5
"""

from fieldwire import cbor, cose, limits
from fieldwire.errors import WireError
from fieldwire.observation_writer import (
    EVIDENCE,
    GAP_FORMAT,
    READINGS,
    SENML_FORMAT,
    TIME_FORMAT,
    URGENT,
    early_copy,
    is_bytes,
    is_format,
    is_path,
    is_uint,
    observation_id,
)
from fieldwire.tref import check_tref, is_count, utc, utc_of

DEVICE, INCARNATION, STREAM, SEQ, TREF, FORMAT, SUBJECT, PAYLOAD = range(8)
CREDENTIAL, BOOT_ATTESTATION, SOURCES, DERIVATION, SALT = range(8, 13)
BULK = 3

__all__ = [
    "EVIDENCE",
    "GAP_FORMAT",
    "READINGS",
    "SENML_FORMAT",
    "TIME_FORMAT",
    "URGENT",
    "early_copy",
    "observation_id",
    "utc",
    "utc_of",
]


def _bad(detail):
    raise WireError("observation-shape", detail)


def covers(pattern, path):
    """True when `path` is `pattern` or lies below it. SPEC 5.2"""
    return path == pattern or path.startswith(pattern + "/")


def position(observation):
    """(device, incarnation, stream, seq)."""
    return observation[DEVICE], observation[INCARNATION], observation[STREAM], observation[SEQ]


def encode(observation):
    """Canonical bytes of an observation map, checked as a receiver would check them."""
    check(observation)
    data = cbor.encode(observation)
    if len(data) > limits.OBSERVATION_MAX:
        _bad("%d bytes, the limit is %d" % (len(data), limits.OBSERVATION_MAX))
    return data


def decode(data):
    """The observation map of `data`; WireError where a rule of SPEC 5 is broken."""
    if len(data) > limits.OBSERVATION_MAX:
        _bad("%d bytes, the limit is %d" % (len(data), limits.OBSERVATION_MAX))
    observation = cbor.decode(data)
    check(observation)
    return observation


def check(observation):
    if not isinstance(observation, dict):
        _bad("an observation is a map")
    for key in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12):
        if key not in observation:
            _bad("key %d is missing" % key)
    derived = SOURCES in observation
    if len(observation) != (13 if derived else 11) or derived != (DERIVATION in observation):
        _bad("unknown keys, or sources without a derivation")
    for key, size in ((DEVICE, 16), (INCARNATION, 8), (CREDENTIAL, 16), (BOOT_ATTESTATION, 16), (SALT, 8)):
        if not is_bytes(observation[key], size):
            _bad("key %d is %d bytes" % (key, size))
    if not is_uint(observation[STREAM]) or observation[STREAM] > 3 or not is_count(observation[SEQ]):
        _bad("stream is 0 to 3, seq is an unsigned integer below 2^42")
    check_tref(observation[TREF])
    if not is_format(observation[FORMAT]):
        _bad("content format is a number or a 16-byte schema digest")
    if not is_path(observation[SUBJECT]):
        _bad("subject is 1 to 8 segments of [a-z0-9][a-z0-9._-]{0,31}")
    if not isinstance(observation[PAYLOAD], bytes) or len(observation[PAYLOAD]) > limits.PAYLOAD_MAX:
        _bad("payload is a byte string of at most %d bytes" % limits.PAYLOAD_MAX)
    if derived:
        _check_lineage(observation)


def _check_lineage(observation):
    sources = observation[SOURCES]
    if not isinstance(sources, list) or not 1 <= len(sources) <= limits.SOURCES_MAX:
        _bad("sources are 1 to %d" % limits.SOURCES_MAX)
    last = b""
    for source in sources:
        _check_source(source)
        encoded = cbor.encode(source)
        if encoded <= last:
            _bad("sources are sorted bytewise, without duplicates")
        last = encoded
    derivation = observation[DERIVATION]
    if not isinstance(derivation, list) or len(derivation) != 3:
        _bad("a derivation is [function, parameters, code digest]")
    function, parameters, digest = derivation
    if not isinstance(function, str) or not isinstance(parameters, list) or not is_bytes(digest, 32):
        _bad("a derivation is [text, array, 32 bytes]")
    for parameter in parameters:
        if isinstance(parameter, bool) or not isinstance(parameter, (int, str)):
            _bad("a derivation's parameters are integers and text")


def _check_source(source):
    if not isinstance(source, list) or len(source) != 5:
        _bad("a source is [device, incarnation, stream, seq, id]")
    device, incarnation, stream, seq, identity = source
    if not (is_bytes(device, 16) and is_bytes(incarnation, 8) and is_bytes(identity, 32)):
        _bad("a source names 16 bytes of device, 8 of incarnation and 32 of id")
    if not is_uint(stream) or stream > 3 or not is_count(seq):
        _bad("a source's stream is 0 to 3, its seq an unsigned integer below 2^42")


def source_of(observation, identity):
    """The lineage entry that names this observation as a source."""
    return list(position(observation)) + [identity]


def open_early_copy(data, public, verify):
    """(observation map, observation bytes) of a verified early copy by the key `public`."""
    message = cose.decode(data, cose.EARLY)
    if message.payload is None:
        raise WireError("cose-shape", "an early copy carries its observation")
    observation = decode(message.payload)
    cose.check(message, public, verify)
    return observation, message.payload

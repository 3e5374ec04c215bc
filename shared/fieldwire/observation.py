"""The governed observation: its map, its id, its position, its early copy.

Decides whether bytes are a well-formed observation. Says nothing of who may say it: that is the bridge's
admission. SPEC 5
"""

import hashlib

from fieldwire import cbor, cose, limits
from fieldwire.errors import WireError
from fieldwire.hmac import hmac_sha256

DEVICE, INCARNATION, STREAM, SEQ, TREF, FORMAT, SUBJECT, PAYLOAD = range(8)
CREDENTIAL, BOOT_ATTESTATION, SOURCES, DERIVATION, SALT = range(8, 13)

GAP_FORMAT = 65020
TIME_FORMAT = 65021
URGENT, READINGS, EVIDENCE, BULK = range(4)

_SEGMENT_FIRST = "abcdefghijklmnopqrstuvwxyz0123456789"
_SEGMENT_REST = _SEGMENT_FIRST + "._-"


def _bad(detail):
    raise WireError("observation-shape", detail)


def is_path(text):
    """True for a subject or an authority path: 1 to 8 segments, at most 128 bytes. SPEC 5.2"""
    if not isinstance(text, str) or not text or len(text) > limits.SUBJECT_MAX:
        return False
    segments = text.split("/")
    if len(segments) > limits.SUBJECT_SEGMENTS_MAX:
        return False
    for segment in segments:
        if not segment or len(segment) > limits.SUBJECT_SEGMENT_MAX or segment[0] not in _SEGMENT_FIRST:
            return False
        for character in segment:
            if character not in _SEGMENT_REST:
                return False
    return True


def covers(pattern, path):
    """True when `path` is `pattern` or lies below it. SPEC 5.2"""
    return path == pattern or path.startswith(pattern + "/")


def is_uint(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_count(value):
    """True for what a device counts: seq, boots, milliseconds. SPEC 5.1"""
    return is_uint(value) and value <= limits.COUNT_MAX


def is_format(value):
    """True for a content format: a CoAP number of 16 bits, or a schema digest. SPEC 5.1"""
    return is_bytes(value, 16) or (is_uint(value) and value <= 0xFFFF)


def is_bytes(value, size):
    return isinstance(value, bytes) and len(value) == size


def observation_id(data):
    """SHA-256(0x00 || bytes): the id in both modes and the Merkle leaf hash. SPEC 5.1"""
    digest = hashlib.sha256(b"\x00")
    digest.update(data)
    return digest.digest()


def position(observation):
    """(device, incarnation, stream, seq)."""
    return observation[DEVICE], observation[INCARNATION], observation[STREAM], observation[SEQ]


def salt(k_dev, device, incarnation, stream, seq):
    """8 bytes that hide a leaf from whoever holds only its neighbours' receipts. SPEC 5.6"""
    place = device + incarnation + bytes((stream,)) + seq.to_bytes(8, "big")
    return hmac_sha256(k_dev, b"salt/1" + place)[:8]


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


def utc(utc_ms, uncertainty_ms, clock_class=0):
    """The UTC reading beside a tref's local one (RFC 9581): ms since 1970 and how far it may be off."""
    within = {1: uncertainty_ms // 1000, -3: uncertainty_ms % 1000}
    return cbor.Tag(1001, {1: utc_ms // 1000, -2: clock_class, -3: utc_ms % 1000, -7: within})


def utc_of(tref):
    """(utc_ms, uncertainty_ms) of a checked tref, or None where it has no UTC reading. SPEC 5.3"""
    if len(tref) == 2:
        return None
    fields = tref[2].value
    within = fields[-7]
    return fields[1] * 1000 + fields[-3], within[1] * 1000 + within[-3]


def check_tref(tref):
    if (
        not isinstance(tref, list)
        or len(tref) not in (2, 3)
        or not is_count(tref[0])
        or not is_count(tref[1])
    ):
        _bad("tref is [boot, ms] or [boot, ms, utc], numbers below 2^42")
    if len(tref) == 3:
        _check_utc(tref[2])


def _check_utc(reading):
    if not isinstance(reading, cbor.Tag) or reading.number != 1001 or not isinstance(reading.value, dict):
        _bad("utc is tag 1001 over a map")
    fields = reading.value
    if len(fields) != 4 or not _is_seconds(fields) or not is_uint(fields.get(-2)) or fields[-2] > 255:
        _bad("utc is {1: s, -2: clock class, -3: ms, -7: uncertainty}")
    within = fields.get(-7)
    if not isinstance(within, dict) or len(within) != 2 or not _is_seconds(within):
        _bad("uncertainty is a duration, {1: s, -3: ms}")


def _is_seconds(fields):
    whole, ms = fields.get(1), fields.get(-3)
    return is_uint(whole) and is_uint(ms) and ms < 1000 and is_count(whole * 1000 + ms)


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


def early_copy(data, signer):
    """COSE_Sign1 over an observation's bytes, by the device's key. SPEC 5.7"""
    return cose.sign(cose.EARLY, data, signer)


def open_early_copy(data, public, verify):
    """(observation map, observation bytes) of a verified early copy by the key `public`."""
    message = cose.decode(data, cose.EARLY)
    if message.payload is None:
        raise WireError("cose-shape", "an early copy carries its observation")
    observation = decode(message.payload)
    cose.check(message, public, verify)
    return observation, message.payload

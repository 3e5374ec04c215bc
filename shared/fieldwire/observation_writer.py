"""What whoever makes an observation needs: streams, formats, the bounds of single parts, the id, the early copy.

`observation` adds what reads and checks a whole one, which a device without neighbours never loads. SPEC 5
"""

import hashlib

from fieldwire import cose_writer, limits
from fieldwire.port import const

SENML_FORMAT = 112
GAP_FORMAT = 65020
TIME_FORMAT = 65021
URGENT, READINGS, EVIDENCE = range(3)  # streams; the fourth carries bulk

_SEGMENT_FIRST = const("abcdefghijklmnopqrstuvwxyz0123456789")
_SEGMENT_REST = _SEGMENT_FIRST + "._-"


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


def is_uint(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


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


def early_copy(data, signer):
    """COSE_Sign1 over an observation's bytes, by the device's key. SPEC 5.7"""
    return cose_writer.sign(cose_writer.EARLY, data, signer)

"""Writes the bytes of observations: the same that `observation.encode` writes, without building the map.

What all observations of a boot share is encoded once, and so is what all of one reading share; a reading then costs
its position, its time, its payload and its salt, in a buffer that is used again. Refuses what a receiver would
refuse. SPEC 5.1
"""

import struct

from fieldwire import cbor, limits
from fieldwire import observation_writer as obs
from fieldwire.errors import WireError
from fieldwire.port import const
from fieldwire.salt import Salts, salt_key

_TOPICS_MAX = const(16)
_USUAL_BYTES = const(320)
_HEAD_MAX = const(9)  # a head is never among the last bytes: more than the payload stands behind it
_BYTES = const(0x40)  # head of a byte string, RFC 8949 3.1


class Leaves:
    """`author` = (boot, credential id, boot attestation id), as every observation of this boot names them."""

    def __init__(self, device, k_dev, incarnation, author):
        _, credential, attestation = author
        self._begin = b"\xab\x00" + cbor.encode(device) + b"\x01" + cbor.encode(incarnation) + b"\x02"
        self._by = b"\x08" + cbor.encode(credential) + b"\x09" + cbor.encode(attestation)
        self._salts = Salts(salt_key(k_dev), device, incarnation)
        self._topics = {}  # subject -> (content format, keys 5 and 6 with the head of key 7)
        self._out = bytearray(_USUAL_BYTES)  # as long as the longest observation, and used again
        self._at = 0

    def _put(self, piece):
        end = self._at + len(piece)
        if end > limits.OBSERVATION_MAX:
            raise WireError(
                "observation-shape", "an observation is at most %d bytes" % limits.OBSERVATION_MAX
            )
        self._reach(end)
        self._out[self._at : end] = piece
        self._at = end

    def _reach(self, end):
        if end > len(self._out):
            longest = bytearray(limits.OBSERVATION_MAX)
            longest[: self._at] = memoryview(self._out)[: self._at]
            self._out = longest

    def _put_head(self, major, number):
        """RFC 8949 3, shortest form; `major` is its first byte without the number."""
        at = self._at
        self._reach(at + _HEAD_MAX)
        out = self._out
        if number < 24:
            out[at] = major | number
            self._at = at + 1
        elif number < 0x100:
            out[at] = major | 24
            out[at + 1] = number
            self._at = at + 2
        elif number < 0x10000:
            struct.pack_into(">BH", out, at, major | 25, number)
            self._at = at + 3
        elif number < 0x100000000:
            struct.pack_into(">BI", out, at, major | 26, number)
            self._at = at + 5
        else:
            struct.pack_into(">BQ", out, at, major | 27, number)
            self._at = at + 9

    def encode(self, stream, seq, tref, content_format, subject, payload, lineage=None):
        """Canonical bytes of the observation; WireError where it would break a rule of SPEC 5.

        `lineage` = (sources, derivation entry), as lineage.derive gives them.
        """
        if len(payload) > limits.PAYLOAD_MAX:
            raise WireError("observation-shape", "payload is at most %d bytes" % limits.PAYLOAD_MAX)
        known = self._topics.get(subject)
        if known is None or known[0] != content_format:
            known = self._learn(content_format, subject)
        self._at = 0
        self._put(self._begin)
        self._put_head(0, stream)
        self._put(b"\x03")
        self._put_head(0, seq)
        self._put(b"\x04")
        self._put_tref(tref)
        self._put(known[1])
        self._put_head(_BYTES, len(payload))
        self._put(payload)
        self._put(self._by)
        if lineage is not None:
            self._out[0] = 0xAD  # a map of two more keys
            self._put(b"\x0a" + cbor.encode(lineage[0]) + b"\x0b" + cbor.encode(lineage[1]))
        self._put(b"\x0c\x48")
        self._put(self._salts.at(stream, seq))
        return bytes(memoryview(self._out)[: self._at])

    def _put_tref(self, tref):
        self._put_head(0x80, len(tref))
        self._put_head(0, tref[0])
        self._put_head(0, tref[1])
        if len(tref) > 2:
            self._put(cbor.encode(tref[2]))

    def _learn(self, content_format, subject):
        if not obs.is_format(content_format) or not obs.is_path(subject):
            raise WireError("observation-shape", "content format or subject is none")
        if len(self._topics) >= _TOPICS_MAX:
            self._topics.clear()
        topic = b"\x05" + cbor.encode(content_format) + b"\x06" + cbor.encode(subject) + b"\x07"
        self._topics[subject] = (content_format, topic)
        return self._topics[subject]

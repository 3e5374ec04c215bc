"""Writes the bytes of observations: the same that `observation.encode` writes, without building the map.

What all observations of a boot share is encoded once, and so is what all of one reading share; a reading then costs
its position, its time, its payload and its salt. Refuses what a receiver would refuse. SPEC 5.1
"""

from fieldwire import cbor, limits
from fieldwire import observation_writer as obs
from fieldwire.errors import WireError
from fieldwire.hmac import HmacKey

_TOPICS_MAX = 16


class Leaves:
    """`author` = (boot, credential id, boot attestation id), as every observation of this boot names them."""

    def __init__(self, device, k_dev, incarnation, author):
        _, credential, attestation = author
        self._begin = b"\xab\x00" + cbor.encode(device) + b"\x01" + cbor.encode(incarnation) + b"\x02"
        self._by = b"\x08" + cbor.encode(credential) + b"\x09" + cbor.encode(attestation)
        self._place = b"salt/1" + device + incarnation
        self._key = HmacKey(k_dev)
        self._topics = {}  # subject -> (content format, keys 5 and 6 with the head of key 7)

    def salt(self, stream, seq):
        """SPEC 5.6"""
        return self._key.tag(self._place + bytes((stream,)) + seq.to_bytes(8, "big"))[:8]

    def encode(self, stream, seq, tref, content_format, subject, payload, lineage=None):
        """Canonical bytes of the observation; WireError where it would break a rule of SPEC 5.

        `lineage` = (sources, derivation entry), as lineage.derive gives them.
        """
        if len(payload) > limits.PAYLOAD_MAX:
            raise WireError("observation-shape", "payload is at most %d bytes" % limits.PAYLOAD_MAX)
        known = self._topics.get(subject)
        if known is None or known[0] != content_format:
            known = self._learn(content_format, subject)
        begin, derived = self._begin, b""
        if lineage is not None:
            begin = b"\xad" + begin[1:]  # a map of two more keys
            derived = b"\x0a" + cbor.encode(lineage[0]) + b"\x0b" + cbor.encode(lineage[1])
        seq_tref = b"\x03" + cbor.encode(seq) + b"\x04" + cbor.encode(tref)
        end = b"\x0c\x48" + self.salt(stream, seq)
        parts = (begin, bytes((stream,)), seq_tref, known[1], cbor.encode(payload), self._by, derived, end)
        data = b"".join(parts)
        if len(data) > limits.OBSERVATION_MAX:
            raise WireError(
                "observation-shape", "an observation is at most %d bytes" % limits.OBSERVATION_MAX
            )
        return data

    def _learn(self, content_format, subject):
        if not obs.is_format(content_format) or not obs.is_path(subject):
            raise WireError("observation-shape", "content format or subject is none")
        if len(self._topics) >= _TOPICS_MAX:
            self._topics.clear()
        topic = b"\x05" + cbor.encode(content_format) + b"\x06" + cbor.encode(subject) + b"\x07"
        self._topics[subject] = (content_format, topic)
        return self._topics[subject]

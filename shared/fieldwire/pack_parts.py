"""A seal and a leaf of a packed segment, from what is their own and what the segment implies. SPEC 6.7

Both ends build them: a sender, to see that they come out byte for byte, and a receiver. Decides the bytes; refuses to
judge them, which whoever verifies the seal does.
"""

from fieldwire import cbor, cose_writer, seal_writer


def protected(fields, device):
    """The protected bytes of a seal from the ten fields of SPEC 6.2; its kid is the begin of the device's id (4.1)."""
    header = {
        cose_writer.ALG: cose_writer.EDDSA,
        cose_writer.KID: device[:8],
        cose_writer.TYP: cose_writer.SEAL,
        cose_writer.VDS: 1,
        seal_writer.BODY: fields,
    }
    return cbor.encode(header)


def seal(fields, device, signature):
    """The bytes of a seal."""
    return cose_writer.assemble(protected(fields, device), None, signature)


class LeafMaker:
    """`author`: (boot, credential id, boot attestation id)."""

    def __init__(self, device, incarnation, stream, author):
        boot, credential, attestation = author
        self._boot = boot
        self._begin = b"\x00" + cbor.encode(device) + b"\x01" + cbor.encode(incarnation)
        self._begin += b"\x02" + cbor.encode(stream) + b"\x03"
        self._by = b"\x08" + cbor.encode(credential) + b"\x09" + cbor.encode(attestation)

    def leaf(self, seq, time, topic, payload, lineage, salt):
        """`time`: (ms, reading); `lineage`: keys 10 and 11 with their values, encoded, or None.

        A reading is None or [UTC ms less ms, clock class, uncertainty in ms].
        """
        out = bytearray(b"\xab" if lineage is None else b"\xad")  # a map of 11 or 13
        out.extend(self._begin)
        out.extend(cbor.encode(seq))
        for key, value in ((4, self._tref(time[0], time[1])), (5, topic[0]), (6, topic[1]), (7, payload)):
            out.append(key)
            out.extend(cbor.encode(value))
        out.extend(self._by)
        out.extend(lineage or b"")
        out.append(12)
        out.extend(cbor.encode(salt))
        return bytes(out)

    def _tref(self, ms, reading):
        if reading is None:
            return [self._boot, ms]
        from fieldwire.tref import utc  # few boards have a UTC reading

        ahead_ms, clock_class, uncertainty_ms = reading
        return [self._boot, ms, utc(ms + ahead_ms, uncertainty_ms, clock_class)]

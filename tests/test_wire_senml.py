"""SenML payloads: golden vectors, what a device writes and a reader claims, and every cut and flipped bit."""

from vectors_io import load_json, raises, unhex
from wire_opens import check

from fieldwire import cbor, schema, senml, senml_writer
from fieldwire import observation_writer as obs
from fieldwire.errors import WireError

FIELDS = [["temperature", "Cel", -2], ["pressure", "Pa", 0], ["sky", "", 0]]
CODES = ("cbor-truncated", "cbor-trailing", "cbor-type", "cbor-not-shortest", "cbor-indefinite", "cbor-utf8",
         "cbor-depth", "cbor-key-order", "cbor-duplicate-key", "senml-shape")  # fmt: skip


def nothing(_format):
    return None


def test_every_senml_vector_claims_what_it_says_or_is_refused():
    check("senml")


def test_what_a_device_writes_is_what_a_reader_claims():
    payload = senml_writer.pack(FIELDS, [-1_250, 100_653, "clear"])
    assert senml.claims(payload) == [
        ("temperature", 0, -1_250, "Cel", -2),
        ("pressure", 0, 100_653, "Pa", 0),
        ("sky", 1, "clear", "", 0),
    ]


def test_a_reading_of_nothing_makes_no_payload():
    raises("senml-shape", senml_writer.pack, FIELDS, [None, None, None])


def test_what_no_record_can_hold_is_not_written():
    for value in (21.5, float("nan"), 1 << 63, -(1 << 63) - 1, [1], {}):
        raises("senml-shape", senml_writer.pack, [["t", "", 0]], [value])
    raises("senml-shape", senml_writer.pack, FIELDS, [1, 2])


def test_claims_are_taken_by_the_content_format():
    payload = senml_writer.pack([["t", "Cel", -1]], [215])
    held = {b"s" * 16: [["t", 0, "Cel", -1]]}
    assert schema.claims_of(obs.SENML_FORMAT, payload, nothing) == [("t", 0, 215, "Cel", -1)]
    assert schema.claims_of(b"s" * 16, cbor.encode([215]), held.get) == [("t", 0, 215, "Cel", -1)]
    for unknown in (b"x" * 16, 0, 113, obs.GAP_FORMAT, obs.TIME_FORMAT):
        raises("schema-unknown", schema.claims_of, unknown, payload, held.get)


def test_no_cut_and_no_flipped_bit_raises_anything_but_a_refusal():
    for row in load_json("senml"):
        if row["error"] is not None:
            continue
        data = unhex(row["hex"])
        for size in range(len(data)):
            raises("cbor-truncated", senml.claims, data[:size])
        for bit in range(8 * len(data)):
            changed = bytearray(data)
            changed[bit >> 3] ^= 1 << (bit & 7)
            try:
                found = senml.claims(bytes(changed))
            except WireError as error:
                assert error.code in CODES, error.code
            else:
                assert cbor.encode(cbor.decode(bytes(changed))) == bytes(changed)
                assert len(found) <= 16

"""Schemas and payloads: golden vectors, claims, and the built-in functions."""

from vectors_io import raises
from wire_opens import check

from fieldwire import cbor, schema

FIELDS = [["air.temperature", 0, "Cel", -2], ["sky", 1, "", 0], ["at", 2, "", 0], ["raw", 3, "", 0]]


def test_every_schema_vector_is_accepted_or_refused_as_it_says():
    check("schema")


def test_every_payload_vector_is_accepted_or_refused_as_it_says():
    check("payload")


def test_every_function_vector_gives_its_value_or_its_refusal():
    check("function")


def test_absent_and_opaque_values_claim_nothing():
    payload = schema.pack(FIELDS, [2150, None, [1, 2, 3], b"\x00"])
    assert schema.claims(FIELDS, payload) == [
        ("air.temperature", 0, 2150, "Cel", -2),
        ("at", 2, [1, 2, 3], "", 0),
    ]


def test_values_that_do_not_fit_are_not_packed():
    raises("payload-schema", schema.pack, FIELDS, [2150, None, None])
    raises("payload-schema", schema.pack, FIELDS, ["21.5", None, None, None])


def test_the_digest_of_a_schema_changes_with_its_exponent():
    one, other = cbor.encode(["x", [["a", 0, "", 0]]]), cbor.encode(["x", [["a", 0, "", 1]]])
    assert schema.digest(one) != schema.digest(other) and len(schema.digest(one)) == 16


def test_each_built_in_function_has_its_own_digest():
    assert len({schema.function_digest(name) for name in schema.BUILT_IN}) == len(schema.BUILT_IN) == 5


def test_a_mean_is_never_further_than_half_from_the_true_one():
    for total in range(-30, 31):
        for count in range(1, 9):
            values = [total] + [0] * (count - 1)
            mean = schema.compute("mean", values)
            assert abs(2 * mean * count - 2 * total) <= count
            if abs(2 * mean * count - 2 * total) == count:
                assert mean % 2 == 0

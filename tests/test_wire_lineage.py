"""Derivations: golden vectors, and that what a device derives can be recomputed."""

from vectors_io import load_json, raises, unhex
from wire_opens import check

from fieldwire import cbor, lineage, schema
from fieldwire import observation as obs


def _held(row):
    held = {}
    for text in row["schemas"]:
        held[schema.digest(unhex(text))] = schema.decode(unhex(text))[1]
    return held


def test_every_derivation_vector_is_accepted_or_refused_as_it_says():
    check("derivation")


def test_what_is_derived_passes_the_check_of_a_receiver():
    row = load_json("derivation")[0]
    derived = obs.decode(unhex(row["hex"]))
    sources = [obs.decode(unhex(text)) for text in row["sources"]]
    for function in ("mean", "min", "max"):
        value, entry = lineage.derive(function, ["air.temperature"], sources, _held(row).get)
        derived[obs.DERIVATION], derived[obs.PAYLOAD] = entry, cbor.encode([value])
        lineage.check_derivation(obs.decode(obs.encode(derived)), sources, _held(row).get)
        derived[obs.PAYLOAD] = cbor.encode([value + 1])
        raises("derivation-false", lineage.check_derivation, derived, sources, _held(row).get)


def test_sources_are_sorted_by_their_encodings():
    entries = [[b"b" * 16, b"i" * 8, 1, 300, b"x" * 32], [b"b" * 16, b"i" * 8, 1, 9, b"z" * 32]]
    entries.append([b"a" * 16, b"i" * 8, 1, 0, b"y" * 32])
    found = [entry for entry, _ in lineage.sort_sources([(entry, None) for entry in entries])]
    assert found == [entries[2], entries[1], entries[0]]


def test_sources_in_different_units_have_no_mean():
    row = load_json("derivation")[0]
    sources = [obs.decode(unhex(text)) for text in row["sources"]]
    held = _held(row)
    other = [["air.temperature", 0, "K", -2]]
    sources[1][obs.FORMAT], sources[1][obs.PAYLOAD] = bytes(16), cbor.encode([1])
    held[bytes(16)] = other
    raises("derivation-false", lineage.derive, "mean", ["air.temperature"], sources, held.get)


def test_nothing_follows_from_no_sources():
    raises("derivation-false", lineage.derive, "count", ["air.temperature"], [], {}.get)


def test_a_category_has_no_mean():
    row = load_json("derivation")[0]
    sources = [obs.decode(unhex(text)) for text in row["sources"]]
    for source in sources:
        source[obs.PAYLOAD] = cbor.encode([None, "clear", None, None])
    raises("derivation-false", lineage.derive, "mean", ["sky"], sources, _held(row).get)

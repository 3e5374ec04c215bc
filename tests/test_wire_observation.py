"""Observations: golden vectors, names of places, and times beside each other."""

from vectors_io import load_json, raises, unhex
from wire_opens import check

from fieldwire import merkle
from fieldwire import observation as obs


def _first():
    return obs.decode(unhex(load_json("observation")[0]["hex"]))


def test_every_observation_vector_is_accepted_or_refused_as_it_says():
    check("observation")


def test_the_id_of_an_observation_is_its_leaf_hash():
    data = obs.encode(_first())
    assert obs.observation_id(data) == merkle.leaf_hash(data)


def test_an_observation_is_checked_before_it_is_encoded():
    made = _first()
    made[obs.SUBJECT] = "Not/a/subject"
    raises("observation-shape", obs.encode, made)


def test_a_position_names_device_incarnation_stream_and_sequence():
    made = _first()
    device, incarnation, stream, seq = obs.position(made)
    assert (device, incarnation) == (made[0], made[1]) and (stream, seq) == (1, 0)
    assert obs.source_of(made, b"i" * 32) == [device, incarnation, 1, 0, b"i" * 32]


def test_a_path_covers_itself_and_what_lies_below_it_and_nothing_beside():
    assert obs.covers("north/ridge", "north/ridge")
    assert obs.covers("north/ridge", "north/ridge/mast")
    assert not obs.covers("north/ridge", "north/ridges")
    assert not obs.covers("north/ridge", "north")


def test_a_path_keeps_to_its_alphabet_and_its_bounds():
    for good in ("a", "0", "a.b_c-d", "/".join("abcdefgh"), "a" * 32):
        assert obs.is_path(good), good
    for wrong in (
        "",
        "/",
        "a/",
        "/a",
        "a//b",
        "A",
        "-a",
        "_a",
        ".a",
        "a b",
        "a*",
        "\u00e4",
        "a" * 33,
        None,
        b"a",
        7,
    ):
        assert not obs.is_path(wrong), wrong
    assert not obs.is_path("/".join("abcdefghi"))


def test_a_utc_reading_comes_back_in_milliseconds_with_its_uncertainty():
    for utc_ms, uncertainty_ms in ((0, 0), (1_767_225_600_250, 1_500), (1_999, 999)):
        tref = [1, 2, obs.utc(utc_ms, uncertainty_ms)]
        obs.check_tref(tref)
        assert obs.utc_of(tref) == (utc_ms, uncertainty_ms)
    assert obs.utc_of([1, 2]) is None


def test_an_unsigned_integer_is_neither_negative_nor_a_truth_value():
    assert obs.is_uint(0) and obs.is_uint(2**64 - 1)
    assert not (
        obs.is_uint(-1) or obs.is_uint(True) or obs.is_uint(False) or obs.is_uint("1") or obs.is_uint(None)
    )

"""The committed vectors are what the generator makes, and each says in a sentence what it shows."""

import json

import make_vectors
import pytest

MADE = make_vectors.made()


@pytest.mark.parametrize("name", sorted(MADE))
def test_the_committed_vectors_are_those_that_the_generator_makes(name):
    committed = (make_vectors.VECTORS / f"{name}.json").read_text()
    assert committed == MADE[name], "the wire format changed; remedy: python tests/make_vectors.py"


def test_making_the_vectors_twice_gives_the_same_bytes():
    assert make_vectors.made() == MADE


@pytest.mark.parametrize("name", sorted(MADE))
def test_every_vector_has_a_sentence_for_its_name_and_no_other_has_it(name):
    names = [row["name"] for row in json.loads(MADE[name]) if row.get("kind") != "said"]
    assert all(one[0].isupper() and one.endswith(".") for one in names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", sorted(MADE))
def test_every_file_has_accepted_and_refused_vectors(name):
    rows = json.loads(MADE[name])
    accepted = [row for row in rows if row["error"] is None and "matches" not in row and "cddl" not in row]
    assert accepted and len(accepted) < len(rows)

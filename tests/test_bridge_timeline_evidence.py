import hashlib
import random

import pytest
from clock_world import make_world

from fieldpost.timeline.evidence import Assumption, Causal, Claim, Evidence, Exchange, Stamp, sources_digest
from fieldwire import cbor

A, B = Stamp("a", 0, 5), Stamp(b"\x01" * 16, 3, -7)
SMALL = Evidence(
    (Assumption("a", -50_000, 50_000, 9), Assumption(b"\x01" * 16, 0, 0)),
    (Exchange(A, B, -1, None),),
    (Causal(A, B),),
    (Claim(A, 10**18, 5),),
    (B,),
)

DIGEST_OF_SMALL = "d8546434b16d2e1998f388b53f413cb5f6043da9a600ba04ed9d80512faef51a"


def test_order_and_doubles_of_the_input_change_nothing():
    evidence = make_world(1).evidence
    rng = random.Random(7)
    shuffled = [list(part) * 2 for part in (evidence.assumptions, evidence.exchanges, evidence.causals)]
    for part in shuffled:
        rng.shuffle(part)
    again = Evidence(*(tuple(part) for part in shuffled))
    assert again == evidence and again.digest() == evidence.digest()


def test_the_digest_is_the_label_and_five_sorted_lists():
    a, b = ["a", 0, 5], [b"\x01" * 16, 3, -7]
    lists = [
        [[b"\x01" * 16, 0, 0, None], ["a", -50_000, 50_000, 9]],
        [[a, b, -1, None]],
        [[a, b]],
        [[a, 10**18, 5]],
        [b],
    ]
    assert SMALL.digest() == hashlib.sha256(b"fieldpost/evidence/1" + cbor.encode(lists)).digest()
    assert SMALL.digest().hex() == DIGEST_OF_SMALL


def test_the_digest_of_sources_is_the_label_the_ids_and_the_assumptions():
    ids = [b"\x02" * 32, b"\x01" * 32]
    wanted = cbor.encode(sorted(ids)) + cbor.encode([[b"\x01" * 16, 0, 0, None], ["a", -50_000, 50_000, 9]])
    assert sources_digest(ids, SMALL.assumptions) == hashlib.sha256(b"fieldpost/evidence/1" + wanted).digest()
    assert sources_digest(ids[::-1] * 2, SMALL.assumptions[::-1]) == sources_digest(ids, SMALL.assumptions)


def test_every_part_enters_the_digest():
    fields = ("assumptions", "exchanges", "causals", "claims", "seen")
    parts = {name: getattr(SMALL, name) for name in fields}
    other = Assumption(b"\x02" * 16, 0, 0)
    variants = [SMALL, Evidence(**{**parts, "assumptions": (*SMALL.assumptions, other)})]
    variants += [Evidence(**{**parts, name: ()}) for name in fields[1:]]
    assert len({variant.digest() for variant in variants}) == len(variants)


def test_a_device_without_assumption_is_named():
    with pytest.raises(ValueError, match="no assumption for device 'a'"):
        Evidence((Assumption(b"\x01" * 16, 0, 0),), (Exchange(A, B, 0),))


def test_two_assumptions_that_differ_are_refused():
    with pytest.raises(ValueError, match="two assumptions"):
        Evidence((Assumption("a", 0, 1), Assumption("a", 0, 2)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Stamp("a", 0, 1 << 62),
        lambda: Stamp("a", 0, 1.5),
        lambda: Stamp("a", 0, True),
        lambda: Exchange(A, Stamp("a", 1, 0), 0),
        lambda: Exchange(A, B, 2, 1),
        lambda: Assumption("a", 1, 0),
        lambda: Assumption("a", 0, 0, -1),
        lambda: Assumption("a", -(10**9), 0),
        lambda: Claim(A, 0, -1),
    ],
)
def test_what_cannot_be_meant_is_refused(make):
    with pytest.raises(ValueError):
        make()

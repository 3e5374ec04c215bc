"""Divergence: what the terms count, and when the gate stops a scope."""

import pytest
from claim_world import ALPHA, BRAVO, agreement, claim

from fieldpost.agreement import TERMS, Gate
from fieldpost.conflict import Order, contests
from fieldpost.divergence import measure, verdict


def terms_of(claims, terms=None, settled=frozenset()):
    terms = terms or agreement()
    return measure(claims, contests(claims, Order(claims), {}), terms, settled)


def test_an_empty_scope_measures_zero_in_every_term():
    assert terms_of([]) == dict.fromkeys(TERMS, 0)


def test_the_conflict_ratio_is_claims_in_dispute_per_mille_of_all():
    claims = [claim("a", 1), claim("b", 2), claim("c", 3, at=(50, 60))]
    assert terms_of(claims)["conflict_ratio"] == 666


def test_two_ids_at_one_position_are_a_fork_and_one_id_with_two_properties_is_not():
    same = {"device": "x", "seq": 7}
    assert terms_of([claim("a", **same), claim("b", **same)])["forks"] == 1
    assert terms_of([claim("a", **same), claim("a", property="depth", **same)])["forks"] == 0


def test_authorities_without_a_listed_prefix_are_unmapped_each_once():
    terms = agreement(weights={(ALPHA, "ops"): 3})
    claims = [claim("a", authority="ops/night"), claim("b", mesh=BRAVO), claim("c", mesh=BRAVO)]
    assert terms_of(claims, terms)["unmapped"] == 1


def test_incomplete_lineage_counts_observations():
    claims = [claim("a", complete=False), claim("a", complete=False, property="depth"), claim("b")]
    assert terms_of(claims)["incomplete"] == 1


def test_further_terms_are_exact_integers():
    weights = {(ALPHA, "ops"): 3, (BRAVO, "ops"): 1}
    claims = [
        claim("a", 1),
        claim("b", 2, mesh=BRAVO),
        claim("c", 2, at=(5, 9), mesh=BRAVO, subject="water/depth"),
        claim("d", 2, at=(5, 9), subject="water/depth"),
        claim("e", 2, at=(100, None), mesh=BRAVO),
    ]
    terms = terms_of(claims, agreement(weights=weights))
    assert terms["weighted_disagreement"] == 1000 * 4 // 9
    assert terms["subjects_touched"] == 1
    assert terms["time_overlap"] == 800
    assert terms["partition_length"] == 10


def test_a_zero_weight_authority_counts_zero_in_every_term():
    noise = [
        claim("x", 9, mesh=BRAVO, authority="guest", device="n", seq=1, complete=False),
        claim("y", 8, mesh=BRAVO, authority="guest", device="n", seq=1, at=(0, 9_000)),
    ]
    sound = [claim("a", 1, authority="ops"), claim("b", 1, at=(0, 3), authority="ops")]
    terms = agreement(weights={(BRAVO, "guest"): 0, (ALPHA, "ops"): 1})
    assert terms_of([*sound, *noise], terms) == terms_of(sound, terms)
    assert terms_of(noise, terms) == dict.fromkeys(TERMS, 0)


def test_what_a_signed_epoch_covers_counts_only_as_a_rival():
    claims = [claim("a", 1), claim("b", 2), claim("c", 2)]
    terms = terms_of(claims, settled={claims[0].id, claims[1].id})
    assert terms["conflict_ratio"] == 1000
    assert terms_of(claims, settled={one.id for one in claims}) == dict.fromkeys(TERMS, 0)


@pytest.mark.parametrize(
    ("gate", "wanted"),
    [
        (Gate(), "resolve"),
        (Gate({"conflict_ratio": 1000}), "resolve"),
        (Gate({"conflict_ratio": 999}), "stop"),
        (Gate({"forks": 0, "conflict_ratio": 1000}), "resolve"),
        (Gate({}, {"conflict_ratio": 2, "subjects_touched": 5}, 2005), "resolve"),
        (Gate({}, {"conflict_ratio": 2, "subjects_touched": 5}, 2004), "stop"),
    ],
)
def test_the_gate_stops_above_a_threshold_and_not_at_it(gate, wanted):
    assert verdict(terms_of([claim("a", 1), claim("b", 2)]), gate) == wanted

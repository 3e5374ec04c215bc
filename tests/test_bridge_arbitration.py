"""Arbitration: the chain, the tie-break, and decisions that no order of arrival can change."""

import hashlib
import random
from dataclasses import replace

import pytest
from claim_world import ALPHA, BRAVO, agreement, claim, name_of, priority

from fieldpost import expression
from fieldpost.agreement import VARIABLES, Function, Gate, fault
from fieldpost.agreement_cbor import agreement_digest
from fieldpost.arbitration import decision_bytes, decision_digest
from fieldpost.resolution import resolve
from fieldwire import cbor


def rows_of(claims, terms):
    """(prevailing name, rival names, rule, function) of each row."""
    return [
        (name_of(row.prevailing), [name_of(one) for one in row.rivals], row.rule, row.function)
        for row in resolve(claims, terms).ruling.decisions
    ]


A, B = (ALPHA, "ops"), (BRAVO, "ops")
WEIGH = Function("authority-weight")


def test_priority_ranks_by_the_longest_listed_prefix_and_unlisted_last():
    terms = agreement([priority((BRAVO, "ops/night"), A, B)])
    night = claim("n", 1, mesh=BRAVO, authority="ops/night/east")
    claims = [claim("a", 2), claim("b", 3, mesh=BRAVO), claim("s", 4, authority="survey"), night]
    assert rows_of(claims, terms) == [("n", ["a", "b", "s"], 0, "priority")]
    keys = resolve(claims, terms).ruling.decisions[0].keys
    assert {name_of(one): key[0] for one, key in keys.items()} == {"n": 3, "a": 2, "b": 1, "s": 0}


def test_a_function_that_leaves_two_equal_passes_them_to_the_next():
    terms = agreement([priority((ALPHA, "command")), WEIGH], weights={A: 2, B: 3})
    claims = [claim("a", 1), claim("b", 2, mesh=BRAVO)]
    assert rows_of(claims, terms) == [("b", ["a"], 1, "authority-weight")]


@pytest.mark.parametrize(
    ("term", "better", "worse"),
    [
        ("authority_weight", {"mesh": BRAVO}, {"mesh": ALPHA}),
        ("attestation_grade", {"attestation_grade": 3}, {"attestation_grade": 2}),
        ("lineage_completeness", {"complete": True}, {"complete": False}),
        ("credential_freshness", {"credential_age_s": 10}, {"credential_age_s": 5_000}),
        ("credential_freshness", {"credential_age_s": 80_000}, {"credential_age_s": None}),
    ],
)
def test_each_composite_term_can_decide(term, better, worse):
    terms = agreement([Function("composite", terms={term: 2})], weights={A: 2, B: 3})
    claims = [claim("x", 1, **better), claim("y", 2, **worse)]
    assert rows_of(claims, terms) == [("x", ["y"], 0, "composite")]


def test_corroboration_counts_listed_authorities_of_other_meshes_and_never_devices():
    link = Function(
        "composite", terms={"corroboration": 1}, corroborators=((ALPHA, "survey"), (BRAVO, "ops"))
    )
    terms = agreement([link], tolerances={"level": 1})
    crowd = [claim(f"c{n}", 50, mesh=BRAVO, authority="guest") for n in range(5)]
    own = [claim(f"o{n}", 50, mesh=ALPHA, authority="survey") for n in range(5)]
    seconds = [claim("s1", 11, mesh=BRAVO), claim("s2", 10, mesh=BRAVO, authority="ops/night")]
    loud, backed = claim("loud", 50), claim("backed", 10)
    row = next(
        row
        for row in resolve([*crowd, *own, *seconds, loud, backed], terms).ruling.decisions
        if row.prevailing == backed.id
    )
    assert row.keys[backed.id][0] == 1
    assert row.keys[loud.id][0] == 0


def test_every_named_term_of_a_zero_weight_authority_is_zero():
    measures = {"attestation_grade": 9, "lineage_completeness": 9, "credential_freshness": 9}
    terms = agreement([Function("composite", terms=measures)], weights={A: 0, B: 1})
    claims = [
        claim("a", 1),
        claim("b", 2, mesh=BRAVO, complete=False, attestation_grade=0, credential_age_s=None),
    ]
    keys = resolve(claims, terms).ruling.decisions[0].keys
    assert keys[claims[0].id][0] == 0


def test_an_expression_decides_and_one_that_abstains_ranks_below_every_number():
    terms = agreement([Function("expression", expression="value > 100 ? value / (value - 102) : 0 - value")])
    claims = [claim("a", 101), claim("b", 102), claim("c", 5)]
    row = resolve(claims, terms).ruling.decisions[0]
    assert [row.keys[one.id][0] for one in claims] == [-101, -(2**63), -5]
    assert name_of(row.prevailing) == "c"


def test_an_expression_sees_width_and_sources_rounded_up():
    terms = agreement([Function("expression", expression="0 - width_ms")])
    wide = replace(claim("w", 1), interval_ns=(0, 2_000_001))
    narrow = replace(claim("n", 2), interval_ns=(0, 2_000_000))
    row = resolve([wide, narrow], terms).ruling.decisions[0]
    assert (row.keys[wide.id][0], row.keys[narrow.id][0], row.prevailing) == (-3, -2, narrow.id)


def test_the_last_word_is_a_digest_over_what_the_claimant_cannot_choose():
    terms = agreement()
    claims = [claim("a", 1), claim("b", 2)]

    def ground(one):
        head = agreement_digest(terms) + b"water/level" + b"level"
        return hashlib.sha256(head + one.device).digest()

    winner = min(claims, key=ground)
    (row,) = resolve(claims, terms).ruling.decisions
    assert (row.prevailing, row.rule, row.function) == (winner.id, 0, "tie-break")
    ground_again = [replace(one, id=hashlib.sha256(one.id).digest(), seq=99) for one in claims]
    assert resolve(ground_again, terms).ruling.picks["water/level", "level"].device == winner.device


def test_a_claims_fate_depends_on_its_own_rivals_alone():
    terms = agreement([Function("expression", expression="value")])
    chain = [claim("a", 3, at=(0, 10)), claim("b", 2, at=(8, 18)), claim("c", 1, at=(16, 26))]
    resolution = resolve(chain, terms)
    fates = {name_of(one): fate for (one, _), fate in resolution.ruling.fates.items()}
    assert fates["a"].prevails and fates["a"].superseded_by is None
    assert (fates["b"].prevails, name_of(fates["b"].superseded_by), fates["b"].rule) == (False, "a", 0)
    assert (fates["c"].prevails, name_of(fates["c"].superseded_by)) == (False, "b")
    assert rows_of(chain, terms) == [(None, ["b", "c"], 0, "expression"), ("a", ["b"], 0, "expression")]


def test_both_ends_of_a_chain_may_prevail():
    terms = agreement([Function("expression", expression="value")])
    chain = [claim("a", 3, at=(0, 10)), claim("b", 1, at=(8, 18)), claim("c", 2, at=(16, 26))]
    assert rows_of(chain, terms) == [("a", ["b"], 0, "expression"), ("c", ["b"], 0, "expression")]
    assert name_of(resolve(chain, terms).ruling.picks["water/level", "level"].id) == "c"


def test_without_rivals_the_latest_claim_is_the_pick():
    claims = [claim("a", 1, at=(0, 5)), claim("b", 2, at=(6, 9))]
    assert rows_of(claims, agreement()) == [("b", [], -1, "unopposed")]


def test_one_sided_and_uncovered_claims_decide_nothing():
    claims = [claim("a", 1), claim("b", 2, admitted_by=(ALPHA,)), claim("c", 3, subject="road")]
    resolution = resolve(claims, agreement())
    assert [name_of(one.id) for one in resolution.joint] == ["a"]
    assert [name_of(one.id) for one in resolution.one_sided] == ["b"]
    assert [name_of(one.id) for one in resolution.outside] == ["c"]
    assert resolution.decision_digest == resolve(claims[:1], agreement()).decision_digest


def test_in_a_stopped_scope_nobody_prevails():
    terms = agreement([WEIGH], gate=Gate({"conflict_ratio": 0}))
    claims = [claim("a", 1), claim("b", 2), claim("c", 2, at=(20, 30))]
    resolution = resolve(claims, terms)
    assert [one.verdict for one in resolution.divergence] == ["stop"]
    assert rows_of(claims, terms) == [(None, ["a", "b"], -1, "stopped")]
    assert resolution.ruling.picks == {}


def test_the_decision_digest_can_be_computed_from_the_rows_as_printed():
    claims = [claim("a", 1), claim("b", 2), claim("c", 9, subject="water/depth")]
    resolution = resolve(claims, agreement())
    rows = [
        [r.subject, r.property, r.prevailing, list(r.rivals), r.rule] for r in resolution.ruling.decisions
    ]
    assert cbor.decode(decision_bytes(resolution.ruling.decisions)) == rows
    wanted = hashlib.sha256(b"fieldpost/decisions/1" + cbor.encode(rows)).digest()
    assert resolution.decision_digest == wanted == decision_digest(reversed(resolution.ruling.decisions))


def random_claims(seeded, count):
    claims = []
    for number in range(count):
        low = seeded.randrange(200)
        at = (seeded.choice([None, low, low, low]), seeded.choice([None, low + 30, low + 9]))
        mesh = seeded.choice([ALPHA, BRAVO])
        sources = tuple(
            one.id for one in seeded.sample(claims, min(len(claims), seeded.choice([0, 0, 0, 2])))
        )
        claims.append(
            claim(
                f"c{number}",
                seeded.choice([seeded.randrange(9), "open", "shut"]),
                at,
                mesh,
                seeded.choice(["ops", "ops/night", "survey", "guest"]),
                f"x{seeded.randrange(6)}",
                seq=number,
                ticks_ms=number,
                subject=seeded.choice(["water/level", "water/depth"]),
                attestation_grade=seeded.randrange(4),
                complete=seeded.random() < 0.8,
                credential_age_s=seeded.choice([None, 5, 50_000]),
                sources=sources,
                admitted_by=seeded.choice([(ALPHA, BRAVO), (ALPHA, BRAVO), (ALPHA, BRAVO), (BRAVO,)]),
            )
        )
    return claims


FULL_CHAIN = (
    priority((ALPHA, "ops/night")),
    WEIGH,
    Function(
        "composite",
        terms={"attestation_grade": 2, "corroboration": 3},
        corroborators=((ALPHA, "ops"), (BRAVO, "ops")),
    ),
    Function("expression", expression="credential_age_s < 100 ? width_ms : 0 - sources"),
)


def test_two_hundred_orders_of_arrival_give_one_digest():
    seeded = random.Random(3)
    terms = agreement(FULL_CHAIN, weights={A: 2, B: 2, (BRAVO, "guest"): 0}, tolerances={"level": 1})
    claims = random_claims(seeded, 60)
    digests = set()
    for _ in range(200):
        seeded.shuffle(claims)
        doubled = claims + seeded.sample(claims, 5)
        resolution = resolve(doubled, terms)
        digests.add((resolution.decision_digest, str(resolution.divergence)))
    assert len(digests) == 1


def test_a_prevailing_claim_beats_each_rival_and_a_superseded_one_names_its_best():
    seeded = random.Random(5)
    terms = agreement(FULL_CHAIN, weights={A: 2, B: 2})
    for _ in range(20):
        resolution = resolve(random_claims(seeded, 40), terms)
        keys = {one: key for row in resolution.ruling.decisions for one, key in row.keys.items()}
        for row in resolution.ruling.decisions:
            if row.prevailing is not None:
                assert all(keys[row.prevailing] > keys[rival] for rival in row.rivals)
        for (_, _), fate in resolution.ruling.fates.items():
            assert fate.prevails == (fate.superseded_by is None)


# Actions, and who would abuse the chain.


def test_of_several_proposed_actions_the_same_chain_selects_one():
    terms = agreement([WEIGH], {A: 2, B: 7})
    proposed = [
        claim("stay", "stay", subject="water/plan", property="action"),
        claim("go", "open the gate", subject="water/plan", property="action", mesh=BRAVO),
        claim("also", "open the gate", subject="water/plan", property="action", mesh=ALPHA, device="third"),
    ]
    found = resolve(proposed, terms)
    assert name_of(found.ruling.picks["water/plan", "action"].id) == "go"
    assert ("go", ["stay"], 0, "authority-weight") in rows_of(proposed, terms)
    assert not found.ruling.fates[proposed[0].id, "action"].prevails


def test_a_losing_claim_names_who_superseded_it_by_which_rule_and_stays():
    claims = [claim("a", 1), claim("b", 90, mesh=BRAVO)]
    found = resolve(claims, agreement([WEIGH], {A: 3}))
    lost = found.ruling.fates[claims[1].id, "level"]
    assert (lost.prevails, lost.superseded_by, lost.rule) == (False, claims[0].id, 0)
    assert set(claims) == set(found.joint)


@pytest.mark.parametrize(
    "text",
    [
        "+".join(["value"] * 128),
        "value > 0 ? 1 : " * 20 + "2",
        "(" * 23 + "value" + ")" * 23 + "*value" * 60,
        "value / 0 == 1 || " * 40 + "true",
    ],
)
def test_an_expression_made_to_burn_time_visits_each_node_once_for_a_claim(text, monkeypatch):
    visits = []
    evaluate = expression.evaluate
    monkeypatch.setattr(
        expression, "evaluate", lambda node, values: visits.append(1) or evaluate(node, values)
    )
    tree = expression.parse(text, VARIABLES)
    expression.evaluate(tree, {"value": 2**40})
    assert len(visits) <= expression.NODES_MAX


@pytest.mark.parametrize(
    "text",
    [
        "+".join(["value"] * 129),
        "[1, 2].all(x, x > 0)",
        "'a'.matches('(a+)+$')",
        "value in [1]",
        "size('aaaa')",
        "duration('1s') > timestamp('2026-01-01T00:00:00Z')",
        "1.5 * value",
        "0x" + "f" * 3_000,
    ],
)
def test_an_expression_that_could_burn_time_is_refused_when_the_agreement_is_checked(text):
    terms = agreement([Function("expression", expression=text)])
    where, expected = fault(terms)
    assert where == ("chain", 0, "expression") and "expected an expression" in expected


def test_devices_that_a_claimant_makes_up_win_no_tie_by_their_number():
    """The digest is over the device; a thousand devices of one authority are a thousand claims and no more weight."""
    terms = agreement(
        [WEIGH, Function("composite", terms={"corroboration": 1}, corroborators=(A, B))], {A: 1, B: 1}
    )
    many = [claim(f"b{n:03}", 90, mesh=BRAVO) for n in range(40)]
    found = resolve([claim("a", 1), *many], terms)
    keys = found.ruling.decisions[0].keys
    assert {key[1] for key in keys.values()} == {0}, "no voice of another mesh backs either value"


BOX = {"place": (10, 20)}


@pytest.mark.parametrize(
    ("lat", "lon", "rivals"), [(10, 20, False), (11, 0, True), (0, 21, True), (10, 3_600_000_000, False)]
)
def test_positions_are_rivals_outside_the_box_whatever_their_radius(lat, lon, rivals):
    east = 1_799_999_990
    beside = (east + lon + 1_800_000_000) % 3_600_000_000 - 1_800_000_000
    claims = [
        claim("a", (0, east, 5), property="place"),
        claim("b", (lat, beside, 9_000), property="place", mesh=BRAVO),
    ]
    found = resolve(claims, agreement(tolerances=BOX))
    assert bool(found.contests[0].rivals) == rivals


def test_values_of_different_kinds_and_other_words_are_rivals_whatever_the_tolerance():
    for value in ("10", (10, 10, 0), 11_000):
        claims = [claim("a", 10), claim("b", value, mesh=BRAVO)]
        assert resolve(claims, agreement(tolerances={"level": 10_000})).contests[0].rivals

"""Agreements: TOML to canonical bytes and back, with errors that point at a line."""

from dataclasses import replace
from importlib.resources import files

import pytest
from claim_world import ALPHA, BRAVO, agreement
from vectors_io import load_json, raises

from fieldpost import covenant
from fieldpost.agreement import Scope, fault
from fieldpost.agreement_cbor import agreement_digest, from_cbor, to_cbor
from fieldpost.agreement_toml import AgreementError, parse_toml, petnames
from fieldpost.signing import Signer
from fieldwire import cbor, cose
from fieldwire.errors import WireError

EXAMPLE = files("fieldpost").joinpath("examples/agreement.toml").read_text()
EXAMPLE_DIGEST = "acd8fb9d6f14f0b5976d71053298775e9540e2627c852c900d56897a988728c3"


def changed(old, new):
    assert EXAMPLE.count(old) >= 1
    return EXAMPLE.replace(old, new, 1)


def test_the_example_has_the_digest_that_is_published_for_it():
    assert agreement_digest(parse_toml(EXAMPLE)).hex() == EXAMPLE_DIGEST


def test_bytes_and_agreement_are_strict_inverses():
    parsed = parse_toml(EXAMPLE)
    assert from_cbor(to_cbor(parsed)) == parsed


def test_petnames_and_order_of_writing_do_not_reach_the_bytes():
    renamed = EXAMPLE.replace("alpha", "home").replace("bravo", "away")
    assert to_cbor(parse_toml(renamed)) == to_cbor(parse_toml(EXAMPLE))
    head, first, second, rest = EXAMPLE.split("[[scope]]")[0], *EXAMPLE.split("[[scope]]")[1:], ""
    second, chain = second.split("# Tried in this order", 1)
    swapped = f"{head}[[scope]]{second}[[scope]]{first}\n# Tried in this order{chain}{rest}"
    assert to_cbor(parse_toml(swapped)) == to_cbor(parse_toml(EXAMPLE))
    assert petnames(renamed) == {"home": ALPHA, "away": BRAVO}


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ("version = 1", 'version = "1"', 2, "version"),
        ("a1a1a1a1", "A1a1a1a1", 5, "parties.alpha"),
        ("k = 2 ", "k = 0 ", 10, "time.k"),
        ("0b0b0b0b0b", "0b0b0b0b", 13, "time.anchors"),
        ("level = 5", "level = -5", 19, "scope[0].tolerances.level"),
        ("forks = 0 }", "fork = 0 }", 20, "scope[0].gate.fork"),
        ('subject = "road"', 'subject = "water"', 23, "scope[1].subject"),
        ('subject = "road"', 'subject = "road/*"', 23, "scope[1].subject"),
        ('channel = "east"', 'channels = "east"', 25, "scope[1].channels"),
        ("alpha -> bravo", "alpha -> charlie", 24, "scope[1].direction"),
        (", total = 500", "", 27, "scope[1].gate"),
        ('"bravo:command"]', '"charlie:command"]', 32, "chain[0].order"),
        ("60000 - width_ms", "60000 - width", 45, "chain[3].expression"),
        ('"bravo:field" = 3', '"bravo:field" = 3.5', 51, "weights.bravo:field"),
        ('"bravo:field" = 3', '"bravo:field" = 1000001', 51, "weights.bravo:field"),
        ('"bravo:field" = 3', '"bravo:Field" = 3', 51, "weights.bravo:Field"),
        (
            "tolerances = { level = 5 }",
            "tolerances.level = 5\ntolerances.flow = -5",
            20,
            "scope[0].tolerances.flow",
        ),
        ("gate = { conflict", "gate.forks = 0\ngate.total = 5\n#", 20, "scope[0].gate"),
        ("[merge]", "[[scope]]\nsubject = 'x'\n" * 64 + "[merge]", 16, "scope"),
        ("k = 2 ", f"k = {'9' * 5000} ", 10, "TOML"),
        ("k = 2 ", f"k = {'[' * 5000} ", 10, "TOML"),
        ("quorum = 2", "quorum = 3", 56, "merge.quorum"),
        ("[merge]", "[merge", 55, "TOML"),
    ],
)
def test_an_error_names_file_line_key_and_what_was_expected(old, new, line, key):
    with pytest.raises(AgreementError) as caught:
        parse_toml(changed(old, new), "terms.toml")
    assert str(caught.value).startswith(f"terms.toml:{line}: {key}: expected ")


def test_an_agreement_that_no_proof_could_hold_is_refused_before_anyone_signs():
    listed = "".join(f'"alpha:{"x" * 32}/{"y" * 32}/{number}" = 1\n' for number in range(250))
    with pytest.raises(
        AgreementError, match="agreement: expected at most 21674 bytes between 2 parties, found 2"
    ):
        parse_toml(changed("unlisted = 1\n", f"unlisted = 1\n{listed}"))


def test_the_longest_agreement_that_is_taken_can_be_signed_and_adopted():
    terms = parse_toml(EXAMPLE)
    room = 21_674 - len(to_cbor(terms))
    entries = {(ALPHA, f"{number:032}/{'y' * 32}"): 1 for number in range(room // 105)}
    terms = replace(terms, weights={**terms.weights, **entries})
    roots = {mesh: Signer(mesh) for mesh in terms.parties}
    data = to_cbor(terms)
    assert 21_000 < len(data) <= 21_674
    proof = covenant.proof(data, [cose.sign(cose.AGREEMENT, data, root) for root in roots.values()])
    publics = {mesh: root.public for mesh, root in roots.items()}
    assert covenant.open_proof(proof, publics) == (terms, agreement_digest(terms))


def test_a_parameter_that_a_function_does_not_use_is_refused():
    with pytest.raises(AgreementError, match=r"chain\[1\]\.terms: expected one of function"):
        parse_toml(changed('function = "authority-weight"', 'function = "authority-weight"\nterms = {}'))


def test_scopes_may_be_neighbours_but_not_one_inside_the_other():
    base = agreement()
    one = base.scopes[0]
    beside = replace(base, scopes=(one, replace(one, subject="water-mains"), replace(one, subject="road")))
    inside = replace(
        base, scopes=(one, replace(one, subject="road"), replace(one, subject="water/level/north"))
    )
    assert fault(beside) is None
    assert fault(inside) == (("scope", 2, "subject"), "expected no overlap with the scope of 'water'")


def test_the_longest_listed_prefix_gives_the_weight():
    terms = agreement(weights={(ALPHA, "ops"): 5, (ALPHA, "ops/night"): 2, (BRAVO, ""): 7}, unlisted=1)
    assert terms.weight(ALPHA, "ops/night/east") == 2
    assert terms.weight(ALPHA, "ops/nightly") == 5
    assert terms.weight(ALPHA, "survey") == 1
    assert terms.weight(BRAVO, "survey/north") == 7
    assert not terms.listed(ALPHA, "survey")


def test_a_subject_crosses_only_in_a_direction_that_its_scope_names():
    one_way = replace(agreement(), scopes=(Scope("water", ((ALPHA, BRAVO),)),))
    assert one_way.crosses("water/level", ALPHA, BRAVO)
    assert not one_way.crosses("water/level", BRAVO, ALPHA)
    assert not one_way.crosses("waterfall", ALPHA, BRAVO)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda top: top.pop(8),
        lambda top: top.update({9: 0}),
        lambda top: top.update({0: -1}),
        lambda top: top.update({0: True}),
        lambda top: top[2].reverse(),
        lambda top: top[3].update({0: 7}),
        lambda top: top[4].reverse(),
        lambda top: top[4][0].update({0: "Water"}),
        lambda top: top[4][0].update({3: {"level": [1, 2, 3]}}),
        lambda top: top[5][0].update({3: "1 + 1"}),
        lambda top: top[6].append(top[6][0]),
        lambda top: top[6].reverse(),
        lambda top: top[8].update({0: 0}),
        lambda top: top[8][1].reverse(),
    ],
)
def test_bytes_that_are_not_the_one_encoding_of_sound_terms_are_refused(spoil):
    top = cbor.decode(to_cbor(parse_toml(EXAMPLE)))
    spoil(top)
    with pytest.raises(WireError) as caught:
        from_cbor(cbor.encode(top))
    assert caught.value.code == "agreement-shape"


def test_a_changed_term_changes_the_digest():
    assert agreement_digest(parse_toml(changed("level = 5", "level = 6"))).hex() != EXAMPLE_DIGEST


@pytest.mark.parametrize("vector", load_json("agreement"), ids=lambda vector: vector["name"])
def test_golden_bytes_are_accepted_or_refused_as_published(vector):
    data = bytes.fromhex(vector["hex"])
    if vector["error"] is None:
        assert to_cbor(from_cbor(data)) == data
        assert agreement_digest(from_cbor(data)).hex() == vector["digest"]
    else:
        raises(vector["error"], from_cbor, data)

"""Equivalences: who may state them, what they admit, and what forbids a path."""

import json
import random
from dataclasses import replace
from itertools import pairwise

import pytest
import typer
from taxonomy_oracle import brute_force, link, random_world
from typer.testing import CliRunner

from fieldpost.cli import taxonomy_path
from fieldpost.taxonomy import (
    Answer,
    Authority,
    Query,
    Refused,
    Revocation,
    Rotation,
    taxonomy_of,
    void,
)

A, B, C = ("alpha", "ops"), ("bravo", "field"), ("charlie", "guard")
AUTHORITIES = [Authority(*node, key=f"key of {node[0]}") for node in (A, B, C)]
ALL = ("alpha", "bravo", "charlie")
QUERY = Query(A, "bravo", "water/level", 112, (100, 200))


AB = link("ab", A, B)


def ask(links, query=QUERY, revocations=(), authorities=AUTHORITIES, trusted=ALL, rotations=()):
    return taxonomy_of(authorities, trusted, links, revocations, rotations).paths(query)


def refused(code, at):
    return Answer(refused_because=(Refused(code, at),))


def test_an_equivalence_admits_under_its_local_authority():
    assert ask([AB]) == Answer((B,), (("ab",),))


def test_an_equivalence_holds_in_its_direction_only():
    assert ask([AB], replace(QUERY, origin=B, to="alpha")) == refused("unmapped", B)


def test_an_authority_of_the_mesh_itself_needs_no_equivalence():
    assert ask([], replace(QUERY, origin=B)) == Answer((B,), ((),))


def test_an_equivalence_maps_one_authority_and_not_its_subtree():
    night = ("alpha", "ops/night")
    answer = ask([AB], replace(QUERY, origin=night), authorities=[*AUTHORITIES, Authority(*night)])
    assert answer == refused("unmapped", night)


@pytest.mark.parametrize(
    ("issuer", "rights", "wanted"),
    [
        (("bravo", "field"), {"translate"}, None),
        (("bravo", "staff"), {"translate"}, "equivalence-issuer"),
        (("bravo", "field/east/gate"), {"translate"}, "equivalence-issuer"),
        (("bravo", "fiel"), {"translate"}, "equivalence-issuer"),
        (("alpha", "field"), {"translate"}, "equivalence-issuer"),
        (("bravo", "field"), {"observe"}, "equivalence-right"),
        (("bravo", "nobody"), None, "equivalence-issuer"),
    ],
)
def test_the_issuer_holds_the_local_authority_or_an_ancestor_with_the_right(issuer, rights, wanted):
    local = ("bravo", "field/east")
    held = [] if rights is None else [Authority(*issuer, rights=frozenset(rights))]
    statement = link("x", A, local, issuer=issuer)
    authorities = {(one.mesh, one.path): one for one in [*AUTHORITIES[:1], *held]}
    assert void(statement, authorities) == wanted
    answer = ask([statement], authorities=authorities.values())
    assert answer == (Answer((local,), (("x",),)) if wanted is None else refused("unmapped", A))


@pytest.mark.parametrize(
    "change",
    [
        {"foreign": ("alpha", "*")},
        {"foreign": ("alpha", "ops/*")},
        {"foreign": ("alpha", "")},
        {"local": ("bravo", "field/*")},
        {"local": ("bravo", "field//east")},
        {"subjects": ("*",)},
        {"subjects": ("water", "water/#")},
        {"foreign": ("bravo", "staff")},
        {"path_length": -1},
        {"nbf": 1000},
    ],
)
@pytest.mark.parametrize("negative", [False, True])
def test_a_void_statement_changes_nothing_at_all(change, negative):
    statement = replace(link("x", A, B), negative=negative, **change)
    known = {(one.mesh, one.path): one for one in AUTHORITIES}
    assert void(statement, known) is not None
    for query in (QUERY, replace(QUERY, subject="road"), replace(QUERY, origin=B)):
        assert ask([AB, statement], query) == ask([AB], query)
        assert ask([statement], query) == ask([], query)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"subject": "road"}, "equivalence-scope"),
        ({"subject": "waterfall"}, "equivalence-scope"),
        ({"format": 50}, "equivalence-scope"),
        ({"at": (1000, 1001)}, "equivalence-expired"),
        ({"at": (-9, -1)}, "equivalence-early"),
        ({"at": (-9, 9)}, "unproven-time"),
        ({"at": (999, 1000)}, "unproven-time"),
        ({"at": (None, 9)}, "unproven-time"),
        ({"at": (9, None)}, "unproven-time"),
    ],
)
def test_scope_and_validity_bound_what_it_admits(query, code):
    assert ask([AB], replace(QUERY, **query)) == refused(code, "ab")


def test_none_is_the_issuers_whole_scope_and_an_empty_scope_is_nothing():
    authorities = [AUTHORITIES[0], Authority(*B, subjects=("water", "road"), formats=(112,))]
    everything = link("all", A, B, subjects=None, formats=None)
    for subject, admitted in (("water/level", True), ("road", True), ("air", False)):
        answer = ask([everything], replace(QUERY, subject=subject), authorities=authorities)
        assert answer == (Answer((B,), (("all",),)) if admitted else refused("issuer-scope", "all"))
    assert ask([everything], replace(QUERY, format=50), authorities=authorities) == refused(
        "issuer-scope", "all"
    )
    assert ask([link("none", A, B, subjects=())]) == refused("equivalence-scope", "none")
    assert ask([link("none", A, B, formats=())]) == refused("equivalence-scope", "none")


def test_the_foreign_credentials_own_scope_bounds_it_too():
    assert ask([AB], replace(QUERY, subjects=("road",))) == refused("credential-scope", A)
    assert ask([AB], replace(QUERY, formats=(50,))) == refused("credential-scope", A)
    assert ask([AB], replace(QUERY, subjects=("water/level",))).paths == (("ab",),)


def test_every_mesh_of_a_path_must_be_trusted_and_its_origin_known():
    via = [link("ac", A, C), link("cb", C, B, path_length=1)]
    assert ask(via, trusted=("bravo", "charlie")) == refused("mesh-unknown", "alpha")
    assert ask(via, trusted=("alpha", "charlie")) == refused("mesh-unknown", "bravo")
    assert ask(via, trusted=("alpha", "bravo")) == refused("mesh-unknown", "charlie")
    assert ask([AB], authorities=AUTHORITIES[1:]) == refused("authority-unknown", A)


def test_a_path_length_counts_the_equivalences_between_a_link_and_the_origin():
    for allowed, wanted in (
        (0, refused("equivalence-path-length", "cb")),
        (1, Answer((B,), (("ac", "cb"),))),
    ):
        assert ask([link("ac", A, C), link("cb", C, B, path_length=allowed)]) == wanted
    same_name = [
        link("ac", A, ("charlie", "ops"), issuer=("charlie", "ops")),
        link("cb", ("charlie", "ops"), B),
    ]
    known = [*AUTHORITIES, Authority("charlie", "ops")]
    assert ask(same_name, authorities=known) == refused("equivalence-path-length", "cb")


def test_a_path_enters_no_mesh_twice():
    a2 = ("alpha", "survey")
    links = [link("ac", A, C), link("ca", C, a2, path_length=9), link("ab", a2, B, path_length=9)]
    assert ask(links, authorities=[*AUTHORITIES, Authority(*a2)]) == refused("equivalence-cycle", "ca")


def test_all_paths_come_shortest_first_then_by_ids():
    links = [link("z", A, B), link("b", A, B), link("ac", A, C), link("cb", C, B, path_length=1)]
    assert ask(links).paths == (("b",), ("z",), ("ac", "cb"))


def test_a_revoked_equivalence_supports_nothing_whatever_time_is_asked_about():
    for at in ((0, 1), (100, 200), (998, 999)):
        answer = ask([AB], replace(QUERY, at=at), [Revocation("ab", B)])
        assert answer == refused("equivalence-revoked", "ab")


@pytest.mark.parametrize("by", [A, C, ("bravo", "field/east"), ("bravo", "staff"), ("bravo", "nobody")])
def test_nobody_but_the_issuer_or_who_stands_above_it_revokes(by):
    authorities = [*AUTHORITIES, Authority("bravo", "field/east"), Authority("bravo", "staff")]
    assert ask([AB], revocations=[Revocation("ab", by)], authorities=authorities).paths == (("ab",),)
    east = ("bravo", "field/east")
    answer = ask([link("x", A, east)], revocations=[Revocation("x", B)], authorities=authorities)
    assert answer == refused("equivalence-revoked", "x")


def negative(name="no", foreign=A, local=B, **more):
    return link(name, foreign, local, negative=True, **more)


def test_a_negative_dominates_every_positive_in_its_scope():
    assert ask([AB, link("more", A, B, subjects=None), negative()]) == Answer(
        refused_because=(Refused("denied", "no"),)
    )


@pytest.mark.parametrize(
    "narrower",
    [
        {"subjects": ("road",)},
        {"formats": (50,)},
        {"nbf": 201, "exp": 999},
        {"nbf": 0, "exp": 100},
        {"foreign": ("alpha", "survey")},
        {"foreign": B, "local": A, "issuer": A},
        {"issuer": ("alpha", "ops")},
        {"local": ("bravo", "field/east")},
    ],
)
def test_a_negative_says_nothing_outside_its_scope_direction_and_validity(narrower):
    no = replace(negative(), **narrower)
    assert ask([AB, no]).paths == (("ab",),)


def test_a_negative_that_may_have_been_in_force_denies():
    assert ask([AB, negative(nbf=150)]) == refused("denied", "no")


def test_a_negative_covers_the_subtrees_on_both_sides():
    deep_a, deep_b = ("alpha", "ops/night"), ("bravo", "field/east")
    authorities = [*AUTHORITIES, Authority(*deep_a)]
    answer = ask(
        [link("x", deep_a, deep_b, issuer=B), negative()],
        replace(QUERY, origin=deep_a),
        authorities=authorities,
    )
    assert answer == refused("denied", "no")


def test_a_negative_cannot_be_walked_around_through_a_third_mesh():
    round_about = [link("ac", A, C), link("cb", C, B, path_length=1), negative()]
    assert ask(round_about) == refused("denied", "no")


def test_a_revoked_negative_denies_no_more():
    assert ask([AB, negative()], revocations=[Revocation("no", B)]).paths == (("ab",),)


def test_a_negative_counts_whatever_key_now_holds_the_authority_that_it_names():
    assert ask([AB, negative(foreign_key="old key")]) == refused("denied", "no")


def test_a_negative_is_named_where_nothing_leads_to_the_mesh():
    beside = (Refused("denied", "no"), Refused("unmapped", A))
    assert ask([negative()]) == Answer(refused_because=beside)
    assert ask([negative(local=("bravo", "field/east"), issuer=B)]) == Answer(refused_because=beside)
    assert ask([negative()], revocations=[Revocation("no", B)]) == refused("unmapped", A)
    assert ask([link("no", C, B, negative=True)]) == refused("unmapped", A)
    assert ask([link("no", A, C, negative=True)]) == refused("unmapped", A)


def test_a_negative_is_named_beside_what_else_keeps_a_statement():
    gone = [Revocation("ab", B)]
    beside = (Refused("denied", "no"), Refused("equivalence-revoked", "ab"))
    assert ask([AB, negative()], revocations=gone) == Answer(refused_because=beside)
    elsewhere = negative(local=("bravo", "field/east"), issuer=B)
    assert ask([AB, elsewhere], revocations=gone) == refused("equivalence-revoked", "ab")


def test_one_of_many_negatives_is_found_below_the_authorities_that_it_names():
    deep_a, deep_b = ("alpha", "ops/night"), ("bravo", "field/east")
    authorities = [*AUTHORITIES, Authority(*deep_a)]
    links = [link("x", deep_a, deep_b, issuer=B)]
    beside = [negative(f"n{n}", foreign=("alpha", f"ops/n{n}")) for n in range(300)]
    query = replace(QUERY, origin=deep_a)
    assert ask([*links, *beside], query, authorities=authorities).paths == (("x",),)
    assert ask([*links, *beside, negative()], query, authorities=authorities) == refused("denied", "no")


def test_an_authority_that_nobody_is_known_to_hold_leads_nowhere():
    deep = ("bravo", "field/east")
    links = [link("ab", A, deep, issuer=B), link("bc", deep, C, path_length=1)]
    query = replace(QUERY, to="charlie")
    assert ask(links, query) == refused("equivalence-key", "bc")
    assert ask(links, query, authorities=[*AUTHORITIES, Authority(*deep)]).paths == (("ab", "bc"),)
    assert ask(links).admitted_under == (deep,)


def test_after_a_change_of_key_an_equivalence_holds_only_along_shown_rotations():
    bound = replace(AB, foreign_key="old key")
    assert ask([bound]) == refused("equivalence-key", "ab")
    shown = [Rotation(A, "old key", "middle"), Rotation(A, "middle", "key of alpha")]
    assert ask([bound], rotations=shown).paths == (("ab",),)
    assert ask([bound], rotations=shown[:1]) == refused("equivalence-key", "ab")
    assert ask([bound], rotations=[replace(one, authority=C) for one in shown]).paths == ()


def test_rotations_that_branch_join_or_run_in_a_circle_lead_nowhere():
    bound, moved = replace(AB, foreign_key="old key"), Rotation(A, "old key", "key of alpha")
    assert ask([bound], rotations=[moved, moved]).paths == (("ab",),)
    for other in (("old key", "aside"), ("stranger", "key of alpha"), ("key of alpha", "old key")):
        assert ask([bound], rotations=[moved, Rotation(A, *other)]) == refused("equivalence-key", "ab")
    elsewhere = [Rotation(C, "old key", "aside"), Rotation(A, "key of alpha", "next key")]
    assert ask([bound], rotations=[moved, *elsewhere]).paths == (("ab",),)


def test_a_search_that_is_cut_says_so():
    links = [link(f"x{n}", A, B) for n in range(20)]
    taxonomy = taxonomy_of(AUTHORITIES, ALL, links)
    answer = taxonomy.paths(QUERY, steps_max=10)
    assert answer.cut and len(answer.paths) == 10
    assert answer.refused_because == (Refused("taxonomy-bound", A),)


def test_a_search_that_is_cut_has_found_the_shortest_paths():
    rings = [link(f"a{n}{m}", ("alpha", "ops"), ("charlie", "guard")) for n in range(9) for m in range(9)]
    back = [link(f"c{n}", C, B, path_length=1) for n in range(9)]
    answer = taxonomy_of(AUTHORITIES, ALL, [*rings, *back, link("z", A, B)]).paths(QUERY, steps_max=100)
    looked_at_from_the_origin, twice_each = 82, 9
    assert looked_at_from_the_origin + 2 * twice_each == 100
    assert answer.cut and answer.paths[0] == ("z",) and len(answer.paths) == 1 + twice_each


def test_the_bound_holds_what_long_paths_take_and_leaves_room_for_one_through_a_thousand_meshes():
    meshes = [(f"m{n}", "ops") for n in range(1000)]
    chain = [link(f"e{n}", *pair, path_length=n) for n, pair in enumerate(pairwise(meshes))]
    many = [link(f"x{n}", *meshes[-2:], path_length=998) for n in range(2000)]
    known, trusted = [Authority(*node) for node in meshes], [mesh for mesh, _ in meshes]
    query = replace(QUERY, origin=meshes[0], to="m999")
    assert [len(path) for path in taxonomy_of(known, trusted, chain).paths(query).paths] == [999]
    answer = taxonomy_of(known, trusted, [*chain, *many]).paths(query)
    assert answer.cut and 0 < len(answer.paths) < 600


def test_the_search_finds_exactly_what_trying_everything_finds():
    seeded, longest = random.Random(12), 0
    for _ in range(1500):
        authorities, trusted, links, revocations, query = random_world(seeded)
        answer = taxonomy_of(authorities, trusted, links, revocations).paths(query)
        assert list(answer.paths) == brute_force(authorities, trusted, links, revocations, query)
        assert bool(answer.paths) != bool(answer.refused_because)
        longest = max([longest, *map(len, answer.paths)])
    assert longest >= 2


def test_losing_a_statement_never_admits_more_unless_it_was_a_negative():
    seeded = random.Random(13)
    for _ in range(300):
        authorities, trusted, links, revocations, query = random_world(seeded)
        all_paths = set(taxonomy_of(authorities, trusted, links, revocations).paths(query).paths)
        for gone in links:
            rest = [one for one in links if one is not gone]
            fewer = set(taxonomy_of(authorities, trusted, rest, revocations).paths(query).paths)
            assert gone.negative or fewer <= all_paths


CASES = [
    {"type": "authority", "mesh": "alpha", "authority": "ops", "key": "k1"},
    {"type": "authority", "mesh": "bravo", "authority": "field", "key": "k2"},
    {"type": "trust", "mesh": "alpha"},
    {"type": "trust", "mesh": "bravo"},
    {
        "type": "equivalence", "id": "ab", "issuer": B, "foreign": A, "local": B, "subjects": ["water"],
        "formats": [112], "nbf": 0, "exp": 1000, "path_length": 0, "negative": False,
    },
    {
        "type": "query", "id": "q", "from": A, "to": "bravo", "subject": "water/level", "format": 112,
        "at": [100, 200], "credential_scope": ["water"],
    },
]  # fmt: skip


def run(tmp_path, cases):
    app = typer.Typer()
    app.command()(taxonomy_path.path)
    file = tmp_path / "cases.jsonl"
    file.write_text("\n".join(json.dumps(case) if isinstance(case, dict) else case for case in cases))
    return CliRunner().invoke(app, [str(file)])


def test_the_command_answers_each_query_on_a_line(tmp_path):
    other = {**CASES[-1], "id": "r", "subject": "road", "credential_scope": [["road"], None]}
    result = run(tmp_path, [*reversed(CASES), other])
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"id": "q", "admitted_under": [list(B)], "paths": [["ab"]], "refused_because": []},
        {
            "id": "r",
            "admitted_under": [],
            "paths": [],
            "refused_because": [{"code": "equivalence-scope", "at": "ab"}],
        },
    ]
    assert result.exit_code == 1
    assert run(tmp_path, CASES).exit_code == 0


def test_an_equivalence_binds_the_key_that_held_the_authority_when_it_was_stated(tmp_path):
    new_key = {**CASES[0], "key": "k9"}
    rotation = {"type": "rotate", "mesh": "alpha", "authority": "ops", "from": "k1", "to": "k9"}
    assert "equivalence-key" in run(tmp_path, [*CASES, new_key]).stdout
    assert run(tmp_path, [*CASES, new_key, rotation]).exit_code == 0


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("{", "line 7: expected a JSON object"),
        ("[]", "line 7: expected a JSON object"),
        ({"type": "wish"}, "line 7: type: expected one of authority"),
        ({"type": "trust"}, "line 7: mesh: expected text; it is missing"),
        ({**CASES[4], "id": "x", "issuer": "bravo"}, "line 7: issuer: expected [mesh, authority]"),
        ({**CASES[4], "id": "x", "nbf": 1.5}, "line 7: expected a JSON object; 1.5 is no integer"),
        ({**CASES[4], "path_length": 5}, "line 7: id: expected an id of its own"),
        ({**CASES[5], "from": ["alpha", "\ud800"]}, "line 7: from: expected [mesh, authority]"),
        ({**CASES[5], "credential_scope": [["\ud800"], None]}, "line 7: credential_scope: expected a list"),
        ({**CASES[5], "at": [9, 1]}, "line 7: at: expected [lo, hi]"),
        ('{"type": "trust", "mesh": "a", "mesh": "b"}', "line 7: expected a JSON object; a key stands twice"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_answered(tmp_path, case, message):
    result = run(tmp_path, [*CASES, case])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""

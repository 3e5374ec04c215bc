"""Which agreement is in force: the highest version that all roots signed, never a lower one, never one of two."""

import pytest
from sample_cli import RUN
from world import VALID, World, code_of, meet, observe, refusal_of, stream_of, whole

from fieldpost.agreement import Agreement, Function, Merge, Scope, TimeTerms
from fieldpost.agreement_cbor import to_cbor
from fieldpost.case_rows import case_rows
from fieldpost.cli.main import app
from fieldpost.covenant import FORK, NEWER, OTHER, STALE, open_proof, proof, signers, standing
from fieldpost.mesh import Mesh
from fieldwire import cbor


@pytest.fixture
def world(tmp_path):
    return whole(tmp_path)


@pytest.fixture
def coast(tmp_path):
    return Mesh.found(tmp_path / "coast", "coast", ["ops"], VALID, stream_of("coast"))


def between(*meshes, subjects=("water",), version=1, signers=None):
    """Proof bytes of an agreement between these meshes, over subject trees both ways."""
    parties = tuple(sorted(mesh.id for mesh in meshes))
    ways = tuple(sorted((a, b) for a in parties for b in parties if a != b))
    scopes = tuple(Scope(subject, ways) for subject in sorted(subjects))
    terms = Agreement(
        version, parties, TimeTerms(k=1), scopes, (Function("authority-weight"),), {}, 1, Merge(1)
    )
    data = to_cbor(terms)
    return proof(data, [mesh.sign_agreement(data) for mesh in signers or meshes])


def shown(side, *proofs):
    """What a bridge records over agreements that it is shown: outcomes of refusals and of agreement events."""
    before = len(list(side.store.events()))
    for one in proofs:
        side.desk.submit("agreement", one)
    events = [cbor.decode(one) for one in list(side.store.events())[before:]]
    return [one[4] for one in events if one[0] in ("agreement", "refused", "fork")]


def cases(side):
    return {row["scope"]: (row["state"], row["code"]) for row in case_rows(side.store)}


# Versions.


def test_agreement_downgraded_by_a_peer_is_refused_stale_and_the_newer_is_attached(world):
    world.alpha.desk.submit("agreement", world.agreement(version=3))
    assert shown(world.alpha, world.agreement(version=2)) == ["agreement-stale"]
    assert world.alpha.desk.state.agreement.version == 3
    meet(world)
    assert [side.desk.state.agreement.version for side in world.sides] == [3, 3]
    assert "agreement-stale" in [one[4] for one in world.alpha.events("discover")]


def test_a_side_shown_a_higher_version_verifies_and_adopts_it_and_never_the_reverse(world):
    newer = world.agreement(version=2, subjects=("water",))
    half = world.agreement(version=3, signers=[world.alpha])
    assert shown(world.alpha, half, newer, world.agreement()) == [
        "agreement-unsigned",
        "adopted",
        "agreement-stale",
    ]
    meet(world)
    assert [list(side.desk.state.epochs[-1].joint) for side in world.sides] == [["water"], ["water"]]


def test_an_epoch_names_the_one_agreement_it_was_decided_under(world):
    meet(world)
    first = world.alpha.desk.state.agreement_digest
    world.alpha.desk.submit("agreement", world.agreement(version=2))
    meet(world, salt="after")
    named = [cbor.decode(one.body)[1] for one in world.bravo.desk.state.epochs]
    assert named == [first, world.alpha.desk.state.agreement_digest] and named[0] != named[1]


def test_a_third_party_joins_by_a_higher_version_that_all_sign(world, coast):
    for side in world.sides:
        side.desk.submit("root", coast.root_public)
    joined = between(world.alpha.mesh, world.bravo.mesh, coast, version=2)
    assert shown(world.alpha, joined) == ["adopted"] and not world.alpha.desk.state.stopped


def test_how_a_text_stands_to_the_one_in_force(world, coast):
    alpha, bravo = world.alpha.mesh, world.bravo.mesh
    roots = {mesh.id: mesh.root_public for mesh in (alpha, bravo, coast)}

    def stands(data, held):
        return standing(open_proof(held, roots)[0], open_proof(data, roots)[0], signers(data, roots))

    held = between(alpha, bravo, version=2)
    assert stands(between(alpha, bravo, version=3), held) == NEWER
    assert stands(between(alpha, bravo, version=1), held) == STALE
    assert stands(between(alpha, bravo, version=2, subjects=("road",)), held) == FORK
    assert stands(between(alpha, coast, version=9), held) == OTHER
    three = between(alpha, bravo, coast)
    assert stands(between(alpha, bravo, version=2), three) == OTHER
    assert stands(between(alpha, bravo, version=2, signers=(alpha, bravo, coast)), three) == NEWER


# Two texts under one version.


def test_two_texts_under_one_version_stop_all_scopes_and_prove_the_fork(world):
    meet(world)
    rival = world.agreement(subjects=("water",))
    assert shown(world.alpha, rival) == ["forked"]
    assert cases(world.alpha) == {"road": ("open", "forked"), "water": ("open", "forked")}
    assert sorted(world.alpha.desk.state.stopped) == ["road", "water"]
    [event] = world.alpha.events("fork")
    assert event[2][2:] == sorted(side.mesh.id for side in world.sides)
    roots = {side.mesh.id: side.mesh.root_public for side in world.sides}
    for row in case_rows(world.alpha.store):
        pair = [open_proof(one, roots) for one in cbor.decode(bytes.fromhex(row["report"]))]
        assert len({digest for _, digest in pair}) == 2 and {terms.version for terms, _ in pair} == {1}
        assert "signed two texts of version 1" in row["reason"]


def test_nothing_new_is_decided_between_forked_sides_until_a_higher_version_heals_them(world):
    rival = world.agreement(subjects=("water",))
    shown(world.alpha, rival)
    world.bravo.desk.submit("agreement", rival)
    meet(world)
    assert last_joint(world) == [{}, {}]
    world.bravo.desk.submit("agreement", world.agreement(version=2))
    meet(world, salt="healed")
    assert [not side.desk.state.stopped for side in world.sides] == [True, True]
    assert [sorted(one) for one in last_joint(world)] == [["road", "water"]] * 2
    assert set(cases(world.alpha).values()) == {("settled", "forked")}
    assert code_of(world.alpha, "road/north", world.bravo.boards[1]) == "admitted-mapped"


def last_joint(world):
    return [side.desk.state.epochs[-1].joint for side in world.sides]


# Two agreements.


def test_two_agreements_that_both_claim_a_scope_apply_neither_there_and_open_a_case(world, coast):
    meet(world)
    rival = between(world.alpha.mesh, coast, subjects=("water/dam", "sea"), version=7)
    for side in world.sides:
        side.desk.submit("root", coast.root_public)
    assert shown(world.alpha, rival) == ["agreement-overlap"]
    assert cases(world.alpha) == {"water": ("open", "agreement-overlap")}
    assert world.alpha.desk.state.agreement.version == 1 and list(world.alpha.desk.state.stopped) == ["water"]
    b2 = world.bravo.boards[1]
    b2.reading("road/later", 1, 60_000)
    b2.reading("water/later", 1, 60_000)
    world.bravo.take(("segment", b2.seal()))
    meet(world, salt="after")
    assert [list(one) for one in last_joint(world)] == [["road"], ["road"]]
    assert code_of(world.alpha, "road/later", b2) == "admitted-mapped"
    assert code_of(world.alpha, "water/later", b2) == "scope-stopped"


def test_a_version_that_claims_its_scope_alone_ends_the_case_and_one_that_does_not_keeps_it(world, coast):
    world.alpha.desk.submit("root", coast.root_public)
    shown(world.alpha, between(world.alpha.mesh, coast, subjects=("water",)))
    shown(world.alpha, world.agreement(version=2))
    assert sorted(row["state"] for row in case_rows(world.alpha.store)) == ["open", "settled"]
    assert list(world.alpha.desk.state.stopped) == ["water"]
    shown(world.alpha, world.agreement(version=3, subjects=("road",)))
    assert not world.alpha.desk.state.stopped
    assert {row["state"] for row in case_rows(world.alpha.store)} == {"settled"}


def test_another_agreement_that_claims_no_scope_of_ours_is_refused_and_changes_nothing(world, coast):
    world.alpha.desk.submit("root", coast.root_public)
    assert shown(world.alpha, between(world.alpha.mesh, coast, subjects=("sea",))) == ["agreement-none"]
    assert not world.alpha.desk.state.stopped and not case_rows(world.alpha.store)


def test_a_meeting_under_two_agreements_ends_with_the_reason_on_both_sides(tmp_path, coast):
    world = World(tmp_path / "pair")
    world.roots.append(coast.root_public)
    world.begin()
    observe(world)
    wider = between(world.alpha.mesh, world.bravo.mesh, coast, version=1)
    world.bravo.begin(world.roots, wider)
    dialer, listener = meet(world)
    assert refusal_of(dialer) == refusal_of(listener) == "forked"


def test_no_plan_can_close_a_case_over_the_agreement_itself(tmp_path):
    world = whole(tmp_path / "pair")
    world.alpha.open(tmp_path / "store.db")
    world.alpha.begin(world.roots, world.agreement(), tmp_path / "store.db")
    shown(world.alpha, world.agreement(subjects=("water",)))
    identity = case_rows(world.alpha.store)[0]["id"]
    words = ["cases", "plan", identity, "--keep-both", "--out", str(tmp_path / "no.plan")]
    result = RUN.invoke(app, [*words, "--store", str(tmp_path / "store.db")])
    assert result.exit_code == 1 and "no plan can close it" in result.stderr

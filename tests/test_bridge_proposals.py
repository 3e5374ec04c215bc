"""An authority that nothing maps opens a proposal; a person's statement closes it; nothing is edited. SPEC 12.10"""

import shutil

import pytest
from desk_world import run, said
from sample_cli import world
from test_bridge_admission import Abroad

from fieldpost.store import Store
from fieldwire import cbor, tokens
from fieldwire import observation as obs


def proposals(fold):
    return [(one[4], one[5]["authority"]) for one in fold.events if one[0] == "proposal"]


def test_an_unmapped_authority_opens_one_proposal_however_much_it_says():
    abroad = Abroad(equated=False)
    leaves = [abroad.far.one.leaf(seq) for seq in range(3)]
    for leaf in leaves:
        assert abroad.judged(leaf) == ("refused", "unmapped")
    assert proposals(abroad.fold) == [("opened", "ops")]
    assert abroad.fold.state.proposals == {(abroad.far.mesh.id, "ops")}


def test_a_statement_accepts_it_and_its_event_names_the_equivalence():
    abroad = Abroad(equated=False)
    leaf = abroad.far.one.leaf(0)
    abroad.judged(leaf)
    abroad.fold.tokens(abroad.equivalence)
    abroad.fold.put("solve")
    assert abroad.fold.verdict(leaf) == ("admitted", "admitted-mapped")
    assert proposals(abroad.fold) == [("opened", "ops"), ("accepted", "ops")]
    [accepted] = [one for one in abroad.fold.events if one[4] == "accepted"]
    assert accepted[2] == [abroad.far.mesh.id, obs.observation_id(leaf), tokens.token_id(abroad.equivalence)]


def test_a_denial_closes_it_and_a_revocation_opens_it_again():
    abroad = Abroad(equated=False)
    leaf = abroad.far.one.leaf(0)
    abroad.judged(leaf)
    negative = abroad.equate(negative=True)
    abroad.fold.tokens(abroad.equivalence, negative)
    abroad.fold.put("solve")
    assert abroad.fold.verdict(leaf) == ("refused", "denied") and not abroad.fold.state.proposals
    ops = abroad.home.ops
    abroad.fold.tokens(ops.revoke(tokens.token_id(negative)), ops.revoke(tokens.token_id(abroad.equivalence)))
    abroad.fold.put("solve")
    assert proposals(abroad.fold) == [("opened", "ops"), ("denied", "ops"), ("opened", "ops")]


def test_a_denial_closes_it_though_nothing_else_was_ever_stated():
    abroad = Abroad(equated=False)
    leaf = abroad.far.one.leaf(0)
    abroad.judged(leaf)
    negative = abroad.equate(negative=True)
    abroad.fold.tokens(negative)
    abroad.fold.put("solve")
    assert abroad.fold.verdict(leaf) == ("refused", "denied") and not abroad.fold.state.proposals
    assert abroad.judged(abroad.far.one.leaf(1)) == ("refused", "denied")
    assert proposals(abroad.fold) == [("opened", "ops"), ("denied", "ops")]


def test_a_denial_closes_it_after_what_mapped_it_was_revoked():
    abroad = Abroad(equated=False)
    leaf = abroad.far.one.leaf(0)
    abroad.fold.tokens(abroad.equivalence)
    assert abroad.judged(leaf)[0] == "admitted"
    abroad.fold.tokens(abroad.home.ops.revoke(tokens.token_id(abroad.equivalence)))
    abroad.fold.put("solve")
    abroad.fold.tokens(abroad.equate(negative=True))
    abroad.fold.put("solve")
    assert abroad.fold.verdict(leaf) == ("refused", "denied")
    assert proposals(abroad.fold) == [("opened", "ops"), ("denied", "ops")]


def test_a_proposal_grants_nothing():
    abroad = Abroad(equated=False)
    abroad.judged(abroad.far.one.leaf(0))
    assert abroad.judged(abroad.far.one.leaf(1)) == ("refused", "unmapped")


@pytest.fixture
def side():
    return world().alpha


def test_a_store_lists_its_proposals_with_the_key_that_a_statement_would_bind(side):
    [row] = said("taxonomy", "proposals", "--store", side.path)
    assert (row["mesh"], row["authority"]) == (world().bravo.mesh.id.hex(), "visitors")
    assert row["key"] == world().bravo.mesh.passport()["authorities"]["visitors"]
    assert row["subjects"] == ["harbor/air"] and row["observations"] == 1
    assert row["first"] == world().ids["visitor"].hex()
    told = run("taxonomy", "proposals", "--store", side.path)
    assert "visitors" in told.stdout and "taxonomy attest" in told.stdout


@pytest.mark.parametrize("sense", ["attest", "deny"])
def test_a_person_answers_a_proposal_by_a_signed_statement(side, tmp_path, sense):
    desk = tmp_path / "desk"
    shutil.copytree(side.mesh.folder, desk)
    mesh = world().bravo.mesh.id.hex()
    words = (
        "--as",
        "field/air",
        "--proposal",
        side.path,
        "--foreign",
        f"{mesh[:12]}:visitors",
        "--local",
        "field/air",
    )
    made = said("taxonomy", sense, desk, *words)
    assert made["foreign"] == f"{mesh}:visitors"
    newest = max((desk / "tokens").iterdir(), key=lambda one: one.stat().st_mtime_ns)
    claims = tokens.decode(newest.read_bytes()).claims
    assert claims[tokens.FOREIGN][2].hex() == world().bravo.mesh.passport()["authorities"]["visitors"]
    assert claims[tokens.NEGATIVE] is (sense == "deny")


def test_an_authority_that_is_not_proposed_is_not_found_there(side):
    words = ("--as", "field/air", "--proposal", side.path, "--local", "field/air")
    for foreign in ("ffff:visitors", f"{world().bravo.mesh.id.hex()}:survey", "visitors"):
        result = run("taxonomy", "attest", side.mesh.folder, *words, "--foreign", foreign)
        assert result.exit_code == 2 and "--foreign" in result.stderr


def test_the_log_of_a_store_names_the_proposal(side):
    store = Store.read_only(side.path)
    found = [one for one in map(cbor.decode, store.events()) if one[0] == "proposal"]
    store.close()
    assert [(one[4], one[5]["authority"]) for one in found if one[5]["authority"] == "visitors"] == [
        ("opened", "visitors")
    ]

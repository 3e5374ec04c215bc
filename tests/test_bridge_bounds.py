"""What waits is bounded, and what the agreement lets in without proven time says so."""

import pytest
import world as worlds
from world import code_of, digest, whole

from fieldpost import imports, trust
from fieldpost.agreement import TimeTerms
from fieldpost.app import StartError, refuse_root_keys
from fieldwire import keys, tokens


@pytest.fixture
def world(tmp_path):
    return whole(tmp_path)


def codes(side):
    return {one: verdict.code for one, verdict in side.desk.state.verdicts.items()}


def refusals(side):
    return dict(side.store.query("SELECT what, code FROM refusal"))


def test_more_envelopes_than_may_wait_for_their_tokens_are_refused_quota_and_disturb_nothing(
    world, monkeypatch
):
    monkeypatch.setattr(imports, "WAITING_MAX", 2)
    stranger = worlds.Board(world.alpha.mesh, "ops", "alpha-unheard-of")
    copies = [stranger.early(stranger.reading("water/dam", level, 30_000 + level)) for level in range(4)]
    before = codes(world.alpha)
    world.alpha.take(*(("early", one) for one in copies))
    assert sorted(refusals(world.alpha).values()) == ["credential-unknown"] * 2 + ["quota"] * 2
    assert codes(world.alpha) == before
    given = [*world.alpha.mesh.tokens(), stranger.attestation]
    world.alpha.take(*(("token", one) for one in given), *(("early", one) for one in copies))
    assert code_of(world.alpha, "water/dam", stranger) is not None
    assert "quota" not in refusals(world.alpha).values()


def test_more_tokens_than_may_wait_for_their_issuers_are_refused_quota(world, monkeypatch):
    monkeypatch.setattr(trust, "WAITING_MAX", 1)
    signer = worlds.Signer(digest("nobody"))
    credential = next(
        one for data in world.alpha.mesh.tokens() if tokens.ISSUER in (one := tokens.decode(data)).claims
        and tokens.DEPTH in one.claims
    ).claims  # fmt: skip
    orphans = []
    for n in range(3):
        claims = dict(credential)
        claims[tokens.ISSUER] = digest("issuer", n)[:16]
        claims[tokens.CNF] = {1: keys.cose_key(signer.public)}
        orphans.append(tokens.issue(worlds.cose.CREDENTIAL, claims, signer))
    world.alpha.take(*(("token", one) for one in orphans))
    found = refusals(world.alpha)
    said = [found[tokens.token_id(one)] for one in orphans]
    assert said.count("quota") == 2 and said.count("token-issuer-unknown") == 1


def test_an_agreement_may_let_a_foreign_observation_in_without_proven_time(tmp_path, monkeypatch):
    monkeypatch.setattr(
        worlds, "TimeTerms", lambda **terms: TimeTerms(**{**terms, "k": 9, "unproven": "admit"})
    )
    world = whole(tmp_path)
    board = world.alpha.boards[0]
    given = [*world.alpha.mesh.tokens(), *(one.attestation for one in world.alpha.boards)]
    world.bravo.take(
        *(("token", one) for one in given), ("early", board.early(board.reading("water/dam", 1, 40_000)))
    )
    assert code_of(world.bravo, "water/dam", board) == "admitted-unproven"
    assert code_of(world.bravo, "water/dam", world.bravo.boards[0]) == "unproven-time"


def test_a_root_key_in_a_bridges_folder_is_found_under_any_name(world, tmp_path):
    folder = tmp_path / "bridge"
    folder.mkdir()
    secret = (tmp_path / "alpha" / "root.key").read_bytes()
    (folder / "harmless.pem").write_bytes(secret)
    with pytest.raises(StartError, match=r"harmless\.pem: a mesh's root key"):
        refuse_root_keys(folder, world.roots)
    (folder / "harmless.pem").unlink()
    (folder / "bridge.pub").write_text(world.roots[0].hex())
    refuse_root_keys(folder, world.roots)

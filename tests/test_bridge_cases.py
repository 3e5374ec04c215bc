"""Cases: the scope that was stopped, with each measured term beside what was agreed."""

from sample_cli import document, run, world

from fieldpost.signing import verify
from fieldwire import cbor, cose


def case(side=None):
    [found] = document("cases", store=(side or world().alpha).path)["cases"]
    return found


def test_the_open_case_names_scope_terms_and_thresholds():
    found = case()
    assert (found["scope"], found["state"], found["code"]) == ("harbor/water", "open", "scope-stopped")
    assert found["terms"]["conflict_ratio"] == 1000 and found["thresholds"] == {"conflict_ratio": 0}
    assert found["reason"] == "conflict_ratio is 1000, at most 0 is agreed" and found["remedy"]


def test_both_sides_hold_the_same_case():
    alpha, bravo = case(world().alpha), case(world().bravo)
    assert {name: alpha[name] for name in alpha if name != "report"} == {
        name: bravo[name] for name in bravo if name != "report"
    }


def test_the_report_is_signed_by_the_bridge_that_opened_the_case():
    message = cose.decode(bytes.fromhex(case()["report"]), cose.REPORT)
    cose.check(message, world().alpha.own.signer.public, verify)
    assert cbor.decode(message.payload)[:2] == ["harbor/water", case()["terms"]]


def test_one_case_is_shown_by_the_start_of_its_id_with_terms_beside_thresholds():
    identity = case()["id"]
    assert document("cases", identity[:6]) == case()
    lines = run("cases", identity).stdout.splitlines()
    assert ["conflict_ratio", "1000", "0"] in [line.split() for line in lines]
    assert ["forks", "0", "none"] in [line.split() for line in lines]


def test_a_case_that_is_not_there_is_answered_no():
    result = run("cases", "ffffffff")
    assert result.exit_code == 1 and "no cases begin with ffffffff" in result.stderr

"""The story of an observation, and of what did not get in: each code, its reason and its remedy."""

import hashlib
import json

import pytest
from sample_cli import copy_of, document, run, world

from fieldpost.codes import CODES
from fieldpost.explain import explain, kept_out, why_not
from fieldpost.store import Store
from fieldwire import cbor, merkle

KEYS = {"stage", "inputs", "outcome", "reason", "id", "code", "remedy"}


def why(name, side=None):
    return document("why", world().ids[name].hex(), store=(side or world().alpha).path)


def stages(story, stage):
    return [one for one in story["steps"] if one["stage"] == stage]


def test_every_step_has_the_same_keys_and_the_stages_come_in_the_order_of_the_pipeline():
    story = why("relay")
    assert (
        all(one.keys() >= KEYS for one in story["steps"])
        and story["observation"] == world().ids["relay"].hex()
    )
    order = [one["stage"] for one in story["steps"]]
    assert list(dict.fromkeys(order)) == [
        "verify", "authority", "attest", "place", "translate", "admit", "lineage", "import", "diverge", "resolve",
        "picture", "record",
    ]  # fmt: skip


def test_the_authority_is_the_chain_from_the_root_to_the_device():
    [step] = stages(why("later"), "authority")
    trust = world().alpha.state.trust
    assert step["inputs"] == [one.id.hex() for one in trust.chain(world().a1.credential)]
    assert step["outcome"] == "field/air" and "the root of mesh alpha signed" in step["reason"]


def test_the_equivalence_is_told_with_issuer_scope_and_expiry():
    [step] = stages(why("relay"), "translate")
    assert "survey of mesh" in step["reason"] and "stands for field/air of mesh alpha" in step["reason"]
    assert "stated by field/air of mesh alpha" in step["reason"] and "all subjects" in step["reason"]
    assert "valid 2026-" in step["reason"] and "path length 0" in step["reason"]


def test_lineage_goes_over_both_meshes():
    found = stages(why("relay"), "lineage")
    assert {one["id"] for one in found} == {world().ids["later"].hex(), world().ids["own"].hex()}
    assert {one["code"] for one in found} == {"admitted", "admitted-mapped"}
    assert any("of mesh alpha said harbor/air: temp 52.0 degF" in one["reason"] for one in found)


def test_the_placement_is_told_in_words_with_the_exchange_that_bounds_it():
    [step] = stages(why("relay"), "place")
    assert step["outcome"] == "two-sided" and "not earlier, because" in step["reason"]
    assert "heard was sent by" in step["reason"] and "Stamp(" not in step["reason"]


def test_all_tells_every_step_of_own_and_foreign_placements_from_the_stored_inputs():
    for name in ("own", "relay"):
        identity = world().ids[name].hex()
        short, whole = why(name), document("why", identity, "--all", store=world().alpha.path)
        told = [stages(story, "place")[0]["reason"].split(", and ") for story in (short, whole)]
        assert told[0] == told[1] or (len(told[0]) < len(told[1]) and "more steps" in " ".join(told[0]))
        assert [one for one in whole["steps"] if one["stage"] != "place"] == [
            one for one in short["steps"] if one["stage"] != "place"
        ]


def test_the_rule_and_the_rival_are_named_for_who_prevails_and_for_who_does_not():
    won, lost = stages(why("later"), "arbitrate"), stages(why("rival"), "arbitrate")
    assert won[0]["outcome"] == "prevails" and lost[0]["outcome"] == "superseded"
    assert "rule 0 (authority-weight)" in lost[0]["reason"] and "epoch 2" in lost[0]["reason"]
    assert world().ids["later"].hex() in lost[0]["inputs"]
    assert world().ids["rival"].hex() in stages(why("later"), "resolve")[0]["inputs"]


def test_a_stopped_scope_is_told_with_its_case():
    [step] = stages(why("water"), "diverge")
    assert (step["outcome"], step["code"]) == ("stop", "scope-stopped") and "conflict_ratio is 1000" in step[
        "reason"
    ]


def test_each_event_is_proved_inside_the_log():
    [step] = stages(why("later"), "record")
    store = Store.read_only(world().alpha.path)
    hashes = [merkle.leaf_hash(one) for one in store.events()]
    store.close()
    assert {"import", "admit", "epoch", "decide"} <= {one["kind"] for one in step["log"]}
    for one in step["log"]:
        leaf, path = bytes.fromhex(one["leaf"]), [bytes.fromhex(part) for part in one["path"]]
        assert (
            merkle.verify_inclusion(leaf, one["event"], len(hashes), path, merkle.root(hashes))
            and one["included"]
        )


def test_the_answer_of_why_is_where_it_stands():
    assert (why("relay")["outcome"], why("rival")["outcome"]) == ("stands", "not-shown")


REFUSED = {
    "truncated": ("refused", "cbor-truncated"),
    "forged": ("refused", "signature-bad"),
    "unknown": ("held", "credential-unknown"),
    "unattested": ("held", "attestation-unknown"),
    "muttered": ("refused", "credential-rights"),
    "outside": ("refused", "agreement-scope"),
    "replayed": ("replayed", "replayed"),
    "first": ("refused", "forked"),
    "forked": ("refused", "forked"),
    "expired": ("refused", "credential-expired"),
    "incomplete": ("held", "incomplete"),
    "visitor": ("refused", "unmapped"),
    "waiting": ("waiting", "token-issuer-unknown"),
    "rival": ("superseded", "superseded"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_why_not_gives_code_reason_and_remedy_of(name):
    story = document("why-not", world().ids[name].hex())
    assert (story["outcome"], story["code"]) == REFUSED[name]
    assert story["reason"] and story["remedy"] and story["id"] == world().ids[name].hex()
    if story["code"] in CODES:
        assert story["remedy"] == CODES[story["code"]][2]


def test_why_not_of_the_other_sides_word_under_a_stopped_scope_names_the_case():
    stopped = next(one for one in document("why-not") if one["code"] == "scope-stopped")
    story = document("why-not", stopped["id"])
    assert story["code"] == "scope-stopped" and "stopped by case" in story["reason"]


def test_a_time_record_is_evidence_and_its_story_says_so():
    store = Store.read_only(world().alpha.path)
    [(identity,), *_] = store.query("SELECT id FROM verdict WHERE code = ?", "evidence")
    store.close()
    story = document("why", identity.hex())
    assert (story["outcome"], story["code"]) == ("admitted", "evidence")
    assert "log/time: a time exchange" in story["steps"][0]["reason"]


def test_why_not_of_what_stands_says_so_and_exits_1():
    story = document("why-not", world().ids["relay"].hex(), exit_code=1)
    assert story["outcome"] == "stands"


def test_why_not_without_an_id_lists_everything_that_is_kept_out():
    listed = {one["id"]: one["code"] for one in document("why-not")}
    for name in ("truncated", "forged", "unknown", "forked", "expired", "incomplete", "visitor"):
        assert listed[world().ids[name].hex()] == REFUSED[name][1]
    assert world().ids["relay"].hex() not in listed and world().ids["replayed"].hex() not in listed


def test_an_id_may_be_given_by_its_first_digits():
    text = world().ids["relay"].hex()
    assert document("why", text[:7])["observation"] == text
    assert document("why", text[:8].upper())["observation"] == text


@pytest.mark.parametrize("given", ["abc", "nothing", "12 34", "0" * 65])
def test_what_is_no_id_is_a_usage_error(given):
    for command in ("why", "why-not"):
        result = run(command, given)
        assert result.exit_code == 2 and "is no id" in result.stderr


def test_an_id_that_was_never_met_is_answered_no():
    for command in ("why", "why-not"):
        result = run(command, "00" * 32)
        assert result.exit_code == 1 and "00" * 32 in result.stderr and not result.stdout


def test_people_read_the_answer_first_and_no_control_character():
    result = run("why-not", world().ids["expired"].hex())
    lines = result.stdout.splitlines()
    assert (
        lines[1].startswith("refused (credential-expired): ") and lines[2] == "remedy: issue a new credential"
    )
    assert all(character.isprintable() or character == "\n" for character in result.stdout)


def test_a_leaf_that_was_changed_in_the_store_no_longer_verifies(tmp_path):
    path = copy_of(world().alpha, tmp_path)
    store = Store(path)
    [(data,)] = store.query("SELECT data FROM envelope WHERE hash = ?", world().ids["replayed"])
    changed = data.replace(b"\x82\x01\xf4", b"\x82\x01\xf5").replace(b"\x81\x19\x01\xf4", b"\x81\x19\x01\xf5")
    assert changed != data
    [(number,)] = store.query("SELECT n FROM envelope WHERE hash = ?", world().ids["replayed"])
    store.write_rows([("envelope", (number, world().ids["replayed"], "segment", changed))])
    story = explain(store, world().ids["air"])
    store.close()
    assert story is not None
    assert (story["steps"][0]["outcome"], story["steps"][0]["code"]) == ("refused", "signature-bad")


def test_the_functions_give_what_the_commands_print():
    store = Store.read_only(world().alpha.path)
    relay = world().ids["relay"]
    assert json.loads(json.dumps(explain(store, relay))) == why("relay")
    assert why_not(store, b"\0" * 32) is None and explain(store, b"\0" * 32) is None
    assert [one["id"] for one in kept_out(store)] == sorted(one["id"] for one in kept_out(store))
    store.close()


def test_a_claim_with_thousands_of_rivals_is_told_by_the_first_few_in_words_and_by_all_in_the_document(
    tmp_path,
):
    path, relay = copy_of(world().alpha, tmp_path), world().ids["relay"]
    rivals = [hashlib.sha256(bytes((one >> 8, one & 255))).digest() for one in range(3_000)]
    keys = {one: ["1", "2"] for one in [relay, *rivals]}
    row = ("north", "temp", relay, relay, cbor.encode(rivals), 0, "priority", cbor.encode(keys), 1, bytes(32))
    store = Store(path)
    store.write_rows([("decision", row)])
    story = explain(store, relay)
    store.close()
    assert story is not None
    [found] = [one for one in stages(story, "resolve") if "3000 rivals" in one["reason"]]
    [decided] = [one for one in stages(story, "arbitrate") if "rule 0 (priority)" in one["reason"]]
    assert found["inputs"] == [one.hex() for one in (relay, *rivals)]
    for step in (found, decided):
        assert step["reason"].endswith("and 2984 more") and len(step["reason"]) < 2_000

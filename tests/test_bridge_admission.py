"""Who gets into the picture, who is held and who is refused; nothing decided is edited. SPEC 7, 9, 11, 12, 15"""

import itertools
import random

import pytest
from fold_world import ALL, EXP, FORMAT, NBF, UTC_S, Fold, Home, Mesh, exchange, item, seal_hash

from fieldpost.agreement import Agreement, Function, Merge, Scope, TimeTerms
from fieldpost.agreement_cbor import to_cbor
from fieldpost.covenant import proof
from fieldwire import cbor, cose, tokens
from fieldwire import observation as obs

TREE = "water"


@pytest.fixture
def home():
    return Home()


def agreed(*meshes, version=1, directions=None, **time):
    """Proof bytes of an agreement over the tree, both ways unless `directions` say otherwise."""
    parties = tuple(sorted(one.id for one in meshes))
    ways = directions or tuple(itertools.permutations(parties))
    terms = Agreement(
        version, parties, TimeTerms(k=1, **time), (Scope(TREE, tuple(sorted(ways))),), (Function("authority-weight"),),
        {(parties[0], "ops"): 1}, 1, Merge(1),
    )  # fmt: skip
    data = to_cbor(terms)
    return proof(data, [cose.sign(cose.AGREEMENT, data, one.root) for one in meshes])


class Abroad:
    """Alpha's bridge, and a foreign device of bravo that met alpha's: its leaves arrive as crossing items."""

    def __init__(self, terms=None, agreement=True, equated=True):
        self.home, self.far = Home("alpha"), Home("bravo")
        self.fold = self.home.fold(self.far.mesh.root.public)
        self.fold.tokens(*self.far.tokens)
        if agreement:
            self.fold.put("agreement", agreed(self.home.mesh, self.far.mesh, **(terms or {})))
        near, far = exchange(self.home.one, self.far.one, 2_000, seq=5)
        for device, leaf in ((self.home.one, near), (self.far.one, far)):
            self.fold.put("item", item(device.segment(leaf, number=7, previous=bytes(32), chained=False)))
        self.equivalence = self.equate()
        if equated:
            self.fold.tokens(self.equivalence)

    def equate(self, **more):
        return self.home.ops.equate(
            (self.far.mesh.id, self.far.ops), (self.home.mesh.id, self.home.ops), **more
        )

    def judged(self, leaf, device=None):
        """The verdict over a leaf of the far device, or of the one named."""
        self.fold.put("item", item((device or self.far.one).segment(leaf)))
        self.fold.put("solve")
        return self.fold.verdict(leaf)


def judged(home, leaf, device=None, *more):
    fold = home.fold()
    fold.tokens(*more)
    fold.put("early", (device or home.one).early(leaf))
    fold.put("solve")
    return fold.verdict(leaf)


def test_an_own_observation_within_scope_and_validity_is_admitted_under_its_authority(home):
    leaf = home.one.leaf(0)
    fold = home.fold()
    fold.put("early", home.one.early(leaf))
    fold.put("solve")
    row = fold.tables["verdict"][obs.observation_id(leaf),]
    assert fold.verdict(leaf) == ("admitted", "admitted") and row[5:7] == (home.mesh.id, "ops")
    ages = dict(cbor.decode(row[8]))
    assert set(ages) == {home.ops.id, home.one.holder.id, tokens.token_id(home.one.attestation)}
    assert all(age > 0 for age in ages.values())


@pytest.mark.parametrize("scope,rights,code", [
    (ALL, ("observe",), "admitted"),
    ([["water"], None], ("observe",), "admitted"),
    ([["road"], None], ("observe",), "credential-scope"),
    ([None, [112]], ("observe",), "credential-scope"),
    ([None, [FORMAT]], ("observe",), "admitted"),
    (ALL, ("time",), "credential-rights"),
])  # fmt: skip
def test_scope_and_right_of_the_credential_decide(scope, rights, code):
    home = Home(scope=scope, rights=rights)
    assert judged(home, home.two.leaf(0), home.two)[1] == "admitted"
    assert judged(home, home.one.leaf(0))[1] == code


@pytest.mark.parametrize("nbf,exp,verdict", [
    (NBF, EXP, ("admitted", "admitted")),
    (NBF, UTC_S + 50, ("refused", "credential-expired")),
    (UTC_S + 70, EXP, ("refused", "credential-expired")),
    (NBF, UTC_S + 60, ("held", "unproven-time")),
])  # fmt: skip
def test_validity_is_judged_at_the_reconciled_interval(nbf, exp, verdict):
    home = Home(nbf=nbf, exp=exp)
    assert judged(home, home.one.leaf(0, true_ms=60_000)) == verdict


def test_what_no_evidence_dates_is_held_and_let_in_when_evidence_comes(home):
    leaf = home.one.leaf(0)
    fold = Fold(home.mesh)
    fold.tokens(*home.tokens)
    fold.put("early", home.one.early(leaf))
    fold.put("solve")
    assert fold.verdict(leaf) == ("held", "unproven-time")
    before = list(fold.events)
    for segment in home.contact:
        fold.put("segment", segment)
    fold.put("solve")
    assert fold.verdict(leaf) == ("admitted", "admitted") and fold.events[: len(before)] == before


def test_time_evidence_is_kept_and_enters_no_picture(home):
    fold = home.fold()
    fold.put("solve")
    assert {one.code for one in fold.state.verdicts.values()} == {"evidence"} and not fold.tables.get(
        "picture"
    )


def test_a_revoked_device_keeps_what_lies_on_its_last_good_chain_and_nothing_else(home):
    one = home.one
    chain = [one.segment(one.leaf(seq)) for seq in range(4)]
    good = [
        [one.incarnation, obs.READINGS, seal_hash(chain[1])],
        [one.incarnation, obs.EVIDENCE, seal_hash(home.contact[0])],
    ]
    loose = one.leaf(9, stream=obs.URGENT)
    revocation = home.ops.revoke(one.id, last_good=good)
    inputs = [("segment", data) for data in chain] + [("early", one.early(loose)), ("token", revocation)]
    orders = list(itertools.permutations(inputs))
    for order in random.Random(7).sample(orders, 60):
        fold = home.fold()
        for kind, data in order:
            fold.put(kind, data)
        fold.put("solve")
        codes = [fold.verdict(one.leaf(seq))[1] for seq in range(4)]
        assert codes == ["admitted", "admitted", "credential-revoked", "credential-revoked"]
        assert fold.verdict(loose) == ("refused", "credential-revoked")


def test_a_number_below_the_last_good_one_is_not_good_by_its_number(home):
    one = home.one
    chain = [one.segment(one.leaf(seq)) for seq in range(3)]
    forged = one.segment(one.leaf(50), number=1, previous=seal_hash(chain[0]), chained=False)
    good = [[one.incarnation, obs.READINGS, seal_hash(chain[2])]]
    fold = home.fold()
    fold.tokens(home.ops.revoke(one.id, last_good=good))
    for data in (chain[0], forged, chain[2]):
        fold.put("segment", data)
    fold.state.forks.clear()  # the chain alone is asked about
    fold.put("solve")
    assert fold.verdict(one.leaf(50))[1] == fold.verdict(one.leaf(0))[1] == "credential-revoked"
    assert fold.verdict(one.leaf(2))[1] != "credential-revoked"
    fold.put("segment", chain[1])
    fold.state.forks.clear()
    fold.put("solve")
    assert (
        fold.verdict(one.leaf(0))[1] != "credential-revoked"
        and fold.verdict(one.leaf(50))[1] == "credential-revoked"
    )


def test_of_two_revocations_each_must_let_a_segment_stay(home):
    one = home.one
    segment = one.segment(one.leaf(0))
    good = [[one.incarnation, obs.READINGS, seal_hash(segment)]]
    fold = home.fold()
    fold.put("segment", segment)
    fold.tokens(home.ops.revoke(one.id, last_good=good))
    fold.put("solve")
    assert fold.verdict(one.leaf(0))[1] != "credential-revoked"
    fold.tokens(home.ops.revoke(one.holder.id))
    fold.put("solve")
    assert fold.verdict(one.leaf(0))[1] == "credential-revoked"


def test_a_revoked_authority_takes_its_devices_with_it_save_those_that_stay(home):
    west = home.mesh.authority("ops/west", by=home.ops, depth=1)
    stays, falls = home.mesh.device("stays", west), home.mesh.device("falls", west)
    fold = home.fold()
    fold.tokens(west, stays.holder, falls.holder, stays.attestation, falls.attestation)
    for device in (stays, falls):
        fold.put("early", device.early(device.leaf(0)))
    fold.tokens(home.ops.revoke(west.id, staying=[stays.holder.id]))
    fold.put("solve")
    assert (fold.verdict(stays.leaf(0))[1], fold.verdict(falls.leaf(0))[1]) == (
        "unproven-time",
        "credential-revoked",
    )


def test_a_device_that_was_taken_back_proves_no_time_for_others(home):
    leaf = home.two.leaf(0)
    fold = home.fold()
    fold.put("early", home.two.early(leaf))
    fold.put("solve")
    assert fold.verdict(leaf)[1] == "admitted"
    fold.tokens(home.ops.revoke(home.one.id))
    fold.put("solve")
    assert fold.verdict(leaf) == ("held", "unproven-time") and not fold.tables["timeline"]


def test_an_observation_without_its_source_is_held_until_the_source_comes(home):
    source, deeper = home.two.leaf(0, level=40), home.two.leaf(1, level=60)
    middle = home.one.mean([source, deeper], seq=0)
    top = home.one.mean([middle], seq=1)
    pieces = [(home.two, source), (home.two, deeper), (home.one, middle), (home.one, top)]
    for order in itertools.permutations(pieces):
        fold = home.fold()
        for device, leaf in order[:-1]:
            fold.put("early", device.early(leaf))
        fold.put("solve")
        missing = order[-1][1]
        codes = [fold.verdict(leaf)[1] for _, leaf in order[:-1]]
        below = {source: (middle, top), deeper: (middle, top), middle: (top,), top: ()}[missing]
        assert codes == ["incomplete" if leaf in below else "admitted" for _, leaf in order[:-1]]
        fold.put("early", order[-1][0].early(missing))
        fold.put("solve")
        assert {fold.verdict(leaf) for _, leaf in order} == {("admitted", "admitted")}


def test_a_false_derivation_is_refused(home):
    sources = [home.two.leaf(0, level=40), home.two.leaf(1, level=60)]
    fold = home.fold()
    false = home.one.mean(sources, seq=0, level=51)
    named = [obs.source_of(obs.decode(one), obs.observation_id(one)) for one in sources[:1]]
    displaced = home.one.mean(sources[:1], seq=1, sources=[[*named[0][:3], 99, named[0][4]]])
    for device, leaf in [(home.two, one) for one in sources] + [(home.one, false), (home.one, displaced)]:
        fold.put("early", device.early(leaf))
    fold.put("solve")
    assert fold.verdict(false) == fold.verdict(displaced) == ("refused", "derivation-false")
    assert (
        fold.tables["verdict"][obs.observation_id(false),][4]
        == "Refuse it; let the device derive anew from the sources it holds."
    )


def test_a_function_that_is_not_built_in_passes_but_its_sources_must_be_those_it_names(home):
    source = home.two.leaf(0)
    named = obs.source_of(obs.decode(source), obs.observation_id(source))
    custom = {"derivation": ["median", ["level"], b"\x07" * 32]}
    fair = home.one.leaf(0, sources=[named], **custom)
    displaced = home.one.leaf(1, sources=[[*named[:3], 99, named[4]]], **custom)
    fold = home.fold()
    for device, leaf in ((home.two, source), (home.one, fair), (home.one, displaced)):
        fold.put("early", device.early(leaf))
    fold.put("solve")
    assert fold.verdict(fair) == ("admitted", "admitted")
    assert fold.verdict(displaced) == ("refused", "derivation-false")


def test_a_long_lineage_is_judged_without_end_of_stack_or_time(home):
    fold = home.fold()
    leaf = home.one.leaf(0)
    for seq in range(1, 1_500):
        fold.put("early", home.one.early(leaf))
        leaf = home.one.mean([leaf], seq=seq)
    fold.put("early", home.one.early(leaf))
    fold.put("solve")
    assert fold.verdict(leaf)[1] == "admitted"


def test_a_foreign_observation_needs_agreement_direction_and_equivalence():
    leaf = Home("bravo").one.leaf(0)
    assert Abroad().judged(leaf) == ("admitted", "admitted-mapped")
    assert Abroad(agreement=False).judged(leaf) == ("refused", "agreement-none")
    assert Abroad(equated=False).judged(leaf) == ("refused", "unmapped")
    outward = ((Mesh("alpha").id, Mesh("bravo").id),)
    assert Abroad({"directions": outward}).judged(leaf) == ("refused", "agreement-scope")
    assert Abroad().judged(Home("bravo").one.leaf(0, subject="road")) == ("refused", "agreement-scope")


def test_an_admitted_foreign_observation_names_its_local_authority_and_equivalence():
    abroad = Abroad()
    leaf = abroad.far.one.leaf(0)
    abroad.judged(leaf)
    row = abroad.fold.tables["verdict"][obs.observation_id(leaf),]
    assert row[5:7] == (abroad.home.mesh.id, "ops") and cbor.decode(row[7]) == [
        tokens.token_id(abroad.equivalence)
    ]


def test_a_mesh_outside_the_agreement_proves_nothing_and_is_refused_by_name():
    abroad, third = Abroad(), Home("charlie")
    abroad.fold.put("root", third.mesh.root.public)
    abroad.fold.tokens(*third.tokens)
    evidence = exchange(third.one, third.two, 3_000, seq=8)[0]
    for leaf in (third.one.leaf(0), evidence):
        abroad.fold.put("early", third.one.early(leaf))
    abroad.fold.put("solve")
    assert abroad.fold.verdict(third.one.leaf(0)) == ("refused", "agreement-none")
    assert abroad.fold.verdict(evidence) == ("refused", "agreement-none")


def test_a_negative_statement_denies_and_its_revocation_lets_in_again():
    abroad = Abroad()
    leaf = abroad.far.one.leaf(0)
    assert abroad.judged(leaf)[1] == "admitted-mapped"
    negative = abroad.equate(negative=True)
    abroad.fold.tokens(negative)
    abroad.fold.put("solve")
    assert abroad.fold.verdict(leaf) == ("refused", "denied")
    abroad.fold.tokens(abroad.home.ops.revoke(tokens.token_id(negative)))
    abroad.fold.put("solve")
    assert abroad.fold.verdict(leaf) == ("admitted", "admitted-mapped")


def test_a_revoked_equivalence_supersedes_what_it_admitted_and_edits_nothing():
    abroad = Abroad()
    leaf = abroad.far.one.leaf(0)
    abroad.judged(leaf)
    before = list(abroad.fold.events)
    abroad.fold.tokens(abroad.home.ops.revoke(tokens.token_id(abroad.equivalence)))
    abroad.fold.put("solve")
    assert (
        abroad.fold.verdict(leaf) == ("refused", "unmapped") and abroad.fold.events[: len(before)] == before
    )
    told = [
        (one[4], one[5]["state"])
        for one in abroad.fold.events
        if one[0] == "admit" and obs.observation_id(leaf) in one[2]
    ]
    assert told == [("admitted-mapped", "admitted"), ("unmapped", "refused")]


def test_an_equivalence_is_worth_what_the_very_credential_that_signed_it_is():
    abroad = Abroad(equated=False)
    home, far = abroad.home, abroad.far
    silent = home.mesh.credential("silent", "ops", ("observe",), 1, by=home.ops)
    narrow = home.mesh.credential(
        "narrow", "ops", ("observe", "translate"), 1, by=home.ops, scope=[["water/lake"], None]
    )
    sides = ((far.mesh.id, far.ops), (home.mesh.id, home.ops))
    leaf = far.one.leaf(0)
    abroad.fold.tokens(silent, narrow, silent.equate(*sides), narrow.equate(*sides))
    assert abroad.judged(leaf) == ("refused", "unmapped")
    wide = home.mesh.credential("wide", "ops", ("observe", "translate"), 1, by=home.ops)
    abroad.fold.tokens(wide, wide.equate(*sides))
    abroad.fold.put("solve")
    assert abroad.fold.verdict(leaf) == ("admitted", "admitted-mapped")
    abroad.fold.tokens(home.ops.revoke(wide.id))
    abroad.fold.put("solve")
    assert abroad.fold.verdict(leaf) == ("refused", "unmapped"), "its issuer was taken back"


def test_a_delegate_of_the_same_name_does_not_take_an_authority_over():
    abroad = Abroad()
    usurper = abroad.far.mesh.credential(
        "usurper", "ops", ("observe", "translate"), 1, by=abroad.far.ops, nbf=NBF + 9
    )
    abroad.fold.tokens(usurper)
    assert abroad.judged(abroad.far.one.leaf(0))[1] == "admitted-mapped"


def test_an_expired_equivalence_supports_nothing():
    abroad = Abroad(equated=False)
    abroad.fold.tokens(abroad.equate(exp=UTC_S + 30))
    assert abroad.judged(abroad.far.one.leaf(0, true_ms=60_000)) == ("refused", "unmapped")


def test_of_two_statements_the_one_that_time_may_still_prove_holds_it():
    abroad = Abroad(equated=False)
    abroad.fold.tokens(abroad.equate(exp=UTC_S + 60), abroad.equate(scope=[["water/lake"], None]))
    assert abroad.judged(abroad.far.one.leaf(0, true_ms=60_000)) == ("held", "unproven-time")


def undated(terms):
    """A foreign leaf of a device that met nobody: nothing dates it."""
    abroad = Abroad(terms)
    lone = abroad.far.mesh.device("lone", abroad.far.ops)
    abroad.fold.tokens(lone.holder, lone.attestation)
    leaf = lone.leaf(0)
    return abroad.judged(leaf, lone), abroad, lone


def test_the_agreement_lets_undated_foreign_words_in_or_holds_them():
    assert undated({})[0] == ("held", "unproven-time")
    verdict, abroad, lone = undated({"unproven": "admit"})
    assert verdict == ("admitted", "admitted-unproven")
    row = abroad.fold.tables["verdict"][obs.observation_id(lone.leaf(0)),]
    assert "which the agreement lets in" in row[3] and row[4].startswith("bring a UTC claim")
    own = abroad.home.mesh.device("own", abroad.home.ops)
    abroad.fold.tokens(own.holder, own.attestation)
    assert abroad.judged(own.leaf(0), own) == ("held", "unproven-time"), "our own mesh's word is not waived"


def test_what_is_proved_expired_is_not_let_in_as_undated():
    abroad = Abroad({"unproven": "admit"})
    far = abroad.far
    late = far.mesh.credential(
        "late", "ops", ("observe",), 0, by=far.ops, signer=far.one.signer, exp=UTC_S + 50
    )
    abroad.fold.tokens(late)
    leaf = far.one.leaf(40, credential=late.id, true_ms=60_000)
    assert abroad.judged(leaf) == ("refused", "credential-expired")
    denied = Abroad({"unproven": "admit"})
    denied.fold.tokens(denied.equate(negative=True))
    assert denied.judged(denied.far.one.leaf(0)) == ("refused", "denied")


def test_grades_and_claims_are_those_of_what_is_held_whenever_it_came(home):
    one = home.one
    endorsement = home.ops.endorse(one.signer.public)
    leaf = one.leaf(0, level=42)
    others = [token for token in home.tokens if token != home.schema]
    late = [("token", home.schema), ("token", endorsement), ("early", one.early(leaf)), ("solve", b"")]
    ends = set()
    for order in itertools.permutations(late):
        fold = Fold(home.mesh)
        fold.tokens(*others)
        for segment in home.contact:
            fold.put("segment", segment)
        for kind, data in order:
            fold.put(kind, data)
        fold.put("solve")
        identity = obs.observation_id(leaf)
        assert fold.state.entries[identity].grade == fold.tables["observation"][identity,][12] == 3
        ends.add((fold.verdict(leaf), fold.tables["claim"][identity, "level"]))
    assert ends == {(("admitted", "admitted"), (obs.observation_id(leaf), "level", cbor.encode(42), "m", -2))}


def test_a_revoked_endorsement_lowers_the_grade_again(home):
    endorsement = home.ops.endorse(home.one.signer.public)
    fold = home.fold()
    fold.tokens(endorsement)
    fold.put("early", home.one.early(home.one.leaf(0)))
    fold.put("solve")
    fold.tokens(home.ops.revoke(tokens.token_id(endorsement)))
    fold.put("solve")
    assert fold.state.entries[obs.observation_id(home.one.leaf(0))].grade == 0
    assert [one[4] for one in fold.events if one[0] == "grade"] == ["changed", "changed"]


def test_claims_are_written_once_and_for_admitted_observations_alone(home):
    one = home.one
    stranger = home.mesh.device("stranger", home.ops)
    fold = home.fold()
    fold.tokens(stranger.holder, stranger.attestation)
    fold.put("early", one.early(one.leaf(0)))
    fold.put("early", stranger.early(stranger.leaf(0)))
    fold.put("solve")
    assert [key[0] for key in fold.tables["claim"]] == [obs.observation_id(one.leaf(0))]
    outcome = fold.put("solve")
    assert not [row for table, row in outcome.rows if table == "claim"]


def test_a_stopped_scope_holds_foreign_words_but_what_was_decided_stands():
    abroad = Abroad()
    decided, later = abroad.far.one.leaf(0), abroad.far.one.leaf(1)
    abroad.judged(decided)
    abroad.fold.state.decided.add(obs.observation_id(decided))
    abroad.fold.state.stopped[TREE] = b"\x01" * 16
    assert abroad.judged(later) == ("held", "scope-stopped")
    assert abroad.fold.verdict(decided) == ("admitted", "admitted-mapped")


def test_an_older_and_an_unsigned_agreement_are_refused_by_name():
    abroad = Abroad({"version": 3})
    alpha, bravo = abroad.home.mesh, abroad.far.mesh
    older, lone = agreed(alpha, bravo, version=2), agreed(alpha, bravo, version=4)
    data, signatures = cbor.decode(lone)
    abroad.fold.put("agreement", older)
    abroad.fold.put("agreement", proof(data, signatures[:1]))
    abroad.fold.put("agreement", lone[:-1])
    codes = [one[4] for one in abroad.fold.events if one[0] == "refused"]
    assert codes == ["agreement-stale", "agreement-unsigned", "cbor-truncated"]
    assert abroad.fold.state.agreement.version == 3
    rows = {row[1]: row for row in abroad.fold.tables["refusal"].values()}
    assert rows["agreement-stale"][3] == "adopt the newer version attached"


def test_two_texts_under_one_version_are_a_fork_that_stops_every_scope():
    abroad = Abroad()
    other = agreed(abroad.home.mesh, abroad.far.mesh, rate_floor_ppb=5)
    abroad.fold.put("agreement", other)
    assert [one[0] for one in abroad.fold.events[-2:]] == ["fork", "case"] and set(
        abroad.fold.state.stopped
    ) == {TREE}
    assert abroad.judged(abroad.far.one.leaf(0)) == ("held", "scope-stopped")

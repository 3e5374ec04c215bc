"""An authority's next key: what bound the former one goes on along shown rotations, and nothing more. SPEC 7.6, 12.4"""

import itertools

import pytest
from fold_world import EXP, NBF, UTC_S, Fold, Home, Mesh, item, key
from test_bridge_admission import Abroad
from test_bridge_rotation import code_of

from fieldpost.accession import leading
from fieldpost.crossing import tokens_for
from fieldpost.mapping import taxonomy_from
from fieldpost.taxonomy import Query
from fieldpost.trust import Trust
from fieldwire import cbor, cose, keys, rotation, tokens
from fieldwire import observation as obs

RIGHTS = ("observe", "time", "translate")


def accede(before, after, mesh, by):
    """The rotation by which `after`, a holder of a credential, follows `before`; `by`: a holder, or a root's Mesh."""
    handed = rotation.hand_over(mesh.id, after.signer.public, 0, [], before.signer)
    claims = {
        tokens.NBF: NBF, tokens.EXP: EXP, tokens.CNF: {1: keys.cose_key(after.signer.public)},
        tokens.ACCEPTED: rotation.accept(handed, after.signer), tokens.BEFORE: before.id, tokens.AFTER: after.id,
    }  # fmt: skip
    if isinstance(by, Mesh):
        return tokens.issue(cose.ROTATION, claims, by.root)
    return by.sign(cose.ROTATION, claims)


class Keys:
    """An authority of bravo under several keys, by the root or by one above; alpha's equivalence binds the first."""

    def __init__(self, delegated):
        self.alpha, self.bravo = Mesh("alpha"), Mesh("bravo")
        self.ops = self.alpha.authority()
        above = self.bravo.authority("field", depth=3)
        self.by = above if delegated else self.bravo
        self.held = [
            self.bravo.credential(
                f"sea {n}", "field/sea", RIGHTS, 1, by=above if delegated else None, nbf=NBF + n
            )
            for n in range(4)
        ]
        self.bound = self.ops.equate((self.bravo.id, self.held[0]), (self.alpha.id, self.ops))
        self.base = [self.ops.data, above.data, self.bound]

    def step(self, before, after):
        return accede(self.held[before], self.held[after], self.bravo, self.by)

    def codes(self, shown, steps):
        """What a bridge that holds these keys' credentials and rotations says: [] where the equivalence holds."""
        pool = Trust()
        for mesh in (self.alpha, self.bravo):
            pool.add_root(mesh.root.public)
        for one in (*self.base, *(self.held[n].data for n in shown), *(self.step(*each) for each in steps)):
            assert code_of(pool.add(one)) == "held"
        query = Query((self.bravo.id, "field/sea"), self.alpha.id, "water", 112, (UTC_S, UTC_S + 1))
        answer = taxonomy_from(pool).paths(query)
        assert answer.paths in ((), ((tokens.token_id(self.bound),),))
        return [one.code for one in answer.refused_because]


@pytest.fixture(params=[False, True], ids=["by the root", "by an authority above"])
def sea(request):
    return Keys(request.param)


def test_an_equivalence_holds_along_two_rotations_and_not_along_one_of_them(sea):
    assert sea.codes([0], []) == []
    assert sea.codes([0, 1], [(0, 1)]) == []
    assert sea.codes([0, 1, 2], [(0, 1), (1, 2)]) == []
    for withheld in ([(0, 1)], [(1, 2)], []):
        assert sea.codes([0, 1, 2], withheld) == ["equivalence-key"]


def test_a_branch_links_nothing(sea):
    assert sea.codes([0, 1, 2], [(0, 1), (0, 2)]) == ["equivalence-key"]
    assert sea.codes([0, 1, 2, 3], [(0, 1), (0, 2), (1, 3)]) == ["equivalence-key"]


def test_two_keys_that_hand_over_to_one_link_nothing(sea):
    assert sea.codes([0, 1, 2], [(0, 2), (1, 2)]) == ["equivalence-key"]


def test_a_circle_links_nothing(sea):
    assert sea.codes([0, 1, 2], [(0, 1), (1, 2), (2, 0)]) == ["equivalence-key"]
    assert sea.codes([0, 1], [(0, 1), (1, 0)]) == ["equivalence-key"]


def test_a_rotation_leads_forward_alone(sea):
    sea.base[-1] = sea.bound = sea.ops.equate((sea.bravo.id, sea.held[1]), (sea.alpha.id, sea.ops))
    assert sea.codes([0], []) == ["equivalence-key"]
    assert sea.codes([0, 1], [(0, 1)]) == []


def test_rotations_that_lead_there_are_named_in_their_order(sea):
    pool = Trust()
    for mesh in (sea.alpha, sea.bravo):
        pool.add_root(mesh.root.public)
    steps = [sea.step(n, n + 1) for n in range(3)]
    for one in (*sea.base, *(each.data for each in sea.held), *reversed(steps)):
        pool.add(one)
    thumbprints = [keys.thumbprint(one.signer.public) for one in sea.held]
    found = leading(pool, (sea.bravo.id, "field/sea"), thumbprints[1], thumbprints[3])
    assert [one.data for one in found] == steps[1:]
    assert leading(pool, (sea.bravo.id, "field/sea"), thumbprints[3], thumbprints[1]) == []
    assert leading(pool, (sea.bravo.id, "field"), thumbprints[1], thumbprints[3]) == []


def test_the_roots_rotation_waits_for_all_that_it_names_in_any_order():
    mesh = Mesh("bravo")
    before, after = (mesh.credential(name, "field", RIGHTS, 2, nbf=NBF + n) for n, name in enumerate("ab"))
    token = accede(before, after, mesh, mesh)
    for order in itertools.permutations((before.data, after.data, token, mesh.root.public)):
        pool, codes = Trust(), set()
        for one in order:
            if one == mesh.root.public:
                pool.add_root(one)
            else:
                codes.add(code_of(pool.add(one)))
        pool.retry()
        pool.retry()
        assert codes <= {"held", "token-issuer-unknown"} and not pool.waiting
        assert [held.data for held, _ in pool.rotations] == [token]


def test_a_rotation_that_only_looks_like_the_roots_is_refused_and_never_waits():
    mesh, far = Mesh("bravo"), Mesh("charlie")
    above = mesh.authority("field", depth=3)
    before, after = (
        mesh.credential(name, "field/sea", RIGHTS, 1, nbf=NBF + n) for n, name in enumerate("ab")
    )
    issued = mesh.credential("c", "field/sea", RIGHTS, 1, by=above, nbf=NBF + 2)
    narrow = mesh.credential("d", "field/sea", ("observe",), 1, nbf=NBF + 3)
    good = tokens.decode(accede(before, after, mesh, mesh))
    forged = tokens.issue(cose.ROTATION, good.claims, key("stranger"))
    cases = {
        "by a stranger": (forged, "signature-bad"),
        "by the former key": (tokens.issue(cose.ROTATION, good.claims, before.signer), "signature-bad"),
        "by another mesh's root": (tokens.issue(cose.ROTATION, good.claims, far.root), "signature-bad"),
        "of another mesh": (accede(before, after, far, far), "token-chain"),
        "by the root for what an authority issued": (accede(before, issued, mesh, mesh), "token-chain"),
        "by an authority for what the root signed": (accede(before, after, mesh, above), "token-chain"),
        "with other rights": (accede(before, narrow, mesh, mesh), "token-chain"),
    }
    for name, (token, code) in cases.items():
        pool = Trust()
        for one in (mesh, far):
            pool.add_root(one.root.public)
        for one in (above, before, after, issued, narrow):
            assert code_of(pool.add(one.data)) == "held"
        assert code_of(pool.add(token)) == code and not pool.rotations and not pool.waiting, name
    pool = Trust()
    pool.add_root(mesh.root.public)
    assert code_of(pool.add(forged)) == "signature-bad" and not pool.waiting


class Rotated(Abroad):
    """Abroad, where the far authority has two more keys; a new far device speaks under the last of them."""

    def __init__(self):
        super().__init__()
        far = self.far.mesh
        self.later = [far.credential(f"ops {n}", "ops", RIGHTS, 2, nbf=NBF + n) for n in (1, 2)]
        line = [self.far.ops, *self.later]
        self.steps = [accede(one, other, far, far) for one, other in itertools.pairwise(line)]


def test_a_foreign_word_is_admitted_along_the_rotations_in_whatever_order_they_come():
    for order in itertools.permutations(range(4)):
        abroad = Rotated()
        leaf = abroad.far.one.leaf(0)
        assert abroad.judged(leaf) == ("admitted", "admitted-mapped")
        news = [abroad.later[0].data, abroad.later[1].data, *abroad.steps]
        for n in order:
            abroad.fold.tokens(news[n])
            abroad.fold.put("solve")
            assert abroad.fold.verdict(leaf)[1] in ("admitted-mapped", "unmapped")
        assert abroad.fold.verdict(leaf) == ("admitted", "admitted-mapped")


def test_who_withholds_a_rotation_takes_away_and_never_adds():
    abroad = Rotated()
    leaf = abroad.far.one.leaf(0)
    abroad.judged(leaf)
    abroad.fold.tokens(*abroad.later, abroad.steps[0])
    abroad.fold.put("solve")
    assert abroad.fold.verdict(leaf) == ("refused", "unmapped")
    row = abroad.fold.tables["verdict"][obs.observation_id(leaf),]
    assert any("equivalence-key" in str(one) for one in row)
    abroad.fold.tokens(abroad.steps[1])
    abroad.fold.put("solve")
    assert abroad.fold.verdict(leaf) == ("admitted", "admitted-mapped")


def test_the_former_key_issues_and_states_as_long_as_its_credential_lasts():
    """A rotation takes nothing back: what hangs on the credential before it, older or newer, counts as it did."""
    abroad = Rotated()
    fold, far = abroad.fold, abroad.far
    fold.tokens(*abroad.later, *abroad.steps)
    assert abroad.judged(far.one.leaf(0)) == ("admitted", "admitted-mapped"), "issued before"
    newer = far.mesh.device("newer", far.ops, nbf=NBF + 100)
    fold.tokens(newer.holder, newer.attestation)
    leaf = newer.leaf(0)
    fold.put("item", item(newer.segment(leaf)))
    assert abroad.fold.state.entries[obs.observation_id(leaf)].authority == "ops", "issued after"
    lapsed = far.mesh.device("lapsed", far.ops, exp=EXP + 1)
    assert code_of(abroad.fold.state.trust.add(lapsed.holder.data)) == "token-chain", "beyond its validity"


def test_a_former_key_that_is_revoked_issues_nothing_more_and_what_stays_is_named():
    mesh = Mesh("bravo")
    above = mesh.authority("field", depth=3)
    before, after = (
        mesh.credential(name, "field", RIGHTS, 2, by=above, nbf=NBF + n) for n, name in enumerate("ab")
    )
    kept, dropped = (mesh.device(name, before) for name in ("kept", "dropped"))
    fold = Fold(mesh)
    fold.tokens(above, before, after, accede(before, after, mesh, above))
    for one in (kept, dropped):
        fold.tokens(one.holder, one.attestation)
        fold.put("early", one.early(one.leaf(0)))
    fold.put("solve")
    assert {fold.verdict(one.leaf(0))[1] for one in (kept, dropped)} == {"unproven-time"}
    fold.tokens(above.revoke(before.id, staying=[kept.holder.id]))
    fold.put("solve")
    assert fold.verdict(kept.leaf(0))[1] == "unproven-time"
    assert fold.verdict(dropped.leaf(0)) == ("refused", "credential-revoked")


def test_what_an_authoritys_former_key_observes_itself_is_refused_and_names_its_trust():
    home = Home("alpha")
    heir = home.mesh.credential("ops again", "ops", RIGHTS, 2, nbf=NBF + 1)
    speaker = home.mesh.device("speaker", home.ops)
    speaker.holder, speaker.signer = home.ops, home.ops.signer
    speaker.id = keys.device_id(home.ops.signer.public)
    speaker.attestation = speaker.attest(1)
    fold, leaf = home.fold(), speaker.leaf(0)
    fold.tokens(speaker.attestation, home.ops.endorse(home.ops.signer.public))
    fold.put("early", speaker.early(leaf))
    fold.put("solve")
    assert fold.verdict(leaf)[1] == "unproven-time"
    token = accede(home.ops, heir, home.mesh, home.mesh)
    fold.tokens(heir, token)
    fold.put("solve")
    assert fold.verdict(leaf) == ("refused", "credential-rotated")
    relied = cbor.decode(fold.tables["verdict"][obs.observation_id(leaf),][8])
    assert tokens.token_id(token) in [one for one, _ in relied]


def test_rotations_of_an_authoritys_key_cross_with_what_hangs_on_it():
    home = Home("alpha")
    heir = home.mesh.credential("ops again", "ops", RIGHTS, 2, nbf=NBF + 1)
    token = accede(home.ops, heir, home.mesh, home.mesh)
    peer = home.mesh.authority("peer")
    other = home.mesh.credential("peer again", "peer", RIGHTS, 2, nbf=NBF + 1)
    aside = accede(peer, other, home.mesh, home.mesh)
    fold, leaf = home.fold(), home.one.leaf(0)
    fold.tokens(heir, token, peer, other, aside)
    fold.put("segment", home.one.segment(leaf))
    released = tokens_for(fold.state, (obs.observation_id(leaf),))
    assert max(map(released.index, (home.ops.data, heir.data))) < released.index(token)
    assert aside not in released, "another authority's is not asked for"
    far = Trust()
    far.add_root(home.mesh.root.public)
    assert {code_of(far.add(one)) for one in released} == {"held"} and len(far.rotations) == 1

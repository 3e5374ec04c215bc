"""Adversaries, by name: what each tries, and what is held at the end. SPEC 5, 6, 7, 12"""

import random
import time

import pytest
from fold_world import Fold, Holder, Home, Mesh, item, key
from test_bridge_admission import Abroad
from vectors_io import raises

from fieldpost import imports
from fieldpost.admission import judge
from fieldpost.held import COMPLETE
from fieldpost.proof import form
from fieldpost.proof.check import check
from fieldpost.taxonomy import Authority, Equivalence, Query, taxonomy_of
from fieldwire import cbor, keys, schema, tokens
from fieldwire import observation as obs


def fork_proof(home, *statements):
    pair = sorted(statements, key=cbor.encode)
    return form.encode(form.FORK, [home.mesh.root.public], [home.ops.data, home.one.holder.data], pair)


def test_an_equivocating_device_is_quarantined_alike_whatever_came_first_and_convicts_itself():
    """It signs one history for one bridge and another for the other."""
    home = Home()
    shared, told, also = home.one.leaf(0), home.one.leaf(1, level=1), home.one.leaf(1, level=2)
    first = home.one.segment(shared)
    one = home.one.segment(told, chained=False)
    other = home.one.segment(also)
    verdicts = []
    for order in ((first, one, other), (other, one, first), (one, first, other)):
        fold = home.fold()
        for data in order:
            fold.put("segment", data)
        fold.put("solve")
        verdicts.append([fold.verdict(leaf) for leaf in (shared, told, also)])
        assert len(fold.state.entries) == 3 + len(home.contact), "both sides of it are kept"
    assert verdicts == [verdicts[0]] * 3 and [code for _, code in verdicts[0][1:]] == ["forked"] * 2
    found = check(fork_proof(home, cbor.decode(item(one)), cbor.decode(item(other))), [home.mesh.id])
    assert found["outcome"] == "proved" and found["proved"]["device"] == home.one.id.hex()


def everything_to(mine, *foreign, negative=False, **changed):
    """Statements of `mine` that map each foreign authority to it. All: (mesh, holder)."""
    return [mine[1].equate(one, mine, negative=negative, **changed) for one in foreign]


def test_an_authority_that_maps_everything_to_itself_gains_no_more_than_its_own_scope():
    abroad = Abroad(equated=False)
    greedy = abroad.home.mesh.authority("greedy", scope=[["road"], None])
    abroad.fold.tokens(greedy)
    mine = (abroad.home.mesh.id, greedy)
    abroad.fold.tokens(*everything_to(mine, (abroad.far.mesh.id, abroad.far.ops)))
    assert abroad.judged(abroad.far.one.leaf(0)) == ("refused", "unmapped"), "water is not its own"


def test_an_authority_cannot_map_to_what_it_does_not_hold_nor_to_everything_at_once():
    abroad = Abroad(equated=False)
    greedy = abroad.home.mesh.authority("greedy")
    abroad.fold.tokens(greedy)
    far = (abroad.far.mesh.id, abroad.far.ops)
    stolen = greedy.equate(far, (abroad.home.mesh.id, abroad.home.ops))
    abroad.fold.tokens(stolen)
    assert abroad.judged(abroad.far.one.leaf(0)) == ("refused", "unmapped")
    everything = Holder(abroad.home.ops.signer, "*", abroad.home.ops.data)
    raises("token-shape", greedy.equate, far, (abroad.home.mesh.id, everything))
    raises("token-shape", greedy.equate, (abroad.far.mesh.id, everything), (abroad.home.mesh.id, greedy))


def test_a_foreign_authority_maps_nothing_into_our_mesh():
    abroad = Abroad(equated=False)
    abroad.fold.tokens(
        abroad.far.ops.equate((abroad.far.mesh.id, abroad.far.ops), (abroad.home.mesh.id, abroad.home.ops))
    )
    assert abroad.judged(abroad.far.one.leaf(0)) == ("refused", "unmapped")


@pytest.mark.parametrize("rights", [(), ("observe",), ("observe", "time")])
def test_an_issuer_without_the_right_maps_denies_and_revokes_nothing(rights):
    abroad = Abroad()
    powerless = abroad.home.mesh.authority("ops", rights=rights, signer=key("powerless"))
    abroad.fold.tokens(powerless)
    denial = powerless.equate(
        (abroad.far.mesh.id, abroad.far.ops), (abroad.home.mesh.id, abroad.home.ops), negative=True
    )
    abroad.fold.tokens(denial, powerless.revoke(tokens.token_id(abroad.equivalence)))
    assert abroad.judged(abroad.far.one.leaf(0)) == ("admitted", "admitted-mapped")
    other = Abroad(equated=False)
    other.fold.tokens(
        powerless, powerless.equate((other.far.mesh.id, other.far.ops), (other.home.mesh.id, other.home.ops))
    )
    assert other.judged(other.far.one.leaf(0)) == ("refused", "unmapped")


def test_a_replay_storm_changes_nothing_and_is_written_once_for_each_thing():
    home = Home()
    fold = home.fold()
    leaves = [home.one.leaf(seq) for seq in range(4)]
    things = [("segment", home.one.segment(*leaves[:2])), ("early", home.one.early(leaves[3]))]
    for kind, data in things:
        fold.put(kind, data)
    fold.put("solve")
    held = (
        len(fold.state.entries),
        fold.state.entries.envelopes,
        dict(fold.state.verdicts),
        dict(fold.state.forks),
    )
    storm = [*things, ("token", home.one.holder.data)] * 300
    random.Random(1).shuffle(storm)
    events = len(fold.events)
    for kind, data in storm:
        if not imports.heard(fold.state, data):  # as a shell asks before it makes an input of bytes
            fold.put(kind, data)
    fold.put("solve")
    assert len(fold.events) - events <= len(things) + 3
    assert (
        len(fold.state.entries), fold.state.entries.envelopes, dict(fold.state.verdicts), dict(fold.state.forks),
    ) == held  # fmt: skip


def test_a_replay_storm_of_what_waits_stays_within_its_quota(monkeypatch):
    monkeypatch.setattr(imports, "WAITING_MAX", 8)
    home = Home()
    fold = Fold(home.mesh)
    copies = [home.one.early(home.one.leaf(seq)) for seq in range(40)]
    for _ in range(5):
        for data in copies:
            if not imports.heard(fold.state, data):
                fold.put("early", data)
    assert len(fold.state.waiting) == 8 and sum(map(len, fold.state.wanted.values())) == 8
    assert not fold.state.entries


def test_what_waited_came_again_and_is_then_refused_may_be_brought_again_to_hear_why():
    home = Home()
    fold = Fold(home.mesh)
    forged = home.one.early(home.one.leaf(0))[:-1] + b"\x00"
    for _ in range(2):
        fold.put("early", forged)
    assert imports.heard(fold.state, forged)
    fold.tokens(*home.tokens)
    assert fold.refusal(forged) == "signature-bad" and not imports.heard(fold.state, forged)


def test_cyclic_equivalences_end_and_enter_no_mesh_twice():
    meshes = [f"mesh {n}" for n in range(9)]
    everyone = [Authority(mesh, "ops", f"key of {mesh}") for mesh in meshes]
    links = [
        Equivalence(f"{a}>{b}", (b, "ops"), (a, "ops"), (b, "ops"), None, None, 0, 10, path_length=9)
        for a in meshes for b in meshes if a != b
    ]  # fmt: skip
    taxonomy = taxonomy_of(everyone, meshes, links)
    begin = time.process_time()
    answer = taxonomy.paths(Query((meshes[0], "ops"), meshes[8], "s", 0, (1, 2)))
    assert time.process_time() - begin < 20
    assert answer.admitted_under == ((meshes[8], "ops"),) and answer.paths[0] == ("mesh 0>mesh 8",)
    for path in answer.paths:
        entered = [link.split(">")[1] for link in path]
        assert len(set(entered)) == len(entered) and meshes[0] not in entered
    ring = [one for one in links if meshes.index(one.local[0]) == (meshes.index(one.foreign[0]) + 1) % 9]
    alone = taxonomy_of(everyone, meshes, ring)
    [path] = alone.paths(Query((meshes[0], "ops"), meshes[8], "s", 0, (1, 2))).paths
    assert len(path) == 8


DEEP = 100_000


def deep(fold, home, links, without=None):
    """A chain of `links` derivations in the state, as if each but one had come and verified; ids are made up."""
    root = obs.decode(home.one.leaf(0))
    fold.put("early", home.one.early(home.one.leaf(0)))
    entry = fold.state.entries[obs.observation_id(home.one.leaf(0))]
    derivation = ["max", ["level"], schema.function_digest("max")]
    before = entry
    for seq in range(1, links + 1):
        identity = seq.to_bytes(32, "big")
        source = [*obs.position(before.observation), before.id]
        derived = {
            **root, obs.SEQ: seq, obs.SOURCES: [source], obs.DERIVATION: derivation,
        }  # fmt: skip
        made = entry._replace(id=identity, observation=derived, leaf=b"")
        before = made if seq == without else hold(fold, made)
    return before


def hold(fold, entry):
    """Hold an observation as if its envelope had come."""
    before = fold.state.entries.add(entry)
    imports.write(fold.state, before, bytes(32), 0)
    fold.state.row("edge", before.id, before.observation[obs.SOURCES][0][4], 0)
    fold.state.hand_over()
    fold.state.times.upto = before.n
    return before


def doubt(fold):
    """Forget whose lineage was found complete."""
    for number in range(1, fold.state.entries.count + 1):
        fold.state.entries.unmark(number, COMPLETE)


def test_a_lineage_100_000_deep_is_judged_in_bounded_time_and_without_end_of_stack():
    home = Home()
    fold = home.fold()
    fold.put("solve")
    last = deep(fold, home, DEEP)
    begin = time.process_time()
    verdict = judge(fold.state, last)
    assert time.process_time() - begin < 5
    assert verdict.code == "admitted" and fold.state.entries.marked(last.n, COMPLETE)
    begin = time.process_time()
    fold.state.entries.unmark(last.n, COMPLETE)
    assert judge(fold.state, last).code == verdict.code and time.process_time() - begin < 0.1
    broken = Home()
    fold = broken.fold()
    fold.put("solve")
    assert judge(fold.state, deep(fold, broken, 1_000, without=500)).code == "incomplete"


def test_a_lineage_cycle_attempt_is_held_for_ever_and_judging_it_ends():
    """An id is a hash over the sources' ids: a cycle cannot be made. Were it made, judging would still end."""
    home = Home()
    fold = home.fold()
    one, other = home.one.leaf(0), home.two.leaf(0)
    looped = home.one.mean([one], seq=1)
    guessed = home.two.mean([looped], seq=1)
    forged = obs.decode(looped)
    forged[obs.SOURCES] = [[home.two.id, home.two.incarnation, 1, 1, obs.observation_id(guessed)]]
    for device, leaf in ((home.two, guessed), (home.one, cbor.encode(forged)), (home.two, other)):
        fold.put("early", device.early(leaf))
    fold.put("solve")
    assert fold.verdict(guessed) == ("held", "incomplete"), "its source is not the one that came"
    a, b = (fold.state.entries[obs.observation_id(leaf)] for leaf in (guessed, cbor.encode(forged)))
    a.observation[obs.SOURCES] = [[*obs.position(b.observation), b.id]]
    b.observation[obs.SOURCES] = [[*obs.position(a.observation), a.id]]
    doubt(fold)
    begin = time.process_time()
    assert all(judge(fold.state, one).code for one in (a, b))
    assert time.process_time() - begin < 1


def test_a_relabelled_or_regrafted_leaf_is_refused():
    """A thief's credential around another's reading, or a leaf under a seal that is not its own."""
    home = Home()
    fold = home.fold()
    leaf = home.one.leaf(0)
    other = home.two.segment(home.two.leaf(0), home.two.leaf(1))
    stolen = home.two.early(leaf)
    grafted = item(other, leaf=leaf)
    for kind, data, codes in (
        ("early", stolen, {"signature-bad"}),
        ("item", grafted, {"signature-bad", "seal-leaf"}),
    ):
        fold.put(kind, data)
        assert fold.refusal(data) in codes
    assert obs.observation_id(leaf) not in fold.state.entries


def test_a_stranger_with_a_root_of_its_own_is_nobody_here():
    home, thief = Home(), Mesh("alpha's double")
    fold = home.fold()
    ops = thief.authority()
    device = thief.device("one", ops)
    fold.tokens(ops, device.holder, device.attestation)
    leaf = device.leaf(0)
    fold.put("early", device.early(leaf))
    fold.put("solve")
    assert obs.observation_id(leaf) not in fold.state.entries
    assert keys.thumbprint(thief.root.public) not in fold.state.trust.roots


def test_a_flood_within_one_reconciliation_leaves_a_log_that_can_be_read():
    """SPEC 15.1: an event names a bounded number of inputs, however many observations one solve judges."""
    home = Home()
    fold = home.fold()
    deep(fold, home, 1_500)
    fold.state.times.upto = 0
    fold.put("solve")
    admitted = [one for one in fold.events if one[0] == "admit" and one[4] == "admitted"]
    assert len(admitted) > 1 and max(len(one[2]) for one in admitted) <= 1_024
    assert sum(len(one[2]) for one in admitted) == 1_501

"""Rotation on a bridge: who follows whom, where the old log ends, in whatever order the proof comes. SPEC 7.6"""

import itertools
import random

import pytest
from fold_world import NBF, UTC_S, Home, Mesh, seal_hash

from fieldpost.crossing import tokens_for
from fieldpost.inspect import inspect
from fieldpost.mapping import taxonomy_from
from fieldpost.model import Refusal
from fieldpost.taxonomy import Query
from fieldpost.trust import Trust
from fieldwire import keys, tokens
from fieldwire import observation as obs


@pytest.fixture
def home():
    return Home("alpha")


def end(device, segment, number, stream=obs.READINGS):
    return [device.incarnation, stream, number, seal_hash(segment)]


def heir_of(home):
    return home.mesh.device("one again", home.ops, boot=2)


def handed_over(home):
    """(segments of the old log in order, the heir, the token): the log ends with the second reading."""
    one, heir = home.one, heir_of(home)
    chain = [one.segment(one.leaf(seq)) for seq in range(3)]
    ends = [end(one, chain[1], 1), end(one, home.contact[0], 0, obs.EVIDENCE)]
    return chain, heir, home.ops.rotate(one, heir, sorted(ends))


def test_what_the_old_key_signs_after_it_handed_over_is_refused_in_whatever_order_it_comes(home):
    one = home.one
    chain, heir, token = handed_over(home)
    loose = one.leaf(9, stream=obs.URGENT)
    inputs = [("segment", data) for data in chain]
    inputs += [("early", one.early(loose)), ("token", token), ("token", heir.holder.data)]
    for order in random.Random(7).sample(list(itertools.permutations(inputs)), 60):
        fold = home.fold()
        for kind, data in order:
            fold.put(kind, data)
        fold.put("solve")
        codes = [fold.verdict(one.leaf(seq))[1] for seq in range(3)]
        assert codes == ["admitted", "admitted", "credential-rotated"]
        assert fold.verdict(loose) == ("refused", "credential-rotated")


def test_a_segment_that_the_device_had_to_drop_takes_no_earlier_one_along(home):
    chain, heir, token = handed_over(home)
    fold = home.fold()
    fold.tokens(heir.holder, token)
    fold.put("segment", chain[0])
    fold.put("solve")
    assert fold.verdict(home.one.leaf(0))[1] == "admitted"


def test_a_log_that_is_not_named_is_closed_whole(home):
    one = home.one
    _, heir, token = handed_over(home)
    one.incarnation = b"unnamed."
    leaf = one.leaf(0)
    fold = home.fold()
    fold.tokens(heir.holder, token)
    fold.put("segment", one.segment(leaf))
    fold.put("solve")
    assert fold.verdict(leaf) == ("refused", "credential-rotated")


def test_another_seal_inside_the_log_is_a_fork_as_ever(home):
    one = home.one
    chain, heir, token = handed_over(home)
    forged = one.segment(one.leaf(50), number=1, previous=seal_hash(chain[0]), chained=False)
    fold = home.fold()
    fold.tokens(heir.holder, token)
    for data in (chain[0], chain[1], forged):
        fold.put("segment", data)
    fold.put("solve")
    assert fold.verdict(one.leaf(50))[1] == "forked"


def test_of_two_rotations_each_closes_the_log(home):
    one, heir, other = home.one, heir_of(home), home.mesh.device("one a third time", home.ops, boot=3)
    chain = [one.segment(one.leaf(seq)) for seq in range(2)]
    evidence = end(one, home.contact[0], 0, obs.EVIDENCE)
    late = home.ops.rotate(one, heir, [end(one, chain[1], 1), evidence])
    early = home.ops.rotate(one, other, [end(one, chain[0], 0), evidence])
    for order in itertools.permutations((late, early)):
        fold = home.fold()
        fold.tokens(heir.holder, other.holder, *order)
        for segment in chain:
            fold.put("segment", segment)
        fold.put("solve")
        assert [fold.verdict(one.leaf(seq))[1] for seq in range(2)] == ["admitted", "credential-rotated"]


def test_the_heir_speaks_for_itself_under_its_own_credential(home):
    _, heir, token = handed_over(home)
    fold = home.fold()
    fold.tokens(token, heir.holder, heir.attestation)
    leaf = heir.leaf(0)
    fold.put("segment", heir.segment(leaf))
    fold.put("solve")
    assert fold.state.entries[obs.observation_id(leaf)].authority == "ops"
    assert fold.verdict(leaf)[1] == "unproven-time", (
        "its clock was not met yet; nothing else stands against it"
    )


def code_of(found):
    return found.code if isinstance(found, Refusal) else "held"


def test_a_rotation_waits_for_all_that_it_names_in_any_order(home):
    heir = heir_of(home)
    token = home.ops.rotate(home.one, heir)
    needed = [home.ops.data, home.one.holder.data, heir.holder.data, token]
    for order in itertools.permutations(needed):
        pool = Trust()
        pool.add_root(home.mesh.root.public)
        codes = {code_of(pool.add(one)) for one in order}
        pool.retry()
        assert codes <= {"held", "token-issuer-unknown"} and not pool.waiting
        [(held, statement)] = pool.handovers_of(home.one.id)
        assert held.data == token and keys.device_id(statement.new) == heir.id
        assert pool.handovers_of(heir.id) == []


def test_a_rotation_that_does_not_fit_is_refused_and_closes_nothing(home):
    ops = home.ops
    heir, two = heir_of(home), home.two
    peer = home.mesh.authority("peer")
    silent = home.mesh.credential("issuer", "ops", ("observe", "time"), 0, by=ops)
    louder = home.mesh.device("louder", ops, rights=("observe",))
    moved = home.mesh.device(
        "moved", home.mesh.credential("west", "ops/west", ("observe", "time"), 1, by=ops)
    )
    stolen = home.ops.rotate(home.one, heir)
    cases = {
        "of an authority that did not issue the new credential": peer.rotate(home.one, heir),
        "of one that may issue nothing": silent.rotate(home.one, heir),
        "with other rights": ops.rotate(home.one, louder),
        "of another mesh": ops.rotate(home.one, heir, mesh=b"\x09" * 32),
        "with another authority": ops.rotate(home.one, moved),
        "of a statement that was cut": stolen[:-1],
    }
    pool = Trust()
    pool.add_root(home.mesh.root.public)
    west = home.mesh.credential("west", "ops/west", ("observe", "time"), 1, by=ops)
    for one in (
        ops,
        peer,
        silent,
        home.one.holder,
        two.holder,
        heir.holder,
        louder.holder,
        west,
        moved.holder,
    ):
        assert code_of(pool.add(one.data)) == "held"
    codes = {name: code_of(pool.add(token)) for name, token in cases.items()}
    assert set(codes.values()) == {"token-chain", "cbor-truncated"} and not pool.rotations, codes


def test_a_rotation_goes_with_what_it_closes_across_the_boundary(home):
    chain, heir, token = handed_over(home)
    fold = home.fold()
    fold.tokens(heir.holder, token)
    fold.put("segment", chain[0])
    released = tokens_for(fold.state, (obs.observation_id(home.one.leaf(0)),))
    assert token in released and released.index(heir.holder.data) < released.index(token)
    assert token not in tokens_for(fold.state, (obs.observation_id(home.two.leaf(0)),)[:0])
    far = Trust()
    far.add_root(home.mesh.root.public)
    for one in released:
        far.add(one)
    assert len(far.handovers_of(home.one.id)) == 1


def test_an_equivalence_follows_an_authority_whose_key_was_rotated_by_the_one_above():
    alpha, bravo = Mesh("alpha"), Mesh("bravo")
    ops, above = alpha.authority(), bravo.authority("field")
    old, new = (
        bravo.credential(name, "field/sea", ("observe", "translate"), 1, by=above, nbf=nbf)
        for name, nbf in (("sea", NBF), ("sea again", NBF + 1))
    )
    bound = ops.equate((bravo.id, old), (alpha.id, ops))
    pool = Trust()
    for mesh in (alpha, bravo):
        pool.add_root(mesh.root.public)
    for one in (ops.data, above.data, old.data, new.data, bound):
        assert code_of(pool.add(one)) == "held"
    query = Query((bravo.id, "field/sea"), alpha.id, "water", 112, (UTC_S, UTC_S + 1))
    refused = taxonomy_from(pool).paths(query)
    assert [one.code for one in refused.refused_because] == ["equivalence-key"]
    token = above.rotate(Speaker(old), Speaker(new), mesh=bravo.id)
    assert code_of(pool.add(token)) == "held"
    assert taxonomy_from(pool).paths(query).paths == ((tokens.token_id(bound),),)


class Speaker:
    """An authority as `rotate` takes it: it has no log, and has booted never."""

    boot = 0

    def __init__(self, holder):
        self.holder, self.signer = holder, holder.signer


def test_inspect_names_who_hands_over_to_whom_and_where_the_log_ends(home):
    _, heir, token = handed_over(home)
    found = inspect(token)
    assert (found["kind"], found["outcome"]) == ("rotation", "well-formed")
    told = found["tree"]["claims"]["handover"]
    assert told["from"]["device"] == home.one.id.hex() and told["to"]["device"] == heir.id.hex()
    assert [one["segment"] for one in told["log ends"]] == [1, 0] and told["boot"] == 1
    assert found["tree"]["claims"]["credential before"] == home.one.holder.id.hex()

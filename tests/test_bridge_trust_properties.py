"""What holds of trust whatever comes: a chain behind each word, no help from dates, loss only removes. SPEC 7, 12"""

from fold_world import ALL, EXP, NBF, UTC_S, Fold, Home, Mesh, item, key
from hypothesis import given, settings
from hypothesis import strategies as st
from test_bridge_admission import Abroad

from fieldpost.trust import Trust
from fieldwire import cose, tokens
from fieldwire import observation as obs

MESH = Mesh("alpha")
PATHS = ("ops", "ops/west", "ops/west/pier", "roads")
SCOPES = (ALL, [["water"], None], [["water/quay", "road"], [112]], [None, [112]])
RIGHTS = (("observe", "time", "translate"), ("observe", "translate"), ("observe",), ("boundary", "observe"))
CREDENTIALS = st.lists(
    st.tuples(
        st.integers(-1, 7),  # whose it is: an earlier one's, or the root's
        st.sampled_from(PATHS), st.integers(0, 3), st.sampled_from(SCOPES), st.sampled_from(RIGHTS),
        st.sampled_from([0, -1, 5]),  # begins with its issuer's validity, before it, in it
        st.sampled_from([True, True, True, False]),  # whether the issuer's own key signs
    ),
    min_size=1, max_size=8,
)  # fmt: skip


def made(terms):
    """[(holder, index of the issuer or None, terms)]"""
    found = []
    for place, (whose, path, depth, scope, rights, ahead, honest) in enumerate(terms):
        by = found[whose][0] if 0 <= whose < place else None
        signer = None if honest else key("thief")
        if by is not None and signer is not None:
            by = type(by)(signer, by.path, by.data)
        mesh = MESH if honest or by is not None else Mesh("thief")
        holder = mesh.credential(
            f"holder {place}", path, rights, depth, by, scope=scope, nbf=NBF + ahead, mesh=MESH.id
        )
        found.append((holder, whose if by is not None else None, honest))
    return found


def sound(found, place):
    """SPEC 7.1 in other words: its signature, and each of its claims within the issuer's, up to the root."""
    holder, issuer, honest = found[place]
    if not honest:
        return False
    if issuer is None:
        return True
    if not sound(found, issuer):
        return False
    above, own = (tokens.decode(one.data).claims for one in (found[issuer][0], holder))
    rights, theirs = set(own[tokens.RIGHTS]), set(above[tokens.RIGHTS])
    return (
        above[tokens.DEPTH] > own[tokens.DEPTH]
        and "boundary" not in theirs
        and rights <= theirs
        and (own[tokens.AUTHORITY] + "/").startswith(above[tokens.AUTHORITY] + "/")
        and above[tokens.NBF] <= own[tokens.NBF]
        and all(
            within(mine, outer) for mine, outer in zip(own[tokens.SCOPE], above[tokens.SCOPE], strict=True)
        )
    )


def within(inner, outer):
    if outer is None:
        return True
    return inner is not None and all(
        any(one == top or (isinstance(one, str) and one.startswith(f"{top}/")) for top in outer)
        for one in inner
    )


@settings(max_examples=150, deadline=None)
@given(CREDENTIALS, st.randoms(use_true_random=False))
def test_no_credential_is_held_without_a_sound_chain_whatever_order_they_come_in(terms, chance):
    found = made(terms)
    order = list(range(len(found)))
    chance.shuffle(order)
    pool = Trust()
    pool.add_root(MESH.root.public)
    for place in order:
        pool.add(found[place][0].data)
        pool.retry()
    wanted = {found[place][0].id for place in order if sound(found, place)}
    assert set(pool.credentials) == wanted
    for identity in wanted:
        assert tokens.ISSUER not in pool.chain(identity)[0].claims


HOME = Home()
READING = HOME.one.leaf(0)
SEALED = HOME.one.segment(READING)
NEEDED = [HOME.ops.data, HOME.one.holder.data, HOME.one.attestation]


@settings(max_examples=40, deadline=None)
@given(st.permutations(HOME.tokens), st.integers(0, len(HOME.tokens)))
def test_no_observation_is_admitted_before_its_whole_chain_is_held(order, count):
    fold = Fold(HOME.mesh)
    fold.put("segment", SEALED)
    for one in HOME.contact:
        fold.put("segment", one)
    fold.tokens(*order[:count])
    fold.put("solve")
    verdict = fold.state.verdicts.get(obs.observation_id(READING))
    whole = all(one in order[:count] for one in NEEDED)
    assert (verdict is not None) is whole
    if verdict is not None and verdict.state == "admitted":
        assert whole


TIMES = st.integers(0, 2 * UTC_S)


WEST = HOME.mesh.authority("ops/west", by=HOME.ops, depth=1)
THIRD = HOME.mesh.device("third", WEST)
TARGETS = {"device": THIRD.id, "credential": THIRD.holder.id, "authority": WEST.id}


@settings(max_examples=60, deadline=None)
@given(st.integers(1_100, 3_000_000), TIMES, TIMES, st.booleans(), st.sampled_from(sorted(TARGETS)))
def test_no_date_helps_what_is_revoked_neither_the_readings_nor_the_revocations_own(
    at_ms, one_s, other_s, early, target
):
    """SPEC 7.5: whenever a reading says that it was made, whatever nbf and exp are, whichever comes first."""
    nbf, exp = min(one_s, other_s), max(one_s, other_s) + 1
    revoked = HOME.ops.sign(
        cose.REVOCATION, {tokens.TARGET: TARGETS[target], tokens.NBF: nbf, tokens.EXP: exp}
    )
    leaf = THIRD.leaf(7, true_ms=at_ms)
    fold = HOME.fold()
    fold.tokens(WEST, THIRD.holder, THIRD.attestation, *([revoked] if early else []))
    fold.put("early", THIRD.early(leaf))
    fold.put("solve")
    fold.tokens(revoked)
    fold.put("solve")
    assert fold.verdict(leaf) == ("refused", "credential-revoked")


@settings(max_examples=40, deadline=None)
@given(TIMES, TIMES, st.integers(0, 10), st.integers(11, 20))
def test_no_date_helps_a_revoked_equivalence(one_s, other_s, lo, hi):
    nbf, exp = min(one_s, other_s), max(one_s, other_s) + 1
    abroad = Abroad()
    leaf = abroad.far.one.leaf(0, true_ms=60_000 + lo * 1_000 + hi)
    named = {tokens.TARGET: tokens.token_id(abroad.equivalence), tokens.NBF: nbf, tokens.EXP: exp}
    abroad.fold.tokens(abroad.home.ops.sign(cose.REVOCATION, named))
    assert abroad.judged(leaf) == ("refused", "unmapped")


def admitted(fold):
    return {identity for identity, one in fold.state.verdicts.items() if one.state == "admitted"}


def world_of(statements, endorsements, lost):
    """A bridge that holds these statements and endorsements but one, and what it admits and at which grade."""
    abroad = Abroad(equated=False)
    given_ = [*statements(abroad), *endorsements(abroad)]
    abroad.fold.tokens(*(one for place, one in enumerate(given_) if place != lost))
    for seq, subject in enumerate(("water/quay", "water/mill", "road")):
        for device in (abroad.far.one, abroad.far.two):
            abroad.fold.put("item", item(device.segment(device.leaf(seq, subject=subject))))
    abroad.fold.put("solve")
    return admitted(abroad.fold), {one.id: one.grade for one in abroad.fold.state.entries.values()}


PARTS = st.lists(
    st.tuples(st.sampled_from([ALL, [["water/quay"], None], [["water"], None], [["road"], None]]), st.booleans()),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(PARTS, st.integers(0, 5))
def test_the_loss_of_an_attestation_only_removes(parts, lost):
    def statements(abroad):
        return [abroad.equate(scope=scope, exp=EXP - place) for place, (scope, _) in enumerate(parts)]

    def endorsements(abroad):
        return [abroad.far.ops.endorse(one.signer.public) for one in (abroad.far.one, abroad.far.two)]

    whole, grades = world_of(statements, endorsements, None)
    less, lower = world_of(statements, endorsements, lost)
    assert less <= whole
    assert all(lower[identity] <= grade for identity, grade in grades.items())

"""Which signed records are evidence of time, and what clock each device is taken to have. SPEC 9"""

import itertools

import pytest
from fold_world import UTC_S, Fold, Home, exchange
from test_bridge_admission import Abroad

from fieldpost import clocks, epoch, reconcile, verify, when
from fieldpost.clocks import QUANTUM_NS, Record
from fieldpost.timeline.evidence import PPB_MAX, Assumption, sources_digest
from fieldpost.timeline.steps import Trace
from fieldwire import cbor, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError

MS = clocks.MS
ASKER, ANSWERER, XID = b"a" * 16, b"b" * 16, b"x" * 8


@pytest.fixture
def home():
    return Home()


def entry_of(home, payload, device=None):
    device = device or home.one
    leaf = device.leaf(3, stream=obs.EVIDENCE, format=obs.TIME_FORMAT, payload=payload)
    return verify.open_early(device.early(leaf), home.fold().state.trust)[0]


def payload(*changed):
    """A sound record of an asker, with parts replaced: (index, value) each."""
    parts = [0, ANSWERER, XID, 1, 100, 2, 200, 201, 111]
    for index, value in changed:
        parts[index] = value
    return cbor.encode(parts)


def test_a_record_names_both_sides_by_its_signer_and_its_role(home):
    asked = clocks.record_of(entry_of(home, payload()))
    assert (asked.asker, asked.answerer) == (home.one.id, ANSWERER)
    assert (asked.t1, asked.t2, asked.t3, asked.t4) == ((1, 100), (2, 200), (2, 201), (1, 111))
    answered = clocks.record_of(entry_of(home, payload((0, 1), (8, None))))
    assert (answered.asker, answered.answerer, answered.t4) == (ANSWERER, home.one.id, None)


@pytest.mark.parametrize("changed", [
    [(0, 2)], [(0, True)], [(1, b"short")], [(2, b"x" * 9)], [(3, -1)], [(4, 2**62)], [(5, "1")], [(6, None)],
    [(7, 199)], [(8, 99)], [(8, None)], [(0, 1)],
])  # fmt: skip
def test_a_record_of_another_shape_is_none(home, changed):
    with pytest.raises(WireError) as raised:
        clocks.record_of(entry_of(home, payload(*changed)))
    assert raised.value.code == "payload-schema"


def record(role, xid=XID, seq=0, **changed):
    values = {
        "t1": (1, 100),
        "t2": (1, 200),
        "t3": (1, 201),
        "t4": (1, 111) if role == 0 else None,
        **changed,
    }
    where = (ASKER if role == 0 else ANSWERER, b"i" * 8, obs.EVIDENCE, seq)
    stamps = [values[name] for name in ("t1", "t2", "t3", "t4")]
    return Record(role, ASKER, ANSWERER, xid, *stamps, where, b"", b"")


@pytest.mark.parametrize("other", [
    record(1, xid=b"y" * 8), record(1, t1=(1, 101)), record(1, t1=(2, 100)), record(1, t2=(1, 199)),
    record(1, t3=(1, 202)),
])  # fmt: skip
def test_an_exchange_counts_only_when_both_signed_the_same_stamps(other):
    assert clocks.pairs([record(0), other]) == []
    assert clocks.pairs([record(0)]) == clocks.pairs([record(1)]) == []


def test_an_exchange_told_twice_counts_once_by_the_first_position_in_any_order():
    records = [record(0, seq=4), record(0, seq=2), record(1, seq=9), record(1, seq=7)]
    for order in itertools.permutations(records):
        assert clocks.pairs(order) == [(record(0, seq=2), record(1, seq=7))]


def test_an_exchange_gives_two_edges_each_shortened_by_what_a_stamp_rounds_off():
    there, back = clocks.exchanges_of(record(0), record(1))
    assert (there.tx.t_ns, there.rx.t_ns, there.dmin_ns, there.dmax_ns) == (
        100 * MS,
        200 * MS,
        -QUANTUM_NS,
        None,
    )
    assert (back.tx.device, back.rx.device, back.rx.t_ns) == (ANSWERER, ASKER, 111 * MS)


def test_a_utc_reading_is_a_claim_under_the_right_time_alone(home):
    [entry] = verify.open_early(home.one.early(home.one.leaf(0, true_ms=60_000)), home.fold().state.trust)
    claim = clocks.claim_of(entry, ["observe", "time"])
    assert claim is not None
    assert (claim.utc_ns, claim.half_width_ns) == ((UTC_S * 1000 + 60_000) * MS, 50 * MS + QUANTUM_NS)
    assert clocks.claim_of(entry, ["observe"]) is None


def test_a_claim_at_the_end_of_what_numbers_hold_breaks_nothing(home):
    most = 2**42 - 1
    tref = [1, most, obs.utc(most, most)]
    fold = home.fold()
    early = home.one.early(home.one.leaf(50, tref=tref))
    fold.put("early", early)
    fold.put("solve")
    assert fold.refusal(early) is None and len(fold.state.entries) == 3


def endorsed(home, *each):
    return [tokens.decode(home.ops.endorse(home.one.signer.public, clock=clock)) for clock in each]


def test_a_devices_clock_is_the_widest_that_its_endorsements_state_and_wide_without_any(home):
    device = home.one.id
    found = clocks.assumption_of(device, endorsed(home, (-10, 20, 5), (-30, 15, 9)))
    assert found == Assumption(device, -30, 20, 9)
    assert clocks.assumption_of(device, endorsed(home, (-10, 20, 5), (-5, 5, None))).wander_ppb is None
    assert clocks.assumption_of(device, []) == Assumption(device, *clocks.DEFAULT_CLOCK)


def test_two_sides_use_the_wider_of_what_they_know():
    one, other = Assumption(ASKER, -10, 20, 5), Assumption(ASKER, -30, 15, 9)
    assert clocks.wider(one, other) == clocks.wider(other, one) == Assumption(ASKER, -30, 20, 9)


@pytest.mark.parametrize(
    "floor,lo,hi", [(0, -10, 20), (15, -15, 20), (100, -100, 100), (10**9, -PPB_MAX, PPB_MAX)]
)
def test_the_agreements_floor_widens_a_stated_rate(floor, lo, hi):
    assert clocks.floored(Assumption(ASKER, -10, 20, 5), floor) == Assumption(ASKER, lo, hi, 5)


def test_decisions_use_clocks_no_better_than_the_agreement_allows():
    ends = {}
    for floor in (0, 40_000):
        abroad = Abroad({"rate_floor_ppb": floor})
        for side in (abroad.home, abroad.far):
            abroad.fold.tokens(side.ops.endorse(side.one.signer.public))
        abroad.judged(abroad.far.one.leaf(0))
        ours = epoch.offer(abroad.fold.state, 1)
        members = [abroad.fold.state.entries[one] for ids in ours.admitted.values() for one in ids]
        evidence, _ = epoch.joint_evidence(abroad.fold.state, ours, ours, members)
        ends[floor] = evidence.assumption_of[abroad.far.one.id]
        assert ours.clocks[abroad.far.one.id].rate_hi_ppb == 1_000, "an offer states what endorsements state"
    assert (ends[0].rate_hi_ppb, ends[40_000].rate_hi_ppb, ends[40_000].rate_lo_ppb) == (
        1_000,
        40_000,
        -40_000,
    )


def test_a_foreign_endorsement_does_not_widen_a_devices_clock():
    abroad = Abroad()
    far = abroad.far
    abroad.fold.tokens(far.ops.endorse(far.one.signer.public, clock=(-5, 5, None)))
    abroad.fold.tokens(abroad.home.ops.endorse(far.one.signer.public, clock=(-90_000_000, 90_000_000, None)))
    abroad.judged(far.one.leaf(0))
    assert epoch.offer(abroad.fold.state, 1).clocks[far.one.id].rate_hi_ppb == 5


def test_a_record_that_is_none_is_refused_once_and_its_observation_stays(home):
    fold = home.fold()
    leaf = home.one.leaf(9, stream=obs.EVIDENCE, format=obs.TIME_FORMAT, payload=b"\x80")
    fold.put("early", home.one.early(leaf))
    for _ in range(3):
        fold.put("solve")
    told = [one for one in fold.events if one[0] == "refused" and obs.observation_id(leaf) in one[2]]
    assert (
        len(told) == 1 and told[0][4] == "payload-schema" and obs.observation_id(leaf) in fold.state.entries
    )


def test_own_observations_are_placed_by_our_own_meshs_word_alone():
    """A foreign clock far better than ours would narrow our own times, if it were asked."""
    abroad = Abroad()
    fold, home, far = abroad.fold, abroad.home, abroad.far
    fold.tokens(far.ops.endorse(far.one.signer.public, clock=(-1, 1, None)))
    leaf = home.two.leaf(0)
    fold.put("early", home.two.early(leaf))
    fold.put("solve")
    before = when.placement(fold.state, fold.state.entries[obs.observation_id(leaf)])
    for seq, asker, answerer, true_ms in ((30, home.one, far.one, 1_100), (31, home.two, far.one, 59_900)):
        for device, record in zip((asker, answerer), exchange(asker, answerer, true_ms, seq), strict=True):
            fold.put("early", device.early(record))
    fold.put("solve")
    assert when.placement(fold.state, fold.state.entries[obs.observation_id(leaf)]) == before is not None
    assert all(when.placement(fold.state, one) for one in fold.state.entries.values())


def test_late_evidence_and_early_evidence_place_alike(home):
    inputs = [("segment", one) for one in home.contact] + [("early", home.one.early(home.one.leaf(0)))]
    ends = set()
    for order in itertools.permutations(inputs):
        fold = Fold(home.mesh)
        fold.tokens(*home.tokens)
        for kind, data in order:
            fold.put(kind, data)
            fold.put("solve")
        verdict = fold.verdict(home.one.leaf(0))
        placed = [when.placement(fold.state, fold.state.entries[one]) for one in sorted(fold.state.entries)]
        ends.add((tuple(placed), verdict))
    assert len(ends) == 1


def test_fewer_utc_claims_than_must_agree_prove_no_validity(home):
    for wanted, code in ((1, "admitted"), (2, "admitted"), (3, "unproven-time")):
        fold = Fold(home.mesh, utc_claims=wanted)
        fold.tokens(*home.tokens)
        for segment in home.contact:
            fold.put("segment", segment)
        fold.put("early", home.one.early(home.one.leaf(0)))
        fold.put("solve")
        assert fold.verdict(home.one.leaf(0))[1] == code


def test_placing_walks_no_path_and_names_the_clocks_assumed(home, monkeypatch):
    def walked(*_):
        raise AssertionError("a path was walked that nobody asked for")

    monkeypatch.setattr(Trace, "path", walked)
    fold = home.fold()
    for segment in home.contact:
        fold.put("segment", segment)
    fold.put("solve")
    found = [when.placement(fold.state, entry) for entry in fold.state.entries.values()]
    stated = reconcile.evidence_of(fold.state, home.mesh.id).assumptions
    assert len(found) > 1 and {one.assumptions for one in found} == {sources_digest((), stated)}
    assert sources_digest((), stated[1:]) != sources_digest((), stated)

"""UTC and validity, rule by rule: what brings UTC in, who must agree, and what is valid, refused or not proved."""

import pytest
from clock_world import S, make_world
from hypothesis import given
from hypothesis import strategies as st

from fieldpost.timeline.evidence import Claim, Evidence, Stamp
from fieldpost.timeline.order import Causality, order
from fieldpost.timeline.place import Placement, place
from fieldpost.timeline.utc import utc_bounds, utc_interval, validity

ZERO_UTC = 1_780_000_000 * S
BOUND = st.one_of(st.none(), st.integers(-50, 50))


def said(told: dict[str, tuple[int, int]]):
    """One claim a device, {device: (off the truth, half width)} in s, all made at the zero exactly."""
    claims = [
        Claim(Stamp(name, 0, 0), ZERO_UTC + off * S, half * S) for name, (off, half) in sorted(told.items())
    ]
    return claims, {claim.at: Placement(claim.at, (0, 0), (0, 0), (), "two-sided") for claim in claims}


def test_utc_comes_in_by_claims_alone_and_a_claim_moves_no_interval_and_no_order():
    world = make_world(5, observations=60)
    stamps = list(world.truth)
    claims = tuple(Claim(stamp, ZERO_UTC + 10**6 * S * place_, 0) for place_, stamp in enumerate(stamps[:8]))
    evidence = world.evidence
    claimed = Evidence(evidence.assumptions, evidence.exchanges, evidence.causals, claims)
    bare = place(evidence, world.anchor, stamps).placements
    with_claims = place(claimed, world.anchor, stamps).placements
    for a in stamps:
        (lo, hi), (low, high) = bare[a].strict, with_claims[a].strict
        assert bare[a].status == with_claims[a].status
        assert all(one is None or abs(one - two) <= 2 for one, two in ((lo, low), (hi, high))), (
            "its stamp is a node"
        )
        first, second = (
            order(a, stamps[0], placements, Causality(())).verdict for placements in (bare, with_claims)
        )
        assert first == second
    assert utc_bounds((), bare, 1) is None


def test_k_devices_must_agree_and_one_device_counts_once_however_often_it_speaks():
    claims, placements = said({"a": (0, 5)})
    again = [Claim(Stamp("a", 0, n * S), ZERO_UTC + n * S, 5 * S) for n in range(1, 6)]
    placements |= {
        claim.at: Placement(claim.at, (claim.at.t_ns,) * 2, (claim.at.t_ns,) * 2, (), "two-sided")
        for claim in again
    }
    assert utc_bounds(claims + again, placements, 1) == (ZERO_UTC - 5 * S, ZERO_UTC + 5 * S)
    assert utc_bounds(claims + again, placements, 2) is None


@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 9)), max_size=4),
    st.lists(st.tuples(st.integers(-99, 99), st.integers(0, 99)), max_size=6),
)
def test_where_k_honest_devices_speak_no_number_of_liars_takes_the_truth_out(k, honest, lies):
    """An honest claim holds the truth: its half width is at least how far it is off."""
    told = {f"h{n}": (off, abs(off) + more) for n, (off, more) in enumerate(honest)}
    found = utc_bounds(*said(told | {f"l{n}": lie for n, lie in enumerate(lies)}), k)
    if len(honest) >= k:
        assert found is not None and found[0] <= ZERO_UTC <= found[1]


@given(st.integers(2, 4), st.lists(st.tuples(st.integers(-99, 99), st.integers(0, 99)), max_size=3))
def test_fewer_than_k_devices_never_make_utc(k, lies):
    assert utc_bounds(*said({f"l{n}": lie for n, lie in enumerate(lies[: k - 1])}), k) is None


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 9)), min_size=2, max_size=5),
    st.tuples(st.integers(-99, 99), st.integers(0, 99)),
)
def test_one_more_device_never_narrows_utc(told, more):
    known = {f"a{n}": one for n, one in enumerate(told)}
    before, after = utc_bounds(*said(known), 2), utc_bounds(*said(known | {"z": more}), 2)
    if before is not None:
        assert after is not None and after[0] <= before[0] and before[1] <= after[1]


@pytest.mark.parametrize(
    "rule,interval,wanted",
    [
        ("wholly inside is valid", (10, 20), "valid"),
        ("the first instant counts", (0, 5), "valid"),
        ("the last instant before the end counts", (90, 99), "valid"),
        ("the end itself is too late", (90, 100), "straddles"),
        ("wholly before is refused", (-9, -1), "outside"),
        ("wholly after is refused", (100, 120), "outside"),
        ("wholly after is refused though its end is open", (100, None), "outside"),
        ("over the beginning is not proved", (-1, 5), "straddles"),
        ("over both ends is not proved", (-1, 101), "straddles"),
        ("an open side is not proved", (5, None), "unproven"),
        ("no side is not proved", (None, None), "unproven"),
        ("no utc is not proved", None, "unproven"),
    ],
)
def test_validity_of_zero_to_a_hundred_seconds(rule, interval, wanted):
    sides = None if interval is None else tuple(None if side is None else side * S for side in interval)
    assert validity(sides, 0, 100) == wanted, rule


@given(BOUND, BOUND, BOUND, BOUND, st.integers(-60, 60))
def test_a_verdict_of_validity_holds_at_every_time_that_the_interval_allows(lo, hi, nbf, exp, true_s):
    """valid: the true time is in the period wherever in the interval it is; outside: nowhere in it."""
    if (lo is not None and true_s < lo) or (hi is not None and true_s > hi):
        return
    interval = (None if lo is None else lo * S, None if hi is None else hi * S)
    verdict = validity(interval, nbf, exp)
    inside = (nbf is None or nbf <= true_s) and (exp is None or true_s < exp)
    assert verdict != ("outside" if inside else "valid")


def test_an_interval_is_told_in_utc_by_the_widest_that_both_allow():
    assert utc_interval((100, 130), (5, 9)) == (105, 139)

import pytest

from fieldpost.timeline.evidence import Anchor, Claim, Exchange, Stamp
from fieldpost.timeline.gauge import Recorded, epoch_anchor, mesh_anchor
from fieldpost.timeline.place import Placement
from fieldpost.timeline.utc import utc_bounds, utc_interval, validity

S = 1_000_000_000


def told(*claims):
    """Claims (device, utc s, half width s) made at the zero, give or take a second, and placements."""
    made = [Claim(Stamp(device, 0, n), utc * S, half * S) for n, (device, utc, half) in enumerate(claims)]
    return made, {claim.at: Placement(claim.at, (0, 0), (-S, S), (), "two-sided") for claim in made}


def test_the_offset_of_one_claim_is_widened_by_its_own_interval():
    assert utc_bounds(*told(("a", 100, 5)), 1) == (94 * S, 106 * S)
    assert utc_bounds(*told(("a", 100, 5)), 1, "strict") == (95 * S, 105 * S)


def test_k_distinct_devices_must_agree():
    assert utc_bounds(*told(("a", 100, 5), ("a", 101, 5)), 2) is None
    assert utc_bounds(*told(("a", 100, 5), ("b", 104, 5)), 2) == (98 * S, 106 * S)
    assert utc_bounds(*told(("a", 100, 5), ("b", 200, 5)), 2) is None
    assert utc_bounds([], {}, 1) is None


def test_one_liar_beside_two_that_agree_can_only_widen():
    honest = [("a", 100, 5), ("b", 102, 5)]
    lo, hi = utc_bounds(*told(*honest), 2)
    low, high = utc_bounds(*told(*honest, ("c", 110, 5)), 2)
    assert low <= lo and hi <= high < 117 * S


def test_a_device_whose_own_claims_share_nothing_does_not_count():
    assert utc_bounds(*told(("a", 100, 5), ("a", 500, 5), ("b", 100, 5)), 2) is None


def test_one_late_reading_costs_that_reading_and_not_the_device():
    steady = [("a", 100, 5), ("a", 101, 5), ("a", 99, 5)]
    wanted = utc_bounds(*told(*steady), 1)
    assert utc_bounds(*told(*steady, ("a", 500, 5)), 1) == wanted == (95 * S, 105 * S)
    assert utc_bounds(*told(*steady, ("a", 500, 5), ("a", 600, 5), ("a", 700, 5)), 1) is None


def test_claims_that_touch_agree():
    assert utc_bounds(*told(("a", 100, 1), ("b", 104, 1)), 2) == (102 * S, 102 * S)


def test_claims_without_a_bounded_stamp_do_not_count():
    claims, placements = told(("a", 100, 5))
    open_side = Placement(claims[0].at, (0, None), (0, None), (), "one-sided")
    assert utc_bounds(claims, {claims[0].at: open_side}, 1) is None
    assert utc_bounds(claims, {}, 1) is None
    with pytest.raises(ValueError):
        utc_bounds(claims, placements, 0)


@pytest.mark.parametrize(
    "interval,nbf,exp,wanted",
    [
        ((10 * S, 20 * S), 10, 21, "valid"),
        ((10 * S, 20 * S), 10, 20, "straddles"),
        ((10 * S, 20 * S), 11, 30, "straddles"),
        ((10 * S, 20 * S), 21, 30, "outside"),
        ((10 * S, 20 * S), 1, 10, "outside"),
        ((10 * S, None), 1, 10, "outside"),
        ((10 * S, None), 1, 30, "unproven"),
        ((10 * S, None), 10, None, "valid"),
        (None, 1, 10, "unproven"),
        (None, None, None, "valid"),
    ],
)
def test_validity_is_proved_or_it_is_not(interval, nbf, exp, wanted):
    assert validity(interval, nbf, exp) == wanted


def test_an_interval_in_utc_keeps_its_open_side():
    assert utc_interval((100, 200), (1, None)) == (101, None)
    assert utc_interval(None, (1, 2)) is None


def exchange(tx: str, rx: str, boot: int, t: int) -> Exchange:
    return Exchange(Stamp(tx, boot, t), Stamp(rx, 0, t), 0)


def test_a_mesh_starts_from_the_least_boot_then_reading():
    met = [exchange("a", "b", 1, 1), exchange("c", "b", 0, 7), exchange("b", "a", 0, 5)]
    assert mesh_anchor(met) == mesh_anchor(met[::-1]) == Anchor(met[2].tx, met[2].rx)
    assert mesh_anchor(met, frozenset({"a"})) == Anchor(met[1].tx, met[1].rx)
    assert mesh_anchor([]) is None


def test_an_epoch_starts_from_the_first_listed_pair_that_met_by_position():
    def recorded(tx, rx, t, seq):
        return Recorded(exchange(tx, rx, 0, t), (b"\x01" * 16, b"\x02" * 8, 2, seq))

    met = [recorded("a", "y", 1, 9), recorded("y", "a", 5, 3), recorded("b", "z", 0, 1)]
    pairs = [("q", "r"), ("a", "y"), ("b", "z")]
    assert epoch_anchor(met, pairs) == epoch_anchor(met[::-1], pairs)
    assert epoch_anchor(met, pairs).at == Stamp("y", 0, 5)
    assert epoch_anchor(met, [("z", "b")]).at == Stamp("b", 0, 0)
    assert epoch_anchor(met, [("q", "r")]) is None

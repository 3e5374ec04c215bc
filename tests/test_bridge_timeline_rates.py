from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from fieldpost.timeline.rates import GIGA, ahead, least_elapsed, most_elapsed, scaled_ceil, scaled_floor

DAYS_400 = 400 * 86_400 * GIGA


def test_a_400_day_edge_at_200_ppm_is_exact_and_no_product_leaves_64_bits():
    assert DAYS_400 * 200_000 >= 1 << 63, "the plain product would not fit"
    assert (DAYS_400 // GIGA) * 200_000 < 1 << 63 and (GIGA - 1) * 200_000 < 1 << 63
    assert most_elapsed(DAYS_400, 200_000) == DAYS_400 + 6_912 * GIGA
    assert least_elapsed(DAYS_400, -200_000) == DAYS_400 - 6_912 * GIGA
    assert most_elapsed(DAYS_400 + 1, 200_000) == DAYS_400 + 1 + 6_912 * GIGA + 1
    assert least_elapsed(DAYS_400 + 1, -200_000) == DAYS_400 + 1 - 6_912 * GIGA - 1


@given(st.integers(0, 1 << 61), st.integers(-500_000_000, 500_000_000))
def test_the_product_in_two_parts_rounds_as_the_exact_one(dt_ns, ppb):
    exact = Fraction(dt_ns * ppb, GIGA)
    assert scaled_floor(dt_ns, ppb) <= exact < scaled_floor(dt_ns, ppb) + 1
    assert scaled_ceil(dt_ns, ppb) - 1 < exact <= scaled_ceil(dt_ns, ppb)


@given(st.integers(0, 1 << 60), st.integers(0, 1 << 60), st.integers(-(10**6), 10**6))
def test_ahead_is_an_upper_bound_in_both_directions(start_ns, end_ns, ppb):
    exact = Fraction((end_ns - start_ns) * (GIGA + ppb), GIGA)
    assert exact <= ahead(start_ns, end_ns, ppb, ppb) < exact + 1

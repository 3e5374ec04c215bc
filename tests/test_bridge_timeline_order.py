import pytest

from fieldpost.timeline.evidence import Causal, Stamp
from fieldpost.timeline.order import Causality, order
from fieldpost.timeline.place import Placement, side_status

NONE = Causality(())


def placed(stamp: Stamp, lo, hi, resilient=None) -> Placement:
    return Placement(stamp, (lo, hi), resilient or (lo, hi), (), side_status((lo, hi)))


def verdict(a_side, b_side, interval="resilient"):
    a, b = Stamp("a", 0, 0), Stamp("b", 0, 0)
    return order(a, b, {a: placed(a, *a_side), b: placed(b, *b_side)}, NONE, interval)


def test_one_boot_is_ordered_by_its_ticks_whatever_intervals_say():
    a, b = Stamp("a", 1, 5), Stamp("a", 1, 6)
    told = order(a, b, {a: placed(a, 9, 9), b: placed(b, 0, 0)}, Causality([Causal(b, a)]))
    assert (told.verdict, told.reason, told.witness) == ("before", "ticks of one boot", (a, b))
    assert order(b, a, {}, NONE).verdict == "after"
    assert order(a, a, {}, NONE).verdict == "concurrent"


def test_boots_of_one_device_are_ordered():
    assert order(Stamp("a", 2, 0), Stamp("a", 1, 99), {}, NONE).verdict == "after"


def test_a_causal_path_runs_over_edges_ticks_and_boots_and_is_its_own_witness():
    a, b = Stamp("a", 0, 1), Stamp("c", 1, 9)
    edges = [Causal(Stamp("a", 0, 5), Stamp("b", 0, 3)), Causal(Stamp("b", 1, 0), Stamp("c", 0, 50))]
    told = order(a, b, {a: placed(a, 9, 9), b: placed(b, 0, 0)}, Causality(edges))
    assert (told.verdict, told.reason) == ("before", "causal path")
    assert told.witness == (a, Stamp("a", 0, 5), Stamp("b", 0, 3), Stamp("b", 1, 0), Stamp("c", 0, 50), b)
    assert order(b, a, {}, Causality(edges)).verdict == "after"
    assert order(Stamp("a", 0, 6), b, {}, Causality(edges)).verdict == "unknown", "the edge left before"


def test_causal_paths_both_ways_decide_nothing():
    a, b = Stamp("a", 0, 1), Stamp("b", 0, 1)
    assert order(a, b, {}, Causality([Causal(a, b), Causal(b, a)])).verdict == "concurrent"


def test_disjoint_intervals_order_and_touching_ones_do_not():
    told = verdict((0, 4), (5, 9))
    assert (told.verdict, told.reason, told.witness) == ("before", "disjoint resilient intervals", (4, 5))
    assert verdict((5, 9), (0, 4)).verdict == "after"
    assert verdict((0, 5), (5, 9)).verdict == "concurrent"


def test_a_side_without_bound_is_concurrent_and_no_interval_is_unknown():
    assert verdict((0, None), (5, 9)).verdict == "concurrent"
    assert verdict((None, 4), (5, None)).verdict == "before"
    assert verdict((None, None), (5, 9)).verdict == "unknown"
    assert order(Stamp("a", 0, 0), Stamp("b", 0, 0), {}, NONE).verdict == "unknown"


def test_the_agreement_names_the_interval():
    a, b = Stamp("a", 0, 0), Stamp("b", 0, 0)
    placements = {a: placed(a, 0, 4, resilient=(0, 9)), b: placed(b, 5, 6)}
    assert order(a, b, placements, NONE, "strict").verdict == "before"
    assert order(a, b, placements, NONE, "resilient").verdict == "concurrent"
    with pytest.raises(ValueError, match="strict or resilient"):
        order(a, b, placements, NONE, "likely")

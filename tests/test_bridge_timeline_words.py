from itertools import pairwise

from fieldpost.timeline.evidence import Anchor, Assumption, Causal, Evidence, Exchange, Stamp
from fieldpost.timeline.place import place
from fieldpost.timeline.words import interval_words, path_words, steps_words

S = 1_000_000_000
RATES = tuple(Assumption(device, -10_000, 10_000) for device in ("a", b"\xbb"))


def words(stamp: Stamp, *exchanges, causals=()):
    evidence = Evidence(RATES, exchanges, causals)
    timeline = place(evidence, Anchor(Stamp("a", 0, 0)), [stamp])
    return path_words(*timeline.path(stamp))


def test_both_paths_are_told_in_the_direction_in_which_they_happened():
    contact = Exchange(Stamp("a", 0, 2 * S), Stamp(b"\xbb", 1, 5 * S), 4_000_000, S)
    a0, a2 = (f"a boot 0 at {t}.000000000 s" for t in (0, 2))
    b5, b7 = (f"bb boot 1 at {t}.000000000 s" for t in (5, 7))
    assert words(Stamp(b"\xbb", 1, 7 * S), contact) == [
        "not earlier, because",
        f"  the clock from {b5} to {b7}: at least 1.999980000 s passed",
        f"  what {b5} heard was sent by {a2}, at least 0.004000000 s before",
        f"  the clock from {a0} to {a2}: at least 1.999980000 s passed",
        "not later, because",
        f"  the clock from {a0} to {a2}: at most 2.000020000 s passed",
        f"  what {a2} sent was heard by {b5}, at most 1.000000000 s after",
        f"  the clock from {b5} to {b7}: at most 2.000020000 s passed",
    ]


def test_reboots_and_causal_order_are_told_and_an_open_side_is_left_out():
    derived = Causal(Stamp("a", 0, 0), Stamp(b"\xbb", 0, 3 * S))
    assert words(Stamp(b"\xbb", 1, 0), causals=(derived,)) == [
        "not earlier, because",
        "  bb boot 0 at 3.000000000 s belongs to a boot before that of bb boot 1 at 0.000000000 s",
        "  a boot 0 at 0.000000000 s led to bb boot 0 at 3.000000000 s, so it was no later",
    ]


def test_intervals_in_words():
    assert interval_words((None, None)) == "at no known time"
    assert interval_words((S, None)) == "not before 1.000000000 s"
    assert interval_words((None, -S)) == "not after -1.000000000 s"
    assert interval_words((1, 2)) == "between 0.000000001 and 0.000000002 s"


def relay(hops: int):
    """A chain of devices, each heard by the next: the path to the last has a step for each hearing and each wait."""
    names = [f"n{i:02d}" for i in range(hops + 1)]
    rates = tuple(Assumption(name, -10_000, 10_000) for name in names)
    heard = [Exchange(Stamp(a, 0, 9 * S), Stamp(b, 0, 5 * S), 0, S) for a, b in pairwise(names)]
    stamp = Stamp(names[-1], 0, 9 * S)
    return place(Evidence(rates, tuple(heard)), Anchor(Stamp("n00", 0, 0)), [stamp]).path(stamp)


def test_a_long_path_is_told_by_its_ends_and_by_who_is_between():
    _, path = relay(12)
    assert len(path) == 25
    told = steps_words(path)
    assert (
        len(told) == 7
        and told[:3] == steps_words(path, None)[:3]
        and told[-3:] == steps_words(path, None)[-3:]
    )
    assert told[3] == "... 19 more steps, by n01, n02, n03, n04, n05, n06 and 5 more ..."


def test_a_short_path_is_told_whole():
    _, path = relay(3)
    assert len(path) == 7 and steps_words(path) == steps_words(path, None)
    assert len(steps_words(relay(4)[1])) == 7

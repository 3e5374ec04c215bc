"""Keys of held segments as runs: the same as a plain list of them, whatever is put in and taken out."""

from dice import Dice

from fieldagent.segment_keys import SegmentKeys

OLD, NEW = b"\x01" * 8, b"\x02" * 8


def runs(keys):
    return [tuple(keys._runs[at : at + 3]) for at in range(0, len(keys._runs), 3)]


def filled(*segments):
    keys = SegmentKeys()
    for index, (incarnation, segment) in enumerate(segments):
        keys.insert(index, incarnation, segment)
    return keys


def index_for(listed, incarnation, segment):
    """As a list would be gone through one by one."""
    index = 0
    for at, other in enumerate(listed):
        if other[0] == incarnation:
            if other[1] > segment:
                return at
            index = at + 1
    return index


def check(keys, listed):
    assert list(keys) == listed
    for incarnation in (OLD, NEW):
        for segment in range(14):
            key = (incarnation, segment)
            assert keys.index(*key) == (listed.index(key) if key in listed else -1), (key, listed)
            later = [one[1] for one in listed if one[0] == incarnation and one[1] >= segment]
            assert keys.next_from(*key) == (min(later) if later else None), (key, listed)
            if key not in listed:
                assert keys.index_for(*key) == index_for(listed, *key), (key, listed)
    assert [keys.at(index) for index in range(len(listed))] == listed
    for one, other in zip(runs(keys), runs(keys)[1:]):
        assert one[0] != other[0] or one[1] + one[2] != other[1], "two runs that are one"


def test_whatever_is_put_in_and_taken_out_it_lists_what_a_plain_list_does():
    dice = Dice(11)
    keys, listed = SegmentKeys(), []
    for _ in range(600):
        key = (dice.one_of((OLD, NEW)), dice.below(12))
        if key in listed:
            listed.remove(key)
            keys.pop(keys.index(*key))
        elif dice.chance(10):  # in no order
            at = dice.below(len(listed) + 1)
            listed.insert(at, key)
            keys.insert(at, *key)
        else:
            at = index_for(listed, *key)
            listed.insert(at, key)
            keys.insert(keys.index_for(*key), *key)
        check(keys, listed)


def test_a_thousand_in_a_row_are_one_run_and_custody_from_either_end_leaves_one():
    keys = filled(*[(OLD, segment) for segment in range(1_000)])
    assert runs(keys) == [(OLD, 0, 1_000)]
    keys.pop(0)
    keys.pop(998)
    assert runs(keys) == [(OLD, 1, 998)]


def test_one_freed_in_the_middle_parts_its_run_and_one_put_back_there_joins_it():
    keys = filled(*[(OLD, segment) for segment in range(9)])
    keys.pop(4)
    assert runs(keys) == [(OLD, 0, 4), (OLD, 5, 4)]
    keys.insert(keys.index_for(OLD, 4), OLD, 4)
    assert runs(keys) == [(OLD, 0, 9)]


def test_another_incarnation_begins_a_run_of_its_own():
    assert runs(filled((OLD, 7), (OLD, 8), (NEW, 9), (NEW, 10))) == [(OLD, 7, 2), (NEW, 9, 2)]

"""RFC 9162 trees: published roots, and every inclusion and consistency path of all sizes up to 40."""

from hashlib import sha256

from vectors_io import fails, hexed, load_json, unhex

from fieldwire import merkle

VECTORS = load_json("merkle")
GOLDEN = [merkle.leaf_hash(unhex(leaf)) for leaf in VECTORS["leaves"]]
SIZE_MAX = 40
LEAVES = [merkle.leaf_hash(bytes([index])) for index in range(SIZE_MAX)]
ROOTS = [merkle.root(LEAVES[:size]) for size in range(SIZE_MAX + 1)]


def root_by_definition(leaves):
    """The recursive definition of RFC 9162 2.1.1, over leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    left, right = root_by_definition(leaves[:half]), root_by_definition(leaves[half:])
    return sha256(b"\x01" + left + right).digest()


def hashes(written):
    return [unhex(text) for text in written]


def test_the_published_roots_are_met():
    assert hexed(merkle.root([])) == VECTORS["empty_root"]
    for size in range(1, len(GOLDEN) + 1):
        assert hexed(merkle.root(GOLDEN[:size])) == VECTORS["roots"][size - 1], size


def test_the_golden_paths_are_made_and_verify():
    for vector in VECTORS["inclusion"]:
        index, size, path = vector["index"], vector["size"], hashes(vector["path"])
        assert merkle.inclusion_path(GOLDEN[:size], index) == path, vector
        root = unhex(VECTORS["roots"][size - 1])
        assert merkle.verify_inclusion(GOLDEN[index], index, size, path, root), vector
    for vector in VECTORS["consistency"]:
        first, second, path = vector["first"], vector["second"], hashes(vector["path"])
        assert merkle.consistency_path(GOLDEN[:second], first) == path, vector
        older, newer = unhex(VECTORS["roots"][first - 1]), unhex(VECTORS["roots"][second - 1])
        assert merkle.verify_consistency(first, second, path, older, newer), vector


def test_the_growing_tree_agrees_with_the_definition_at_every_size():
    tree = merkle.Tree()
    for size in range(1, SIZE_MAX + 1):
        tree.add(LEAVES[size - 1])
        assert tree.size == size
        assert tree.root() == ROOTS[size] == root_by_definition(LEAVES[:size]), size


def test_the_growing_tree_holds_one_hash_for_each_bit_of_its_size():
    tree = merkle.Tree()
    for size in range(1, SIZE_MAX + 1):
        tree.add(LEAVES[size - 1])
        assert len(tree._peaks) == bin(size).count("1")


def test_every_inclusion_path_verifies():
    for size in range(1, SIZE_MAX + 1):
        for index in range(size):
            path = merkle.inclusion_path(LEAVES[:size], index)
            assert merkle.verify_inclusion(LEAVES[index], index, size, path, ROOTS[size]), (index, size)


def test_an_inclusion_path_proves_no_other_leaf_place_or_length():
    for size in range(1, 18):
        for index in range(size):
            path = merkle.inclusion_path(LEAVES[:size], index)
            for other in range(size):
                if other != index:
                    assert not merkle.verify_inclusion(LEAVES[index], other, size, path, ROOTS[size])
                    assert not merkle.verify_inclusion(LEAVES[other], index, size, path, ROOTS[size])
            assert not merkle.verify_inclusion(LEAVES[index], index, size, path + [LEAVES[0]], ROOTS[size])
            if path:
                assert not merkle.verify_inclusion(LEAVES[index], index, size, path[:-1], ROOTS[size])
                assert not merkle.verify_inclusion(LEAVES[index], index, size, path[1:], ROOTS[size])


def test_an_inclusion_path_with_one_wrong_hash_proves_nothing():
    path = merkle.inclusion_path(LEAVES[:13], 6)
    for place in range(len(path)):
        damaged = path[:place] + [bytes([path[place][0] ^ 1]) + path[place][1:]] + path[place + 1 :]
        assert not merkle.verify_inclusion(LEAVES[6], 6, 13, damaged, ROOTS[13])


def test_a_place_outside_the_tree_gives_no_root():
    for index, size in ((1, 1), (-1, 4), (0, 0), (4, 4)):
        assert merkle.root_from_path(LEAVES[0], index, size, []) is None


def test_path_elements_that_are_no_hashes_give_no_root():
    for wrong in (b"", b"\x00" * 31, b"\x00" * 33, None, 7, "0" * 32):
        assert merkle.root_from_path(LEAVES[0], 0, 2, [wrong]) is None
        assert not merkle.verify_consistency(1, 2, [wrong], ROOTS[1], ROOTS[2])


def test_every_consistency_path_verifies():
    for second in range(1, SIZE_MAX + 1):
        for first in range(1, second + 1):
            path = merkle.consistency_path(LEAVES[:second], first)
            assert merkle.verify_consistency(first, second, path, ROOTS[first], ROOTS[second]), (
                first,
                second,
            )


def test_a_consistency_path_proves_no_other_history():
    for second in range(2, 18):
        for first in range(1, second):
            path = merkle.consistency_path(LEAVES[:second], first)
            other = merkle.root(LEAVES[1 : first + 1])
            assert not merkle.verify_consistency(first, second, path, other, ROOTS[second])
            assert not merkle.verify_consistency(first, second, path, ROOTS[first], ROOTS[second - 1])
            assert not merkle.verify_consistency(first, second, path[:-1], ROOTS[first], ROOTS[second])
            assert not merkle.verify_consistency(
                first, second, path + [LEAVES[0]], ROOTS[first], ROOTS[second]
            )
            assert not merkle.verify_consistency(second, first, path, ROOTS[second], ROOTS[first])


def test_a_consistency_path_too_short_for_its_size_proves_nothing():
    for first, second, claimed in ((1, 2, 3), (2, 4, 5), (3, 4, 8), (6, 8, 16)):
        path = merkle.consistency_path(LEAVES[:second], first)
        assert not merkle.verify_consistency(first, claimed, path, ROOTS[first], ROOTS[second])


def test_the_empty_tree_comes_before_every_tree():
    assert merkle.verify_consistency(0, 5, [], ROOTS[0], ROOTS[5])
    assert not merkle.verify_consistency(0, 5, [LEAVES[0]], ROOTS[0], ROOTS[5])
    assert not merkle.verify_consistency(0, 5, [], ROOTS[1], ROOTS[5])


def test_one_size_has_one_root():
    assert merkle.verify_consistency(5, 5, [], ROOTS[5], ROOTS[5])
    assert not merkle.verify_consistency(5, 5, [], ROOTS[4], ROOTS[5])
    assert not merkle.verify_consistency(5, 5, [LEAVES[0]], ROOTS[5], ROOTS[5])


def test_paths_outside_the_tree_are_our_own_mistake():
    fails(ValueError, merkle.inclusion_path, LEAVES[:4], 4)
    fails(ValueError, merkle.inclusion_path, [], 0)
    fails(ValueError, merkle.consistency_path, LEAVES[:4], 5)
    fails(ValueError, merkle.consistency_path, LEAVES[:4], 0)

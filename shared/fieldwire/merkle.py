"""Merkle trees as in RFC 9162 2.1, over SHA-256: roots, inclusion and consistency paths, and their checks.

A tree is given by the hashes of its leaves, 32 bytes each. The checks return a value and never raise on a
path from outside. Whether a root or a size is to be believed is decided elsewhere.
"""

from fieldwire.merkle_tree import Tree, leaf_hash, node_hash, root

__all__ = ["Tree", "leaf_hash"]

_HASH_BYTES = 32


def inclusion_path(leaves, index):
    """The hashes that lead from leaf `index` to the root (RFC 9162 2.1.3.1), lowest first."""
    if not 0 <= index < len(leaves):
        raise ValueError("no leaf {} in a tree of {}".format(index, len(leaves)))
    path = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low = middle
    path.reverse()
    return path


def root_from_path(leaf, index, size, path):
    """The root of the tree of `size` leaves that has `leaf` at `index`, or None where the path does not fit.

    RFC 9162 2.1.3.2.
    """
    if not 0 <= index < size or not _are_hashes(path):
        return None
    position, last = index, size - 1
    result = leaf
    for sibling in path:
        if last == 0:
            return None
        if position & 1 or position == last:
            result = node_hash(sibling, result)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            result = node_hash(result, sibling)
        position >>= 1
        last >>= 1
    return result if last == 0 else None


def verify_inclusion(leaf, index, size, path, expected_root):
    """True when the path proves that the tree of this size and root has `leaf` at `index`."""
    return root_from_path(leaf, index, size, path) == expected_root


def consistency_path(leaves, first):
    """The hashes that show that the first `first` leaves are a prefix of these (RFC 9162 2.1.4.1)."""
    if not 0 < first <= len(leaves):
        raise ValueError("no tree of {} leaves within {}".format(first, len(leaves)))
    path = []
    low, high = 0, len(leaves)
    while high != first:
        middle = low + _split(high - low)
        if first <= middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low = middle
    if low:
        path.append(root(leaves[low:high]))
    path.reverse()
    return path


def verify_consistency(first, second, path, first_root, second_root):
    """True when the path proves that the tree of `first` leaves is a prefix of the one of `second` leaves.

    RFC 9162 2.1.4.2; the empty tree is a prefix of every tree.
    """
    if not 0 <= first <= second or not _are_hashes(path):
        return False
    if first == 0:
        return not path and first_root == root(())
    if first == second:
        return not path and first_root == second_root
    path = list(path)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    position, last = first - 1, second - 1
    while position & 1:
        position >>= 1
        last >>= 1
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            older = node_hash(sibling, older)
            newer = node_hash(sibling, newer)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            newer = node_hash(newer, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and older == first_root and newer == second_root


def _split(count):
    """The largest power of two below count."""
    half = 1
    while half * 2 < count:
        half *= 2
    return half


def _are_hashes(path):
    return all(isinstance(element, bytes) and len(element) == _HASH_BYTES for element in path)

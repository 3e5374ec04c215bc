"""A Merkle tree as in RFC 9162 2.1, over SHA-256, that grows leaf by leaf: hashes and the root.

A tree is given by the hashes of its leaves, 32 bytes each. What a device needs to seal; `merkle` adds the paths and
their checks.
"""

from hashlib import sha256


def leaf_hash(data):
    hasher = sha256(b"\x00")
    hasher.update(data)
    return hasher.digest()


def node_hash(left, right):
    hasher = sha256(b"\x01")
    hasher.update(left)
    hasher.update(right)
    return hasher.digest()


class Tree:
    """A tree that only grows. Holds one hash for each bit set in `size` (RFC 9162 2.1.2)."""

    def __init__(self):
        self.size = 0
        self._peaks = []  # roots of the complete subtrees, largest first

    def add(self, leaf):
        """Append the leaf with this hash."""
        size = self.size
        while size & 1:
            leaf = node_hash(self._peaks.pop(), leaf)
            size >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def root(self):
        if not self._peaks:
            return sha256(b"").digest()
        result = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            result = node_hash(peak, result)
        return result


def root(leaves):
    """The root over a sequence of leaf hashes."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()

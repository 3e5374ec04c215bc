"""The leaves of a stream that lie under no seal yet: what their seal will bind.

Decides nothing; whoever appends or reads the leaves says what belongs here. SPEC 6.2
"""

from fieldagent.segment_reader import string_head
from fieldwire import merkle_tree


class Run:
    """`author` = (boot, credential id, boot attestation id); `seq`, `first`: position and place of the first leaf."""

    def __init__(self, author, seq, first, opened_ms, flags=0):
        self.author = author
        self.seq = seq
        self.first = first
        self.opened_ms = opened_ms
        self.tree = merkle_tree.Tree()
        self.leaf_bytes = 0
        self.flags = flags

    @property
    def count(self):
        return self.tree.size

    def add(self, leaf):
        self.tree.add(merkle_tree.leaf_hash(leaf))
        self.leaf_bytes += len(string_head(len(leaf))) + len(leaf)

"""RFC 5280 6.1, as far as it is about policies, over certificates as `oracles/read_pkits.py` tells of them.

The procedure of 6.1.2 to 6.1.5 step by step, with its letters at the lines. Decides nothing about signatures, names
and time.
"""

ANY = "2.5.29.32.0"


class Node:
    """A node of the valid policy tree: `valid`, `expected`, `parent` and `children`."""

    def __init__(self, valid, expected, parent=None):
        self.valid, self.expected, self.parent, self.children = valid, set(expected), parent, []
        if parent is not None:
            parent.children.append(self)


def self_issued(one):
    return one["subject"] == one["issuer"]


def valid(path, wanted=(ANY,), explicit=False, inhibit_mapping=False, inhibit_any=False):
    """True when the path is valid for these user-initial policies. `path`: from under the anchor to the end entity."""
    n = len(path)
    counts = {
        "explicit": 0 if explicit else n + 1,
        "mapping": 0 if inhibit_mapping else n + 1,
        "any": 0 if inhibit_any else n + 1,
    }
    root = Node(ANY, {ANY})
    tree = [[root]]  # the nodes of each depth; empty once the tree is NULL
    for i, one in enumerate(path, 1):
        tree = _policies(tree, one, i < n and self_issued(one), counts["any"])
        if not counts["explicit"] and not tree:  # 6.1.3 (f)
            return False
        if i < n:
            if any(ANY in pair for pair in one["mappings"]):  # 6.1.4 (a)
                return False
            tree = _map(tree, one["mappings"], counts["mapping"])
            _count(one, counts)
    counts["explicit"] -= counts["explicit"] > 0  # 6.1.5 (a)
    if path[-1]["require_explicit"] == 0:  # 6.1.5 (b)
        counts["explicit"] = 0
    return counts["explicit"] > 0 or bool(_wanted(tree, set(wanted)))


def _policies(tree, one, lenient, inhibit_any):
    """6.1.3 (d) and (e)."""
    if not tree or not one["policies"]:
        return []
    above, level = tree[-1], []
    for policy in (policy for policy in one["policies"] if policy != ANY):
        parents = [node for node in above if policy in node.expected]
        parents = parents or [node for node in above if node.valid == ANY]
        level += [Node(policy, {policy}, parent) for parent in parents]
    if ANY in one["policies"] and (inhibit_any > 0 or lenient):
        for node in above:
            missing = node.expected - {child.valid for child in node.children}
            level += [Node(policy, {policy}, node) for policy in sorted(missing)]
    return _pruned([*tree, level])


def _map(tree, mappings, allowed):
    """6.1.4 (b)."""
    if not tree:
        return tree
    for policy in sorted({issuers for issuers, _ in mappings}):
        subjects = {other for issuers, other in mappings if issuers == policy}
        named = [node for node in tree[-1] if node.valid == policy]
        if not allowed:
            tree[-1] = [node for node in tree[-1] if node.valid != policy]
            for node in named:
                node.parent.children.remove(node)
        elif named:
            for node in named:
                node.expected = set(subjects)
        else:
            for node in [node for node in tree[-1] if node.valid == ANY]:
                tree[-1].append(Node(policy, subjects, node.parent))
    return _pruned(tree)


def _count(one, counts):
    """6.1.4 (h), (i) and (j)."""
    for name in counts:
        counts[name] -= counts[name] > 0 and not self_issued(one)
    for name, label in (
        ("explicit", "require_explicit"),
        ("mapping", "inhibit_mapping"),
        ("any", "inhibit_any"),
    ):
        if one[label] is not None:
            counts[name] = min(counts[name], one[label])


def _wanted(tree, wanted):
    """6.1.5 (g)."""
    if not tree or ANY in wanted:
        return tree
    first = [node for level in tree[1:] for node in level if node.parent.valid == ANY]
    for node in first:
        if node.valid not in wanted and node.valid != ANY:
            _drop(tree, node)
    for node in [node for node in tree[-1] if node.valid == ANY]:
        for policy in sorted(wanted - {one.valid for one in first}):
            tree[-1].append(Node(policy, {policy}, node.parent))
        _drop(tree, node)
    return _pruned(tree)


def _drop(tree, node):
    for child in list(node.children):
        _drop(tree, child)
    node.parent.children.remove(node)
    for level in tree:
        if node in level:
            level.remove(node)


def _pruned(tree):
    """Without nodes above the last depth that have no children; empty when none is left at the last."""
    for level in tree[-2::-1]:
        for node in [node for node in level if not node.children]:
            level.remove(node)
            if node.parent is not None:
                node.parent.children.remove(node)
    return tree if tree[-1] else []

"""The cycles of a directed graph, in an order that begins with what nothing leads to.

Decides which nodes lead to one another (Tarjan's strongly connected components, without recursion). What a cycle
means is decided by those who ask.
"""

from collections.abc import Collection, Hashable, Iterator, Mapping
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def cycles(parents: Mapping[Node, Collection[Node]]) -> Iterator[list[Node]]:
    """Each node once, in a list with all that it shares a cycle with, parents' lists first.

    `parents`: node -> those that lead to it, each a node itself.
    """
    number: dict[Node, int] = {}
    low: dict[Node, int] = {}
    path: list[Node] = []
    placed: set[Node] = set()
    for root in parents:
        walk = [] if root in number else [(root, iter(parents[root]))]
        while walk:
            node, rest = walk[-1]
            if node not in number:
                number[node] = low[node] = len(number)
                path.append(node)
            above = next((one for one in rest if one not in placed), None)
            if above is None:
                walk.pop()
                if walk:
                    low[walk[-1][0]] = min(low[walk[-1][0]], low[node])
                if low[node] == number[node]:
                    group = [path.pop()]
                    while group[-1] != node:
                        group.append(path.pop())
                    placed.update(group)
                    yield group
            elif above in number:
                low[node] = min(low[node], number[above])
            else:
                walk.append((above, iter(parents[above])))

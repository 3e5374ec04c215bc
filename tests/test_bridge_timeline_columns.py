"""Evidence as arrays: the same nodes, chains and edges as the objects say, in the one canonical order."""

import numpy as np
from clock_world import make_world

from fieldpost.timeline.columns import EXCHANGE, LIMIT, Clocks, Rows, Stamps, columns, rows_of


def shuffled(rows: Rows, seed: int) -> Rows:
    """The same evidence with its rows in another order and each of them doubled."""
    rng = np.random.default_rng(seed)

    def mixed(count: int):
        order = rng.permutation(np.repeat(np.arange(count), 2))
        return lambda s: (
            Stamps(s.device[order], s.boot[order], s.t_ns[order]) if isinstance(s, Stamps) else s[order]
        )

    x, c, s = mixed(len(rows.tx)), mixed(len(rows.earlier)), mixed(len(rows.seen))
    exchanges = (x(rows.tx), x(rows.rx), x(rows.dmin_ns), x(rows.dmax_ns))
    return Rows(rows.clocks, *exchanges, c(rows.earlier), c(rows.later), s(rows.seen))


def test_nodes_are_the_stamps_of_the_evidence_in_its_order():
    evidence = make_world(3, boots=3).evidence
    found = columns(rows_of(evidence))
    names = [item.device for item in evidence.assumptions]
    listed = zip(found.node.device, found.node.boot, found.node.t_ns)
    assert [(names[d], b, t) for d, b, t in listed] == [(s.device, s.boot, s.t_ns) for s in evidence.stamps()]
    assert len(found.start) - 1 == len({(s.device, s.boot) for s in evidence.stamps()})


def test_an_edge_of_an_exchange_names_its_row():
    evidence = make_world(4, ceiling=True).evidence
    found = columns(rows_of(evidence))
    stamps = evidence.stamps()
    for u, v, w, kind, row in zip(found.u, found.v, found.w, found.kind, found.row):
        if kind == EXCHANGE:
            exchange = evidence.exchanges[row]
            back, there = (
                (exchange.rx, exchange.tx, -exchange.dmin_ns),
                (exchange.tx, exchange.rx, exchange.dmax_ns),
            )
            assert (stamps[u], stamps[v], w) in (back, there)
    assert np.count_nonzero(found.kind == EXCHANGE) == 2 * len(evidence.exchanges)


def test_neither_order_nor_doubles_change_the_columns():
    rows = rows_of(make_world(5, boots=2).evidence)
    one, other = columns(rows), columns(shuffled(rows, 5))
    for name in ("start", "u", "v", "w", "kind", "row"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert np.array_equal(one.node.t_ns, other.node.t_ns)


def test_a_producer_makes_columns_from_arrays_alone():
    ints = np.array
    clocks = Clocks(ints([0, -5]), ints([0, 5]), ints([-1, 3]))
    tx, rx = Stamps(ints([0]), ints([0]), ints([10])), Stamps(ints([1]), ints([2]), ints([7]))
    found = columns(
        Rows(clocks, tx, rx, ints([4]), ints([LIMIT]), seen=Stamps(ints([1]), ints([1]), ints([9])))
    )
    assert found.start.tolist() == [0, 1, 2, 3]
    assert list(zip(found.u.tolist(), found.v.tolist(), found.w.tolist())) == [(2, 0, -4), (2, 1, 0)]

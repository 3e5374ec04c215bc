"""Loops over what leaving one unit out changes; they compile to machine code beside those of `kernels`.

Without a unit proofs only go: ranges only widen and lengths only rise. So what did not rest on the unit stays, to the
integer, and only the rest is computed again. Decides nothing: `leave` says what is asked and what it means.
"""

# pyright: reportMissingParameterType=false, reportOptionalOperand=false
import numpy as np

from fieldpost.timeline.kernels import (
    ABOVE,
    BELOW,
    LIMIT,
    ahead,
    ends_of_case,
    leg,
    narrow_group,
    plus,
    settle,
)


def rates_without(gone, groups, crossed, wander, through, known, found, by):
    """Ranges round by round without the chains of `gone`, uint8[C]: only those are narrowed again whose loop is gone.

    groups: int64[C + 1], the crossings' groups of each chain; crossed: what `narrow_group` reads of them.
    through: int64[2, rounds, C], the chain that the loop of a side went through, or -1. known, found: int64[2,
    rounds + 1, C], lo and hi before the first round and after each; `found` holds the known ones and is changed.
    """
    group_b, group_first, reverse, out, back, u, v, w, t = crossed
    for after in range(1, found.shape[1]):
        for chain in range(len(gone)):
            if gone[chain] or wander[chain] < 0:
                continue
            is_lost = False
            for side in range(2):
                at = after - 1
                while at > 0 and through[side, at, chain] < 0:
                    at -= 1
                other = through[side, at, chain]
                if other >= 0 and (
                    gone[other]
                    or found[0, at, other] != known[0, at, other]
                    or found[1, at, other] != known[1, at, other]
                ):
                    is_lost = True
            if not is_lost:
                continue
            found[0, after, chain] = found[0, after - 1, chain]
            found[1, after, chain] = found[1, after - 1, chain]
            ranges = ((found[0, after - 1], found[1, after - 1]), (found[0, after], found[1, after]))
            for group in range(groups[chain], groups[chain + 1]):
                b = group_b[group]
                if reverse[group] >= 0 and gone[b] == 0:
                    told = (reverse, out, back, u, v, w, t, wander)
                    narrow_group(group, chain, b, group_first, *told, ranges[0], ranges[1], by)


def steps_of(chains, start, t, lo, hi, forward, up, down):
    """Steps along some chains at these ranges, ppb, in the order of the path from the anchor."""
    for place in range(len(chains)):
        for i in range(start[chains[place]], start[chains[place] + 1] - 1):
            rise = ahead(t[i], t[i + 1], lo[place], hi[place])
            fall = ahead(t[i + 1], t[i], lo[place], hi[place])
            up[i], down[i] = (rise, fall) if forward else (fall, rise)


def below(gone, wider, start, steps, steps_known, tree, marked, moved):
    """Nodes whose known length rests on chains that are gone, whose nodes come first, or on a step that rose.

    tree: how each node was reached, its place in the queue or -1, the queue, and by place where its children begin.
    Gives how many there are; `moved` lists them, `marked` has 1 for each.
    """
    by, place_of, queue, child = tree
    (up, down), (up_known, down_known) = steps, steps_known
    count = 0
    for chain in gone:
        for node in range(start[chain], start[chain + 1]):
            marked[node] = 1
            moved[count] = node
            count += 1
    for chain in wider:
        for node in range(start[chain], start[chain + 1]):
            if (by[node] == BELOW and up[node - 1] > up_known[node - 1]) or (
                by[node] == ABOVE and down[node] > down_known[node]
            ):
                marked[node] = 1
                moved[count] = node
                count += 1
    at = 0
    while at < count:
        place = place_of[moved[at]]
        at += 1
        if place >= 0:
            for other in range(child[place], child[place + 1]):
                node = queue[other]
                if marked[node] == 0:
                    marked[node] = 1
                    moved[count] = node
                    count += 1
    return count


def lengths_without(
    gone, wider, start, chain_of, steps, steps_known, tree, seeds, out, into, length, scratch
):
    """Lengths without the chains of `gone`, in place; those nodes get LIMIT. Gives how many nodes may have changed.

    out, into: edges (first, other end, ns). scratch: marked, moved, changed, low, high; as found but for `moved`.
    """
    marked, moved, changed, low, high = scratch
    up, down = steps
    count = below(gone, wider, start, steps, steps_known, tree, marked, moved)
    left_out = 0
    for chain in gone:
        left_out += start[chain + 1] - start[chain]
    for place in range(left_out):
        length[moved[place]] = -LIMIT  # nothing falls below it: no path enters
    first, origin, weight = into
    for place in range(left_out, count):
        node = moved[place]
        chain = chain_of[node]
        least = seeds[node]
        if node > start[chain] and marked[node - 1] == 0:
            least = min(least, plus(length[node - 1], up[node - 1]))
        if node + 1 < start[chain + 1] and marked[node + 1] == 0:
            least = min(least, plus(length[node + 1], down[node]))
        for edge in range(first[node], first[node + 1]):
            if marked[origin[edge]] == 0:
                least = min(least, plus(length[origin[edge]], weight[edge]))
        length[node] = least
        if least < LIMIT:
            changed[node] = 1
            low[chain] = min(low[chain], node)
            high[chain] = max(high[chain], node)
    settle(start, chain_of, up, down, out[0], out[1], out[2], length, changed, low, high, 1 << 40)
    for place in range(left_out):
        length[moved[place]] = LIMIT
    for place in range(count):
        marked[moved[place]] = 0
    return count


def arrivals_without(moved, chain_of, device, is_gone, seeds, out, into, known, found, tight, scratch):
    """What arrives at each node from other chains after the lengths of `moved` changed, in place.

    known, found: (lengths, arrivals) before and after. Gives the numbers of nodes touched and of chains any stamp of
    which may stand elsewhere now; scratch: marked nodes and chains, and the lists of both.
    """
    marked, is_dirty, touched, dirty = scratch
    nodes, chains = 0, 0
    for node in moved:
        if found[0][node] == known[0][node]:
            continue
        own = chain_of[node]
        for edge in range(out[0][node], out[0][node + 1]):
            other = out[1][edge]
            chain = chain_of[other]
            if is_gone[chain]:
                continue
            # outer stamps of a boot look at this node of the next boot or of the one before
            must = device[chain] == device[own]
            if marked[other] == 0:
                marked[other] = 1
                touched[nodes] = other
                nodes += 1
                least = seeds[other]
                for back in range(into[0][other], into[0][other + 1]):
                    least = min(least, plus(found[0][into[1][back]], into[2][back]))
                found[1][other] = least
                must = must or (tight[other] and least != known[1][other])
            if must and is_dirty[chain] == 0:
                is_dirty[chain] = 1
                dirty[chains] = chain
                chains += 1
    for place in range(nodes):
        marked[touched[place]] = 0
    for place in range(chains):
        is_dirty[dirty[place]] = 0
    return nodes, chains


def tight_nodes(start, t, cases, arrivals, forward, tight):
    """Where, in some case of its clock, a node's length is what arrives there; elsewhere arrivals say nothing."""
    lo, hi, split = cases
    longest = 1
    for chain in range(len(start) - 1):
        longest = max(longest, start[chain + 1] - start[chain])
    ends = np.empty(longest, np.int64)
    for chain in range(len(start) - 1):
        begin, count = start[chain], start[chain + 1] - start[chain]
        for case in range(len(lo) if split[chain] else 1):
            ends_of_case(begin, count, t, lo[case, chain], hi[case, chain], arrivals, forward, ends)
            for i in range(count):
                if ends[i] == arrivals[begin + i]:
                    tight[begin + i] = 1


def worst_without(
    dirty, is_wider, start, t, cases, known, found, anchor, asked, slots, forward, strict, worst, lost, ends
):
    """Raises worst[i] for stamps of the chains of `dirty` near nodes whose lengths changed, as `worst_case` does.

    known, found: (lengths, arrivals) before and after, for one case of the anchor. anchor: its chain, its reading, its
    case or -1 where there is one only. Stamps slots[i + c]..slots[i + c + 1] - 1 stand right before node i of chain c,
    or behind its last one. lost: marks, and a list, of stamps that `strict` bounds and that nothing bounds now; gives
    how many. ends: int64[2, N].
    """
    lo, hi, split = cases
    was, now = ends
    count = 0
    for chain in dirty:
        begin, nodes = start[chain], start[chain + 1] - start[chain]
        if slots[begin + chain] == slots[begin + chain + nodes + 1]:
            continue
        for case in range(len(lo) if split[chain] else 1):
            if chain == anchor[0] and anchor[2] >= 0 and case != anchor[2]:
                continue
            rates = (lo[case, chain], hi[case, chain])
            ends_of_case(begin, nodes, t, rates[0], rates[1], found[1], forward, now)
            if is_wider[chain] == 0:
                ends_of_case(begin, nodes, t, rates[0], rates[1], known[1], forward, was)
            for slot in range(nodes + 1):
                is_same = (
                    is_wider[chain] == 0
                    and (slot == 0 or was[slot - 1] == now[slot - 1])
                    and (slot == nodes or was[slot] == now[slot])
                )
                if is_same and 0 < slot < nodes:
                    continue
                for one in range(slots[begin + chain + slot], slots[begin + chain + slot + 1]):
                    far = asked[2][one]
                    if is_same and (far < 0 or known[0][far] == found[0][far]):
                        continue
                    on = chain == anchor[0]
                    way = least_way(one, begin, t, rates, now, found[0], on, anchor[1], asked, forward)
                    worst[one] = max(worst[one], way)
                    if way >= LIMIT and strict[one] < LIMIT and lost[0][one] == 0:
                        lost[0][one] = 1
                        lost[1][count] = one
                        count += 1
    for place in range(count):
        lost[0][lost[1][place]] = 0
    return count


def least_way(one, begin, t, rates, ends, lengths, on_anchor, anchor_ns, asked, forward):
    """The least way to one stamp in one case: by its own clock alone, from its neighbours, from another boot."""
    below, above, across, t_ns, direct = asked
    least = direct[one]
    if on_anchor:
        least = leg(anchor_ns, t_ns[one], rates[0], rates[1], forward)
    if below[one] >= 0:
        way = leg(t[below[one]], t_ns[one], rates[0], rates[1], forward)
        least = min(least, plus(ends[below[one] - begin], way))
    if above[one] >= 0:
        way = leg(t[above[one]], t_ns[one], rates[0], rates[1], forward)
        least = min(least, plus(ends[above[one] - begin], way))
    if across[one] >= 0:
        least = min(least, lengths[across[one]])
    return least

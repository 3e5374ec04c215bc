"""Loops over columns in plain Python that also compile to machine code: the same source, the same integers.

All numbers are int64 (ns, ppb, node and chain indices); nothing here overflows it. A length is at most LIMIT, which
means "not reached", and at least -LIMIT; both ends are outward. Decides nothing: `flow` and `tighten` say what is
relaxed and why.
"""

# pyright: reportMissingParameterType=false, reportOptionalOperand=false
import numpy as np

LIMIT = 1 << 62
GIGA = 1_000_000_000
LOOP_LIMIT = 1 << 60  # 36 years: a loop of contacts beyond it bounds no rate
RATIO_LIMIT = 4_000_000_000
SEED, BELOW, ABOVE, UNTOLD = -1, -2, -3, -4  # how a node was reached, beside the number of an edge


def ahead(from_ns, to_ns, lo_ppb, hi_ppb):
    """The largest true(to) - true(from) of two readings of one clock, rounded outward; LIMIT where it is no bound."""
    if to_ns >= from_ns:
        dt = to_ns - from_ns
        if dt >= LIMIT:
            return LIMIT
        return min(LIMIT, dt + (dt // GIGA) * hi_ppb - (-(dt % GIGA) * hi_ppb) // GIGA)
    dt = min(LIMIT, from_ns - to_ns)
    return max(-LIMIT, -(dt + (dt // GIGA) * lo_ppb + ((dt % GIGA) * lo_ppb) // GIGA))


def chain_steps(chain_of, t, lo, hi, up, down):
    """Fills up[i] and down[i], i to i + 1 and back within a chain, by the chain's rates; the rest stays as it is."""
    for i in range(len(t) - 1):
        chain = chain_of[i]
        if chain_of[i + 1] == chain:
            up[i] = ahead(t[i], t[i + 1], lo[chain], hi[chain])
            down[i] = ahead(t[i + 1], t[i], lo[chain], hi[chain])


def grouped(own, other, w, first, node, weight, place):
    """Edges by their own end, in their order. first: int64[N + 1], zeros."""
    for edge in range(len(own)):
        first[own[edge] + 1] += 1
    for i in range(1, len(first)):
        first[i] += first[i - 1]
    for edge in range(len(own)):
        at = first[own[edge]]
        node[at], weight[at], place[at] = other[edge], w[edge], edge
        first[own[edge]] += 1
    for i in range(len(first) - 1, 0, -1):
        first[i] = first[i - 1]
    first[0] = 0


def leg(from_ns, to_ns, lo_ppb, hi_ppb, forward):
    """Along one clock, in the order of the path from the anchor."""
    return ahead(from_ns, to_ns, lo_ppb, hi_ppb) if forward else ahead(to_ns, from_ns, lo_ppb, hi_ppb)


def ends_of_case(begin, count, t, least, most, arrivals, forward, ends):
    """ends[i]: the length to node begin + i of one chain when its rates are least..most, from what arrives there."""
    ends[0] = arrivals[begin]
    for i in range(1, count):
        step = leg(t[begin + i - 1], t[begin + i], least, most, forward)
        ends[i] = min(arrivals[begin + i], plus(ends[i - 1], step))
    for i in range(count - 2, -1, -1):
        ends[i] = min(ends[i], plus(ends[i + 1], leg(t[begin + i + 1], t[begin + i], least, most, forward)))


def worst_case(start, t, lo, hi, split, arrivals, lengths, anchor, asked, order, first, forward, worst):
    """Raises worst[i] to the least way to stamp i in each case of its clock and of the anchor's.

    lo, hi: int64[cases, C]; arrivals, lengths: int64[starts, N]; anchor: its chain and reading; asked: below, above,
    across, reading and direct way of each stamp. The stamps of chain c are order[first[c]..first[c + 1] - 1].
    """
    below, above, across, t_ns, direct = asked
    longest = 1
    for chain in range(len(start) - 1):
        longest = max(longest, start[chain + 1] - start[chain])
    ends = np.empty((len(lengths), longest), np.int64)
    for chain in range(len(start) - 1):
        if first[chain] == first[chain + 1]:
            continue
        begin, count = start[chain], start[chain + 1] - start[chain]
        for case in range(len(lo) if split[chain] else 1):
            least, most = lo[case, chain], hi[case, chain]
            low, high = 0, len(lengths)
            if high > 1 and chain == anchor[0]:
                low, high = case, case + 1
            for begun in range(low, high):
                ends_of_case(begin, count, t, least, most, arrivals[begun], forward, ends[begun])
            for place in range(first[chain], first[chain + 1]):
                one = order[place]
                own, near, far = direct[one], LIMIT, LIMIT
                if chain == anchor[0]:
                    own = leg(anchor[1], t_ns[one], least, most, forward)
                if below[one] >= 0:
                    near = leg(t[below[one]], t_ns[one], least, most, forward)
                if above[one] >= 0:
                    far = leg(t[above[one]], t_ns[one], least, most, forward)
                for begun in range(low, high):
                    found = own
                    if below[one] >= 0:
                        found = min(found, plus(ends[begun, below[one] - begin], near))
                    if above[one] >= 0:
                        found = min(found, plus(ends[begun, above[one] - begin], far))
                    if across[one] >= 0:
                        found = min(found, lengths[begun, across[one]])
                    worst[one] = max(worst[one], found)


def fall(queue, waiting, near, step, first, to, weight, head, link, far, gap, length, most):
    """Relaxes from the nodes in `queue` (ended by -1) until nothing falls; gives the relaxations, or -1 beyond `most`.

    near, step: int64[2, nodes], the neighbours on the own clock, or -1, and the steps to them. Edges: those of
    first, to, weight, and lists that begin at head[node] and go on by link[edge], to far[edge] by gap[edge] ns.
    """
    size = len(queue)
    taken, end = 0, 0
    while queue[end] >= 0:
        waiting[queue[end]] = 1
        end += 1
    while taken < end:
        if taken >= most:
            return -1
        node = queue[taken % size]
        taken += 1
        waiting[node] = 0
        base = first[node + 1] - first[node] if node + 1 < len(first) else 0
        more = head[node]
        place = 0
        while place < base + 2 or more >= 0:
            if place < 2:
                other, cost = near[place, node], step[place, node]
            elif place < base + 2:
                other, cost = to[first[node] + place - 2], weight[first[node] + place - 2]
            else:
                other, cost = far[more], gap[more]
                more = link[more]
            place += 1
            if other >= 0 and plus(length[node], cost) < length[other]:
                length[other] = plus(length[node], cost)
                if waiting[other] == 0:
                    waiting[other] = 1
                    queue[end % size] = other
                    end += 1
    return taken


def plus(length, step):
    """A length one step on, inside its limits."""
    return max(-LIMIT, length + step) if length < LIMIT and step < LIMIT else LIMIT


def ratio_ppb(part, whole):
    """floor(part x 10^9 / whole), whole > 0, both below 2^62; cut off far beyond any rate."""
    quotient = part // whole
    if quotient >= RATIO_LIMIT:
        return RATIO_LIMIT * GIGA
    if quotient < -RATIO_LIMIT:
        return -RATIO_LIMIT * GIGA
    rest = part - quotient * whole
    found = int(float(rest) / float(whole) * 1e9)
    over = rest * GIGA - found * whole  # small, so exact although both products may wrap
    while over < 0:
        found -= 1
        over += whole
    while over >= whole:
        found += 1
        over -= whole
    return quotient * GIGA + found


def settle(start, chain_of, up, down, first, to, weight, length, changed, low, high, rounds):
    """Relaxes until nothing falls: chains whose nodes low..high changed are swept both ways, then what leaves them.

    `low`, `high`: int64[C], low > high where nothing changed. `changed`: whose edges are still to be relaxed.
    False when the fixed point is not reached after so many rounds.
    """
    nodes = len(length)
    active = True
    while active and rounds > 0:
        active = False
        rounds -= 1
        for chain in range(len(low)):
            if low[chain] > high[chain]:
                continue
            least, most = low[chain], high[chain]
            low[chain], high[chain] = nodes, -1
            active = True
            i, end = least, start[chain + 1] - 1
            reach = most
            while i < end and (i <= reach):
                far = plus(length[i], up[i])
                if far < length[i + 1]:
                    length[i + 1] = far
                    changed[i + 1] = 1
                    reach = max(reach, i + 1)
                i += 1
            i, begin = reach, start[chain]
            back = least
            while i > begin and (i >= back):
                far = plus(length[i], down[i - 1])
                if far < length[i - 1]:
                    length[i - 1] = far
                    changed[i - 1] = 1
                    back = min(back, i - 1)
                i -= 1
            for i in range(back, reach + 1):
                if changed[i]:
                    changed[i] = 0
                    for edge in range(first[i], first[i + 1]):
                        node = to[edge]
                        far = plus(length[i], weight[edge])
                        if far < length[node]:
                            length[node] = far
                            changed[node] = 1
                            other = chain_of[node]
                            low[other] = min(low[other], node)
                            high[other] = max(high[other], node)
    return not active


def sweep(start, up, down, length):
    """Every chain once forward and once back: within chains that is a fixed point."""
    for chain in range(len(start) - 1):
        for i in range(start[chain], start[chain + 1] - 1):
            length[i + 1] = min(length[i + 1], plus(length[i], up[i]))
        for i in range(start[chain + 1] - 1, start[chain], -1):
            length[i - 1] = min(length[i - 1], plus(length[i], down[i - 1]))


def rates_round(group_a, group_b, group_first, reverse, out, back, u, v, w, t, wander, before, after, by):
    """One round over all groups, in their order. Gives the first chain whose range is left empty, or -1.

    Group g: crossings from chain a to b, group_first[g]..group_first[g + 1] - 1 of `out` and of `back` (int64, edge
    numbers; `back` by arrival). reverse[g]: the group from b to a, or -1. before, after, by: (lo, hi) pairs of
    int64[C]; by: out * E + back, the crossings of the loop that gave the side.
    """
    for group in range(len(reverse)):
        a, b = group_a[group], group_b[group]
        if wander[a] < 0 or reverse[group] < 0:
            continue
        narrow_group(group, a, b, group_first, reverse, out, back, u, v, w, t, wander, before, after, by)
        if after[0][a] > after[1][a]:
            return a
    return -1


def narrow_group(group, a, b, group_first, reverse, out, back, u, v, w, t, wander, before, after, by):
    """Chain a's range after all loops out by this group, along chain b, back by the group's reverse."""
    begin, end = group_first[reverse[group]], group_first[reverse[group] + 1]
    for place in range(group_first[group], group_first[group + 1]):
        e = out[place]
        middle, high = begin, end  # the first way back that does not end before the way out begins
        while middle < high:
            half = (middle + high) // 2
            if v[back[half]] < u[e]:
                middle = half + 1
            else:
                high = half
        step = 1
        while step <= end - begin:
            step *= 2
        narrow(a, b, e, back[begin], u, v, w, t, wander, before, after, by)
        while step > 1:  # 1, 2, 4, ... places before the middle, the farthest first
            step //= 2
            if middle - step > begin:
                narrow(a, b, e, back[middle - step], u, v, w, t, wander, before, after, by)
        while step <= end - begin and middle + step - 1 < end:  # and as many from the middle on
            narrow(a, b, e, back[middle + step - 1], u, v, w, t, wander, before, after, by)
            step *= 2
        narrow(a, b, e, back[end - 1], u, v, w, t, wander, before, after, by)


def narrow(a, b, e, f, u, v, w, t, wander, before, after, by):
    """Chain a's range after the loop out by edge e, along chain b, back by edge f."""
    local = t[v[f]] - t[u[e]]
    span = abs(local)
    slack = min(max(w[e] + w[f], -LOOP_LIMIT), LOOP_LIMIT)
    through = ahead(t[v[e]], t[u[f]], before[0][b], before[1][b])
    if span == 0 or span >= LOOP_LIMIT or through >= LOOP_LIMIT:
        return
    rate = ratio_ppb(local - (slack + max(through, -LOOP_LIMIT)), span)
    if local > 0:
        if wander[a] - rate < after[1][a]:
            after[1][a] = wander[a] - rate
            by[1][a] = e * len(u) + f
    elif rate - wander[a] > after[0][a]:
        after[0][a] = rate - wander[a]
        by[0][a] = e * len(u) + f


def locate(first_chain, chain_boot, start, t, device, boot, t_ns, chain, node):
    """For each stamp: its chain or -1, and the first node of the chain at or after it (or where it would stand)."""
    for place in range(len(t_ns)):
        if device[place] < 0:
            chain[place] = -1
            continue
        low, high = first_chain[device[place]], first_chain[device[place] + 1]
        last = high
        while low < high:
            half = (low + high) // 2
            if chain_boot[half] < boot[place]:
                low = half + 1
            else:
                high = half
        chain[place] = low if low < last and chain_boot[low] == boot[place] else -1
        if chain[place] < 0:
            node[place] = start[low]  # of the next boot, if there is one
            continue
        low, high = start[low], start[low + 1]
        while low < high:
            half = (low + high) // 2
            if t[half] < t_ns[place]:
                low = half + 1
            else:
                high = half
        node[place] = low


def climb(start, chain_of, up, down, first, to, weight, length, by, queue):
    """How each node was reached, breadth first: BELOW, ABOVE, or the place in `to` of the edge into it.

    `by` holds SEED where a seed gave the length and UNTOLD elsewhere. Only steps that give the very length are taken.
    Gives the number of nodes reached; `queue` lists them, parents first.
    """
    count = 0
    for node in range(len(length)):
        if by[node] == SEED:
            queue[count] = node
            count += 1
    at = 0
    while at < count:
        node = queue[at]
        at += 1
        chain = chain_of[node]
        if (
            node + 1 < start[chain + 1]
            and by[node + 1] == UNTOLD
            and plus(length[node], up[node]) == length[node + 1]
        ):
            by[node + 1] = BELOW
            queue[count] = node + 1
            count += 1
        if (
            node > start[chain]
            and by[node - 1] == UNTOLD
            and plus(length[node], down[node - 1]) == length[node - 1]
        ):
            by[node - 1] = ABOVE
            queue[count] = node - 1
            count += 1
        for edge in range(first[node], first[node + 1]):
            if by[to[edge]] == UNTOLD and plus(length[node], weight[edge]) == length[to[edge]]:
                by[to[edge]] = edge
                queue[count] = to[edge]
                count += 1
    return count


def pass_once(start, up, down, u, v, w, length, by):
    """All chains forward and back, then all edges in their order. True when a length fell; `by` says by what."""
    fell = False
    for chain in range(len(start) - 1):
        for i in range(start[chain], start[chain + 1] - 1):
            if plus(length[i], up[i]) < length[i + 1]:
                length[i + 1], by[i + 1] = plus(length[i], up[i]), BELOW
                fell = True
        for i in range(start[chain + 1] - 2, start[chain] - 1, -1):
            if plus(length[i + 1], down[i]) < length[i]:
                length[i], by[i] = plus(length[i + 1], down[i]), ABOVE
                fell = True
    for edge in range(len(u)):
        if plus(length[u[edge]], w[edge]) < length[v[edge]]:
            length[v[edge]], by[v[edge]] = plus(length[u[edge]], w[edge]), edge
            fell = True
    return fell


def parent(node, by, u):
    if by[node] == BELOW:
        return node - 1
    return node + 1 if by[node] == ABOVE else u[by[node]]


def node_of_cycle(by, u, seen):
    """A node on a cycle among the parents, or -1. There is one after some pass exactly when lengths fall for ever."""
    for node in range(len(by)):
        seen[node] = 0
    for first in range(len(by)):
        node = first
        while by[node] != SEED and seen[node] == 0:
            seen[node] = first + 1
            node = parent(node, by, u)
        if by[node] != SEED and seen[node] == first + 1:
            return node
        if seen[node] == 0:
            seen[node] = first + 1
    return -1

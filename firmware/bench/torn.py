"""What a NOR cell array holds when the power goes in the middle of a program or an erase.

Decides which bits changed, from a way of tearing and a seed. A page is programmed as one pulse, so any subset of its
bits may have changed; an erase first programs all bits, then raises them. Bits in between read now so, now so.
"""

NOTHING = "nothing"  # the cut came before the first bit
PREFIX = "prefix"  # a run of bytes is done, one byte in part, the rest is as before
BITS = "bits"  # any bits of the page, or of the block, are done
UNSTABLE = "unstable"  # as BITS; many of the changed bits read differently each time
WEAK = "weak"  # all is done, but a few bits read differently each time: once they may look right
WHOLE = "whole"  # all is done, but nobody was told
STEADY_MODES = (NOTHING, PREFIX, BITS, WHOLE)  # flash with ECC: what a cut left reads the same each time
FIRM_MODES = STEADY_MODES + (UNSTABLE,)  # what LittleFS is made for
MODES = FIRM_MODES + (WEAK,)

PAGE_BYTES = 256
_ALIVE = (0, 0, 1, 4, 16, 32, 64)  # bytes at a block's begin that an erase has not reached


def program(old, data, offset, mode, dice):
    """(bytes in place of `old`, mask of unstable bits) when programming `data` at `offset` of a block is torn."""
    if mode == NOTHING:
        return old, None
    if mode == WHOLE:
        return both(old, data), None
    began = dice.below(len(data))  # the byte in whose page the power goes
    first = max(0, (offset + began) // PAGE_BYTES * PAGE_BYTES - offset)
    last = min(len(data), first + PAGE_BYTES - (offset + first) % PAGE_BYTES)
    done = bytearray(both(old[:first], data[:first]) + old[first:])
    if mode == PREFIX:
        done[first:began] = both(old[first:began], data[first:began])
        done[began] = old[began] & (data[began] | dice.below(256))
        return bytes(done), None
    withheld = dice.mask(last - first, 0 if mode == WEAK else dice.below(9))
    for index in range(first, last):
        done[index] = old[index] & (data[index] | withheld[index - first])
    if mode == BITS:
        return bytes(done), None
    weak = _weak(last - first, mode, dice)
    mask = bytearray(len(old))
    for index in range(first, last):
        mask[index] = old[index] & ~data[index] & weak[index - first]
    return bytes(done), bytes(mask)


def erase(old, mode, dice):
    """(bytes in place of the block `old`, mask of unstable bits) when its erase is torn."""
    size = len(old)
    if mode == NOTHING:
        return old, None
    if mode == WHOLE:
        return b"\xff" * size, None
    if mode == PREFIX:
        first = dice.one_of(_ALIVE)
        last = size if dice.chance(50) else first + dice.below(size - first)
        return old[:first] + b"\xff" * (last - first) + old[last:], None
    if mode == BITS:
        first = dice.one_of(_ALIVE)
        pattern = dice.mask(size, dice.below(9))
        if dice.chance(50):  # still programming
            body = both(old, pattern)
        else:
            body = _or(old, pattern)
        return old[:first] + body[first:], None
    weak = _weak(size, mode, dice)
    return b"\xff" * size, bytes([~byte & 0xFF & weak[index] for index, byte in enumerate(old)])


def _weak(size, mode, dice):
    if mode == UNSTABLE:
        return dice.mask(size, dice.one_of((2, 4, 8)))
    found = bytearray(size)
    for _ in range(1 + dice.below(6)):
        found[dice.below(size)] |= 1 << dice.below(8)
    return bytes(found)


def both(left, right):
    """The bits that are ones in both."""
    size = len(left)
    return (int.from_bytes(left, "big") & int.from_bytes(right, "big")).to_bytes(size, "big")


def _or(left, right):
    size = len(left)
    return (int.from_bytes(left, "big") | int.from_bytes(right, "big")).to_bytes(size, "big")

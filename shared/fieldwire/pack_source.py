"""A sealed segment as a packer takes it: its seal and then its leaves, one after another. SPEC 6.4

Decides where each begins. Refuses to hold more than one of them, and to notice that one is gone: what packs it does.
"""


def parts(read):
    """The seal's bytes, then each leaf's; `read(offset, size) -> bytes` of a sound segment as it travels."""
    begin, size = _item(read, 1)
    yield read(begin, size)
    at, count = _item(read, begin + size)
    for _ in range(count):
        begin, size = _item(read, at)
        yield read(begin, size)
        at = begin + size


def _item(read, at):
    """(offset behind the head at `at`, the number in it); RFC 8949 3."""
    head = read(at, 3)
    if len(head) < 3:
        return at, 0
    info = head[0] & 0x1F
    if info < 24:
        return at + 1, info
    if info == 24:
        return at + 2, head[1]
    return at + 3, head[1] << 8 | head[2]

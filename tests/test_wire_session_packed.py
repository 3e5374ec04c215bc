"""Segments that travel packed: a bridge believes what their seals prove, and asks for the rest as it is. SPEC 6.7"""

from packed_fakes import sealed_pair
from session_fakes import Link, drained, items_of, open_pair, radio

from fieldwire.transfer_head import PACKED, SEGMENT

HOUR_MS = 3_600_000


def bytes_sent(pair):
    return sum([len(frame) for from_device, frame in pair.seen if from_device])


def plain_pair(*lengths, **named):
    """The same journal before a bridge that takes no packed segments."""
    pair = sealed_pair(*lengths, **named)
    pair.salt_key = None
    return pair


def test_a_packed_drain_leaves_what_a_plain_one_does_in_a_twentieth_of_the_bytes():
    lengths = (32,) * 12 + (5, 1)
    for link in (Link(), radio()):
        packed, plain = sealed_pair(*lengths, link=link), plain_pair(*lengths, link=link)
        drained(open_pair(packed, HOUR_MS))
        drained(open_pair(plain, HOUR_MS))
        assert packed.keeper.durable == plain.keeper.durable
        assert items_of(packed, PACKED) == items_of(plain, SEGMENT) and items_of(packed, SEGMENT) == []
        assert bytes_sent(packed) * 20 < bytes_sent(plain)
        assert packed.keeper.unproven == 0 and packed.bridge.dropped == {}

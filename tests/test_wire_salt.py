"""Salts: what they are made of, and that no two places share one."""

from fieldwire.hmac import hmac_sha256
from fieldwire.salt import Salts, salt_key

K_DEV, DEVICE, INCARNATION = b"k" * 32, b"d" * 16, b"i" * 8


def test_a_salt_is_the_begin_of_a_tag_over_the_position_under_the_devices_salt_key():
    key = hmac_sha256(K_DEV, b"salt/1")
    assert salt_key(K_DEV) == key
    for stream, seq in ((0, 0), (3, 5), (1, 2**42 - 1)):
        position = DEVICE + INCARNATION + bytes((stream,)) + seq.to_bytes(8, "big")
        assert Salts(key, DEVICE, INCARNATION).at(stream, seq) == hmac_sha256(key, position)[:8]


def test_a_salt_depends_on_the_key_and_on_every_part_of_the_position():
    base = (salt_key(K_DEV), DEVICE, INCARNATION)
    others = [(salt_key(b"K" * 32),) + base[1:], (base[0], b"D" * 16, INCARNATION), base[:2] + (b"I" * 8,)]
    salts = [Salts(*one).at(1, 5) for one in [base] + others]
    salts += [Salts(*base).at(2, 5), Salts(*base).at(1, 6)]
    assert len(set(salts)) == 6 and all(len(one) == 8 for one in salts)


def test_salts_asked_for_in_any_order_are_the_same():
    salts = Salts(salt_key(K_DEV), DEVICE, INCARNATION)
    there = [salts.at(1, seq) for seq in range(5)]
    assert [salts.at(1, seq) for seq in reversed(range(5))] == there[::-1]

"""Custody: the proof of durable keeping that frees a range of a device's log, and the session keys.

Decides what the MAC of a custody or a rejection is. Refuses nothing by itself: the session compares in
constant time, the journal frees. SPEC 8.4, 8.5
"""

from fieldwire.hmac import HmacKey, equal, hmac_sha256

DEVICE_ROLE, BRIDGE_ROLE = 0, 1


def link_key(k_dev, bridge_thumbprint):
    """K(device, bridge), 32 bytes: the device derives it, the authority hands it to that bridge."""
    return hmac_sha256(k_dev, b"custody/1" + bridge_thumbprint)


def tag(key, role, device_nonce, bridge_nonce, frame):
    """8-byte session tag over a frame without its tag; nonces of 8 bytes, zero where not yet known."""
    return hmac_sha256(key, b"session/1" + bytes((role,)) + device_nonce + bridge_nonce + frame)[:8]


def item_proof(key, transfer, kind, item_key, pieces):
    """4 bytes behind an item of a transfer; its bytes come in pieces. SPEC 8.9"""
    place = item_key
    if kind:
        incarnation, stream, number = item_key[-3:]
        place = b"".join(item_key[:-3]) + incarnation + bytes((stream,)) + number.to_bytes(8, "big")
    return HmacKey(key).tag_of(b"item/1" + transfer + bytes((kind,)) + place, pieces)[:4]


def custody_mac(key, device, bridge, incarnation, stream, first, last, last_seal_hash):
    log = device + bridge + incarnation + bytes((stream,))
    segments = first.to_bytes(4, "big") + last.to_bytes(4, "big")
    return hmac_sha256(key, b"custody/1" + log + segments + last_seal_hash)[:8]


def reject_mac(key, device, bridge, incarnation, stream, segment, code):
    log = device + bridge + incarnation + bytes((stream,))
    return hmac_sha256(key, b"reject/1" + log + segment.to_bytes(4, "big") + code.to_bytes(2, "big"))[:8]


def matches(expected, found):
    """Constant-time comparison of two MACs; False for any length but the expected."""
    return isinstance(found, bytes) and equal(expected, found)

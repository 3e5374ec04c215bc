"""What the one strict profile of Ed25519 signatures refuses before any curve arithmetic, as libsodium does.

It decides on lengths, S, the encoding of the public key and points of small order; all of it is public.
It refuses to decide whether a signature verifies.
"""

from fieldwire.port import const

KEY_BYTES = const(32)
SIGNATURE_BYTES = const(64)

P = (1 << 255) - 19
L = (1 << 252) + 27742317777372353535851937790883648493
_LOW_255 = (1 << 255) - 1

# y of the points whose order divides 8; those of order 8 have two y, each the other's negative.
_Y_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_SMALL_ORDER_Y = (0, 1, P - 1, _Y_ORDER_8, P - _Y_ORDER_8)


def refuses(public, signature):
    """True for wrong lengths, S of L or more, a non-canonical public key, and a public key or R of small order."""
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return True
    public, signature = bytes(public), bytes(signature)
    if int.from_bytes(signature[32:], "little") >= L or is_small_order(signature[:32]):
        return True
    return is_small_order(public) or int.from_bytes(public, "little") & _LOW_255 >= P


def is_small_order(encoded):
    """True when 32 bytes encode a point of small order; its second encodings, with y of P or more, count too."""
    return (int.from_bytes(encoded, "little") & _LOW_255) % P in _SMALL_ORDER_Y

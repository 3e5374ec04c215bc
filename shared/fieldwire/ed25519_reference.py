"""Ed25519 (RFC 8032 5.1) with Python's big integers: for hosts and tests, and what the kernels are compared with.

It is NOT constant time: whoever can time its signatures closely may learn the key. Boards never import it.
"""

from fieldwire.ed25519_strict import KEY_BYTES, L, P, refuses
from fieldwire.port import const
from fieldwire.sha512 import sha512

_COMB_STEP = const(64)  # the base point's table has 4 teeth, 64 bits apart
_NAF_BITS = const(5)

_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555
_SQRT_MINUS_1 = 19681161376707505956807079304988542015446066515923890162744021073123829784752
_BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
_BASE_Y = 46316835694926478169428394003475163141307993866256225615783033603165251855960
_LOW_255 = (1 << 255) - 1

# Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z (RFC 8032 5.1.4).
_IDENTITY: "tuple[int, int, int, int]" = (0, 1, 1, 0)
_comb = []  # filled at first use


class Ed25519Signer:
    """Signs with the key that a 32-byte seed expands to. `public` is its 32-byte public key."""

    def __init__(self, seed):
        if len(seed) != KEY_BYTES:
            raise ValueError("a seed has 32 bytes, not {}".format(len(seed)))
        expanded = sha512(bytes(seed))
        scalar = int.from_bytes(expanded[:32], "little")
        self._scalar = scalar & (1 << 254) - 8 | 1 << 254  # RFC 8032 5.1.5, step 2
        self._prefix = expanded[32:]
        self.public = _encode(_times_base(self._scalar))

    def sign(self, message):
        """The 64-byte signature of message (RFC 8032 5.1.6)."""
        message = bytes(message)
        nonce = int.from_bytes(sha512(self._prefix + message), "little") % L
        commitment = _encode(_times_base(nonce))
        challenge = _challenge(commitment, self.public, message)
        return commitment + ((nonce + challenge * self._scalar) % L).to_bytes(32, "little")


def verify(public, message, signature):
    """True when the 64-byte signature of message verifies under the 32-byte public key.

    Refused beyond RFC 8032 5.1.7, as by libsodium: public keys of small order, and R of small order.
    Cofactorless: R must equal SB - kA, byte for byte, which also refuses a non-canonical R.
    """
    if refuses(public, signature):
        return False
    public, message, signature = bytes(public), bytes(message), bytes(signature)
    commitment = signature[:32]
    response = int.from_bytes(signature[32:], "little")
    point = _decode(public)
    if point is None:
        return False
    challenge = _challenge(commitment, public, message)
    return _encode(_double_product(response, challenge, _negative(point))) == commitment


def _challenge(commitment, public, message):
    return int.from_bytes(sha512(commitment + public + message), "little") % L


def _decode(encoded):
    """The point of 32 canonical bytes, or None (RFC 8032 5.1.3)."""
    number = int.from_bytes(encoded, "little")
    y = number & _LOW_255
    if y >= P:
        return None
    yy = y * y % P
    u, v = yy - 1, (_D * yy + 1) % P
    v3 = v * v % P * v % P
    x = u * v3 % P * pow(u * v3 * v3 % P * v % P, (P - 5) // 8, P) % P
    vxx = v * x % P * x % P
    if vxx != u % P:
        if vxx != -u % P:
            return None
        x = x * _SQRT_MINUS_1 % P
    sign_bit = number >> 255
    if x == 0 and sign_bit:
        return None
    if x & 1 != sign_bit:
        x = P - x
    return (x, y, 1, x * y % P)


def _encode(point):
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    return (y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(32, "little")


def _double(point):
    """dbl-2008-hwcd of the Explicit-Formulas Database, with a = -1."""
    x, y, z, _ = point
    xx = x * x % P
    yy = y * y % P
    e = (x + y) * (x + y) - xx - yy
    g = yy - xx
    f = (g - 2 * z * z) % P
    h = -xx - yy
    e %= P
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _addend(point):
    """A point prepared for _add: (Y + X, Y - X, 2Z, 2DT)."""
    x, y, z, t = point
    return (y + x, y - x, 2 * z, 2 * _D * t % P)


def _add(point, addend):
    """add-2008-hwcd-3 of the same database; complete: equal points and the identity need no care."""
    x, y, z, t = point
    plus, minus, zz, dt = addend
    a = (y - x) * minus % P
    b = (y + x) * plus % P
    c = t * dt % P
    d = z * zz % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _negative(point):
    x, y, z, t = point
    return (P - x, y, z, P - t)


def _comb_table():
    """Addends of the base point's multiples: bit j of an index stands for 2^(64j)."""
    if not _comb:
        tooth = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % P)
        points = [_IDENTITY]
        while len(points) < 16:
            if len(points) > 1:
                for _ in range(_COMB_STEP):
                    tooth = _double(tooth)
            addend = _addend(tooth)
            points.extend([_add(point, addend) for point in points])
        _comb.extend([_addend(point) for point in points])
    return _comb


def _comb_index(scalar, bit):
    column = scalar >> bit
    return column & 1 | column >> 63 & 2 | column >> 126 & 4 | column >> 189 & 8


def _times_base(scalar):
    table = _comb_table()
    result = _IDENTITY
    for bit in range(_COMB_STEP - 1, -1, -1):
        result = _add(_double(result), table[_comb_index(scalar, bit)])
    return result


def _double_product(base_scalar, scalar, point):
    """base_scalar * B + scalar * point, in one run of doublings."""
    comb = _comb_table()
    twice = _addend(_double(point))
    odd = [point]
    for _ in range((1 << _NAF_BITS - 2) - 1):
        odd.append(_add(odd[-1], twice))
    digits = _signed_digits(scalar)
    up = [_addend(multiple) for multiple in odd]
    down = [_addend(_negative(multiple)) for multiple in odd]
    result = _IDENTITY
    for bit in range(max(len(digits), _COMB_STEP) - 1, -1, -1):
        result = _double(result)
        digit = digits[bit] if bit < len(digits) else 0
        if digit > 0:
            result = _add(result, up[digit >> 1])
        elif digit < 0:
            result = _add(result, down[-digit >> 1])
        if bit < _COMB_STEP:
            result = _add(result, comb[_comb_index(base_scalar, bit)])
    return result


def _signed_digits(scalar):
    """The scalar's non-adjacent form, lowest first: each digit is 0 or odd, below 16 in size."""
    digits = []
    while scalar:
        digit = 0
        if scalar & 1:
            digit = scalar & (1 << _NAF_BITS) - 1
            if digit >> _NAF_BITS - 1:
                digit -= 1 << _NAF_BITS
            scalar -= digit
        digits.append(digit)
        scalar >>= 1
    return digits

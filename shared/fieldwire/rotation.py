"""Rotation: the statement by which a key hands over to the next, and the token that makes it count.

Decides whether both keys signed one statement and whether its token fits the credentials that it names. Refuses to
say who holds those credentials, or whether their chains reach a root: who holds tokens checks that. SPEC 7.6
"""

from fieldwire import cbor, cose, keys, limits, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError

_FOLLOWING = (tokens.MESH, tokens.AUTHORITY, tokens.SCOPE, tokens.RIGHTS, tokens.DEPTH)


def _bad(detail):
    raise WireError("token-shape", detail)


class Statement:
    """`mesh`, `old` and `new` public keys, `boot` (the old key's last), `ends` = [[incarnation, stream, segment,
    seal hash] ...] of the old key's log; `handover` (Sign1 by the old key), `acceptance` (Sign1 by the new one).
    """

    def __init__(self, body, handover, acceptance):
        self.mesh, self.old, self.new, self.boot, self.ends = body
        self.handover = handover
        self.acceptance = acceptance

    def covers(self, incarnation, stream, segment):
        """True for a segment of the old key's log, as far as the statement says that it goes."""
        return any([incarnation, stream] == end[:2] and segment <= end[2] for end in self.ends)


def _check_ends(ends):
    if not isinstance(ends, list) or len(ends) > limits.ROTATION_ENDS_MAX:
        _bad("the ends of a log are a list of at most %d" % limits.ROTATION_ENDS_MAX)
    last = None
    for end in ends:
        if not isinstance(end, list) or len(end) != 4 or not obs.is_bytes(end[0], 8):
            _bad("the end of a log is [incarnation, stream, segment, seal hash]")
        if not obs.is_uint(end[1]) or end[1] >= limits.STREAMS_MAX or not obs.is_bytes(end[3], 32):
            _bad("the end of a log names a stream and a seal hash of 32 bytes")
        if not obs.is_uint(end[2]) or end[2] > 0xFFFFFFFF:
            _bad("a segment number has 32 bits")
        if last is not None and (end[0], end[1]) <= last:
            _bad("the ends of a log are sorted by incarnation and stream, each stream once")
        last = (end[0], end[1])


def _check_body(body):
    if not isinstance(body, list) or len(body) != 5:
        _bad("a handover is [mesh, old key, new key, boot, ends of the log]")
    if not all(obs.is_bytes(value, 32) for value in body[:3]):
        _bad("mesh and keys of a handover have 32 bytes")
    if body[1] == body[2]:
        _bad("a key does not hand over to itself")
    if not obs.is_count(body[3]):
        _bad("the boot of a handover is below 2^42")
    _check_ends(body[4])


def hand_over(mesh, new, boot, ends, signer):
    """The old key's word, signed by `signer`: `new` (a public key) follows it after these ends of its log."""
    body = [mesh, signer.public, new, boot, ends]
    _check_body(body)
    return cose.sign(cose.ROTATION, cbor.encode(body), signer)


def accept(handover, signer):
    """The new key's word over the old one's: it is held by whoever was handed over to."""
    return cose.sign(cose.ROTATION, handover, signer)


def decode(accepted):
    """Statement of the two nested signed objects; shapes checked, signatures not."""
    acceptance = cose.decode(accepted, cose.ROTATION)
    handover = cose.decode(_carried(acceptance), cose.ROTATION)
    body = cbor.decode(_carried(handover))
    _check_body(body)
    return Statement(body, handover, acceptance)


def _carried(message):
    if message.payload is None:
        _bad("a handover and its acceptance carry their payload")
    return message.payload


def opened(accepted, verify):
    """Statement under the signatures of both its keys; WireError otherwise."""
    statement = decode(accepted)
    cose.check(statement.handover, statement.old, verify)
    cose.check(statement.acceptance, statement.new, verify)
    return statement


def verified(token, issuer, before, after, verify):
    """The Statement of a rotation token that counts; WireError names the rule that it breaks.

    `issuer`, `before`, `after`: held credentials, as the token names them, whose chains reach their mesh's root.
    """
    return _fitting(token, (issuer.id, issuer.public), before, after, verify)


def verified_by_root(token, root, before, after, verify):
    """The same of a rotation without an issuer: `root` is the public key of the handover's mesh."""
    statement = _fitting(token, (None, root), before, after, verify)
    if keys.thumbprint(root) != statement.mesh:
        raise WireError("token-chain", "the root that signed is another mesh's")
    return statement


def _fitting(token, signer, before, after, verify):
    """`signer`: (credential id, public key), the id None for the root."""
    issuer, public = signer
    named = (token.claims.get(tokens.ISSUER), token.claims[tokens.BEFORE], token.claims[tokens.AFTER])
    if named != (issuer, before.id, after.id):
        raise ValueError("these are not the credentials that the rotation names")
    cose.check(token.message, public, verify)
    if after.claims.get(tokens.ISSUER) != issuer:
        raise WireError("token-chain", "a rotation comes from the issuer of the new key's credential")
    statement = opened(token.claims[tokens.ACCEPTED], verify)
    if statement.old != before.public or statement.new != after.public:
        raise WireError("token-chain", "the credentials are not of the keys that hand over")
    if statement.mesh != before.claims[tokens.MESH]:
        raise WireError("token-chain", "the handover is of another mesh")
    for label in _FOLLOWING:
        if before.claims[label] != after.claims[label]:
            raise WireError("token-chain", "claim %d of the two credentials differs" % label)
    return statement


def devices(statement):
    """(old device id, new device id)."""
    return keys.device_id(statement.old), keys.device_id(statement.new)

"""Tokens: credentials, endorsements, boot attestations, equivalences, revocations, rotations, signed schemas.

Decides whether token bytes are well formed and what they claim. Refuses to follow a chain or judge a
time: who may issue what is checked where tokens are held. SPEC 7
"""

from fieldwire import cbor, cose, keys, limits, schema
from fieldwire import observation as obs
from fieldwire.errors import WireError
from fieldwire.token_writer import (
    BOOTCOUNT,
    BOOTSEED,
    DBGSTAT,
    EAT_PROFILE,
    MEASUREMENT,
    PROFILE,
    SWVERSION,
    UEID,
    measurement,
    token_id,
    ueid,
)

__all__ = ["measurement", "ueid"]

EXP, NBF, CNF = 4, 5, 8
OEMID, HWMODEL = 258, 259
MESH, AUTHORITY, SCOPE, RIGHTS, DEPTH, ISSUER, MEASUREMENTS, CLOCK = range(-65701, -65709, -1)
FOREIGN, LOCAL, PATH_LENGTH, NEGATIVE = range(-65711, -65715, -1)
TARGET, LAST_GOOD, STAYING = range(-65721, -65724, -1)
ACCEPTED, BEFORE, AFTER = range(-65731, -65734, -1)

KNOWN_RIGHTS = ("boundary", "observe", "time", "translate")


def _bad(detail):
    raise WireError("token-shape", detail)


def _is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _validity(claims):
    if not (obs.is_uint(claims.get(NBF)) and obs.is_uint(claims.get(EXP))) or claims[NBF] >= claims[EXP]:
        _bad("nbf and exp are UTC seconds, nbf before exp")


def _cnf(claims):
    cnf = claims.get(CNF)
    if not isinstance(cnf, dict) or len(cnf) != 1 or 1 not in cnf:
        _bad("cnf is {1: COSE_Key}")
    return keys.public_of(cnf[1])


def _issuer(claims):
    if ISSUER in claims and not obs.is_bytes(claims[ISSUER], 16):
        _bad("issuer is a credential id of 16 bytes")


def check_scope(scope):
    if not isinstance(scope, list) or len(scope) != 2:
        _bad("a scope is [subjects or nil, formats or nil]")
    subjects, formats = scope
    if subjects is not None:
        if not isinstance(subjects, list) or not 1 <= len(subjects) <= limits.SCOPE_ENTRIES_MAX:
            _bad("a scope names 1 to %d subjects, or nil for all" % limits.SCOPE_ENTRIES_MAX)
        if not all(obs.is_path(subject) for subject in subjects):
            _bad("a scope's subject is a path, without wildcards")
    if formats is not None:
        if not isinstance(formats, list) or not 1 <= len(formats) <= limits.SCOPE_ENTRIES_MAX:
            _bad("a scope names 1 to %d formats, or nil for all" % limits.SCOPE_ENTRIES_MAX)
        if not all(obs.is_format(one) for one in formats):
            _bad("a format is a number or a schema digest")


def _check_credential(claims):
    _validity(claims)
    _cnf(claims)
    _issuer(claims)
    if not obs.is_bytes(claims.get(MESH), 32) or not obs.is_path(claims.get(AUTHORITY)):
        _bad("a credential names its mesh (32 bytes) and an authority path")
    check_scope(claims.get(SCOPE))
    rights = claims.get(RIGHTS)
    if not isinstance(rights, list) or not all(right in KNOWN_RIGHTS for right in rights):
        _bad("rights are among boundary, observe, time, translate")
    if rights != sorted(rights) or len(set(rights)) != len(rights):
        _bad("rights are sorted and named once")
    if not obs.is_uint(claims.get(DEPTH)) or claims[DEPTH] > limits.DELEGATION_DEPTH_MAX:
        _bad("depth is 0 to %d" % limits.DELEGATION_DEPTH_MAX)


def _check_hardware(claims):
    found = claims.get(UEID)
    if not obs.is_bytes(found, 17) or found[0] != 1:
        _bad("ueid is 01 and 16 bytes")
    if claims.get(PROFILE) != EAT_PROFILE:
        _bad("eat_profile is %s" % EAT_PROFILE)


def _check_endorsement(claims):
    _validity(claims)
    _cnf(claims)
    _issuer(claims)
    _check_hardware(claims)
    if not (obs.is_bytes(claims.get(OEMID), 16) or obs.is_bytes(claims.get(OEMID), 3)):  # RFC 9711 4.2.3
        _bad("oemid is 16 random bytes, or the 3 of an IEEE registration")
    if not isinstance(claims.get(HWMODEL), bytes) or not 1 <= len(claims[HWMODEL]) <= 32:
        _bad("hwmodel is 1 to 32 bytes")
    listed = claims.get(MEASUREMENTS)
    if not isinstance(listed, list) or len(listed) > limits.MEASUREMENTS_MAX:
        _bad("measurements are a list of at most %d" % limits.MEASUREMENTS_MAX)
    if not all(obs.is_bytes(one, 32) for one in listed):
        _bad("a measurement is 32 bytes")
    _check_clock(claims.get(CLOCK))


def _check_clock(clock):
    if not isinstance(clock, list) or len(clock) != 3 or not _is_int(clock[0]) or not _is_int(clock[1]):
        _bad("clock is [rate_lo_ppb, rate_hi_ppb, wander_ppb or nil]")
    if not -(10**8) <= clock[0] <= clock[1] <= 10**8:
        _bad("clock rates are within 10 %, the lower one first")
    if clock[2] is not None and not obs.is_uint(clock[2]):
        _bad("wander is an unsigned integer or nil")


def _check_boot(claims):
    _check_hardware(claims)
    if not obs.is_uint(claims.get(DBGSTAT)) or claims[DBGSTAT] > 4 or not obs.is_uint(claims.get(BOOTCOUNT)):
        _bad("dbgstat is 0 to 4, bootcount an unsigned integer")
    if not obs.is_count(claims[BOOTCOUNT]):
        _bad("bootcount is below 2^42")
    if not isinstance(claims.get(BOOTSEED), bytes) or not 8 <= len(claims[BOOTSEED]) <= 32:
        _bad("bootseed is 8 to 32 bytes")
    if not obs.is_bytes(claims.get(MEASUREMENT), 32):
        _bad("the measurement is 32 bytes")
    version = claims.get(SWVERSION)
    if not isinstance(version, list) or len(version) != 1 or not isinstance(version[0], str):
        _bad("swversion is [version], a text")


def _check_named_authority(value, size):
    if not isinstance(value, list) or len(value) != size:
        _bad("an authority is named by %d parts" % size)
    if not obs.is_bytes(value[0], 32) or not obs.is_path(value[1]):
        _bad("an authority is named by mesh id and path, without wildcards")
    if size == 3 and not obs.is_bytes(value[2], 32):
        _bad("a foreign authority is bound to a key thumbprint of 32 bytes")


def _check_equivalence(claims):
    _validity(claims)
    _issuer(claims)
    check_scope(claims.get(SCOPE))
    _check_named_authority(claims.get(FOREIGN), 3)
    _check_named_authority(claims.get(LOCAL), 2)
    if claims[FOREIGN][0] == claims[LOCAL][0]:
        _bad("an equivalence joins two meshes")
    if not obs.is_uint(claims.get(PATH_LENGTH)) or not isinstance(claims.get(NEGATIVE), bool):
        _bad("path length is an unsigned integer, negative a boolean")


def _check_revocation(claims):
    _validity(claims)
    _issuer(claims)
    if not obs.is_bytes(claims.get(TARGET), 16):
        _bad("a revocation names a token or device of 16 bytes")
    good, staying = claims.get(LAST_GOOD, []), claims.get(STAYING, [])
    if not isinstance(good, list) or not isinstance(staying, list):
        _bad("last good seals and staying credentials are lists")
    last = None
    for entry in good:
        if not isinstance(entry, list) or len(entry) != 3:
            _bad("a last good seal is [incarnation, stream, seal hash or nil]")
        if not obs.is_bytes(entry[0], 8) or not obs.is_uint(entry[1]) or entry[1] > 3:
            _bad("a last good seal names an incarnation of 8 bytes and a stream")
        if entry[2] is not None and not obs.is_bytes(entry[2], 32):
            _bad("a seal hash is 32 bytes or nil")
        if last is not None and (entry[0], entry[1]) <= last:  # one stream has one last good seal
            _bad("last good seals are sorted by incarnation and stream, each stream once")
        last = (entry[0], entry[1])
    if not all(obs.is_bytes(one, 16) for one in staying):
        _bad("staying credentials are named by ids of 16 bytes")
    if staying != sorted(staying) or len(set(staying)) != len(staying):
        _bad("staying credentials are sorted and named once")


def _check_rotation(claims):
    from fieldwire import rotation  # of use to few who read tokens, and a board has little room

    _validity(claims)
    _issuer(claims)
    if not obs.is_bytes(claims.get(BEFORE), 16) or not obs.is_bytes(claims.get(AFTER), 16):
        _bad("a rotation names the credentials before and after it by ids of 16 bytes")
    if not isinstance(claims.get(ACCEPTED), bytes):
        _bad("a rotation carries the accepted handover as bytes")
    if rotation.decode(claims[ACCEPTED]).new != _cnf(claims):
        _bad("the cnf of a rotation is the key that was handed over to")


_MANDATORY = {
    cose.CREDENTIAL: (EXP, NBF, CNF, MESH, AUTHORITY, SCOPE, RIGHTS, DEPTH),
    cose.ENDORSEMENT: (EXP, NBF, CNF, UEID, OEMID, HWMODEL, PROFILE, ISSUER, MEASUREMENTS, CLOCK),
    cose.BOOT: (UEID, DBGSTAT, PROFILE, BOOTCOUNT, BOOTSEED, SWVERSION, MEASUREMENT),
    cose.EQUIVALENCE: (EXP, NBF, SCOPE, ISSUER, FOREIGN, LOCAL, PATH_LENGTH, NEGATIVE),
    cose.REVOCATION: (EXP, NBF, ISSUER, TARGET),
    cose.ROTATION: (EXP, NBF, CNF, ACCEPTED, BEFORE, AFTER),
}
_OPTIONAL = {
    cose.CREDENTIAL: (ISSUER,),
    cose.REVOCATION: (LAST_GOOD, STAYING),
    cose.ROTATION: (ISSUER,),
}
_CHECKS = {
    cose.CREDENTIAL: _check_credential,
    cose.ENDORSEMENT: _check_endorsement,
    cose.BOOT: _check_boot,
    cose.EQUIVALENCE: _check_equivalence,
    cose.REVOCATION: _check_revocation,
    cose.ROTATION: _check_rotation,
}


def check_claims(typ, claims):
    """Raise WireError("token-shape") unless `claims` (a map) has exactly the claims of `typ`."""
    if not isinstance(claims, dict):
        _bad("claims are a map")
    for label in _MANDATORY[typ]:
        if label not in claims:
            _bad("claim %d is missing" % label)
    for label in claims:
        if label not in _MANDATORY[typ] and label not in _OPTIONAL.get(typ, ()):
            _bad("claim %r has no place in typ %d" % (label, typ))
    _CHECKS[typ](claims)


class Token:
    """A decoded token.

    `id` (16 bytes), `typ`, `claims` (map; empty for a schema), `data` (bytes as received), `message` (Sign1).
    """

    def __init__(self, data, message, claims):
        self.id = token_id(data)
        self.data = data
        self.message = message
        self.claims = claims

    @property
    def typ(self):
        return self.message.typ

    @property
    def public(self):
        """The key that the token speaks for (its cnf), whose shape was checked when it was decoded."""
        return self.claims[CNF][1][-2]


def decode(data, typ=None):
    """Token of `data`, shape checked, signature not. WireError otherwise."""
    message = cose.decode(_bounded(data), typ)
    if message.payload is None:
        _bad("a token carries its payload")
    if message.typ == cose.SCHEMA:
        schema.decode(message.payload)
        return Token(data, message, {})
    if message.typ not in _CHECKS:
        _bad("typ %d is no token" % message.typ)
    claims = cbor.decode(message.payload)
    check_claims(message.typ, claims)
    return Token(data, message, claims)


def issue(typ, claims, signer):
    """Signed token bytes; the claims are checked as a receiver would check them."""
    check_claims(typ, claims)
    return _bounded(cose.sign(typ, cbor.encode(claims), signer))


def issue_schema(data, signer):
    """Signed token bytes of a schema (typ 65009). SPEC 5.4"""
    schema.decode(data)
    return _bounded(cose.sign(cose.SCHEMA, data, signer))


def _bounded(data):
    if len(data) > limits.TOKEN_MAX:
        _bad("%d bytes, the limit is %d" % (len(data), limits.TOKEN_MAX))
    return data


def verified(data, public, verify, typ=None):
    """Token of `data` whose signature verifies under `public`."""
    token = decode(data, typ)
    cose.check(token.message, public, verify)
    return token

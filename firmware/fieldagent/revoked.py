"""Revocations of the own mesh: whom a device no longer derives from, kept over boots.

Decides whether a revocation comes from one who may take back what it names, and what falls by it. Refuses to weigh
what was good before it, and UTC: a device derives from what is said now, and a bridge judges the rest. SPEC 7.5, 8.8
"""

from binascii import crc32

from fieldwire import cbor, cose, keys, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError

_FILE = "state/revoked"
_HELD_MAX = 32


class Revoked:
    """`trust` of the own mesh. A row: [target, issuer's credential id, its authority, signed by the root, staying]."""

    def __init__(self, files, trust):
        self._files = files
        self._trust = trust
        data = files.read(_FILE) or bytes(4)
        try:
            sound = crc32(data[4:]) == int.from_bytes(data[:4], "big")
            self._rows = cbor.decode(data[4:]) if sound else []
        except WireError:  # no file yet, or one that a bridge will fill again
            self._rows = []

    def rows(self):
        return self._rows

    def add(self, data):
        """Takes a revocation by an authority whose chain holds; durable on return. WireError names what is wrong."""
        token = tokens.decode(data, cose.REVOCATION)
        issuer = self._trust.issuer_of(token)
        cose.check(token.message, issuer.public, self._trust.verify)
        claims = issuer.claims
        staying = token.claims.get(tokens.STAYING, [])
        by_root = tokens.ISSUER not in claims
        row = [token.claims[tokens.TARGET], issuer.id, claims[tokens.AUTHORITY], by_root, staying]
        if row not in self._rows:
            rows = (self._rows + [row])[-_HELD_MAX:]
            body = cbor.encode(rows)
            self._files.replace(_FILE, [crc32(body).to_bytes(4, "big"), body])
            self._rows = rows

    def check(self, token):
        """WireError unless a credential or an equivalence, and every credential above it, stands."""
        below = []
        for one in [token] + self._trust.chain(token.claims.get(tokens.ISSUER)):
            names = [one.id]
            if one.typ == cose.CREDENTIAL:
                names.append(keys.device_id(one.public))
            for row in self._rows:
                if row[0] in names and self._may_revoke(row, one) and not set(row[4]) & set(below):
                    raise WireError("credential-revoked", "an authority of the mesh has taken it back")
            below.append(one.id)

    def _may_revoke(self, row, token):
        """True when the row comes from the token's issuer or an authority above that one. SPEC 7.5"""
        above = self._trust.chain(token.claims.get(tokens.ISSUER))
        if not above:
            return row[3] and "boundary" in token.claims[tokens.RIGHTS]
        return row[1] in [one.id for one in above] or obs.covers(row[2], above[0].claims[tokens.AUTHORITY])

"""Credentials that a device has verified up to a mesh's root.

Decides whether a credential's chain holds: mesh, authority, scope, rights, validity and depth all lie within the
issuer's. Refuses to judge a time: a device knows no UTC it could trust. SPEC 7.1
"""

from fieldwire import cose, limits, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError

HELD_MAX = 32


def scope_covers(scope, subject, content_format):
    """True when a scope `[subjects or nil, formats or nil]` takes in a subject (or subtree) and a format."""
    subjects, formats = scope
    if subjects is not None and not any(obs.covers(pattern, subject) for pattern in subjects):
        return False
    return formats is None or content_format in formats


def check_issuer(credential):
    """WireError unless the credential is an authority's: a device's and a boundary agent's issue nothing. SPEC 7.1"""
    if credential.claims[tokens.DEPTH] == 0 or "boundary" in credential.claims[tokens.RIGHTS]:
        raise WireError("token-chain", "the issuer's credential is no authority's")


def _scope_within(inner, outer):
    for mine, theirs, fits in ((inner[0], outer[0], obs.covers), (inner[1], outer[1], lambda a, b: a == b)):
        if theirs is None:
            continue
        if mine is None or not all(any(fits(pattern, one) for pattern in theirs) for one in mine):
            return False
    return True


class Trust:
    """The credentials of one mesh: `mesh_id`, the root's `public` key, `verify(public, message, signature)`."""

    def __init__(self, mesh_id, public, verify):
        self.mesh_id = mesh_id
        self.verify = verify
        self.revoked = None  # revoked.Revoked, for the own mesh
        self._root = public
        self._held = {}

    def credential(self, identity):
        """The verified credential of this id, or None."""
        return self._held.get(identity)

    def issuer_of(self, token):
        """The held credential of an authority that a token names as its issuer; WireError where there is none."""
        issuer = self._held.get(token.claims[tokens.ISSUER])
        if issuer is None:
            raise WireError("token-issuer-unknown", "the issuer's credential is not held")
        check_issuer(issuer)
        return issuer

    def check_standing(self, token):
        """WireError when a credential or an equivalence was taken back, as far as this device was told."""
        if self.revoked is not None:
            self.revoked.check(token)

    def chain(self, identity):
        """Credentials from the named one up to the one that the root signed."""
        found = []
        while identity in self._held:
            token = self._held[identity]
            found.append(token)
            identity = token.claims.get(tokens.ISSUER)
        return found

    def add(self, data):
        """Holds a credential whose chain verifies and returns it; WireError names the rule that it breaks."""
        token = tokens.decode(data, cose.CREDENTIAL)
        if token.id in self._held:
            return self._held[token.id]
        if len(self._held) >= HELD_MAX:
            raise WireError("token-chain", "%d credentials are held, the most a device keeps" % HELD_MAX)
        claims = token.claims
        if claims[tokens.MESH] != self.mesh_id:
            raise WireError("token-chain", "the credential is of another mesh")
        issuer = claims.get(tokens.ISSUER)
        if issuer is None:
            if claims[tokens.DEPTH] > limits.DELEGATION_DEPTH_MAX:
                raise WireError("token-chain", "delegation deeper than %d" % limits.DELEGATION_DEPTH_MAX)
            cose.check(token.message, self._root, self.verify)
        else:
            self._check_issued(token)
        self._held[token.id] = token
        return token

    def _check_issued(self, token):
        above = self.issuer_of(token)
        mine, theirs = token.claims, above.claims
        within = (
            obs.covers(theirs[tokens.AUTHORITY], mine[tokens.AUTHORITY])
            and _scope_within(mine[tokens.SCOPE], theirs[tokens.SCOPE])
            and all(right in theirs[tokens.RIGHTS] for right in mine[tokens.RIGHTS])
            and theirs[tokens.NBF] <= mine[tokens.NBF]
            and mine[tokens.EXP] <= theirs[tokens.EXP]
            and mine[tokens.DEPTH] < theirs[tokens.DEPTH]
        )
        if not within:
            raise WireError("token-chain", "the credential claims more than its issuer holds")
        cose.check(token.message, above.public, self.verify)

    def open_early(self, data):
        """(observation, its bytes, credential) of an early copy under a held credential with the right `observe`."""
        message = cose.decode(data, cose.EARLY)
        if message.payload is None:
            raise WireError("cose-shape", "an early copy carries its observation")
        credential = self.signer_of(obs.decode(message.payload))
        observation, leaf = obs.open_early_copy(data, credential.public, self.verify)
        return observation, leaf, credential

    def signer_of(self, observation):
        """The held credential that an observation names, if it may make that observation; else WireError."""
        credential = self._held.get(observation[obs.CREDENTIAL])
        if credential is None:
            raise WireError("token-unknown", "the observation's credential is not held")
        claims = credential.claims
        if "observe" not in claims[tokens.RIGHTS]:
            raise WireError("token-right", "the credential has no right to observe")
        if not scope_covers(claims[tokens.SCOPE], observation[obs.SUBJECT], observation[obs.FORMAT]):
            raise WireError("token-scope", "subject or format lies outside the credential's scope")
        if tokens.keys.device_id(credential.public) != observation[obs.DEVICE]:
            raise WireError("device-mismatch", "the credential is of another device")
        self.check_standing(credential)
        return credential

"""Held tokens and the chains between them.

Decides whether a token's issuer is held and had the power to issue it, down from a mesh's root, and which
revocations count against what. Refuses to judge time: validity is checked where an observation's interval is
known. SPEC 7
"""

from bisect import insort
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from fieldpost.codes import CODES, refuse_wire
from fieldpost.model import Authority, Missing, Refusal
from fieldpost.shares import Shares
from fieldpost.signing import verify
from fieldwire import cose, keys, rotation, schema, tokens
from fieldwire.errors import WireError
from fieldwire.observation import covers
from fieldwire.tokens import Token

# Tokens kept until their issuers come: of all whom nobody known has signed, and of each authority.
WAITING_MAX = 1024
BOUNDARY = "boundary"
ROOT = ""  # whose word a root's is: no authority has this path


def scope_within(inner: list[Any], outer: list[Any]) -> bool:
    """True when every subject and format of `inner` lies within `outer`; nil is all."""
    subjects_in, formats_in = inner
    subjects_out, formats_out = outer
    subjects_fit = subjects_out is None or (
        subjects_in is not None and all(any(covers(p, s) for p in subjects_out) for s in subjects_in)
    )
    formats_fit = formats_out is None or (
        formats_in is not None and all(one in formats_out for one in formats_in)
    )
    return subjects_fit and formats_fit


def scope_covers(scope: list[Any], subject: str, content_format: int | bytes) -> bool:
    """True when a scope covers one observation's subject and content format."""
    subjects, formats = scope
    return (subjects is None or any(covers(p, subject) for p in subjects)) and (
        formats is None or content_format in formats
    )


class Trust:
    """The pool: `roots` {mesh id: public}; `credentials`, `boots`, `equivalences`, `revocations` by token id."""

    def __init__(self) -> None:
        self.roots: dict[bytes, bytes] = {}
        self.credentials: dict[bytes, Token] = {}
        self.boots: dict[bytes, Token] = {}
        self.boot_keys: dict[bytes, set[bytes]] = {}  # by boot attestation: the keys it verifies under
        self.equivalences: dict[bytes, Token] = {}
        self.revocations: dict[bytes, Token] = {}
        self.rotations: list[tuple[Token, rotation.Statement]] = []
        self.endorsements: dict[bytes, list[Token]] = {}  # by device id
        self.schemas: dict[bytes, list[Any]] = {}  # by digest: fields
        self.schema_tokens: dict[bytes, bytes] = {}  # by digest: the signed schema's bytes
        self.waiting: dict[bytes, bytes] = {}  # token id: bytes, issuer not held yet
        # By credential and boot attestation, until a token comes.
        self.grades: dict[tuple[bytes, bytes], int] = {}
        self.taxonomy: Any = None  # made from these by `mapping`, anew when a token came
        self._held: dict[bytes, Token] = {}
        self._by_kid: dict[bytes, list[Token]] = {}  # credentials
        self._by_target: dict[bytes, list[Token]] = {}  # revocations, by id
        self._wanted: dict[bytes, set[bytes]] = {}  # what is missing: ids of tokens that wait for it
        self._news: deque[bytes] = deque()  # what came and may be wanted
        self._shares = Shares()  # whose tokens wait
        self._gave_way: list[bytes] = []

    def apart(self) -> "Trust":
        """Another pool with the credentials and revocations of this one: what is added there is not held here."""
        pool = Trust()
        pool.credentials, pool.revocations = dict(self.credentials), dict(self.revocations)
        pool._held = {**self.credentials, **self.revocations}
        pool._by_kid = {kid: list(several) for kid, several in self._by_kid.items()}
        pool._by_target = {target: list(several) for target, several in self._by_target.items()}
        return pool

    def add_root(self, public: bytes) -> bytes:
        """Hold a mesh's root key; the mesh id is its thumbprint."""
        if len(public) != 32:
            raise WireError("key-bad", f"a root key is 32 bytes, not {len(public)}")
        mesh = keys.thumbprint(public)
        self.taxonomy = None
        self.roots[mesh] = public
        self._news.append(mesh)
        return mesh

    def holds(self, token: bytes) -> bool:
        """True for a token that is held, and for one that waits for its issuer."""
        return token in self._held or token in self.waiting

    def chain(self, credential: bytes) -> list[Token]:
        """Credentials from the root's down to `credential` (held, hence complete)."""
        found = [self.credentials[credential]]
        while tokens.ISSUER in found[0].claims:
            found.insert(0, self.credentials[found[0].claims[tokens.ISSUER]])
        return found

    def mesh_of(self, credential: bytes) -> bytes:
        return self.credentials[credential].claims[tokens.MESH]

    def credentials_of(self, device: bytes) -> list[Token]:
        """Every credential held for a device's key."""
        return [one for one in self._by_kid.get(device[:8], []) if keys.device_id(one.public) == device]

    def named(self, kid: bytes) -> list[Token]:
        """The credentials of the keys that a kid may mean."""
        return self._by_kid.get(kid, [])

    def signers_of(self, token: Token) -> list[Token]:
        """The credentials of the key that signed a token which names no issuer."""
        return self._by_kid.get(token.message.kid, [])

    def fields_of(self, content_format: int | bytes) -> list[Any] | None:
        return self.schemas.get(content_format) if isinstance(content_format, bytes) else None

    def endorsements_of(self, device: bytes, mesh: bytes) -> list[Token]:
        """A device's endorsements by authorities of that mesh; what is revoked vouches for nothing."""
        return [
            one
            for one in self.endorsements.get(device, [])
            if self.mesh_of(one.claims[tokens.ISSUER]) == mesh and fallen(self, one) is None
        ]

    def handovers_of(self, device: bytes) -> list[tuple[Token, rotation.Statement]]:
        """Each rotation by which a device's key handed over to another, by token id. SPEC 7.6"""
        found = [(token, one) for token, one in self.rotations if keys.device_id(one.old) == device]
        return sorted(found, key=lambda pair: pair[0].id)

    def rotation(self, identity: bytes) -> Token | None:
        """The held rotation of that id."""
        return next((token for token, _ in self.rotations if token.id == identity), None)

    def revocations_of(self, target: bytes, token: Token) -> list[Token]:
        """Revocations of `target`, a device or token id, by those who may take `token` back. SPEC 7.5"""
        return [one for one in self._by_target.get(target, ()) if may_revoke(self, one, token)]

    def add(self, data: bytes) -> Token | Refusal:
        """Hold a token if its issuer is held and entitled; `token-issuer-unknown` keeps it waiting."""
        known = self._held.get(tokens.token_id(data))
        if known is not None:
            return known
        try:
            token = tokens.decode(data)
            refusal = self._place(token)
        except WireError as error:
            return refuse_wire(error)
        if refusal is not None:
            return self._wait(token, refusal)
        if token.id in self.waiting:
            self._forget(token.id, self._shares.leave(token.id))
        self._held[token.id] = token
        self.taxonomy, self.grades = None, {}
        return token

    def _wait(self, token: Token, missing: Missing) -> Refusal:
        if token.id in self.waiting:
            self._forget(token.id, self._shares.leave(token.id))
        out = self._shares.enter(token.id, missing.what, missing.whose, WAITING_MAX)
        if out is not None:
            self._forget(*out)
            self._gave_way.append(out[0])
        self.waiting[token.id] = token.data
        self._wanted.setdefault(missing.what, set()).add(token.id)
        return missing

    def _forget(self, identity: bytes, what: bytes) -> None:
        """It waits no more for what it waited for."""
        self.waiting.pop(identity, None)
        waiting = self._wanted.get(what, set())
        waiting.discard(identity)
        if not waiting:
            self._wanted.pop(what, None)

    def gave_way(self) -> list[bytes]:
        """Ids of tokens that made room for others since last asked. SPEC 7.7"""
        found, self._gave_way = self._gave_way, []
        return found

    def retry(self) -> tuple[list[Token], list[tuple[bytes, Refusal]]]:
        """Try what waited for something that came: (tokens now held, ids now refused and why)."""
        held: list[Token] = []
        refused: list[tuple[bytes, Refusal]] = []
        while self._news:
            for identity in sorted(self._wanted.pop(self._news.popleft(), set()) & self.waiting.keys()):
                found = self.add(self.waiting[identity])
                if isinstance(found, Token):
                    held.append(found)
                elif not isinstance(found, Missing):
                    self._forget(identity, self._shares.leave(identity))
                    refused.append((identity, found))
        return held, refused

    def _place(self, token: Token) -> Missing | None:
        if token.typ == cose.CREDENTIAL:
            return self._credential(token)
        if token.typ in (cose.BOOT, cose.SCHEMA):
            return self._by_key(token)
        if tokens.ISSUER not in token.claims:
            return self._rotation_by_root(token)
        issuer = self.credentials.get(token.claims[tokens.ISSUER])
        if issuer is None:
            return _missing(token.claims[tokens.ISSUER], "issuer")
        cose.check(token.message, issuer.public, verify)
        check_issuer(issuer)
        if token.typ == cose.ROTATION:
            return self._rotation(token, issuer)
        if token.typ == cose.ENDORSEMENT:
            self.endorsements.setdefault(keys.device_id(token.public), []).append(token)
        elif token.typ == cose.EQUIVALENCE:
            self.equivalences[token.id] = token
        else:
            self.revocations[token.id] = token
            insort(self._by_target.setdefault(token.claims[tokens.TARGET], []), token, key=lambda one: one.id)
        return None

    def _credential(self, token: Token) -> Missing | None:
        claims = token.claims
        if tokens.ISSUER not in claims:
            root = self.roots.get(claims[tokens.MESH])
            if root is None:
                return _missing(claims[tokens.MESH], "root key of mesh")
            cose.check(token.message, root, verify)
        else:
            issuer = self.credentials.get(claims[tokens.ISSUER])
            if issuer is None:
                return _missing(claims[tokens.ISSUER], "issuer")
            cose.check(token.message, issuer.public, verify)
            check_issuer(issuer)
            check_delegation(issuer.claims, claims)
        self.credentials[token.id] = token
        self._by_kid.setdefault(keys.kid(token.public), []).append(token)
        self._news.extend((token.id, keys.kid(token.public)))
        return None

    def _rotation(self, token: Token, issuer: Token) -> Missing | None:
        whose = issuer.claims[tokens.MESH], issuer.claims[tokens.AUTHORITY]
        named = self._joined(token, whose)
        if isinstance(named, Missing):
            return named
        self.rotations.append((token, rotation.verified(token, issuer, *named, verify)))
        return None

    def _rotation_by_root(self, token: Token) -> Missing | None:
        mesh = rotation.decode(token.claims[tokens.ACCEPTED]).mesh
        root = self.roots.get(mesh)
        if root is None:
            return _missing(mesh, "root key of mesh")
        cose.check(token.message, root, verify)
        named = self._joined(token, (mesh, ROOT))
        if isinstance(named, Missing):
            return named
        self.rotations.append((token, rotation.verified_by_root(token, root, *named, verify)))
        return None

    def _joined(self, token: Token, whose: Authority) -> tuple[Token, Token] | Missing:
        """The held credentials before and after a rotation."""
        named = [token.claims[tokens.BEFORE], token.claims[tokens.AFTER]]
        for one in named:
            if one not in self.credentials:
                return replace(_missing(one, "credential"), whose=whose)
        return self.credentials[named[0]], self.credentials[named[1]]

    def _by_key(self, token: Token) -> Missing | None:
        """A boot attestation or a schema: its kid leads to the signer's credential, the signature decides."""
        signers = self.signers_of(token)
        if not signers:
            return _missing(token.message.kid, "credential of key")
        signed = [one for one in signers if _signed_by(token, one)]
        if not signed:
            raise WireError("signature-bad", "the signature does not verify under the named key")
        if token.typ == cose.BOOT:
            self.boots[token.id] = token
            self.boot_keys[token.id] = {one.public for one in signed}
            return None
        if not any(map(may_issue, signed)):
            check_issuer(signed[0])
        digest = schema.digest(token.message.payload)
        self.schemas[digest] = schema.decode(token.message.payload)[1]
        self.schema_tokens.setdefault(digest, token.data)
        return None


def _missing(what: bytes, thing: str) -> Missing:
    code = "token-issuer-unknown"
    return Missing(code, f"{thing} {what.hex()[:32]} is not held", CODES[code][2], what)


def _signed_by(token: Token, credential: Token) -> bool:
    message = token.message
    return verify(
        credential.public, cose.to_be_signed(message.protected_bytes, message.payload), message.signature
    )


def may_issue(credential: Token) -> bool:
    """True for an authority: a device's credential and a boundary agent's issue nothing. SPEC 7.1"""
    return credential.claims[tokens.DEPTH] > 0 and BOUNDARY not in credential.claims[tokens.RIGHTS]


def check_issuer(credential: Token) -> None:
    """WireError("token-chain") unless the credential is an authority's."""
    if not may_issue(credential):
        named = f"credential {credential.id.hex()} of {credential.claims[tokens.AUTHORITY]}"
        raise WireError("token-chain", f"{named} is no authority's: it issues nothing")


def check_delegation(issuer: dict[int, Any], claims: dict[int, Any]) -> None:
    """WireError("token-chain") unless `claims` lie within what `issuer` may hand on. SPEC 7.1"""

    def need(condition: bool, detail: str) -> None:
        if not condition:
            raise WireError("token-chain", detail)

    need(claims[tokens.MESH] == issuer[tokens.MESH], "a credential stays in its issuer's mesh")
    need(
        covers(issuer[tokens.AUTHORITY], claims[tokens.AUTHORITY]),
        "the authority is the issuer's or below it",
    )
    need(scope_within(claims[tokens.SCOPE], issuer[tokens.SCOPE]), "the scope lies within the issuer's")
    need(
        all(right in issuer[tokens.RIGHTS] for right in claims[tokens.RIGHTS]),
        "the rights are among the issuer's",
    )
    need(claims[tokens.DEPTH] < issuer[tokens.DEPTH], "the issuer's delegation depth is used up")
    need(
        issuer[tokens.NBF] <= claims[tokens.NBF] and claims[tokens.EXP] <= issuer[tokens.EXP],
        "the validity lies within the issuer's",
    )


def may_revoke(trust: Trust, revocation: Token, token: Token) -> bool:
    """True when a revocation of `token` comes from its issuer or an authority above that one. SPEC 7.5

    What the root signed for a boundary agent, any authority that the root signed may take back.
    """
    by = trust.credentials[revocation.claims[tokens.ISSUER]]
    if tokens.ISSUER in token.claims:
        chain = trust.chain(token.claims[tokens.ISSUER])
        mesh, path = chain[-1].claims[tokens.MESH], chain[-1].claims[tokens.AUTHORITY]
        above = by.claims[tokens.MESH] == mesh and covers(by.claims[tokens.AUTHORITY], path)
        return above or any(one.id == by.id for one in chain)
    claims = token.claims
    return (
        BOUNDARY in claims.get(tokens.RIGHTS, ())
        and claims[tokens.MESH] == by.claims[tokens.MESH]
        and tokens.ISSUER not in by.claims
    )


def stays(revocation: Token, below: Iterable[bytes]) -> bool:
    """True when a revocation lets one of these stay: what hangs on the credential revoked, by token id. SPEC 7.5"""
    return bool(set(revocation.claims.get(tokens.STAYING, ())).intersection(below))


def fallen(trust: Trust, token: Token) -> Token | None:
    """The revocation by which a held token falls: of itself, or of a credential above it that lets nothing stay."""
    above = trust.chain(token.claims[tokens.ISSUER])[::-1] if tokens.ISSUER in token.claims else []
    below: list[bytes] = []
    for one in (token, *above):
        for found in revocations(trust, one):
            if not stays(found, below):
                return found
        below.append(one.id)
    return None


def revocations(trust: Trust, token: Token) -> list[Token]:
    """Revocations that count of a held token, or of all that the holder of a credential says."""
    if not trust.revocations:
        return []
    found = trust.revocations_of(token.id, token)
    if token.id in trust.credentials:
        found += trust.revocations_of(keys.device_id(token.public), token)
    return found


def revoked(trust: Trust, credential: bytes) -> Token | None:
    """A revocation of this held credential that counts, or None."""
    found = revocations(trust, trust.credentials[credential])
    return found[0] if found else None

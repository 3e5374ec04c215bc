"""Held tokens and the chains between them.

Decides whether a token's issuer is held and had the power to issue it, down from a mesh's root. Refuses
to judge time: validity is checked where an observation's interval is known. SPEC 7
"""

from typing import Any

from fieldpost.codes import refuse
from fieldpost.model import Refusal
from fieldpost.signing import verify
from fieldwire import cose, keys, schema, tokens
from fieldwire.errors import WireError
from fieldwire.observation import covers
from fieldwire.tokens import Token


def scope_within(inner: list[Any], outer: list[Any]) -> bool:
    """True when every subject and format of `inner` lies within `outer`; nil is all."""
    subjects_in, formats_in = inner
    subjects_out, formats_out = outer
    if subjects_out is not None:
        if subjects_in is None or not all(any(covers(p, s) for p in subjects_out) for s in subjects_in):
            return False
    return formats_out is None or (formats_in is not None and all(f in formats_out for f in formats_in))


def scope_covers(scope: list[Any], subject: str, content_format: int | bytes) -> bool:
    """True when a scope covers one observation's subject and content format."""
    subjects, formats = scope
    return (subjects is None or any(covers(p, subject) for p in subjects)) and (
        formats is None or content_format in formats
    )


class Trust:
    """The pool: `roots` {mesh id: public}, `credentials`, `boots`, `equivalences`, `revocations` by token id."""

    def __init__(self) -> None:
        self.roots: dict[bytes, bytes] = {}
        self.credentials: dict[bytes, Token] = {}
        self.boots: dict[bytes, Token] = {}
        self.equivalences: dict[bytes, Token] = {}
        self.revocations: dict[bytes, Token] = {}
        self.endorsements: dict[bytes, list[Token]] = {}  # by device id
        self.schemas: dict[bytes, list[Any]] = {}  # by digest: fields
        self.schema_tokens: dict[bytes, bytes] = {}  # by digest: the signed schema's bytes
        self.waiting: dict[bytes, bytes] = {}  # token id: bytes, issuer not held yet
        self.taxonomy: Any = None  # made from these by `mapping`, anew when a token came

    def add_root(self, public: bytes) -> bytes:
        """Hold a mesh's root key; the mesh id is its thumbprint."""
        mesh = keys.thumbprint(public)
        self.taxonomy = None
        self.roots[mesh] = public
        return mesh

    def holds(self, token: bytes) -> bool:
        return any(
            token in pool
            for pool in (self.credentials, self.boots, self.equivalences, self.revocations, self.waiting)
        ) or any(token == one.id for pool in self.endorsements.values() for one in pool)

    def chain(self, credential: bytes) -> list[Token]:
        """Credentials from the root's down to `credential` (held, hence complete)."""
        found = [self.credentials[credential]]
        while tokens.ISSUER in found[0].claims:
            found.insert(0, self.credentials[found[0].claims[tokens.ISSUER]])
        return found

    def mesh_of(self, credential: bytes) -> bytes:
        return self.credentials[credential].claims[tokens.MESH]

    def fields_of(self, content_format: int | bytes) -> list[Any] | None:
        return self.schemas.get(content_format) if isinstance(content_format, bytes) else None

    def add(self, data: bytes) -> Token | Refusal:
        """Hold a token if its issuer is held and entitled; `token-issuer-unknown` keeps it waiting."""
        try:
            token = tokens.decode(data)
            missing = self._place(token)
        except WireError as error:
            return Refusal(error.code, error.detail, "have the token issued anew")
        if missing is not None:
            self.waiting[token.id] = data
            return missing
        self.waiting.pop(token.id, None)
        self.taxonomy = None
        return token

    def retry(self) -> list[Token]:
        """Try waiting tokens until nothing more is accepted; those newly held, in order of their ids."""
        held: list[Token] = []
        progress = True
        while progress:
            progress = False
            for identity in sorted(self.waiting):
                token = self.add(self.waiting[identity])
                if isinstance(token, Token):
                    held.append(token)
                    progress = True
                elif token.code != "token-issuer-unknown":
                    self.waiting.pop(identity, None)
        return held

    def _place(self, token: Token) -> Refusal | None:
        if token.typ == cose.CREDENTIAL:
            return self._credential(token)
        if token.typ == cose.BOOT:
            return self._boot(token)
        if token.typ == cose.SCHEMA:
            return self._schema(token)
        issuer = self.credentials.get(token.claims[tokens.ISSUER])
        if issuer is None:
            return refuse("token-issuer-unknown", f"issuer {token.claims[tokens.ISSUER].hex()} is not held")
        cose.check(token.message, issuer.public, verify)
        if token.typ == cose.ENDORSEMENT:
            self.endorsements.setdefault(keys.device_id(token.public), []).append(token)
        elif token.typ == cose.EQUIVALENCE:
            self.equivalences[token.id] = token
        elif token.typ == cose.REVOCATION:
            self.revocations[token.id] = token
        return None

    def _credential(self, token: Token) -> Refusal | None:
        claims = token.claims
        if tokens.ISSUER not in claims:
            root = self.roots.get(claims[tokens.MESH])
            if root is None:
                return refuse(
                    "token-issuer-unknown", f"root of mesh {claims[tokens.MESH].hex()[:16]} is not known"
                )
            cose.check(token.message, root, verify)
        else:
            issuer = self.credentials.get(claims[tokens.ISSUER])
            if issuer is None:
                return refuse("token-issuer-unknown", f"issuer {claims[tokens.ISSUER].hex()} is not held")
            cose.check(token.message, issuer.public, verify)
            check_delegation(issuer.claims, claims)
        self.credentials[token.id] = token
        return None

    def _boot(self, token: Token) -> Refusal | None:
        for credential in self.credentials.values():
            if keys.kid(credential.public) == token.message.kid:
                cose.check(token.message, credential.public, verify)
                self.boots[token.id] = token
                return None
        return refuse("token-issuer-unknown", "no credential for the key that signed this boot attestation")

    def _schema(self, token: Token) -> Refusal | None:
        for credential in self.credentials.values():
            if keys.kid(credential.public) == token.message.kid:
                cose.check(token.message, credential.public, verify)
                digest = schema.digest(token.message.payload)
                self.schemas[digest] = schema.decode(token.message.payload)[1]
                self.schema_tokens.setdefault(digest, token.data)
                return None
        return refuse("token-issuer-unknown", "no credential for the key that signed this schema")


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


def revoked(trust: Trust, target: bytes) -> Token | None:
    """A held revocation of a token or device that comes from the issuer, or above it in its chain. SPEC 7.5

    What the root signed for a boundary agent, any authority that the root signed may take back.
    """
    for identity in sorted(trust.revocations):
        token = trust.revocations[identity]
        if token.claims[tokens.TARGET] != target:
            continue
        issuer = token.claims[tokens.ISSUER]
        if issuer in _issuers(trust, target) or _closes_boundary(trust, issuer, target):
            return token
    return None


def _closes_boundary(trust: Trust, issuer: bytes, target: bytes) -> bool:
    one, other = trust.credentials[issuer].claims, trust.credentials.get(target)
    return (
        other is not None
        and "boundary" in other.claims[tokens.RIGHTS]
        and other.claims[tokens.MESH] == one[tokens.MESH]
        and tokens.ISSUER not in one
        and one[tokens.DEPTH] > 0
    )


def _issuers(trust: Trust, target: bytes) -> set[bytes]:
    direct: list[bytes] = []
    for pool in (trust.credentials, trust.equivalences):
        if target in pool and tokens.ISSUER in pool[target].claims:
            direct.append(pool[target].claims[tokens.ISSUER])
    for credential in trust.credentials.values():
        if keys.device_id(credential.public) == target and tokens.ISSUER in credential.claims:
            direct.append(credential.claims[tokens.ISSUER])
    return {one.id for issuer in direct for one in trust.chain(issuer)}

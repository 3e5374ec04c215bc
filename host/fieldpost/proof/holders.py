"""The keys that stand behind a proof: each by its chain of credentials, from a root that the proof names itself.

Decides who a key speaks for, down from those roots. Refuses to say whether a root is the one that a reader means,
whether a credential was valid at any time, or whether it was taken back: a file cannot show what it leaves out.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from fieldpost.model import Refusal
from fieldpost.proof.form import Proof, bad
from fieldpost.signing import verify
from fieldpost.trust import Trust
from fieldwire import cose, keys, tokens
from fieldwire.errors import WireError
from fieldwire.tokens import Token


@dataclass(frozen=True)
class Holder:
    """A key and what it speaks for. `chain`: credential ids from the root's own down; empty for a root itself."""

    public: bytes
    mesh: bytes
    authority: str
    rights: tuple[str, ...]
    chain: tuple[bytes, ...]

    @property
    def thumbprint(self) -> bytes:
        return keys.thumbprint(self.public)

    def words(self) -> str:
        """Who it is, for a person."""
        named = f"of {self.authority} in mesh {self.mesh.hex()}" if self.chain else "the root"
        return f"key {self.thumbprint.hex()}, {named}"


class Holders:
    """The keys of one proof; each one asked for is `named`, in the order of asking. `known`: mesh ids to prefer."""

    def __init__(self, proof: Proof, known: Collection[bytes] = ()) -> None:
        self._trust, self._known = Trust(), known
        self.named: dict[tuple[bytes, tuple[bytes, ...]], Holder] = {}
        for public in proof.roots:
            self._trust.add_root(public)
        for data in proof.tokens:
            tokens.decode(data, cose.CREDENTIAL)
            found = self._trust.add(data)
            if isinstance(found, Refusal) and found.code != "token-issuer-unknown":
                raise WireError(found.code, found.reason)
        _, refused = self._trust.retry()
        for identity, why in refused:
            raise WireError(why.code, f"credential {identity.hex()}: {why.reason}")
        if self._trust.waiting:
            lost = min(self._trust.waiting).hex()
            raise WireError("token-chain", f"credential {lost} does not reach a root that the proof names")

    def root(self, kid: bytes) -> Holder:
        """The root whose key id that is."""
        for mesh, public in sorted(self._trust.roots.items()):
            if keys.kid(public) == kid:
                return self._name(Holder(public, mesh, "", (), ()))
        raise WireError("mesh-unknown", f"no root key of id {kid.hex()} is shown")

    def speaker(self, credential: bytes) -> Holder:
        """The holder of the credential of that id."""
        token = self._trust.credentials.get(credential)
        if token is None:
            raise WireError("token-unknown", f"credential {credential.hex()} is not shown")
        return self._name(self._holder(token))

    def signer(self, message: cose.Sign1, fits: Callable[[Holder], bool]) -> Holder:
        """The holder who signed a message and `fits`; a key with several credentials is named by each that fits."""
        held = [one for one in self._trust.credentials.values() if keys.kid(one.public) == message.kid]
        fitting = [one for one in map(self._holder, sorted(held, key=self._preference)) if fits(one)]
        if not fitting:
            raise WireError(
                "token-unknown", f"no fitting credential is shown for the key of id {message.kid.hex()}"
            )
        cose.check(message, fitting[0].public, verify)
        for one in fitting:
            if one.public == fitting[0].public:
                self._name(one)
        return fitting[0]

    def _preference(self, token: Token) -> tuple[bool, bytes]:
        return token.claims[tokens.MESH] not in self._known, token.id

    def _holder(self, token: Token) -> Holder:
        claims = token.claims
        chain = tuple(one.id for one in self._trust.chain(token.id))
        rights = tuple(claims[tokens.RIGHTS])
        return Holder(token.public, claims[tokens.MESH], claims[tokens.AUTHORITY], rights, chain)

    def _name(self, holder: Holder) -> Holder:
        return self.named.setdefault((holder.thumbprint, holder.chain), holder)


def one_bytes(value: object, what: str) -> bytes:
    """Bytes where a proof must have them."""
    if not isinstance(value, bytes):
        raise bad(f"{what} is a byte string")
    return value

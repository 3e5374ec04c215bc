"""The public face of a boundary agent: which meshes a key stands in, and what one of them would admit.

Decides as the pipeline does, by its own fold: nothing is judged here a second way. It sends nothing: bridges
meet through `links.boundary_stream`. SPEC 10.1
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from fieldpost.codes import refuse
from fieldpost.model import Input, Outcome, Refusal, Verdict
from fieldpost.pipeline import Bridge
from fieldpost.state import State
from fieldpost.verify import OPENERS
from fieldwire import cbor, keys, tokens
from fieldwire.errors import WireError
from fieldwire.tokens import Token

RIGHT = "boundary"
EARLY_FIRST = b"\xd2"  # the tag of a COSE_Sign1; a crossing item begins with an array


class Knowledge(Protocol):
    """Where an agent's inputs go: a desk over a store, or the memory below."""

    @property
    def state(self) -> State: ...
    def submit_many(self, things: Sequence[tuple[str, bytes]]) -> list[Outcome]: ...


class Memory:
    """A fold that ends with the process. Its clock counts inputs."""

    def __init__(self) -> None:
        self._bridge = Bridge()
        self._count = 0

    @property
    def state(self) -> State:
        return self._bridge.state

    def submit_many(self, things: Sequence[tuple[str, bytes]]) -> list[Outcome]:
        outcomes = []
        for kind, data in things:
            self._count += 1
            outcomes.append(self._bridge.apply(Input(self._count, kind, (1, self._count), data)))
        return outcomes


class BoundaryAgent:
    """A key that stands in two or more meshes at once.

    `credentials`: its signed credentials (bytes), the one of the mesh that admits first. ValueError unless all
    are of one key, each gives the right `boundary`, and at least two meshes gave one. `knowledge`: the desk of a
    running bridge, or nothing for an agent that remembers as long as it lives and is taught by `learn`.
    """

    def __init__(self, credentials: Iterable[bytes], knowledge: Knowledge | None = None) -> None:
        shown = [tokens.decode(one) for one in credentials]
        self.credentials: dict[bytes, Token] = {one.claims[tokens.MESH]: one for one in shown}
        if len(self.credentials) < 2:
            raise ValueError("a boundary agent stands in two or more meshes; give a credential of each")
        if len({one.public for one in shown}) != 1:
            raise ValueError("the credentials are of several keys; an agent has one")
        for one in shown:
            if RIGHT not in one.claims[tokens.RIGHTS]:
                raise ValueError(
                    f"credential {one.id.hex()} lacks the right {RIGHT}; have the root issue one"
                )
        self.home: bytes = shown[0].claims[tokens.MESH]
        self.thumbprint: bytes = keys.thumbprint(shown[0].public)
        self._knowledge: Knowledge = knowledge or Memory()
        if knowledge is None:
            profile = cbor.encode([self.home, self.thumbprint, "boundary agent", 1])
            self.learn(("config", profile), *(("token", one.data) for one in shown))

    def learn(self, *things: tuple[str, bytes]) -> None:
        """Take (kind, bytes) as they came: `root`, `token`, `agreement`, `segment`, `early`, `item`."""
        self._knowledge.submit_many([*things, ("solve", b"")])

    def admit(self, observation: bytes, from_mesh: bytes) -> Verdict:
        """The home mesh's verdict over an early copy or a crossing item that a mesh hands over. SPEC 10.3

        It is kept as evidence whatever the verdict, if its signature holds: asked again, it may be admitted.
        """
        if from_mesh not in self.credentials:
            return _refused(
                refuse("mesh-unknown", f"no boundary credential in mesh {from_mesh.hex()[:16]} is held here")
            )
        kind = "early" if observation[:1] == EARLY_FIRST else "item"
        try:
            opened = OPENERS[kind](observation, self._knowledge.state.trust)
        except WireError as error:
            return _refused(Refusal(error.code, error.detail, "ask its origin for it again"))
        if isinstance(opened, Refusal):
            return _refused(opened)
        entry = opened[0]
        if entry.mesh != from_mesh:
            named = f"it is signed under mesh {entry.mesh.hex()[:16]}, not {from_mesh.hex()[:16]}"
            return _refused(refuse("credential-chain", named))
        self.learn((kind, observation))
        found = self._knowledge.state.verdicts.get(entry.id)
        return found or _refused(refuse("attestation-unknown", "the bytes were refused; see the record"))


def _refused(refusal: Refusal) -> Verdict:
    return Verdict("refused", refusal.code, refusal.reason, refusal.remedy)

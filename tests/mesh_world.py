"""Several founded meshes for tests, each with boards and one or more bridges, and who meets whom as the test says."""

from itertools import combinations

from world import ALL, NOW, VALID, Side, World, converse, digest, events_of, exchange

from fieldpost.agreement import Agreement, Function, Merge, Scope, TimeTerms
from fieldpost.agreement_cbor import to_cbor
from fieldpost.boundary_session import BoundarySession
from fieldpost.covenant import proof
from fieldpost.signing import Signer
from fieldwire import keys, tokens
from fieldwire import observation as obs


class Meshes:
    """`names` of meshes; `sides[name]` is a mesh with its first bridge, `another_bridge` adds one to a mesh."""

    def __init__(self, folder, *names):
        self.sides = {name: World._side(folder, name, 5_000 * n) for n, name in enumerate(names)}
        self.roots = [side.mesh.root_public for side in self.sides.values()]

    def another_bridge(self, name, key):
        """A second bridge of a mesh, with the same boards behind it."""
        first = self.sides[name]
        side = self.sides[key] = Side(key, first.mesh, first.boards, Signer(digest("bridge", key)))
        return side

    def joins(self, one, other):
        """Two bridges become boundary agents of each other's mesh."""
        for side, far in ((one, other), (other, one)):
            side.mesh.boundary(side.signer.public, VALID)
            side.extra.append(far.mesh.token(far.mesh.boundary(side.signer.public, VALID)))

    def equate(self, side, other, path="ops", local="ops", path_length=0):
        """`side` holds the other's authority to stand for its own; gives the statement's id."""
        holder = tokens.decode(other.mesh.token(other.mesh.authorities[path]))
        foreign = (other.mesh.id, path, keys.thumbprint(holder.public))
        return side.mesh.equivalence("ops", VALID, foreign, local, ALL, path_length, False)

    def agreement(self, *meshes, subjects=("water",), version=1):
        parties = tuple(sorted(side.mesh.id for side in meshes))
        ways = tuple(sorted((a, b) for a in parties for b in parties if a != b))
        scopes = tuple(Scope(subject, ways, None, {"level": 5}) for subject in sorted(subjects))
        terms = Agreement(
            version, parties, TimeTerms(k=1), scopes, (Function("authority-weight"),), {}, 1, Merge(1)
        )
        data = to_cbor(terms)
        return proof(data, [side.mesh.sign_agreement(data) for side in meshes])

    def begin(self, proofs):
        """Every bridge starts with its mesh's tokens and the agreement that is named for it."""
        for name, side in self.sides.items():
            side.begin(self.roots, proofs[name])

    def contacts(self, *pairs, true_ms=10_000):
        """Boards of each mesh meet, then two boards of each of a pair with one of the other; evidence by mesh id.

        Two ways between any two, so that no one board's word stands alone.
        """
        meshes = {side.mesh.id: side for side in self.sides.values()}
        for side in meshes.values():
            for n, (one, other) in enumerate(combinations(side.boards, 2)):
                exchange(one, other, true_ms + 100 * n)
        for n, (one, other) in enumerate(pairs):
            for board in (0, 1):
                exchange(one.boards[board], other.boards[board], true_ms + 1_000 * (2 * n + board + 1))
        return {
            mesh: [("segment", board.seal(obs.EVIDENCE)) for board in side.boards]
            for mesh, side in meshes.items()
        }


def meet(one, other, salt="", utc=NOW, alter=None):
    """One whole meeting, `one` being the dialer; the events of both."""
    pair = []
    for role, side in enumerate((one, other)):
        nonce, secret = digest("nonce", salt, role)[:16], digest("secret", salt, role)
        pair.append(BoundarySession(role, side.desk, "memory", nonce, secret, utc))
    for session in pair:
        session.open(0)
    converse(*pair, alter=alter)
    return events_of(pair[0]), events_of(pair[1])


def done(events):
    return all(one[-1] == ("closed", "done") for one in events)


def drained(side):
    """A segment of each board of a mesh that has readings to seal."""
    return [("segment", board.seal()) for board in side.boards if board._leaves[obs.READINGS]]

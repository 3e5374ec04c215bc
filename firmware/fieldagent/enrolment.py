"""Enrolment over the cable: the device makes its key, the authority answers with credentials. SPEC 8.7

Decides whether what a host writes makes a whole identity: a chain that verifies to the root it brings and ends at
this device's own key. Refuses everything else and goes on waiting; whoever holds the cable chooses the mesh.
"""

from fieldagent.exchange import Exchange
from fieldagent.identity import Identity
from fieldagent.trust import Trust
from fieldwire import cose, keys, tokens
from fieldwire import observation as obs
from fieldwire.ed25519 import Ed25519Signer, verify
from fieldwire.errors import WireError
from fieldwire.port import const

START, REQUEST, ENROL, ENROLLED = 0x20, 0x21, 0x22, 0x23
_TOKENS_MAX = const(8)


class Enrolment(Exchange):
    """`make_seed(host bytes) -> 32 bytes`; `standing()` of what runs. Event: ("enrolled", Identity)."""

    def __init__(self, hardware_id, model, measurement, make_seed, standing):
        super().__init__()
        self._hardware_id = hardware_id
        self._model = model
        self._measurement = measurement
        self._make_seed = make_seed
        self._standing = standing
        self._seed = None
        self._public = None
        self._enrolled = None

    def confirm(self):
        """Tells the host that the identity is durable."""
        known = self._enrolled
        self._send(ENROLLED, [known.device, known.mesh_id, self._measurement, self._standing()])

    def _on_start(self, body):
        if not isinstance(body, list) or len(body) != 1 or not obs.is_bytes(body[0], 32):
            raise WireError("frame-shape", "ENROL-START is [32 random bytes]")
        if self._seed is None:  # a start that is repeated asks for the same key again
            self._seed = self._make_seed(body[0])
            self._public = Ed25519Signer(self._seed).public
        told = [self._public, self._hardware_id, self._model, self._measurement, self._standing()]
        self._send(REQUEST, told)

    def _on_enrol(self, body):
        if not isinstance(body, list) or len(body) != 5:
            raise WireError("frame-shape", "ENROL is [K_dev, root key, mesh id, credential id, tokens]")
        k_dev, root, mesh_id, credential, held = body
        sized = ((k_dev, 32), (root, 32), (mesh_id, 32), (credential, 16))
        if not all(obs.is_bytes(value, size) for value, size in sized):
            raise WireError("frame-shape", "ENROL carries 32, 32, 32 and 16 bytes, and tokens")
        check_tokens(held)
        if self._enrolled is not None:
            if not self._events and credential == self._enrolled.credential:
                self.confirm()  # the host did not hear it
            return
        if self._seed is None:
            raise WireError("frame-shape", "an ENROL comes after a start")
        if keys.thumbprint(root) != mesh_id:
            raise WireError("token-chain", "the mesh id is not the root key's thumbprint")
        trust = Trust(mesh_id, root, verify)
        take_tokens(trust, held)
        own = trust.credential(credential)
        if own is None or own.public != self._public:
            raise WireError("token-chain", "no credential of that id for this device's key")
        self._enrolled = Identity(self._seed, k_dev, root, mesh_id, credential, held)
        self._events.append(("enrolled", self._enrolled))

    _FRAMES = {START: _on_start, ENROL: _on_enrol}


def check_tokens(held):
    """WireError unless `held` is a list of a few byte strings."""
    if not isinstance(held, list) or len(held) > _TOKENS_MAX:
        raise WireError("frame-shape", "up to %d tokens are given" % _TOKENS_MAX)
    if not all(isinstance(data, bytes) for data in held):
        raise WireError("frame-shape", "tokens are byte strings")


def take_tokens(trust, held):
    """Verifies credentials and endorsements, issuers first, up to the root; WireError names the rule that is broken."""
    for data in held:
        token = tokens.decode(data)
        if token.typ == cose.CREDENTIAL:
            trust.add(data)
        elif token.typ == cose.ENDORSEMENT:
            cose.check(token.message, trust.issuer_of(token).public, verify)

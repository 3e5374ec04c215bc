"""What others say: neighbours' early copies, handed-down credentials and foreign observations, and what to derive.

Decides nothing that a part decides: `trust` and `foreign` verify, `derive` collects. A board whose configuration names
neither neighbours nor rules never loads this, and takes nothing that a bridge hands down. SPEC 5.5, 7.1, 10.3
"""

from fieldagent.derive import Deriver
from fieldagent.foreign import HandedDown
from fieldagent.held_tokens import HeldTokens
from fieldagent.revoked import Revoked
from fieldagent.trust import Trust
from fieldwire import cose, tokens
from fieldwire import observation as obs
from fieldwire.ed25519 import verify


class Listener:
    """`config`: derive, fields_of. What is offered is verified; what comes back are Derived, ready to be observed."""

    def __init__(self, files, identity, config):
        self._identity = identity
        self._held = HeldTokens(files)
        self.trust = Trust(identity.mesh_id, identity.root, verify)
        for data in identity.tokens + self._held.all():
            if tokens.decode(data).typ == cose.CREDENTIAL:
                self.trust.add(data)
        self.trust.revoked = self._revoked = Revoked(files, self.trust)
        self._handed = HandedDown(self.trust)
        self._deriver = Deriver(config.derive, config.fields_of)

    def chain(self):
        """The own credential's bytes, issuers first."""
        return [token.data for token in reversed(self.trust.chain(self._identity.credential))]

    def take_own(self, made):
        """An observation of this device."""
        credential = self.trust.credential(self._identity.credential)
        return self.take_early(obs.decode(made.data), made.id, credential)

    def take_early(self, observation, identity, credential):
        """A neighbour's, under a credential of the own mesh."""
        return self._deriver.offer(observation, identity, credential.claims[tokens.AUTHORITY])

    def take_object(self, data):
        """What a bridge handed down. WireError when it is refused, StorageError when it cannot be kept."""
        handed = self._handed.take(data)
        if handed is None:
            return []
        if handed[0] == "credential":
            self._held.add(handed[1])
            return []
        if handed[0] == "revocation":
            self._revoked.add(handed[1])
            self._deriver.drop_waiting()
            return []
        return self._deriver.offer(*handed[1:])

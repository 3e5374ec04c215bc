"""The tokens that a device offers: those that enrolment gave it, and the boot attestations that its log still names.

Decides their order, issuers first. Refuses to keep the bytes of what lies on flash: its id says whether it need go.
"""

from fieldwire.token_writer import token_id


class OwnTokens:
    """`given`: [token bytes ...], issuers first; `attestations`: an identity.Attestations."""

    def __init__(self, given, attestations):
        self._given = [(token_id(data), data) for data in given]
        self._attestations = attestations

    def ids(self):
        """Each id, in the order in which the tokens are understood."""
        for identity, _ in self._given:
            yield identity
        for identity in self._attestations.ids():
            yield identity

    def read(self, identity):
        """The bytes of a token, or None."""
        for one, data in self._given:
            if one == identity:
                return data
        return self._attestations.read(identity)

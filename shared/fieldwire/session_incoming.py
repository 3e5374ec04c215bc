"""The transfer that a bridge is receiving from one device; it outlives a session, so that the next one resumes.

Decides nothing beyond whose transfer it is. SPEC 8.9
"""

from fieldwire.transfer_receiving import Receiving


class Incoming:
    """A session takes its predecessor's. `transfer` is None where the device has to begin anew."""

    def __init__(self):
        self.device = None
        self.transfer = None

    def known(self, device, identity):
        """Whether the device's transfer of that name can go on here."""
        return self.device == device and self.transfer is not None and self.transfer.identity == identity

    def begin(self, device, identity, prove):
        """Receives a new transfer; `prove` as for Receiving."""
        self.device = device
        self.transfer = Receiving(identity, prove)

    def forget(self):
        """What came cannot be understood or was not true, or went on with what was lost here."""
        self.transfer = None

"""The transfer that a bridge is receiving from one device; it outlives a session, so that the next one resumes.

Decides nothing beyond whose transfer it is. SPEC 8.6
"""

from fieldwire.transfer_receiving import Receiving


class Incoming:
    """A session takes its predecessor's."""

    def __init__(self):
        self.device = None
        self.transfer = None

    def known(self, device, identity):
        """Whether the device's transfer of that name can go on here."""
        return self.device == device and self.transfer is not None and self.transfer.identity == identity

    def begin(self, device, identity, prove):
        """Goes on with this transfer, or begins it; `prove` as for Receiving."""
        if not self.known(device, identity):
            self.device = device
            self.transfer = Receiving(identity, prove)

    def forget(self):
        """What came cannot be understood or was not true: the device is to begin anew."""
        self.transfer = None

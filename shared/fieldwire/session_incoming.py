"""The transfer that a bridge is receiving from one device; it outlives a session, so that the next one resumes.

Decides nothing beyond whose transfer it is. SPEC 8.9
"""

from fieldwire.session_expanding import Expanding
from fieldwire.transfer_receiving import Receiving


class Incoming:
    """A session takes its predecessor's. `transfer` is None where the device has to begin anew.

    `expanding` is what that transfer has told of packed segments; it goes with it.
    """

    def __init__(self):
        self.device = None
        self.transfer = None
        self.expanding = None

    def known(self, device, identity):
        """Whether the device's transfer of that name can go on here."""
        return self.device == device and self.transfer is not None and self.transfer.identity == identity

    def begin(self, device, identity, prove):
        """Receives a new transfer; `prove` as for Receiving."""
        self.device = device
        self.transfer = Receiving(identity, prove)
        self.expanding = Expanding(device)

    def forget(self):
        """What came cannot be understood or was not true, or went on with what was lost here."""
        self.transfer = self.expanding = None

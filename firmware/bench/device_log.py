"""A device's own part above the journal, for measuring: identity, configuration, observer, and a store to put it on.

Decides only the fixed values that a measurement needs. The signer comes in: the real one, or the quick one where
signing is not what is measured.
"""

from fieldagent.observer import Observer
from fieldwire import keys

CREDENTIAL = b"\x08" * 16
ATTESTATION = b"\x09" * 16
FORMAT = b"\x22" * 16
SUBJECT = "river/bank/soil"
INCARNATION = b"\x01" * 8


class Who:
    """The parts of an identity that a log needs."""

    def __init__(self, signer):
        self.signer = signer
        self.device = keys.device_id(signer.public)
        self.k_dev = b"\x07" * 32
        self.credential = CREDENTIAL


class Settings:
    seal_count = 32
    seal_age_ms = 1 << 40
    journal_bytes = 131_072
    full = "drop-oldest"


def _incarnation():
    return INCARNATION


def _no_utc():
    return None


class DeviceLog:
    """One boot. `store`: ring_store.RingStore or littlefs_store.LittleFsStore; `flash` is formatted already."""

    def __init__(self, store, flash, signer, settings=Settings):
        self.who = Who(signer)
        self.journal = store.open(flash, _incarnation)
        self.journal.recover(signer)
        self.observer = Observer(self.who, 1, ATTESTATION, self.journal, settings, _no_utc)
        self.now_ms = 0
        self.leaf_bytes = 0

    def observe(self, payload, stream=1, early=False):
        """Made, or None where a full journal refused it."""
        self.now_ms += 1_000
        made = self.observer.observe(stream, FORMAT, SUBJECT, payload, self.now_ms, early)
        if made is not None:
            self.leaf_bytes += len(made.data)
        return made

    def tend(self):
        """One turn of what an agent's step does beside sampling."""
        return self.observer.tend(self.now_ms, Settings.seal_age_ms) or self.journal.idle()

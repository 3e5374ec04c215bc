"""A device's log under test: a device without a host, segments as a bridge would keep them, and what must hold."""

from hashlib import sha256

from fieldagent.journal import Journal
from fieldagent.journal_files import Files
from fieldagent.observer import Observer
from fieldagent.ring import Ring
from fieldagent.sector_files import SectorFiles
from fieldagent.start_up import next_boot
from fieldwire import cbor, keys, seal
from fieldwire import observation as obs

FORMAT = b"\x22" * 16


class QuickSigner:
    """Stands in for Ed25519 where thousands of seals are made: deterministic, 64 bytes, checked by `quick_verify`."""

    public = bytes(range(32))

    def sign(self, message):
        first = sha256(self.public + message).digest()
        return first + sha256(first).digest()


def quick_verify(public, message, signature):
    return QuickSigner().sign(message) == signature


class Who:
    """The parts of an identity that the log needs."""

    signer = QuickSigner()
    device = keys.device_id(QuickSigner.public)
    k_dev = b"\x07" * 32
    credential = b"\x08" * 16


class Settings:
    seal_count = 8
    seal_age_ms = 1_000
    journal_bytes = 1 << 20
    full = "drop-oldest"


class Incarnations:
    """The n-th incarnation is eight times the byte n."""

    def __init__(self):
        self.taken = 0

    def __call__(self):
        self.taken += 1
        return bytes([self.taken]) * 8


class Device:
    """One boot of a device; its flash may outlive it. `flash` None: the folder `root` of this machine.

    `raw`: (device, program unit, rewrites) of a partition that keeps the log instead of files.
    """

    def __init__(self, flash, incarnations, settings=Settings, root="", raw=None):
        files = Files(root, flash)
        self.boot = next_boot(files)
        store = SectorFiles(files, settings.journal_bytes) if raw is None else Ring(*raw)
        self.journal = Journal(store, incarnations)
        self.recovered = self.journal.recover(Who.signer)
        attestation = b"\x09" * 12 + self.boot.to_bytes(4, "big")
        self.observer = Observer(Who, self.boot, attestation, self.journal, settings, lambda: None)
        self.now_ms = 0

    def observe(self, stream=1, value=0):
        self.now_ms += 10
        return self.observer.observe(stream, FORMAT, "field/air", cbor.encode([value]), self.now_ms)


class Keeper:
    """Everything that ever left the device; it fails at the first sign of a fork."""

    def __init__(self):
        self.ids = {}  # position -> id
        self.seals = {}  # (incarnation, stream, segment) -> (seal hash, previous, flags)

    def take_early(self, copy):
        observation, data = obs.open_early_copy(copy, QuickSigner.public, quick_verify)
        self._place(observation, obs.observation_id(data))

    def drain(self, journal):
        """Takes all that the journal holds, as a bridge would over a link."""
        for key in journal.held():
            data = journal.read(key, 0, journal.length(key))
            body, seal_hash, opened, _ = seal.open_segment(data, QuickSigner.public, Who.device, quick_verify)
            assert seal_hash == journal.seal_hash(key)
            known = self.seals.setdefault(key, (seal_hash, body.previous, body.flags))
            assert known[0] == seal_hash, "two seals for one segment"
            for observation, leaf in opened:
                self._place(observation, obs.observation_id(leaf))

    def _place(self, observation, identity):
        place = obs.position(observation)
        assert self.ids.setdefault(place, identity) == identity, "two observations at one position"

    def check_chains(self):
        """Each seal names the hash of the one before it, from segment 0 on without a hole."""
        for (incarnation, stream, segment), (_, previous, _) in self.seals.items():
            if segment == 0:
                assert previous is None
            else:
                assert previous == self.seals[(incarnation, stream, segment - 1)][0]

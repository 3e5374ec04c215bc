"""Who the device is: a key made on it that never leaves it, and what enrolment gave it.

Decides how the key is made and what is kept. Refuses to hand out the seed: only `signer` uses it. SPEC 7.3, 8.7
"""

from binascii import crc32

from fieldwire import cbor, keys
from fieldwire.ed25519 import Ed25519Signer
from fieldwire.errors import StorageError, WireError
from fieldwire.port import const
from fieldwire.token_writer import token_id

_FILE = const("state/identity")
_ATTESTATIONS = const("state/boots")


class Former:
    """The device that this one was before its key was rotated, as far as its log still waits: no key to sign with.

    `incarnations`: those of its log; `tokens`: what a bridge needs to read them.
    """

    def __init__(self, device, k_dev, held, incarnations):
        self.device = device
        self.k_dev = k_dev
        self.tokens = held
        self.incarnations = incarnations


class Identity:
    """The device's key and what the authority wrote at enrolment; `tokens` = [token bytes ...], issuers first."""

    def __init__(self, seed, k_dev, root, mesh_id, credential, held, former=None):
        self._seed = seed
        self.k_dev = k_dev
        self.root = root
        self.mesh_id = mesh_id
        self.credential = credential
        self.tokens = held
        self.former = former and Former(*former)
        self.signer = Ed25519Signer(seed)
        self.device = keys.device_id(self.signer.public)

    def store(self, files):
        """Durable on return; until then the flash holds what it held before, whole."""
        one = self.former
        former = one and [one.device, one.k_dev, one.tokens, one.incarnations]
        value = [self._seed, self.k_dev, self.root, self.mesh_id, self.credential, self.tokens, former]
        body = cbor.encode(value)
        files.replace(_FILE, [crc32(body).to_bytes(4, "big"), body])

    def forget_former(self, files):
        """To be called when nothing of the former device's log is left."""
        self.former = None
        self.store(files)


def load(files):
    """The stored Identity, or None on a device that was never enrolled."""
    data = files.read(_FILE)
    if data is None:
        return None
    try:
        if crc32(data[4:]) != int.from_bytes(data[:4], "big"):
            raise ValueError
        return Identity(*cbor.decode(data[4:]))
    except (WireError, TypeError, ValueError):
        raise StorageError(
            "%s is damaged, and its key with it: erase the flash and enrol a new device" % _FILE
        )


class Attestations:
    """The boot attestations that segments in the journal may still name, oldest first."""

    def __init__(self, files):
        self._files = files
        files.folder("state")
        files.folder(_ATTESTATIONS)
        boots = sorted(int(name) for name, _ in files.entries(_ATTESTATIONS) if name.isdigit())
        self._boots = [[boot, None] for boot in boots]  # with the token's id, once it was asked for

    def add(self, boot, data):
        """Makes the token of a boot durable."""
        self._files.replace("%s/%d" % (_ATTESTATIONS, boot), [data])
        self._boots.append([boot, token_id(data)])

    def ids(self):
        for entry in self._boots:
            if entry[1] is None:
                entry[1] = token_id(self._read(entry[0]))
            yield entry[1]

    def read(self, identity):
        """The bytes of the token of that id, or None."""
        for boot, one in self._boots:
            if one == identity:
                return self._read(boot)
        return None

    def _read(self, boot):
        return self._files.read("%s/%d" % (_ATTESTATIONS, boot))

    def keep(self, boots):
        """Removes all but those of `boots`: the others' segments are gone, or never were."""
        kept = [str(boot) for boot in boots]
        for name, _ in self._files.entries(_ATTESTATIONS):
            if name not in kept:  # what a cut left half written too
                self._files.remove(_ATTESTATIONS + "/" + name)
        self._boots = [entry for entry in self._boots if entry[0] in boots]

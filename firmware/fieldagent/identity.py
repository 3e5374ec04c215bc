"""Who the device is: a key made on it that never leaves it, what enrolment gave it, and what each boot attests.

Decides how the key is made and what is kept. Refuses to hand out the seed: only `signer` uses it. SPEC 7.3, 8.7
"""

import hashlib
from binascii import crc32

from fieldagent import VERSION
from fieldwire import cbor, keys, token_writer
from fieldwire.ed25519 import Ed25519Signer
from fieldwire.errors import StorageError, WireError
from fieldwire.port import const

_FILE = const("state/identity")
_NEXT = const("state/next")
_ATTESTATIONS = const("state/boots")
_INSTALLED_FOLDERS = ("fieldagent", "fieldwire", "lib")
_PIECE_BYTES = const(512)
_DEBUG_DISABLED = const(1)  # EAT dbgstat: off now, but it may have been on before


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


class NextKey:
    """The seed of a key that is to follow, kept apart until a rotation is complete. `make(host bytes)` -> 32 bytes."""

    def __init__(self, files, make):
        self._files = files
        self._make = make

    def seed(self, host_bytes, present):
        """The seed that waits, else a new one that is durable on return; never that of the `present` public key."""
        data = self._files.read(_NEXT) or b""
        seed = data[4:]
        sound = len(seed) == 32 and crc32(seed) == int.from_bytes(data[:4], "big")
        if not sound or Ed25519Signer(seed).public == present:
            seed = self._make(host_bytes)
            self._files.replace(_NEXT, [crc32(seed).to_bytes(4, "big"), seed])
        return seed

    def forget(self):
        self._files.remove(_NEXT)


def measure(files):
    """Digest over the installed files: the programs at the root and all below the code folders. SPEC 7.3"""
    names = [name for name, _ in files.entries("") if name.endswith((".py", ".mpy"))]
    for folder in _INSTALLED_FOLDERS:
        names.extend(_below(files, folder))
    return token_writer.measurement([(name, _digest(files, name)) for name in names])


def _below(files, folder):
    names = [folder + "/" + name for name, _ in files.entries(folder)]
    for inner in files.folders(folder):
        if inner != "__pycache__":
            names.extend(_below(files, folder + "/" + inner))
    return names


def _digest(files, name):
    digest = hashlib.sha256()
    with files.reader(name) as file:
        while True:
            piece = file.read(_PIECE_BYTES)
            if not piece:
                return digest.digest()
            digest.update(piece)


def attest_boot(signer, hardware_id, boot, boot_seed, measurement):
    """The boot attestation token of this boot. SPEC 7.3"""
    return token_writer.attestation(
        hardware_id, _DEBUG_DISABLED, boot, boot_seed, VERSION, measurement, signer
    )


class Attestations:
    """The boot attestations that segments in the journal may still name, oldest first."""

    def __init__(self, files):
        self._files = files
        files.folder("state")
        files.folder(_ATTESTATIONS)
        self._boots = sorted(int(name) for name, _ in files.entries(_ATTESTATIONS) if name.isdigit())

    def add(self, boot, data):
        """Makes the token of a boot durable."""
        self._files.replace("%s/%d" % (_ATTESTATIONS, boot), [data])
        self._boots.append(boot)

    def all(self):
        """[token bytes ...]"""
        return [self._files.read("%s/%d" % (_ATTESTATIONS, boot)) for boot in self._boots]

    def forget_before(self, boot):
        """Removes those of older boots; to be called when no segment of an older boot is left."""
        for old in [one for one in self._boots if one < boot]:
            self._files.remove("%s/%d" % (_ATTESTATIONS, old))
        self._boots = [one for one in self._boots if one >= boot]

"""What a device does once at each start: it counts the boot, measures the installed files and attests both. SPEC 7.3

Decides nothing about what it finds, but refuses to use a boot number twice. Let go of when it is done.
"""

import hashlib

from fieldagent import VERSION
from fieldwire import cbor, token_writer
from fieldwire.errors import StorageError, WireError
from fieldwire.port import const

_BOOT_FILE = const("state/boot")
_INSTALLED_FOLDERS = ("fieldagent", "fieldwire", "lib", "rom")
_PIECE_BYTES = const(512)
_DEBUG_DISABLED = const(1)  # EAT dbgstat: off now, but it may have been on before


def next_boot(files):
    """Counts this boot in flash and returns its number, from 1. The number is durable before it is used."""
    files.folder("state")
    data = files.read(_BOOT_FILE)
    boot = 1 if data is None else _read_boot(data) + 1
    files.replace(_BOOT_FILE, [cbor.encode(boot)])
    return boot


def _read_boot(data):
    try:
        boot = cbor.decode(data)
    except WireError:
        boot = None
    if not isinstance(boot, int) or boot < 1:
        raise StorageError(
            "%s is damaged and a boot number must never repeat; enrol the device anew" % _BOOT_FILE
        )
    return boot


def measure(files, slot="a"):
    """Digest over the installed files: the programs at the root and all below the code folders. SPEC 7.3

    The pack of the slot that runs has the same name in either slot.
    """
    places = {name: name for name, _ in files.entries("") if name.endswith((".py", ".mpy"))}
    for folder in _INSTALLED_FOLDERS:
        places.update({name: name for name in _below(files, folder)})
    pack = slot + ".pack"
    if pack in [name for name, _ in files.entries("")]:
        places["modules.pack"] = pack
    return token_writer.measurement([(name, _digest(files, places[name])) for name in places])


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

"""The one token that a device issues, its boot attestation, and how tokens and builds are named. SPEC 7.2, 7.3

What a device needs to write; `tokens` adds every other type and what reads and checks them, which a device without
neighbours never loads. Decides nothing about what it attests.
"""

import hashlib

from fieldwire import cbor, cose_writer

UEID, DBGSTAT, PROFILE, BOOTCOUNT, BOOTSEED, SWVERSION = 256, 263, 265, 267, 268, 271
MEASUREMENT = -65709

EAT_PROFILE = "tag:fieldpost.example,2026:eat-0"


def token_id(data):
    return hashlib.sha256(data).digest()[:16]


def ueid(hardware_id):
    """EAT ueid of type RAND over a digest, so that no serial number travels. SPEC 7.2"""
    return b"\x01" + hashlib.sha256(hardware_id).digest()[:16]


def measurement(files):
    """Digest over installed files; `files` = iterable of (path text, content digest 32 bytes). SPEC 7.3"""
    digest = hashlib.sha256(b"fieldpost/measurement/1")
    for path, content in sorted((path.encode(), content) for path, content in files):
        digest.update(len(path).to_bytes(2, "big"))
        digest.update(path)
        digest.update(content)
    return digest.digest()


def attestation(hardware_id, debug, boot, seed, version, measured, signer):
    """Boot attestation token: `debug` is the EAT dbgstat, `seed` 8 to 32 random bytes of this boot. SPEC 7.3"""
    claims = {
        UEID: ueid(hardware_id),
        DBGSTAT: debug,
        PROFILE: EAT_PROFILE,
        BOOTCOUNT: boot,
        BOOTSEED: seed,
        SWVERSION: [version],
        MEASUREMENT: measured,
    }
    return cose_writer.sign(cose_writer.BOOT, cbor.encode(claims), signer)

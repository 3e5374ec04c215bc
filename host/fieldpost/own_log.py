"""The bridge's own observations: it is a time device like any board, and signs what its clock saw.

Decides position and salt of each; time and randomness come in. One incarnation a start: a restart never has
to prove its last seq. SPEC 6.1, 9.1
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from fieldpost import __version__
from fieldpost.signing import Signer
from fieldwire import cbor, cose, keys, tokens
from fieldwire import observation as obs


def measurement() -> bytes:
    """Digest over the installed packages, as a bridge measures itself. SPEC 7.3"""
    roots = [(name, resources.files(name)) for name in ("fieldpost", "fieldwire")]
    return tokens.measurement(file for name, root in roots for file in _files(name, root))


def _files(path: str, folder: Traversable) -> Iterator[tuple[str, bytes]]:
    """(path, content digest) of what runs: modules and schema steps. The boards' sources are not run here."""
    for one in folder.iterdir():
        name = f"{path}/{one.name}"
        if one.is_dir():
            if not one.name.startswith("_"):
                yield from _files(name, one)
        elif one.name.endswith((".py", ".sql")):
            yield name, hashlib.sha256(one.read_bytes()).digest()


def hardware_id(public: bytes) -> bytes:
    """A host has no serial number of its own worth naming: its key is its hardware id."""
    return b"host/" + public


def boot_attestation(signer: Signer, boot: int, seed: bytes) -> bytes:
    """The bridge's word about this start. SPEC 7.3"""
    claims = {
        tokens.UEID: tokens.ueid(hardware_id(signer.public)),
        tokens.DBGSTAT: 1,
        tokens.PROFILE: tokens.EAT_PROFILE,
        tokens.BOOTCOUNT: boot,
        tokens.BOOTSEED: seed,
        tokens.SWVERSION: [__version__],
        tokens.MEASUREMENT: measurement(),
    }
    return tokens.issue(cose.BOOT, claims, signer)


class OwnLog:
    """Signs time exchanges as early copies. `random(n) -> bytes`."""

    def __init__(
        self, signer: Signer, credential: bytes, attestation: bytes, random: Callable[[int], bytes]
    ) -> None:
        self._signer, self._credential, self._attestation, self._random = (
            signer,
            credential,
            attestation,
            random,
        )
        self._device = keys.device_id(signer.public)
        self._incarnation = random(8)
        self._seq = 0

    def exchange(self, payload: Sequence[Any], at: tuple[int, int]) -> bytes:
        """Early copy of one time exchange record; `at` = (boot, ms). SPEC 9.1"""
        observation = {
            obs.DEVICE: self._device,
            obs.INCARNATION: self._incarnation,
            obs.STREAM: obs.EVIDENCE,
            obs.SEQ: self._seq,
            obs.TREF: list(at),
            obs.FORMAT: obs.TIME_FORMAT,
            obs.SUBJECT: "log/time",
            obs.PAYLOAD: cbor.encode(list(payload)),
            obs.CREDENTIAL: self._credential,
            obs.BOOT_ATTESTATION: self._attestation,
            obs.SALT: self._random(8),
        }
        self._seq += 1
        return obs.early_copy(obs.encode(observation), self._signer)

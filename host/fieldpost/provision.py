"""What an authority's desk makes for others: a bridge's folder, a device's enrolment, the keys of a cable.

Shell over the mesh's folder and the bridges' folders. Decides which files go where, and that nothing there is
written over and no root key reaches a bridge. Times and randomness come in.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from fieldpost import keyfile, own_log
from fieldpost.bridge_text import BridgeSetup, bridge_toml
from fieldpost.enrol import Grant, Known, Request
from fieldpost.links import enrol_port
from fieldpost.mesh import Mesh, Validity
from fieldpost.signing import Signer
from fieldwire import cose, keys, limits, tokens
from fieldwire.observation import covers

BRIDGE_MODEL = b"fieldpost-bridge"
BRIDGE_CLOCK_PPM = 200  # an ordinary computer's crystal, without a time service

Random = Callable[[int], bytes]


class ProvisionError(Exception):
    """Not done; the message names the thing, the cause and the remedy."""


@dataclass(frozen=True)
class DeviceTerms:
    """What a device may say and what is assumed of its clock.

    `subjects`: trees, None for all. `measurements`: builds that are vouched for, None for the one it runs.
    """

    authority: str
    subjects: tuple[str, ...] | None
    rights: tuple[str, ...] = ("observe",)
    clock_ppm: int = 200
    measurements: tuple[bytes, ...] | None = None


@dataclass(frozen=True)
class Enrolled:
    """A device of the mesh; its credential and endorsement by token id; the builds that are vouched for.

    `before`: it was enrolled already when it was asked.
    """

    device: bytes
    public: bytes
    credential: bytes
    endorsement: bytes
    measurements: tuple[bytes, ...]
    before: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class BridgeMade:
    """A bridge's folder and its names; tokens by id."""

    folder: Path
    public: bytes
    thumbprint: bytes
    device: bytes
    credential: bytes
    endorsement: bytes


def make_bridge(
    mesh: Mesh, folder: Path, authority: str, validity: Validity, setup: BridgeSetup, random: Random
) -> BridgeMade:
    """A bridge of this mesh: key, boundary credential, endorsement, tokens, bridge.toml, public key file.

    Raises ProvisionError, or KeyFileError where a bridge stands already.
    """
    _keep_apart(mesh.folder, folder)
    if (folder / "bridge.toml").exists():
        raise ProvisionError(
            f"{folder / 'bridge.toml'}: there is a bridge already; name another folder, or remove it by hand"
        )
    mesh.authority(authority)
    seed = random(32)
    keyfile.create(folder / "bridge.key", seed)
    public = Signer(seed).public
    (folder / "bridge.pub").write_text(public.hex() + "\n")
    credential = mesh.boundary(public, validity)
    ppb = BRIDGE_CLOCK_PPM * 1_000
    endorsement = mesh.endorsement(
        authority,
        public,
        validity,
        own_log.hardware_id(public),
        BRIDGE_MODEL,
        [own_log.measurement()],
        [-ppb, ppb, None],
    )
    for name in ("tokens", "links"):
        (folder / name).mkdir(exist_ok=True)
    copy_tokens(mesh, folder)
    (folder / "bridge.toml").write_text(bridge_toml(mesh.name, (mesh.id, mesh.root_public), setup))
    return BridgeMade(
        folder, public, keys.thumbprint(public), keys.device_id(public), credential, endorsement
    )


def _keep_apart(desk: Path, folder: Path) -> None:
    desk, folder = desk.resolve(), folder.resolve()
    if desk.is_relative_to(folder) or folder.is_relative_to(desk):
        raise ProvisionError(
            f"{folder}: the mesh's root key would lie in the bridge's folder or beside it ({desk});"
            " name a folder apart from the mesh's"
        )
    for path in folder.rglob("root.key"):
        raise ProvisionError(f"{path}: a mesh's root key lies here; a bridge's folder never holds one")


def bridge_public(folder: Path) -> bytes:
    """The public key of the bridge in `folder`."""
    path = folder / "bridge.pub"
    try:
        public = bytes.fromhex(path.read_text().strip())
    except OSError as error:
        raise ProvisionError(
            f"{path}: {error.strerror}; is it a folder made by `fieldpost mesh bridge`?"
        ) from None
    except ValueError:
        public = b""
    if len(public) != 32:
        raise ProvisionError(f"{path}: expected 64 hexadecimal digits; copy the file from the bridge again")
    return public


def put_token(folder: Path, data: bytes) -> Path:
    """Lay a token into a bridge's tokens folder, under its id."""
    path = folder / "tokens" / f"{tokens.token_id(data).hex()}.cwt"
    if not path.parent.is_dir():
        raise ProvisionError(
            f"{path.parent}: no such folder; is {folder} a bridge's, made by `fieldpost mesh bridge`?"
        )
    if not path.exists():
        fresh = path.with_suffix(".new")  # a running bridge looks at the folder all the time
        fresh.write_bytes(data)
        fresh.replace(path)
    return path


def copy_tokens(mesh: Mesh, folder: Path) -> int:
    """Lay all tokens that the mesh has signed into a bridge's folder; how many there are."""
    held = mesh.tokens()
    for data in held:
        put_token(folder, data)
    return len(held)


def hand_over(mesh: Mesh, device: bytes, folder: Path) -> Path:
    """Give a bridge what it needs to drain a device; the file with K(device, bridge). SPEC 8.4

    Beside it the salt key, with which it unpacks what crossed a radio (SPEC 5.6), and the mesh's tokens.
    """
    path = folder / "links" / f"{device.hex()}.key"
    _lay_key(path, mesh.link_key(device, keys.thumbprint(bridge_public(folder))))
    _lay_key(path.with_suffix(".salt"), mesh.salt_key(device))
    copy_tokens(mesh, folder)
    return path


def _lay_key(path: Path, secret: bytes) -> None:
    if not path.exists():
        keyfile.create(path, secret)
    elif keyfile.read(path) != secret:
        raise ProvisionError(f"{path}: holds another key; remove it by hand if the device was enrolled anew")


def grant(mesh: Mesh, request: Request, terms: DeviceTerms, validity: Validity, random: Random) -> Grant:
    """Everything a device is given, made before it is told and put aside until it confirms. Raises ProvisionError."""
    if _key_path(mesh, request.device).exists():
        raise ProvisionError(
            f"device {request.device.hex()} is enrolled in {mesh.name} and has forgotten it, yet made the same key:"
            " its random source is broken; do not use this board"
        )
    measurements = builds(request, terms)
    mesh.drop(request.device)
    aside = mesh.aside(request.device)
    credential = aside.credential(
        terms.authority, request.public, validity, sorted(terms.rights), _scope(terms)
    )
    ppb = terms.clock_ppm * 1_000
    endorsement = aside.endorsement(
        terms.authority,
        request.public,
        validity,
        request.hardware_id,
        request.hwmodel,
        list(measurements),
        [-ppb, ppb, None],
    )
    k_dev = random(32)
    pending = _key_path(mesh, request.device).with_suffix(".pending")
    pending.unlink(missing_ok=True)
    keyfile.create(pending, k_dev)
    held = [mesh.authorities[terms.authority], credential, endorsement]
    return Grant(k_dev, mesh.root_public, credential, tuple(aside.token(one) for one in held))


def builds(request: Request, terms: DeviceTerms) -> tuple[bytes, ...]:
    """The measurements to vouch for. Raises ProvisionError where the device runs none of those that are named."""
    if terms.measurements is None:
        return (request.measurement,)
    if request.measurement not in terms.measurements:
        raise ProvisionError(
            f"device {request.device.hex()} runs {request.measurement.hex()}, which is none of the measurements named;"
            " install the firmware you mean, or name this measurement"
        )
    return terms.measurements


def _scope(terms: DeviceTerms) -> list[list[str] | None]:
    return [None if terms.subjects is None else sorted(terms.subjects), None]


async def enrol(
    mesh: Mesh, port: Path | str, terms: DeviceTerms, validity: Validity, random: Random, baud: int = 115_200
) -> Enrolled:
    """Enrol the device on a serial port, in the running loop; one that is enrolled on these terms stays as it is.

    An enrolment that broke off after the device had stored it is finished. Raises ProvisionError where the
    device is another mesh's, or was enrolled on other terms, PortError where nobody answers.
    """
    mesh.authority(terms.authority)
    found = await enrol_port.enrol(
        str(port), baud, lambda request: grant(mesh, request, terms, validity, random), random(32)
    )
    if not isinstance(found, Known):
        return _confirmed(mesh, found)
    held = standing(mesh, port, found)
    if held == "heir":
        raise ProvisionError(
            f"{port}: a rotation of the key of device {found.device.hex()} broke off; finish it with"
            " `fieldpost device rotate-key`"
        )
    if held == "pending":
        return _confirmed(mesh, found.device)
    check_terms(mesh, found.device, terms)
    return replace(enrolled(mesh, found.device), before=True)


def _confirmed(mesh: Mesh, device: bytes) -> Enrolled:
    """The device holds what was made for it: from now on the mesh knows it."""
    mesh.take_in(device)
    _key_path(mesh, device).with_suffix(".pending").rename(_key_path(mesh, device))
    return enrolled(mesh, device)


def standing(mesh: Mesh, port: Path | str, found: Known) -> str:
    """What this desk holds of a device: "key", or "pending" or "heir" while it has not heard it confirm.

    Raises ProvisionError for another mesh's device, and for one of another desk.
    """
    if found.mesh != mesh.id:
        raise ProvisionError(
            f"{port}: device {found.device.hex()} is enrolled in another mesh, {found.mesh.hex()}, not in {mesh.name};"
            f" nothing was changed. To take it over let its own bridge drain it, then `fieldpost device wipe {port}`"
        )
    for held in ("heir", "pending", "key"):
        if _key_path(mesh, found.device).with_suffix(f".{held}").exists():
            return held
    raise ProvisionError(
        f"{port}: device {found.device.hex()} of {mesh.name} was not enrolled from {mesh.folder};"
        " use the desk that it was enrolled from, or a newer copy of it"
    )


def check_terms(mesh: Mesh, device: bytes, terms: DeviceTerms) -> None:
    """ProvisionError where the device's credential or endorsement says another thing than the terms."""
    one = enrolled(mesh, device)
    credential, endorsement = (
        tokens.decode(mesh.token(of)).claims for of in (one.credential, one.endorsement)
    )
    ppb = terms.clock_ppm * 1_000
    asked = {
        "authority": (credential[tokens.AUTHORITY], terms.authority),
        "scope": (credential[tokens.SCOPE], _scope(terms)),
        "rights": (credential[tokens.RIGHTS], sorted(terms.rights)),
        "clock": (endorsement[tokens.CLOCK], [-ppb, ppb, None]),
    }
    other = [f"{name} {held}, not {wanted}" for name, (held, wanted) in asked.items() if held != wanted]
    if other:
        raise ProvisionError(
            f"device {device.hex()} is enrolled in {mesh.name} already, on other terms: {'; '.join(other)};"
            " to change them revoke it, wipe it and enrol it anew"
        )


def enrolled(mesh: Mesh, device: bytes) -> Enrolled:
    """The newest credential and endorsement that the mesh has signed for a device."""
    found: dict[int, tokens.Token] = {}
    for data in mesh.tokens():
        token = tokens.decode(data)
        if token.typ not in (cose.CREDENTIAL, cose.ENDORSEMENT) or keys.device_id(token.public) != device:
            continue
        if token.typ not in found or found[token.typ].claims[tokens.NBF] < token.claims[tokens.NBF]:
            found[token.typ] = token
    if len(found) != 2:
        raise ProvisionError(
            f"{mesh.folder}: no credential and endorsement of device {device.hex()}; enrol it first"
        )
    credential, endorsement = found[cose.CREDENTIAL], found[cose.ENDORSEMENT]
    listed = tuple(endorsement.claims[tokens.MEASUREMENTS])
    return Enrolled(device, credential.public, credential.id, endorsement.id, listed)


def vouch(mesh: Mesh, device: bytes, measurement: bytes, validity: Validity) -> bytes:
    """The endorsement that vouches for one more build of a device: the one there is, or one signed anew; its id.

    The builds vouched for before stay: a device whose update fails goes back to one of them.
    """
    before = enrolled(mesh, device)
    if measurement in before.measurements:
        return before.endorsement
    old = tokens.decode(mesh.token(before.endorsement))
    path = mesh.issuer_of(old)
    if path is None:
        raise ProvisionError(f"{mesh.folder}: device {device.hex()} is of no authority here; enrol it anew")
    listed = [*before.measurements, measurement][-limits.MEASUREMENTS_MAX :]
    # Of two endorsements the one that begins later is the newer one.
    validity = Validity(max(validity.nbf, old.claims[tokens.NBF] + 1), validity.exp)
    return mesh.anew(path, old, before.public, validity, {tokens.MEASUREMENTS: listed})


def devices(mesh: Mesh) -> Iterable[bytes]:
    """The ids of the devices that the mesh has enrolled."""
    return [bytes.fromhex(path.stem) for path in sorted((mesh.folder / "devices").glob("*.key"))]


def check_device(mesh: Mesh, device: bytes) -> None:
    """ProvisionError unless the mesh has enrolled a device of that id."""
    if not _key_path(mesh, device).exists():
        raise ProvisionError(
            f"{device.hex()}: {mesh.folder} has enrolled no device of that id; see {mesh.folder / 'devices'}"
        )


def _key_path(mesh: Mesh, device: bytes) -> Path:
    return mesh.folder / "devices" / f"{device.hex()}.key"


def revoke(mesh: Mesh, target: bytes, validity: Validity, authority: str | None = None) -> bytes:
    """Take back a token, or all of a device, by the authority that signed it or one above it; the token's id.

    What the root signed for a boundary agent any authority takes back: the one named, else the first. SPEC 7.5
    """
    return mesh.revocation(revoker(mesh, target, authority), validity, target)


def revoker(mesh: Mesh, target: bytes, authority: str | None = None) -> str:
    """The authority that takes a token or a device back. Raises ProvisionError where the one named may not."""
    issuer = _issuer_of(mesh, _signed(mesh, target))
    if issuer is None:
        return authority or min(mesh.authorities)
    if authority is not None and not covers(authority, issuer):
        raise ProvisionError(
            f"{target.hex()} was signed by {issuer}; {authority} is neither that nor above it"
        )
    return authority or issuer


def _signed(mesh: Mesh, target: bytes) -> tokens.Token:
    """The token of that id, or a credential of the device of that id."""
    for data in mesh.tokens():
        token = tokens.decode(data)
        of_device = token.typ == cose.CREDENTIAL and keys.device_id(token.public) == target
        if token.id == target or of_device:
            return token
    raise ProvisionError(
        f"{target.hex()}: {mesh.folder} has signed no token and no device of that id; look it up there"
    )


def _issuer_of(mesh: Mesh, token: tokens.Token) -> str | None:
    """The authority that signed a token; None for a boundary credential, which is the root's."""
    path = mesh.issuer_of(token)
    if path is not None:
        return path
    if "boundary" in token.claims.get(tokens.RIGHTS, ()) and mesh.authorities:
        return None
    raise ProvisionError(
        f"{token.id.hex()} is no word of an authority of this mesh: what the root or a key itself signed is not"
        " taken back; strike the root from the bridges' `roots`, or wait until it expires"
    )

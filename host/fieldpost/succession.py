"""What an authority's desk does when a device's key is rotated: who may, what follows, and when it is told. SPEC 7.6

Shell over the mesh's folder. Decides that what follows is what was: authority, scope, rights, builds and clock are the
old device's. Nothing is told to a bridge before the device has stored it. Times and randomness come in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fieldpost import keyfile, provision
from fieldpost.enrol import Known
from fieldpost.links import enrol_port
from fieldpost.mesh import Mesh, Validity
from fieldpost.provision import ProvisionError
from fieldpost.rotate import next_k_dev
from fieldpost.signing import verify
from fieldwire import cbor, limits, rotation, tokens

Random = Callable[[int], bytes]


@dataclass(frozen=True)
class Rotated:
    """Two device ids, one board: the new one's standing, and the rotation by token id."""

    former: bytes
    now: provision.Enrolled
    rotation: bytes


async def rotate(
    mesh: Mesh, port: Path | str, validity: Validity, random: Random, baud: int = 115_200
) -> Rotated:
    """Rotate the key of the device on a serial port, in the running loop.

    A rotation that broke off after the device had stored it is finished. Raises ProvisionError where the device is
    not this mesh's, PortError where nobody answers or the device refuses.
    """
    device = await enrol_port.rotate(
        str(port),
        baud,
        lambda known: _asked(mesh, port, known),
        lambda accepted: grant(mesh, accepted, validity),
        random(32),
    )
    mesh.take_in(device)
    waiting = _path(mesh, device, "rotation")
    kept = mesh.keep(waiting.read_bytes())
    _path(mesh, device, "heir").rename(_path(mesh, device, "key"))
    waiting.unlink()
    statement = rotation.decode(tokens.decode(mesh.token(kept)).claims[tokens.ACCEPTED])
    return Rotated(rotation.devices(statement)[0], provision.enrolled(mesh, device), kept)


def _asked(mesh: Mesh, port: Path | str, known: Known) -> bytes | None:
    standing = provision.standing(mesh, port, known)
    if standing == "pending":
        raise ProvisionError(
            f"{port}: the enrolment of device {known.device.hex()} broke off; finish it with `fieldpost device enrol`"
        )
    if standing == "heir":
        return None
    return keyfile.read(_path(mesh, known.device, "key"))


def grant(mesh: Mesh, accepted: bytes, validity: Validity) -> tuple[bytes, list[bytes]]:
    """(new public key, tokens) for a device that hands over, made and kept before it is told. Raises ProvisionError."""
    statement = rotation.opened(accepted, verify)
    device, heir = rotation.devices(statement)
    if statement.mesh != mesh.id:
        raise ProvisionError(
            f"device {device.hex()} hands over in another mesh; use the desk of that mesh, {statement.mesh.hex()}"
        )
    before = provision.enrolled(mesh, device)
    old = tokens.decode(mesh.token(before.credential))
    path = mesh.issuer_of(old)
    if path is None:
        raise ProvisionError(f"{mesh.folder}: device {device.hex()} is of no authority here; enrol it anew")
    aside = mesh.aside(heir)
    try:
        after = provision.enrolled(aside, heir)
        credential, endorsement = after.credential, after.endorsement
    except ProvisionError:  # the first time that this key is asked for
        credential = aside.anew(path, old, statement.new, validity)
        endorsement = aside.anew(path, tokens.decode(mesh.token(before.endorsement)), statement.new, validity)
    signed = mesh.rotation(path, validity, accepted, statement.new, before.credential, credential)
    held = [aside.token(one) for one in (mesh.authorities[path], credential, endorsement)] + [signed]
    if 1 + len(cbor.encode([held])) > limits.FRAME_MAX:
        raise ProvisionError(
            f"device {device.hex()}: its tokens do not fit one frame; enrol it anew with a scope of fewer subjects"
        )
    k_dev = next_k_dev(keyfile.read(_path(mesh, device, "key")), statement.new)
    _path(mesh, heir, "heir").unlink(missing_ok=True)
    keyfile.create(_path(mesh, heir, "heir"), k_dev)
    _path(mesh, heir, "rotation").write_bytes(signed)
    return statement.new, held


def _path(mesh: Mesh, device: bytes, ending: str) -> Path:
    return mesh.folder / "devices" / f"{device.hex()}.{ending}"

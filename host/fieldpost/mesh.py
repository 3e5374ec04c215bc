"""The authority's desk: founding a mesh, and everything that its keys sign.

Shell over one folder that never goes to a bridge. Decides no validity on its own: times come in. Keys are
made here and stay here; only tokens leave.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpost import keyfile
from fieldpost.plan import Plan, vote
from fieldpost.signing import Signer
from fieldwire import cose, keys, rotation, tokens
from fieldwire.custody import link_key
from fieldwire.salt import salt_key
from fieldwire.tokens import Token

DAY_S = 86_400
NEXT = ".next"  # an authority's next key, until its mesh's root has confirmed it
SKEW_S = 3_600  # a token is valid an hour before it was signed: the signer's clock is one among many


@dataclass(frozen=True)
class Validity:
    """nbf and exp in UTC seconds."""

    nbf: int
    exp: int

    @classmethod
    def days(cls, now_s: int, days: int) -> "Validity":
        return cls(now_s - SKEW_S, now_s + days * DAY_S)


class Mesh:
    """A mesh's folder: `root.key`, `authorities/*.key`, `tokens/*.cwt`, `devices/*.key`, `mesh.json`.

    `authorities/*.next`: a key that is to follow, while its rotation goes on.
    `waiting/ID/*.cwt`: what was signed for a device that has not confirmed it; no bridge is given that.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            about = json.loads((folder / "mesh.json").read_text())
            self.name: str = about["name"]
            self.root_public = bytes.fromhex(about["root"])
            self.authorities: dict[str, bytes] = {
                path: bytes.fromhex(one) for path, one in about["authorities"].items()
            }
        except OSError as error:
            raise keyfile.KeyFileError(
                f"{folder}: no mesh here ({error.strerror}); run `fieldpost mesh init`"
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise keyfile.KeyFileError(
                f"{folder / 'mesh.json'}: damaged ({error}); restore it from the mesh's backup"
            ) from None
        self.id = keys.thumbprint(self.root_public)
        self._kept = folder / "tokens"

    @classmethod
    def found(
        cls, folder: Path, name: str, authorities: list[str], validity: Validity, random: Any
    ) -> "Mesh":
        """A new mesh with one credential an authority; `random(n) -> bytes`."""
        root_seed = random(32)
        keyfile.create(folder / "root.key", root_seed)
        about = {"name": name, "root": Signer(root_seed).public.hex(), "authorities": {}}
        _write(folder / "mesh.json", json.dumps(about).encode())
        mesh = cls(folder)
        for path in authorities:
            mesh.add_authority(path, validity, random)
        return mesh

    def root(self) -> Signer:
        """The root's key. KeyFileError where it is kept elsewhere, or is another mesh's."""
        file = self.folder / "root.key"
        if not file.exists():
            raise keyfile.KeyFileError(
                f"{file}: the root key is not at hand; lay it here while the mesh signs with it, then take it away"
            )
        found = keyfile.signer(file)
        if found.public != self.root_public:
            raise keyfile.KeyFileError(f"{file}: is another mesh's root key; lay that of {self.name} here")
        return found

    def authority(self, path: str) -> Signer:
        if path not in self.authorities:
            known = ", ".join(sorted(self.authorities)) or "none"
            raise keyfile.KeyFileError(
                f"{self.folder}: no authority {path!r} here (there are: {known}); name one of them"
            )
        self._settle(path)
        return keyfile.signer(self._key_file(path))

    def _key_file(self, path: str) -> Path:
        return self.folder / "authorities" / f"{path.replace('/', '+')}.key"

    def _settle(self, path: str) -> None:
        """Put the next key in the former one's place where a rotation broke off after its last signature."""
        following = self._key_file(path).with_suffix(NEXT)
        if following.exists():
            holder = tokens.decode(self.token(self.authorities[path])).public
            if keyfile.signer(following).public == holder:
                following.replace(self._key_file(path))

    def add_authority(self, path: str, validity: Validity, random: Any) -> bytes:
        """The root signs an authority: its own key, all subjects, rights observe, time, translate, depth 2."""
        root, seed = self.root(), random(32)
        keyfile.create(self._key_file(path), seed)
        claims = self._credential(
            Signer(seed).public, path, validity, ["observe", "time", "translate"], 2, [None, None]
        )
        token = self._issue(cose.CREDENTIAL, claims, root)
        self._appoint(path, token)
        return token

    def rotate_authority(self, path: str, validity: Validity, random: Any) -> tuple[bytes, bytes]:
        """The root has an authority's next key follow its key: (credential, rotation) by token id. SPEC 7.6

        What broke off goes on with the next key that it had made; at the end the former key is gone. Raises
        KeyFileError where the root key is not at hand; then nothing was made.
        """
        root, former = self.root(), self.authority(path)
        before = tokens.decode(self.token(self.authorities[path]))
        following = self._key_file(path).with_suffix(NEXT)
        if not following.exists():
            keyfile.create(following, random(32))
        heir = keyfile.signer(following)
        # The one that begins later is the authority's present one.
        nbf = max(validity.nbf, before.claims[tokens.NBF] + 1)
        claims = {
            **before.claims,
            tokens.NBF: nbf,
            tokens.EXP: max(validity.exp, nbf + 1),
            tokens.CNF: {1: keys.cose_key(heir.public)},
        }
        after = tokens.issue(cose.CREDENTIAL, claims, root)
        stated = {
            tokens.EXP: claims[tokens.EXP],
            tokens.NBF: nbf,
            tokens.CNF: claims[tokens.CNF],
            tokens.ACCEPTED: rotation.accept(rotation.hand_over(self.id, heir.public, 0, [], former), heir),
            tokens.BEFORE: before.id,
            tokens.AFTER: tokens.token_id(after),
        }
        signed = tokens.issue(cose.ROTATION, stated, root)
        credential, shown = self._keep(after), self._keep(signed)
        self._appoint(path, credential)
        self._settle(path)
        return credential, shown

    def _appoint(self, path: str, credential: bytes) -> None:
        """From now on the authority is the one that this credential names."""
        self.authorities[path] = credential
        about = {
            "name": self.name,
            "root": self.root_public.hex(),
            "authorities": {one: self.authorities[one].hex() for one in sorted(self.authorities)},
        }
        _write(self.folder / "mesh.json", json.dumps(about, indent=1).encode())

    def issuer_of(self, token: Token) -> str | None:
        """The authority of this mesh whose present or former key signed a token; None where none did."""
        credential = token.claims.get(tokens.ISSUER)
        if credential is None or not (self.folder / "tokens" / f"{credential.hex()}.cwt").exists():
            return None
        path = tokens.decode(self.token(credential)).claims[tokens.AUTHORITY]
        return path if path in self.authorities else None

    def _credential(
        self, public: bytes, path: str, validity: Validity, rights: list[str], depth: int, scope: list[Any]
    ) -> dict[int, Any]:
        return {
            tokens.EXP: validity.exp,
            tokens.NBF: validity.nbf,
            tokens.CNF: {1: keys.cose_key(public)},
            tokens.MESH: self.id,
            tokens.AUTHORITY: path,
            tokens.SCOPE: scope,
            tokens.RIGHTS: sorted(rights),
            tokens.DEPTH: depth,
        }

    def _issue(self, typ: int, claims: dict[int, Any], signer: Signer) -> bytes:
        """Sign, keep in `tokens/`, and return the token's id."""
        data = tokens.issue(typ, claims, signer)
        return self._keep(data)

    def _keep(self, data: bytes) -> bytes:
        identity = tokens.token_id(data)
        _write(self._kept / f"{identity.hex()}.cwt", data)
        return identity

    def aside(self, device: bytes) -> "Mesh":
        """This mesh, whose new tokens wait under a device's id until `take_in`."""
        mesh = Mesh(self.folder)
        mesh._kept = self._waiting(device)
        return mesh

    def take_in(self, device: bytes) -> None:
        """The device has confirmed: what waits for it is kept with the others. Repeated, it does nothing."""
        for file in self._waiting(device).glob("*.cwt"):
            file.replace(self.folder / "tokens" / file.name)
        self.drop(device)

    def drop(self, device: bytes) -> None:
        """Forget what waits for a device."""
        shutil.rmtree(self._waiting(device), ignore_errors=True)

    def _waiting(self, device: bytes) -> Path:
        return self.folder / "waiting" / device.hex()

    def token(self, identity: bytes) -> bytes:
        name = f"{identity.hex()}.cwt"
        apart = self._kept / name
        return (apart if apart.exists() else self.folder / "tokens" / name).read_bytes()

    def tokens(self) -> list[bytes]:
        """All tokens this mesh has signed, in the order of their ids; aside, what waits there too."""
        files = {
            file.name: file for where in (self.folder / "tokens", self._kept) for file in where.glob("*.cwt")
        }
        return [files[name].read_bytes() for name in sorted(files)]

    def credential(
        self, path: str, public: bytes, validity: Validity, rights: list[str], scope: list[Any]
    ) -> bytes:
        """An authority signs a device's credential under its own path, for no longer than its own; returns its id."""
        own = tokens.decode(self.token(self.authorities[path])).claims
        validity = Validity(max(validity.nbf, own[tokens.NBF]), min(validity.exp, own[tokens.EXP]))
        claims = self._credential(public, path, validity, rights, 0, scope)
        claims[tokens.ISSUER] = self.authorities[path]
        return self._issue(cose.CREDENTIAL, claims, self.authority(path))

    def endorsement(
        self,
        path: str,
        public: bytes,
        validity: Validity,
        hardware_id: bytes,
        hwmodel: bytes,
        measurements: list[bytes],
        clock: list[Any],
    ) -> bytes:
        """An authority vouches for a device's key, builds and clock; returns the token's id. SPEC 7.2"""
        claims = {
            tokens.EXP: validity.exp,
            tokens.NBF: validity.nbf,
            tokens.CNF: {1: keys.cose_key(public)},
            tokens.UEID: tokens.ueid(hardware_id),
            tokens.OEMID: self.id[:16],
            tokens.HWMODEL: hwmodel,
            tokens.PROFILE: tokens.EAT_PROFILE,
            tokens.ISSUER: self.authorities[path],
            tokens.MEASUREMENTS: measurements,
            tokens.CLOCK: clock,
        }
        return self._issue(cose.ENDORSEMENT, claims, self.authority(path))

    def boundary(self, public: bytes, validity: Validity) -> bytes:
        """The root makes a key a boundary agent of this mesh; returns the credential's id."""
        return self._issue(
            cose.CREDENTIAL,
            self._credential(public, "boundary", validity, ["boundary", "observe"], 0, [None, None]),
            self.root(),
        )

    def equivalence(
        self,
        path: str,
        validity: Validity,
        foreign: tuple[bytes, str, bytes],
        local: str,
        scope: list[Any],
        path_length: int,
        negative: bool,
    ) -> bytes:
        """An authority states (or denies) that a foreign authority stands for a local one; returns the id. SPEC 7.4

        For no longer than the authority itself is one.
        """
        own = tokens.decode(self.token(self.authorities[path])).claims
        validity = Validity(max(validity.nbf, own[tokens.NBF]), min(validity.exp, own[tokens.EXP]))
        claims = {
            tokens.EXP: validity.exp,
            tokens.NBF: validity.nbf,
            tokens.SCOPE: scope,
            tokens.ISSUER: self.authorities[path],
            tokens.FOREIGN: list(foreign),
            tokens.LOCAL: [self.id, local],
            tokens.PATH_LENGTH: path_length,
            tokens.NEGATIVE: negative,
        }
        return self._issue(cose.EQUIVALENCE, claims, self.authority(path))

    def revocation(self, path: str, validity: Validity, target: bytes) -> bytes:
        """An authority takes back what it signed; returns the id. SPEC 7.5"""
        claims = {
            tokens.EXP: validity.exp,
            tokens.NBF: validity.nbf,
            tokens.ISSUER: self.authorities[path],
            tokens.TARGET: target,
        }
        return self._issue(cose.REVOCATION, claims, self.authority(path))

    def anew(
        self,
        path: str,
        token: Token,
        public: bytes,
        validity: Validity,
        changed: dict[int, Any] | None = None,
    ) -> bytes:
        """A credential or endorsement like `token`, for another key and time, within its authority's own; the id.

        `changed`: claims that take the place of the token's.
        """
        claims = {**token.claims, **(changed or {})}
        own = tokens.decode(self.token(self.authorities[path])).claims
        claims[tokens.NBF] = max(validity.nbf, own[tokens.NBF])
        claims[tokens.EXP] = min(validity.exp, own[tokens.EXP])
        claims[tokens.CNF] = {1: keys.cose_key(public)}
        claims[tokens.ISSUER] = self.authorities[path]
        return self._issue(token.typ, claims, self.authority(path))

    def rotation(
        self, path: str, validity: Validity, accepted: bytes, public: bytes, before: bytes, after: bytes
    ) -> bytes:
        """The bytes by which an authority lets a key follow another; they are kept once it is done. SPEC 7.6"""
        claims = {
            tokens.EXP: validity.exp,
            tokens.NBF: validity.nbf,
            tokens.CNF: {1: keys.cose_key(public)},
            tokens.ISSUER: self.authorities[path],
            tokens.ACCEPTED: accepted,
            tokens.BEFORE: before,
            tokens.AFTER: after,
        }
        return tokens.issue(cose.ROTATION, claims, self.authority(path))

    def keep(self, data: bytes) -> bytes:
        """Keep a token that is to be told to all from now on; returns its id."""
        return self._keep(data)

    def schema(self, path: str, data: bytes) -> bytes:
        """An authority signs a schema, so that payloads can be read by whoever trusts it; returns the id."""
        return self._keep(cose.sign(cose.SCHEMA, data, self.authority(path)))

    def sign_agreement(self, data: bytes) -> bytes:
        """The root's signature over an agreement's canonical bytes."""
        return cose.sign(cose.AGREEMENT, data, self.root())

    def vote(self, plan: Plan, favours: bool, authority: str | None) -> bytes:
        """A vote over a merge plan, by an authority or, for None, by the root. SPEC 13.6"""
        signer = self.root() if authority is None else self.authority(authority)
        return cose.sign(cose.MERGE_PLAN, vote(plan, favours), signer)

    def keep_device(self, device: bytes, k_dev: bytes) -> None:
        keyfile.create(self.folder / "devices" / f"{device.hex()}.key", k_dev)

    def link_key(self, device: bytes, bridge: bytes) -> bytes:
        """K(device, bridge), to be handed to that bridge. SPEC 8.4"""
        return link_key(self._k_dev(device), bridge)

    def salt_key(self, device: bytes) -> bytes:
        """The key of a device's salts, to be handed to bridges of this mesh. SPEC 5.6"""
        return salt_key(self._k_dev(device))

    def _k_dev(self, device: bytes) -> bytes:
        return keyfile.read(self.folder / "devices" / f"{device.hex()}.key")

    def passport(self) -> dict[str, Any]:
        """What another mesh may know: id, root public key, authorities and the thumbprints of their keys."""
        holders = {
            path: keys.thumbprint(tokens.decode(self.token(one)).public).hex()
            for path, one in sorted(self.authorities.items())
        }
        return {
            "name": self.name,
            "mesh": self.id.hex(),
            "root": self.root_public.hex(),
            "authorities": holders,
        }


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(path.suffix + ".new")
    fresh.write_bytes(data)
    fresh.replace(path)

"""One held observation with all that the store knows of it, and the shape of a step of its story.

Decides how things are named to people: short ids, dates, meshes. Text that came over the wire stays as it is
here; whoever prints it escapes it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fieldpost import gaps
from fieldpost.codes import CODES
from fieldpost.picture_rows import value_words
from fieldpost.reading import Rows, profile_of, trust_of
from fieldpost.trust import Trust
from fieldwire import observation as obs
from fieldwire import schema
from fieldwire.errors import WireError

Step = dict[str, Any]


def step(
    stage: str,
    inputs: list[bytes],
    outcome: str,
    reason: str,
    identity: bytes,
    code: str = "",
    remedy: str | None = None,
) -> Step:
    """One step: what went in, what came out, and why. `id`: what the step is about."""
    known = CODES.get(code)
    return {
        "stage": stage,
        "inputs": [one.hex() for one in inputs],
        "outcome": outcome,
        "reason": reason,
        "id": identity.hex(),
        "code": code or outcome,
        "remedy": remedy if remedy is not None else (known[2] if known else "nothing to do"),
    }  # fmt: skip


def short(identity: bytes) -> str:
    """An id as people read it; the whole one stands in a step's inputs."""
    return identity.hex()[:12]


def date(utc_s: int) -> str:
    """A UTC second as a date."""
    try:
        return datetime.fromtimestamp(utc_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return f"{utc_s} s after 1970"


@dataclass(frozen=True)
class Shelf:
    """A store being asked: its rows, the trust rebuilt from its tokens, whose it is."""

    store: Rows
    trust: Trust
    mesh: bytes
    thumbprint: bytes
    name: str

    @classmethod
    def of(cls, store: Rows) -> "Shelf":
        return cls(store, trust_of(store), *profile_of(store))

    def mesh_words(self, mesh: bytes) -> str:
        return f"mesh {self.name}" if mesh == self.mesh else f"mesh {short(mesh)}"

    def held(self, identity: bytes) -> "Held | None":
        rows = self.store.query(
            "SELECT id, mesh, authority, envelope, leaf_index, leaf FROM observation WHERE id = ?", identity
        )
        if not rows:
            return None
        identity, mesh, authority, envelope, index, leaf = rows[0]
        return Held(identity, mesh, authority, envelope, index, leaf, obs.decode(leaf))

    def said_words(self, held: "Held") -> str:
        """What an observation says, in words."""
        what = held.observation
        subject = what[obs.SUBJECT]
        if what[obs.FORMAT] == obs.TIME_FORMAT:
            return f"{subject}: a time exchange with another device"
        if what[obs.FORMAT] == obs.GAP_FORMAT:
            said = "; ".join(one.words() for one in gaps.told(what))
            return f"{subject}: {said or 'a gap record that tells nothing'}"
        try:
            claims = schema.claims_of(what[obs.FORMAT], what[obs.PAYLOAD], self.trust.fields_of)
        except WireError as error:
            if error.code == "schema-unknown":
                return f"{subject}: {len(what[obs.PAYLOAD])} bytes in a format that is not known here"
            return f"{subject}: a payload that does not fit its format ({error.detail})"
        told = ", ".join(
            f"{name} {value_words(value, scale, unit)}" for name, _, value, unit, scale in claims
        )
        return f"{subject}: {told or 'nothing'}"


@dataclass(frozen=True)
class Held:
    """An observation as the store holds it."""

    id: bytes
    mesh: bytes
    authority: str
    envelope: bytes
    index: int
    leaf: bytes
    observation: dict[int, Any]

    @property
    def device(self) -> bytes:
        return self.observation[obs.DEVICE]

    def when_words(self) -> str:
        boot, ms = self.observation[obs.TREF][:2]
        return f"boot {boot}, {ms} ms of its own clock"

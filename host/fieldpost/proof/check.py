"""Whether a proof holds, judged from its bytes alone.

Decides by the keys that the file names, and by which of them the reader knows, if they say. Refuses to judge
validity in time and revocation, which no file can prove to be absent. SPEC 15.4
"""

import hashlib
from collections.abc import Callable, Collection
from typing import Any

from fieldpost.codes import CODES, refuse_wire
from fieldpost.model import Refusal
from fieldpost.proof import epoch, fork, form, log, receipt
from fieldpost.proof.holders import Holder, Holders
from fieldwire import keys
from fieldwire.errors import WireError

UNSAID = "nothing is said of validity in time or of revocation"
COMPARE = "the root keys are those that the file names: compare the mesh ids with those you know"
_PROVERS: dict[str, Callable[[list[Any], Holders], tuple[str, dict[str, Any]]]] = {
    form.FORK: fork.prove,
    form.EPOCH: epoch.prove,
    form.CHECKPOINT: log.prove,
    form.RECEIPT: receipt.prove,
}


def check(data: bytes, known: Collection[bytes] = ()) -> dict[str, Any]:
    """{"id", "kind", "stage", "outcome", "code", "reason", "remedy", "proved", "keys"} of a proof's bytes.

    `known`: mesh ids that the reader trusts; none named leaves that to them, and the reason says so.
    """
    kind = "unknown"
    try:
        proof = form.decode(data)
        kind = proof.kind
        holders = Holders(proof, known)
        words, facts = _PROVERS[kind](proof.evidence, holders)
        stranger = _stranger(holders, known)
        if stranger is not None:
            return _document(data, kind, "refused", stranger, {}, [])
    except WireError as error:
        return _document(data, kind, "refused", refuse_wire(error), {}, [])
    reason = "; ".join([words, UNSAID] + ([] if known else [COMPARE]))
    held = Refusal("proved", reason, CODES["proved"][2])
    return _document(data, kind, "proved", held, facts, [_key(one) for one in _told(holders, known)])


def _stranger(holders: Holders, known: Collection[bytes]) -> Refusal | None:
    trusted = {one.thumbprint for one in _told(holders, known)}
    for one in holders.named.values():
        if one.thumbprint not in trusted:
            reason = f"{one.words()} is under root {one.mesh.hex()}, which is none of the meshes named"
            return Refusal("mesh-unknown", reason, "ask that mesh's people for its id, and compare")
    return None


def _told(holders: Holders, known: Collection[bytes]) -> list[Holder]:
    """The keys as the reader may take them: each by every credential shown, or by those under roots that they name."""
    return [one for one in holders.named.values() if not known or one.mesh in known]


def _key(one: Holder) -> dict[str, Any]:
    return {
        "thumbprint": one.thumbprint.hex(),
        "device": keys.device_id(one.public).hex(),
        "mesh": one.mesh.hex(),
        "authority": one.authority,
        "chain": [identity.hex() for identity in one.chain],
    }


def _document(
    data: bytes, kind: str, outcome: str, why: Refusal, proved: dict[str, Any], named: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "id": hashlib.sha256(data).hexdigest(),
        "kind": kind,
        "stage": "proof",
        "outcome": outcome,
        "code": why.code,
        "reason": why.reason,
        "remedy": why.remedy,
        "proved": proved,
        "keys": named,
    }

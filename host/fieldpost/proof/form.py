"""The one form of a portable proof: its kind, the root keys and credentials that it needs, and the evidence.

Decides whether bytes have that form in its one encoding. Refuses to judge what they prove. SPEC 15.4
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fieldwire import cbor, limits
from fieldwire import observation as obs
from fieldwire.errors import WireError

LABEL = "proof/1"
FORK, EPOCH, CHECKPOINT, RECEIPT = KINDS = ("fork", "epoch", "checkpoint", "receipt")
ROOTS_MAX, TOKENS_MAX = 16, 32


@dataclass(frozen=True)
class Proof:
    """`roots`: public keys; `tokens`: credentials; both sorted bytewise. `evidence`: a list that the kind reads."""

    kind: str
    roots: tuple[bytes, ...]
    tokens: tuple[bytes, ...]
    evidence: list[Any]


def encode(kind: str, roots: Iterable[bytes], tokens: Iterable[bytes], evidence: list[Any]) -> bytes:
    """Bytes of a proof; WireError where it is too large to be one."""
    data = cbor.encode([LABEL, kind, sorted(set(roots)), sorted(set(tokens)), evidence])
    decode(data)
    return data


def decode(data: bytes) -> Proof:
    """The proof in these bytes; WireError("proof-shape") for anything else."""
    if len(data) > limits.CBOR_MAX:
        raise WireError("cbor-size", f"{len(data)} bytes, at most {limits.CBOR_MAX} make a proof")
    value = cbor.decode(data)
    if not isinstance(value, list) or len(value) != 5 or value[0] != LABEL:
        raise bad("a proof is ['proof/1', kind, roots, credentials, evidence]")
    _, kind, roots, tokens, evidence = value
    if kind not in KINDS:
        raise bad(f"the kind is one of {', '.join(KINDS)}")
    if not _sorted(roots, ROOTS_MAX) or not all(obs.is_bytes(one, 32) for one in roots):
        raise bad(f"roots are at most {ROOTS_MAX} public keys of 32 bytes, sorted and named once")
    if not _sorted(tokens, TOKENS_MAX):
        raise bad(f"credentials are at most {TOKENS_MAX} byte strings, sorted and named once")
    if not isinstance(evidence, list):
        raise bad("the evidence is a list")
    return Proof(kind, tuple(roots), tuple(tokens), evidence)


def bad(detail: str) -> WireError:
    """What breaks the form."""
    return WireError("proof-shape", detail)


def false(detail: str) -> WireError:
    """Evidence that is what it says, and does not prove what the kind says."""
    return WireError("proof-false", detail)


def is_digest(value: Any) -> bool:
    return obs.is_bytes(value, 32)


def _sorted(value: Any, most: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= most
        and all(isinstance(one, bytes) for one in value)
        and value == sorted(set(value))
    )

"""Names for the numbers on the wire, so that people can read what a file says. SPEC 4, 5, 6, 7

Decides nothing; a number without a name here is shown as the number.
"""

from typing import Any

from fieldwire import cose, tokens
from fieldwire.cbor import Tag

OBSERVATION = (
    "device", "incarnation", "stream", "seq", "time", "content format", "subject", "payload", "credential",
    "boot attestation", "sources", "derivation", "salt",
)  # fmt: skip
SOURCE = ("device", "incarnation", "stream", "seq", "id")
EXCHANGE = ("role", "peer", "xid", "t1 boot", "t1 ms", "t2 boot", "t2 ms", "t3 ms", "t4 ms")
SEAL = (
    "incarnation", "stream", "segment", "first seq", "count", "boot", "credential", "boot attestation",
    "previous seal", "flags",
)  # fmt: skip
LOG_END = ("incarnation", "stream", "segment", "seal")
PROOF = ("size", "index", "path")
EPOCH = ("number", "agreement", "joint root", "evidence", "decisions", "scopes", "bridges")
CHECKPOINT = ("origin", "size", "root")
PLAN = ("case", "agreement", "epoch", "scope", "choice", "subjects")
REPORT = ("scope", "terms", "thresholds", "epoch")
FIELD = ("property", "type", "unit", "exponent")
CLAIM = ("property", "type", "value", "unit", "exponent")
FIELD_TYPES = ("integer", "category", "position", "opaque")

SIGNED = {
    cose.EARLY: "early copy",
    cose.SEAL: "seal",
    cose.CREDENTIAL: "authority credential",
    cose.ENDORSEMENT: "endorsement",
    cose.BOOT: "boot attestation",
    cose.EQUIVALENCE: "equivalence",
    cose.REVOCATION: "revocation",
    cose.ROTATION: "rotation",
    cose.SCHEMA: "schema",
    cose.AGREEMENT: "agreement signature",
    cose.HANDSHAKE: "boundary handshake",
    cose.EPOCH: "epoch",
    cose.CHECKPOINT: "checkpoint",
    cose.REPORT: "divergence report",
    cose.MERGE_PLAN: "vote over a merge plan",
}

CLAIMS = {
    tokens.EXP: "expires",
    tokens.NBF: "not before",
    tokens.CNF: "key",
    tokens.UEID: "ueid",
    tokens.OEMID: "oemid",
    tokens.HWMODEL: "hwmodel",
    tokens.DBGSTAT: "dbgstat",
    tokens.PROFILE: "profile",
    tokens.BOOTCOUNT: "boot",
    tokens.BOOTSEED: "boot seed",
    tokens.SWVERSION: "version",
    tokens.MESH: "mesh",
    tokens.AUTHORITY: "authority",
    tokens.SCOPE: "scope",
    tokens.RIGHTS: "rights",
    tokens.DEPTH: "delegation depth",
    tokens.ISSUER: "issuer",
    tokens.MEASUREMENTS: "measurements",
    tokens.CLOCK: "clock",
    tokens.MEASUREMENT: "measurement",
    tokens.FOREIGN: "foreign",
    tokens.LOCAL: "local",
    tokens.PATH_LENGTH: "path length",
    tokens.NEGATIVE: "negative",
    tokens.TARGET: "target",
    tokens.LAST_GOOD: "last good seals",
    tokens.STAYING: "staying",
    tokens.ACCEPTED: "handover",
    tokens.BEFORE: "credential before",
    tokens.AFTER: "credential after",
}


def plain(value: Any) -> Any:
    """A CBOR value as JSON can hold it: bytes in hex, a tag as {"tag", "value"}."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(plain(key)): plain(one) for key, one in value.items()}
    if isinstance(value, Tag):
        return {"tag": value.number, "value": plain(value.value)}
    return value


def named(names: tuple[str, ...], values: list[Any]) -> dict[str, Any]:
    """Values under their names, in order; those beyond the names under their index."""
    return {
        names[index] if index < len(names) else str(index): plain(one) for index, one in enumerate(values)
    }

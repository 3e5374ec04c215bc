"""Checks bytes against shared/fieldwire.cddl with a verifier that is not ours.

The verifier's deterministic check stops at a byte string, also at one declared `.cbor`; so what a COSE_Sign1
wraps is checked here a layer at a time.
"""

import functools
from pathlib import Path

from cddl_verifier import Validator, cbor

SCHEMA = Path(__file__).parent.parent / "shared" / "fieldwire.cddl"


@functools.cache
def schema() -> Validator:
    return Validator(SCHEMA, strict_modules=True)


def problems(data: bytes, rule: str) -> list[str]:
    """Why the bytes are not a deterministic encoding of the rule; empty when they are."""
    result = schema().validate(data, rule, require_deterministic=True)
    return [str(diagnostic) for diagnostic in result.diagnostics]


def signed_problems(message: bytes, rule: str, payload_is_cbor: bool = True) -> list[str]:
    """The same for a COSE_Sign1, and for the protected headers and payload inside it."""
    found = problems(message, rule)
    protected, _, payload, _ = cbor.decode(message).value
    inner = [protected] + ([payload] if payload is not None and payload_is_cbor else [])
    for part in inner:
        try:
            cbor.decode(part, require_deterministic=True)
        except cbor.CBORDecodeError as error:
            found.append(str(error))
    return found

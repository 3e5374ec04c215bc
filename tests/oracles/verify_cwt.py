"""Verifies COSE_Sign1 messages and CWTs with python-cwt: `verify_cwt.py KEYFILE COSEFILE...`.

Prints one JSON line a file: its protected headers, the SHA-256 of its payload, and its claims when the
payload is a map. Exit 0: all verify; 1: one does not. Whether nbf and exp hold now is not asked: a field
device has no such clock.
"""

import hashlib
import json
import sys
from pathlib import Path

import cbor2
from cwt import COSE, COSEKey
from cwt.exceptions import CWTError
from keys import read_public_key


def plain(value):
    """CBOR values as JSON ones: byte strings as hex, map keys as text, a tag as a map."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, cbor2.CBORTag):
        return {"tag": value.tag, "value": plain(value.value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def verify(key, data: bytes) -> dict:
    """What one message says when its signature holds under the key; else raises what python-cwt raises."""
    protected, unprotected, payload = COSE.new(verify_kid=True).decode_with_headers(data, keys=[key])
    said = {
        "valid": True,
        "protected": plain(protected),
        "unprotected": plain(unprotected),
        "payload_sha256": hashlib.sha256(payload).hexdigest(),
    }
    claims = cbor2.loads(payload)
    if isinstance(claims, dict):
        said["claims"] = plain(claims)
    return said


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    parameters, _ = read_public_key(arguments[0])
    key = COSEKey.new(parameters)
    held = True
    for path in arguments[1:]:
        try:
            said = verify(key, Path(path).read_bytes())
        except (CWTError, ValueError) as error:
            held = False
            said = {"valid": False, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"file": path, **said}))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

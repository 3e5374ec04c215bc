"""libsodium's verdicts on the cases of verdict_run.py: `python tests/make_verdict_run.py` writes the vector file."""

import json
import sys
from pathlib import Path

from nacl.bindings import crypto_sign_open
from nacl.exceptions import CryptoError
from verdict_run import verdicts

VECTORS = Path(__file__).parent / "vectors"


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        crypto_sign_open(signature + message, public)
    except CryptoError:
        return False
    return True


def main() -> int:
    text = json.dumps([{"verdicts": verdicts(verify)}])
    (VECTORS / "verdict_run.json").write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

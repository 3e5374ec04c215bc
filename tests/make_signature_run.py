"""A thousand signatures by libsodium, kept as digests: `python tests/make_signature_run.py` writes the vector file.

Key and message of each follow from its number alone (see signature_run.py), so that a board can make the same ones.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

from nacl.bindings import crypto_sign, crypto_sign_seed_keypair
from signature_run import COUNTS, key_and_message

VECTORS = Path(__file__).parent / "vectors"


def made() -> list[dict[str, object]]:
    """The digest over public keys and signatures after each of the counts."""
    digest = sha256()
    rows: list[dict[str, object]] = []
    for number in range(max(COUNTS)):
        seed, message = key_and_message(number)
        public, secret = crypto_sign_seed_keypair(seed)
        digest.update(public + crypto_sign(message, secret)[:64])
        if number + 1 in COUNTS:
            rows.append({"count": number + 1, "digest": digest.copy().hexdigest()})
    return rows


def main() -> int:
    lines = ",\n".join(" " + json.dumps(row) for row in made())
    (VECTORS / "signature_run.json").write_text("[\n" + lines + "\n]\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

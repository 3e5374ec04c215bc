"""How many COSE_Sign1 messages python-cwt verifies a CPU-second: `rate_cwt.py KEYFILE COSEFILE`; prints the number."""

import sys
import time
from pathlib import Path

from cwt import COSE, COSEKey
from keys import read_public_key

CALLS = 4_000


def main(key_file: str, file: str) -> float:
    parameters, _ = read_public_key(key_file)
    key, data, reader = COSEKey.new(parameters), Path(file).read_bytes(), COSE.new(verify_kid=True)
    began_s = time.process_time()
    for _ in range(CALLS):
        reader.decode_with_headers(data, keys=[key])
    return CALLS / (time.process_time() - began_s)


if __name__ == "__main__":
    print(main(*sys.argv[1:]))

"""Times signing and verifying on the machine it runs on, by the kernels and by plain big integers.

`micropython bench_sign.py ROUNDS`, or `mpremote run` on a board. Prints one JSON object a line: a name and the
microseconds of one call, the fastest round's, since whatever else the machine does only adds to it.
It refuses to judge the figures.
"""

import json
import sys
import time

from fieldwire import ed25519, ed25519_reference

ROUNDS = 10
CALLS_PER_ROUND = 4
SEED = bytes(range(32))
MESSAGE = bytes(range(150))  # about the length of what COSE has an observation's signature cover


def fastest_us(function):
    """Microseconds of one call in the fastest of the rounds."""
    best = None
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS):
        began = time.ticks_us()
        for _ in range(CALLS_PER_ROUND):
            function()
        took = time.ticks_diff(time.ticks_us(), began)
        best = took if best is None or took < best else best
    return best / CALLS_PER_ROUND


def measure(name, module):
    signer = module.Ed25519Signer(SEED)
    signature = signer.sign(MESSAGE)
    if not module.verify(signer.public, MESSAGE, signature):
        raise ValueError("{}: what it signs, it does not verify".format(name))
    sign_us = fastest_us(lambda: signer.sign(MESSAGE))
    verify_us = fastest_us(lambda: module.verify(signer.public, MESSAGE, signature))
    print(json.dumps({"name": name + "_sign", "us": sign_us}))
    print(json.dumps({"name": name + "_verify", "us": verify_us}))


measure("kernels", ed25519)
measure("bigint", ed25519_reference)

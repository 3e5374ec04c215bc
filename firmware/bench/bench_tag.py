"""Measures what it costs a board to check a session tag, and an Ed25519 signature beside it. Prints one JSON object.

Runs on any MicroPython port and on CPython. Decides nothing about what the figures should be.
"""

import json
import time

from fieldwire import custody, ed25519

FRAME = bytes(15)
ROUNDS = 5


def ticks_us():
    return time.ticks_us() if hasattr(time, "ticks_us") else time.perf_counter_ns() // 1000


def best_us(call, times):
    """Microseconds of one call: the best of some rounds, since others use the machine too."""
    best = None
    for _ in range(ROUNDS):
        began = ticks_us()
        for _ in range(times):
            call()
        took = (ticks_us() - began) / times
        best = took if best is None else min(best, took)
    return best


def main():
    key, nonce = bytes(range(32)), bytes(8)
    found = custody.tag(key, custody.BRIDGE_ROLE, nonce, nonce, FRAME)
    signer = ed25519.Ed25519Signer(bytes(32))
    signature = signer.sign(FRAME)

    def check_tag():
        assert custody.matches(custody.tag(key, custody.BRIDGE_ROLE, nonce, nonce, FRAME), found)

    def check_signature():
        ed25519.verify(signer.public, FRAME, signature)

    print(json.dumps({"tag_us": best_us(check_tag, 200), "verify_us": best_us(check_signature, 4)}))


main()

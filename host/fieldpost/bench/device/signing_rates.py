"""Signatures a second on the unix port: the kernels beside plain big integers and beside libsodium, in turns.

Each side's figure is its fastest round, since whatever else the machine does only adds to a round.
"""

import random
import time
from collections.abc import Callable, Iterator

from nacl import bindings

from fieldpost.bench.device.scripts import run_script
from fieldpost.bench.line import Line

TURNS = 5
ROUNDS = 5
LIBSODIUM_CALLS = 200
MESSAGE_BYTES = 150


def lines(seed: int) -> Iterator[Line]:
    """Our time over libsodium's, and big integers' time over ours; the rates of all stand beside."""
    began_s = time.perf_counter()
    best_us: dict[str, float] = {}
    sign, verify = libsodium(seed)
    for _ in range(TURNS):
        measured = {row["name"]: row["us"] for row in run_script("bench_sign.py", ROUNDS)}
        measured |= {"libsodium_sign": fastest_us(sign), "libsodium_verify": fastest_us(verify)}
        best_us = {name: min(us, best_us.get(name, us)) for name, us in measured.items()}
    seconds = time.perf_counter() - began_s
    rates = {f"{name.replace('_', ' ')}/s": 1e6 / us for name, us in best_us.items()}
    n = TURNS * ROUNDS
    over = best_us["kernels_sign"] / best_us["libsodium_sign"]
    yield Line("device/sign_unix_over_libsodium", over, "ratio", "lower", n, seed, seconds, 16, rates)
    faster = best_us["bigint_sign"] / best_us["kernels_sign"]
    yield Line("device/sign_unix_over_bigint", faster, "ratio", "higher", n, seed, seconds, 8, rates)


def libsodium(seed: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """Signing and verifying one message by libsodium."""
    random_bytes = random.Random(seed).randbytes
    public, secret = bindings.crypto_sign_seed_keypair(random_bytes(32))
    message = random_bytes(MESSAGE_BYTES)
    signed = bindings.crypto_sign(message, secret)
    return lambda: bindings.crypto_sign(message, secret), lambda: bindings.crypto_sign_open(signed, public)


def fastest_us(function: Callable[[], object]) -> float:
    """Microseconds of a call in the fastest round."""
    took_s = []
    for _ in range(ROUNDS):
        began_s = time.perf_counter()
        for _ in range(LIBSODIUM_CALLS):
            function()
        took_s.append(time.perf_counter() - began_s)
    return min(took_s) / LIBSODIUM_CALLS * 1e6

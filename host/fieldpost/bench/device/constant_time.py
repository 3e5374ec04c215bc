"""Whether the signing kernels execute the same instructions on the same addresses, whatever the secret.

A trace is that of one seed: it expands to scalar and prefix, and signs one message. Traces hold each basic block
entered and each data address in flash and RAM, in order, of every kernel call. It decides how many differ from the
first. It refuses to speak of time on a board, of power, and of the Python between the kernels.
"""

import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from fieldpost.bench.device.board_code import BoardCode
from fieldpost.bench.device.signatures import BUILDS, Build, covered_messages
from fieldpost.bench.line import Line
from fieldpost.bench.thumb.observers import OFF_STACK, Trace, stack_by_pointer
from fieldpost.signing import Signer

# Both cores run the portable kernels from one source: the smaller one's machine code gets the long run.
SECRETS = {"armv6m_viper": 1000, "armv7em_viper": 50, "armv7em_fast": 1000}
PROCESSES = os.cpu_count() or 1
Notes = tuple[tuple[str, bytes], ...]


def traces(build: Build, message: bytes, secrets: Sequence[bytes]) -> list[Notes]:
    """Of each seed: the kernels called to expand it and to sign, with the digests of their traces."""
    code = BoardCode(build.architecture, partial(Trace, OFF_STACK), build.folder)
    found = []
    for secret in secrets:
        code.notes.clear()
        code.signer_of_known_key(secret, Signer(secret).public).sign(message)
        found.append(tuple(code.notes))
    return found


def differing(found: Sequence[Notes]) -> int:
    """How many traces are not the first one's."""
    return sum(notes != found[0] for notes in found)


def reaches_stack_by_pointer(build: Build, message: bytes, secret: bytes) -> bool:
    """Whether one signature reaches the stack through anything but the stack pointer: then traces must hold it."""
    code = BoardCode(build.architecture, stack_by_pointer, build.folder)
    code.signer_of_known_key(secret, Signer(secret).public).sign(message)
    return any(found for _, found in code.notes)


def in_processes(work: Callable[[Sequence[bytes]], list[Notes]], secrets: Sequence[bytes]) -> list[Notes]:
    """The work's results, shared out over processes."""
    with ProcessPoolExecutor(PROCESSES) as pool:
        shares = pool.map(work, [secrets[start::PROCESSES] for start in range(PROCESSES)])
        return [notes for share in shares for notes in share]


def lines(seed: int) -> Iterator[Line]:
    """One line of all builds: n is the number of seeds, each traced through its expansion and a whole signature."""
    _, message = covered_messages(seed)
    random_bytes = random.Random(seed).randbytes
    began_s = time.perf_counter()
    total, seeds = 0, {}
    for build in BUILDS:
        secrets = [random_bytes(32) for _ in range(SECRETS[build.name])]
        print(f"  tracing {len(secrets)} seeds on {build.name}", file=sys.stderr)
        if reaches_stack_by_pointer(build, message, secrets[0]):
            raise ValueError(
                f"{build.name}: a kernel reaches the stack by a pointer; trace EVERYWHERE instead"
            )
        total += differing(in_processes(partial(traces, build, message), secrets))
        seeds[f"seeds on {build.name}"] = float(len(secrets))
    seconds = time.perf_counter() - began_s
    n = int(sum(seeds.values()))
    name = "device/constant_time_traces_differing"
    yield Line(name, total, "traces", "lower", n, seed, seconds, 0, seeds)

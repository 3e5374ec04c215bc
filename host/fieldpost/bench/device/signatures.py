"""Instructions and kernel calls of one signature, by the kernels' machine code on emulated Cortex-M cores.

The signature is one of a real seal, and is compared with libsodium's. It decides what counts: the instructions in
kernels. It refuses to count what the interpreter spends around them, beyond saying how often it calls one.
"""

import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fieldpost.bench.areas import wire
from fieldpost.bench.device.board_code import FAST, PORTABLE, BoardCode
from fieldpost.bench.line import Line
from fieldpost.bench.thumb.observers import Count
from fieldpost.signing import Signer
from fieldwire import cose, merkle, observation, seal

LEAVES = 32
SIGNATURES = 3
# A Cortex-M0+ or -M33 without wait states: two cycles a load or taken branch, one for nearly all else.
CYCLES_PER_INSTRUCTION = 1.4


@dataclass(frozen=True, slots=True)
class Build:
    """One way to build a board's signing code, and the goal for its instructions a signature."""

    name: str
    architecture: str
    folder: Path
    goal: float
    clocks_mhz: tuple[int, ...]


BUILDS = (
    Build("armv6m_viper", "armv6m", PORTABLE, 6.0e6, (125, 133)),
    Build("armv7em_viper", "armv7emsp", PORTABLE, 5.3e6, (150,)),
    Build("armv7em_fast", "armv7emsp", FAST["armv7em"], 0.60e6, (150,)),
)
PUBLISHED = {"wolfSSL asm M7, published cycles": 0.28e6}


@dataclass(frozen=True, slots=True)
class Work:
    """What a signature took: instructions of kernels, their calls by name; what a check took; bytes of all kernels."""

    instructions: int
    verifying: int
    calls: dict[str, int]
    code_bytes: int


class Noted:
    """A signer that keeps what it was given to sign."""

    def __init__(self, seed: bytes):
        self._signer = Signer(seed)
        self.public = self._signer.public
        self.covered: list[bytes] = []

    def sign(self, message: bytes) -> bytes:
        self.covered.append(message)
        return self._signer.sign(message)


def covered_messages(seed: int) -> tuple[bytes, bytes]:
    """What a device signs for one observation alone, and for a seal over LEAVES of them."""
    random_bytes = random.Random(seed).randbytes
    key = random_bytes(32)
    body = wire.seal_body(random_bytes)
    leaves = [observation.encode(wire.observed(random_bytes, Signer(key), body, n)) for n in range(LEAVES)]
    noted = Noted(key)
    cose.sign(cose.EARLY, leaves[0], noted)
    seal.seal(body, merkle.root([merkle.leaf_hash(leaf) for leaf in leaves]), noted)
    return noted.covered[0], noted.covered[1]


def work_of(build: Build, message: bytes, seed: int) -> Work:
    """What signing message takes, the same for each of several keys. Raises ValueError where a signature is wrong."""
    random_bytes = random.Random(seed).randbytes
    code = BoardCode(build.architecture, Count, build.folder)
    works = []
    verifying = verification_instructions(code, message, seed)
    for _ in range(SIGNATURES):
        key = random_bytes(32)
        signer = code.signer(key)
        code.notes.clear()
        if signer.sign(message) != Signer(key).sign(message):
            raise ValueError(f"{build.name}: the kernels' signature differs from libsodium's")
        calls: dict[str, int] = {}
        for name, _ in code.notes:
            calls[name] = calls.get(name, 0) + 1
        instructions = sum(count for _, count in code.notes)
        works.append(Work(instructions, verifying, calls, code.machine_code_bytes))
    if any(work != works[0] for work in works):
        raise ValueError(f"{build.name}: instructions depend on the key: {works}")
    return works[0]


def verification_instructions(code: BoardCode[int], message: bytes, seed: int) -> int:
    """Of one signature, whose time may depend on it: all of it is public."""
    signer = Signer(random.Random(seed).randbytes(32))
    code.notes.clear()
    if not code.verify(signer.public, message, signer.sign(message)):
        raise ValueError("the kernels refuse libsodium's signature")
    return sum(count for _, count in code.notes)


def lines(seed: int) -> Iterator[Line]:
    _, message = covered_messages(seed)
    for build in BUILDS:
        print(f"  executing {build.name}", file=sys.stderr)
        began_s = time.process_time()
        work = work_of(build, message, seed)
        seconds = time.process_time() - began_s
        yield instructions_line(build, work, seed, seconds)
        if build is BUILDS[0]:
            yield calls_line(work, seed, seconds)


def instructions_line(build: Build, work: Work, seed: int, seconds: float) -> Line:
    references = {
        f"ms at {mhz} MHz, {CYCLES_PER_INSTRUCTION} cycles an instruction": work.instructions
        * CYCLES_PER_INSTRUCTION
        / (mhz * 1e3)
        for mhz in build.clocks_mhz
    }
    references |= {
        "kernel calls": sum(work.calls.values()),
        "bytes of kernels": work.code_bytes,
        "instructions of one verification": work.verifying,
        **PUBLISHED,
    }
    name = f"device/instr_per_sign_{build.name}"
    return Line(
        name, work.instructions, "instructions", "lower", SIGNATURES, seed, seconds, build.goal, references
    )


def calls_line(work: Work, seed: int, seconds: float) -> Line:
    total = sum(work.calls.values())
    by_name = {name: float(calls) for name, calls in work.calls.items()}
    return Line(
        "device/kernel_calls_per_sign", total, "calls", "lower", SIGNATURES, seed, seconds, 120, by_name
    )

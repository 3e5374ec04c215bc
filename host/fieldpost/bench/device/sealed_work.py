"""What one observation under a seal costs in kernels and hashes, over what signing each one costs.

Signatures are counted in kernel instructions, hashes in blocks of SHA-256, which boards have in C: a block is taken
at a cost emulated elsewhere, for there is no C compiler here. It refuses to count encoding and storing, which both
ways have alike.
"""

import random
import time
from collections.abc import Iterator

from fieldpost.bench.areas import wire
from fieldpost.bench.device.signatures import BUILDS, LEAVES, covered_messages, work_of
from fieldpost.bench.line import Line
from fieldpost.signing import Signer
from fieldwire import observation

# MicroPython's SHA-256 in C on a Cortex-M0: 24,000 instructions for 150 bytes, which are three blocks.
SHA256_BLOCK_INSTRUCTIONS = 8_000
BLOCK_BYTES, PADDING_BYTES = 64, 9


def blocks(size: int) -> int:
    """SHA-256 blocks of a message (FIPS 180-4 5.1.1)."""
    return -(-(size + PADDING_BYTES) // BLOCK_BYTES)


def tree_blocks(leaves: list[bytes]) -> int:
    """Blocks that the tree over these leaves hashes: each leaf behind one byte, each node of two hashes likewise."""
    nodes = len(leaves) - 1
    return sum(blocks(1 + len(leaf)) for leaf in leaves) + nodes * blocks(1 + 2 * 32)


def lines(seed: int) -> Iterator[Line]:
    """The ratio on the portable build for armv6m, and its parts."""
    began_s = time.process_time()
    random_bytes = random.Random(seed).randbytes
    signer, body = Signer(random_bytes(32)), wire.seal_body(random_bytes)
    leaves = [observation.encode(wire.observed(random_bytes, signer, body, n)) for n in range(LEAVES)]
    alone, sealed = covered_messages(seed)
    signing_each = work_of(BUILDS[0], alone, seed).instructions
    one_seal = work_of(BUILDS[0], sealed, seed).instructions
    hashing = tree_blocks(leaves) * SHA256_BLOCK_INSTRUCTIONS
    references = {
        "instructions sealed": (one_seal + hashing) / LEAVES,
        "of them hashes, modelled": hashing / LEAVES,
        "instructions signed alone": float(signing_each),
        "bytes a leaf": float(len(leaves[0])),
    }
    value = (one_seal + hashing) / LEAVES / signing_each
    seconds = time.process_time() - began_s
    yield Line(
        "device/sealed_signing_work_ratio", value, "ratio", "lower", LEAVES, seed, seconds, 0.05, references
    )

"""What the wire's own code costs on this interpreter beside the libraries that do the same: cbor2 and PyNaCl.

Each value is a ratio of rates taken in turns in one process; the rates themselves stand as references.
"""

import random
from collections.abc import Callable, Iterator

import cbor2
from nacl import bindings

from fieldpost.bench.line import Line
from fieldpost.bench.rates import measured_rates
from fieldpost.signing import Signer, verify
from fieldwire import cbor, cose, keys, merkle, observation, seal

LEAVES = 32
UNIT = "ratio"


def measure(seed: int) -> Iterator[Line]:
    """CBOR both ways, COSE_Sign1 both ways, and opening a sealed segment."""
    random_bytes = random.Random(seed).randbytes
    signer = Signer(random_bytes(32))
    body = seal_body(random_bytes)
    leaves = [observation.encode(observed(random_bytes, signer, body, n)) for n in range(LEAVES)]
    yield from measure_cbor(leaves[0], seed)
    yield from measure_cose(leaves[0], signer, seed)
    yield from measure_segment(leaves, body, signer, seed)


def seal_body(random_bytes: Callable[[int], bytes]) -> seal.SealBody:
    return seal.SealBody(random_bytes(8), 1, 0, 0, LEAVES, 3, random_bytes(16), random_bytes(16), None, 0)


def observed(random_bytes: Callable[[int], bytes], signer: Signer, body: seal.SealBody, n: int) -> dict:
    """A plain reading with two values, as a device writes it."""
    return {
        observation.DEVICE: keys.device_id(signer.public),
        observation.INCARNATION: body.incarnation,
        observation.STREAM: body.stream,
        observation.SEQ: body.first + n,
        observation.TREF: [body.boot, 600_000 + 1000 * n],
        observation.FORMAT: random_bytes(16),
        observation.SUBJECT: "harbour/air/temperature",
        observation.PAYLOAD: cbor.encode([1840 + n, 6520]),
        observation.CREDENTIAL: body.credential,
        observation.BOOT_ATTESTATION: body.attestation,
        observation.SALT: random_bytes(8),
    }


def over(name: str, ours: str, other: str, goal: float, functions: dict[str, Callable], seed: int) -> Line:
    """One line: our rate over the other's."""
    rates = measured_rates(functions)
    references = {f"{label}/s": rate for label, rate in rates.per_s.items()}
    value = rates.per_s[ours] / rates.per_s[other]
    return Line(f"wire/{name}", value, UNIT, "higher", rates.calls, seed, rates.seconds, goal, references)


def measure_cbor(data: bytes, seed: int) -> Iterator[Line]:
    value = cbor.decode(data)
    encoders = {"fieldwire": lambda: cbor.encode(value), "cbor2": lambda: cbor2.dumps(value)}
    yield over("cbor_encode_over_cbor2", "fieldwire", "cbor2", 0.05, encoders, seed)
    decoders = {"fieldwire": lambda: cbor.decode(data), "cbor2": lambda: cbor2.loads(data)}
    yield over("cbor_decode_over_cbor2", "fieldwire", "cbor2", 0.05, decoders, seed)


def measure_cose(payload: bytes, signer: Signer, seed: int) -> Iterator[Line]:
    early = cose.sign(cose.EARLY, payload, signer)
    protected = cose.protected_bytes(cose.EARLY, signer.public)
    covered = cose.to_be_signed(protected, payload)
    attached = signer.sign(covered) + covered
    signing = {
        "fieldwire": lambda: cose.sign(cose.EARLY, payload, signer),
        "PyNaCl": lambda: signer.sign(covered),
    }
    yield over("cose_sign_over_pynacl", "fieldwire", "PyNaCl", 0.4, signing, seed)

    def check() -> None:
        cose.check(cose.decode(early, cose.EARLY), signer.public, verify)

    checking = {"fieldwire": check, "PyNaCl": lambda: bindings.crypto_sign_open(attached, signer.public)}
    yield over("cose_verify_over_pynacl", "fieldwire", "PyNaCl", 0.4, checking, seed)


def measure_segment(leaves: list[bytes], body: seal.SealBody, signer: Signer, seed: int) -> Iterator[Line]:
    """Observations a CPU-second out of verified segments, over raw verifies."""
    root = merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])
    segment = seal.encode_segment(seal.seal(body, root, signer), leaves)
    device = keys.device_id(signer.public)
    signature = signer.sign(root)
    functions = {
        "segments": lambda: seal.open_segment(segment, signer.public, device, verify),
        "PyNaCl": lambda: bindings.crypto_sign_open(signature + root, signer.public),
    }
    rates = measured_rates(functions)
    observations = rates.per_s["segments"] * LEAVES
    references = {"observations/s": observations, "PyNaCl/s": rates.per_s["PyNaCl"]}
    value = observations / rates.per_s["PyNaCl"]
    yield Line(
        "wire/sealed_over_pynacl", value, UNIT, "higher", rates.calls, seed, rates.seconds, 1.0, references
    )

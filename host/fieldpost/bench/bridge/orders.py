"""One decision digest, however what is decided on came: the same claims in random orders, split between two bridges."""

import random
import time
from collections.abc import Iterator

from fieldpost.agreement import Agreement, Function, Merge, Scope, TimeTerms
from fieldpost.bench.line import Line
from fieldpost.conflict import Claim
from fieldpost.resolution import resolve

ORDERS = 10_000
CLAIMS = 12
MESHES = (b"\x0a" * 32, b"\x0b" * 32)


def lines(seed: int) -> Iterator[Line]:
    rng = random.Random(seed)
    terms, claims = agreed(), [claimed(rng, n) for n in range(CLAIMS)]
    found, began_s = set(), time.process_time()
    for _ in range(ORDERS):
        sides = [
            [one for one in claims if rng.random() < 0.6] for _ in range(2)
        ]  # what each bridge had drained
        missing = [one for one in claims if one not in sides[0] and one not in sides[1]]
        joined = {one.id: one for one in [*sides[0], *missing, *sides[1]]}
        drained = rng.sample(list(joined.values()), len(joined))
        found.add(resolve(drained, terms).decision_digest)
    seconds = time.process_time() - began_s
    yield Line("bridge/decision_digests_distinct", len(found), "digests", "lower", ORDERS, seed, seconds, 1)


def agreed() -> Agreement:
    """Terms of two meshes: one scope, its gate off, a chain that weighs and then counts."""
    scope = Scope("water", ((MESHES[0], MESHES[1]), (MESHES[1], MESHES[0])), tolerances={"level": 1})
    chain = (Function("composite", terms={"attestation_grade": 1, "corroboration": 2}),)
    return Agreement(1, MESHES, TimeTerms(), (scope,), chain, {(MESHES[0], "ops"): 2}, 1, Merge(1))


def claimed(rng: random.Random, number: int) -> Claim:
    """One of few devices about one of two subjects, at a time that may overlap others'."""
    begin = rng.randrange(60)
    return Claim(
        rng.randbytes(32), MESHES[number % 2], "ops", bytes([number % 5]) * 16, b"i" * 8, 1, number, 1,
        1000 * number, f"water/s{number % 2}", "level", rng.randrange(4), (begin, begin + 20),
        rng.randrange(4), True, 100, (), MESHES,
    )  # fmt: skip

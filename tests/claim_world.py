"""Claims and agreements for tests: two meshes, short ways to say who claimed what, and when."""

from fieldpost.agreement import Agreement, Function, Gate, Merge, Scope, TimeTerms
from fieldpost.conflict import Claim

ALPHA, BRAVO = b"\xa1" * 32, b"\xb2" * 32
S = 1_000_000_000


def agreement(chain=(), weights=None, tolerances=None, gate=None, unlisted=1):
    scope = Scope("water", ((ALPHA, BRAVO), (BRAVO, ALPHA)), tolerances=tolerances or {}, gate=gate or Gate())
    return Agreement(
        1, (ALPHA, BRAVO), TimeTerms(), (scope,), tuple(chain), weights or {}, unlisted, Merge(1)
    )


def priority(*order):
    return Function("priority", order=order)


def claim(name, value=0, at=(0, 10), mesh=ALPHA, authority="ops", device=None, **more):
    """A claim with an id, and by default a device, made from its name; `at` in seconds."""
    identity = name.encode().ljust(32, b".")
    fields = {
        "id": identity,
        "mesh": mesh,
        "authority": authority,
        "device": (device or name).encode().ljust(16, b"."),
        "incarnation": b"i" * 8,
        "stream": 1,
        "seq": 0,
        "boot": 1,
        "ticks_ms": 0,
        "subject": "water/level",
        "property": "level",
        "value": value,
        "interval_ns": tuple(None if one is None else one * S for one in at),
        "attestation_grade": 3,
        "complete": True,
        "credential_age_s": 100,
        "sources": (),
        "admitted_by": (ALPHA, BRAVO),
    }
    fields.update(more)
    return Claim(**fields)


def name_of(identity):
    return None if identity is None else identity.rstrip(b".").decode()

"""Claims: what an observation's payload says, as the conflict stage compares it.

Decides by the schema alone, or by what SenML says of itself. An observation whose schema is not held, or whose
payload does not fit it, is kept and claims nothing. SPEC 5.4, 5.8
"""

from typing import Any

from fieldpost import clocks, plain_bytes
from fieldpost.conflict import Claim
from fieldpost.model import Verified
from fieldpost.trust import Trust
from fieldwire import observation as obs
from fieldwire import schema
from fieldwire.errors import WireError

Interval = tuple[int | None, int | None]


def widened(interval: Interval) -> Interval:
    """A stamp's interval as an observation's: its reading was a floor. SPEC 9.2"""
    lo, hi = interval
    return lo, None if hi is None else hi + clocks.QUANTUM_NS


def fields_claimed(trust: Trust, entry: Verified) -> list[tuple[Any, ...]]:
    """(property, type, value, unit, exponent) of each claim."""
    return fields_in(trust, entry.observation[obs.FORMAT], entry.observation[obs.PAYLOAD])


def fields_in(trust: Trust, content_format: int | bytes, payload: bytes) -> list[tuple[Any, ...]]:
    """The same of a payload."""
    fields = trust.fields_of(content_format)
    values = (
        plain_bytes.integers(payload) if fields and all(one[1] == schema.INTEGER for one in fields) else None
    )
    if fields and values is not None and len(values) == len(fields):
        pairs = zip(fields, values, strict=True)
        return [(one[0], one[1], value, one[2], one[3]) for one, value in pairs if value is not None]
    try:
        return schema.claims_of(content_format, payload, trust.fields_of)
    except WireError:
        return []


def claims_of(
    trust: Trust,
    entry: Verified,
    interval: Interval,
    grade: int,
    admitted_by: tuple[bytes, ...] = (),
    age_s: int | None = None,
) -> list[Claim]:
    """One conflict claim a property; `interval` in ns on the timeline that decides, `age_s` the credential's there."""
    observation = entry.observation
    device, incarnation, stream, seq = obs.position(observation)
    boot, ms = observation[obs.TREF][:2]
    sources = tuple(source[4] for source in observation.get(obs.SOURCES, []))
    return [
        Claim(
            entry.id,
            entry.mesh,
            entry.authority,
            device,
            incarnation,
            stream,
            seq,
            boot,
            ms,
            observation[obs.SUBJECT],
            name,
            tuple(value) if isinstance(value, list) else value,
            interval,
            grade,
            True,
            age_s,
            sources,
            admitted_by,
        )
        for name, _, value, _, _ in fields_claimed(trust, entry)
    ]

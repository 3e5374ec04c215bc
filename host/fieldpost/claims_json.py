"""Claims and their resolution as JSON, for whoever checks a decision without this program's store.

Decides whether each line is a claim, and that claims of one observation agree on what it signed. SPEC 14.8
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fieldpost.conflict import Claim, Value
from fieldpost.json_lines import REQUIRED, Line, lines
from fieldpost.resolution import Resolution

INT64 = range(-(2**63), 2**63)


def claims_of(text: str) -> list[Claim]:
    """The claims of a JSON Lines text, each once. Raises LineError."""
    found: dict[tuple[bytes, str], Claim] = {}
    observations: dict[bytes, Claim] = {}
    for line in lines(text):
        claim = _claim(line)
        bare = replace(claim, property="", value=0)
        if observations.setdefault(claim.id, bare) != bare:
            line.wrong("id", "expected the fields of an earlier line with this id")
        if found.setdefault((claim.id, claim.property), claim) != claim:
            line.wrong("value", "expected the value of an earlier line with this id and property")
    return list(found.values())


def resolution_json(resolution: Resolution, agreement_digest: bytes) -> dict[str, Any]:
    """The document that `fieldpost resolve` prints."""
    decisions = [
        {
            "subject": row.subject,
            "property": row.property,
            "prevailing": None if row.prevailing is None else row.prevailing.hex(),
            "rivals": [one.hex() for one in row.rivals],
            "rule": row.rule,
            "function": row.function,
            "keys": _keys(row.keys),
        }
        for row in resolution.ruling.decisions
    ]
    return {
        "decisions": decisions,
        "divergence": [
            {"scope": one.scope, "terms": dict(one.terms), "verdict": one.verdict}
            for one in resolution.divergence
        ],
        "decision_digest": resolution.decision_digest.hex(),
        "agreement_digest": agreement_digest.hex(),
        "one_sided": sorted({claim.id.hex() for claim in resolution.one_sided}),
        "outside": sorted({claim.id.hex() for claim in resolution.outside}),
    }


def _keys(keys: Mapping[bytes, tuple[int, ...]]) -> dict[str, list[int]]:
    return {one.hex(): list(keys[one]) for one in sorted(keys)}


def _claim(line: Line) -> Claim:
    lineage = line.text("lineage")
    if lineage not in ("complete", "incomplete"):
        line.wrong("lineage", 'expected "complete" or "incomplete"')
    return Claim(
        id=line.hex("id"),
        mesh=line.hex("mesh"),
        authority=line.text("authority"),
        device=line.hex("device"),
        incarnation=line.hex("incarnation"),
        stream=line.integer("stream"),
        seq=line.integer("seq"),
        boot=line.integer("boot"),
        ticks_ms=line.integer("ticks_ms"),
        subject=line.text("subject"),
        property=line.text("property"),
        value=line.read("value", REQUIRED, _value, "expected an integer, a text or [lat, lon, radius]"),
        interval_ns=line.interval("interval_ns"),
        attestation_grade=line.integer("attestation_grade"),
        complete=lineage == "complete",
        credential_age_s=line.integer_or_null("credential_age_s"),
        sources=line.hexes("sources"),
        admitted_by=tuple(sorted(set(line.hexes("admitted_by")))),
    )


def _value(value: Any) -> Value:
    if isinstance(value, str):
        value.encode()  # a lone surrogate is no text: UnicodeEncodeError is a ValueError
        return value
    if isinstance(value, list):
        lat, lon, radius = map(_integer, value)
        return lat, lon, radius
    return _integer(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in INT64:
        raise ValueError
    return value

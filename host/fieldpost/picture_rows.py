"""The picture as a table: what each subject is, by whose word, and when.

Decides how a row is spelled for people and for programs; which row stands was decided before. Only what the
store holds is shown, nothing is guessed: a value without a unit stays bare.
"""

from typing import Any

from fieldpost.claims import widened
from fieldpost.placed import placed
from fieldpost.reading import Rows, profile_of, stored
from fieldwire import cbor

HOUR_MS, MINUTE_MS = 3_600_000, 60_000
DEGREE_DIGITS = 7

_ROWS = """
SELECT p.subject, p.property, p.id, p.alternatives, p.decided, c.value, c.exponent, c.unit,
       o.device, o.mesh, o.authority, v.mesh, v.authority
FROM picture p
LEFT JOIN claim c ON c.id = p.id AND c.property = p.property
LEFT JOIN observation o ON o.id = p.id
LEFT JOIN verdict v ON v.id = p.id
ORDER BY p.subject, p.property
"""


def picture_rows(store: Rows) -> list[dict[str, Any]]:
    """One row a subject and property. Ids in hex; `interval_ns` is the resilient one since the mesh's anchor."""
    *_, name = profile_of(store)
    rows, drawn = [], store.query(_ROWS)
    when = placed(store, [row[2] for row in drawn])
    for row in drawn:
        subject, prop, identity, alternatives, decided, value, exponent, unit = row[:8]
        device, mesh, authority, under_mesh, under = row[8:]
        lo, hi = widened(when[identity][1].resilient) if identity in when else (None, None)
        rows.append(
            {
                "mesh": name,
                "subject": subject,
                "property": prop,
                "value": None if value is None else cbor.decode(value),
                "exponent": exponent,
                "unit": unit,
                "observation": identity.hex(),
                "device": _hex(device),
                "authority": [_hex(mesh), authority],
                "admitted_under": None if under is None else [_hex(under_mesh), under],
                "interval_ns": [lo, hi],
                "alternatives": [one.hex() for one in stored(alternatives)],
                "decided": decided,
            }
        )
    return rows


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


def value_words(value: Any, exponent: int, unit: str) -> str:
    """A claimed value as a decimal with its unit, a category as itself, a position in degrees."""
    if isinstance(value, list) and len(value) == 3:
        lat, lon, radius_mm = value
        return f"{decimal(lat, -DEGREE_DIGITS)}, {decimal(lon, -DEGREE_DIGITS)} ± {decimal(radius_mm, -3)} m"
    text = decimal(value, exponent) if isinstance(value, int) else str(value)
    return f"{text} {unit}".rstrip()


def decimal(value: int, exponent: int) -> str:
    """value x 10^exponent, every digit kept."""
    if exponent >= 0:
        return str(value * 10**exponent)
    digits = str(abs(value)).rjust(1 - exponent, "0")
    return f"{'-' if value < 0 else ''}{digits[:exponent]}.{digits[exponent:]}"


def interval_words(lo: int | None, hi: int | None) -> str:
    """An interval on the mesh timeline, h:mm:ss.ms since its anchor, rounded outward."""
    if lo is None and hi is None:
        return "at no known time"
    first = "" if lo is None else clock_words(lo // 1_000_000)
    last = "" if hi is None else clock_words(-(-hi // 1_000_000))
    if lo is None:
        return f"until {last}"
    return f"from {first}" if hi is None else f"{first} … {last}"


def clock_words(ms: int) -> str:
    hours, rest = divmod(abs(ms), HOUR_MS)
    minutes, rest = divmod(rest, MINUTE_MS)
    return f"{'-' if ms < 0 else ''}{hours}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"

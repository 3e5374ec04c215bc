"""An agreement as canonical CBOR, and its digest.

Decides whether bytes are the one encoding of a sound agreement. Petnames and the order in which the terms
were written down are not in the bytes. Who signed them is decided elsewhere. SPEC 11.4
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from fieldpost.agreement import (
    Agreement,
    Authority,
    Function,
    Gate,
    Merge,
    Scope,
    TimeTerms,
    Where,
    fault,
    ordered,
)
from fieldwire import cbor
from fieldwire.errors import WireError
from fieldwire.limits import CBOR_MAX

LABEL = b"fieldpost/agreement/1"
# A proof holds the bytes once, and once more in each signature, which adds less than this to them.
SIGNATURE_MAX = 256
_INTERVALS = ("strict", "resilient")
_UNPROVEN = ("hold", "admit")


def to_cbor(agreement: Agreement) -> bytes:
    """The canonical bytes. Raises ValueError for an unsound agreement."""
    found = unsound(agreement)
    if found is not None:
        raise ValueError(f"{'.'.join(map(str, found[0]))}: {found[1]}")
    return _encode(ordered(agreement))


def unsound(agreement: Agreement) -> tuple[Where, str] | None:
    """What `agreement.fault` finds; else `((), what was expected)` for one that is too long to be signed by all."""
    found = fault(agreement)
    if found is not None:
        return found
    parties, size = len(agreement.parties), len(_encode(ordered(agreement)))
    size_max = (CBOR_MAX - SIGNATURE_MAX * parties) // (parties + 1)
    if size <= size_max:
        return None
    return (
        (),
        f"expected at most {size_max} bytes between {parties} parties, found {size}; list or cover less",
    )


def from_cbor(data: bytes) -> Agreement:
    """The agreement that `data` encodes: the strict inverse of `to_cbor`. Raises WireError."""
    top = _keyed(cbor.decode(data), 9, "an agreement")
    try:
        agreement = Agreement(
            version=_integer(top[0]),
            engine=_text(top[1]),
            parties=tuple(_id(mesh, 32) for mesh in _array(top[2])),
            time=_time(top[3]),
            scopes=tuple(_scope(one) for one in _array(top[4])),
            chain=tuple(_function(one) for one in _array(top[5])),
            weights={_authority(one[:2]): _integer(one[2]) for one in _arrays(top[6], 3)},
            unlisted=_integer(top[7]),
            merge=_merge(top[8]),
        )
    except IndexError:
        raise WireError("agreement-shape", "a number stands for no known choice") from None
    found = unsound(agreement)
    if found is not None:
        raise WireError("agreement-shape", f"{'.'.join(map(str, found[0]))}: {found[1]}")
    if _encode(ordered(agreement)) != data:
        raise WireError("agreement-shape", "lists are not in canonical order")
    return agreement


def agreement_digest(agreement: Agreement) -> bytes:
    """SHA-256 over the label and the canonical bytes. SPEC 11.5"""
    return digest_of(to_cbor(agreement))


def digest_of(data: bytes) -> bytes:
    """The digest of an agreement's canonical bytes."""
    return hashlib.sha256(LABEL + data).digest()


def _encode(agreement: Agreement) -> bytes:
    time, merge = agreement.time, agreement.merge
    return cbor.encode(
        {
            0: agreement.version,
            1: agreement.engine,
            2: list(agreement.parties),
            3: {
                0: _INTERVALS.index(time.interval),
                1: time.k,
                2: time.engine,
                3: [list(pair) for pair in time.anchors],
                4: _UNPROVEN.index(time.unproven),
                5: time.rate_floor_ppb,
            },
            4: [_scope_map(scope) for scope in agreement.scopes],
            5: [_function_map(link) for link in agreement.chain],
            6: [[mesh, path, weight] for (mesh, path), weight in sorted(agreement.weights.items())],
            7: agreement.unlisted,
            8: {0: merge.quorum, 1: [list(one) for one in merge.authorities]},
        }
    )


def _scope_map(scope: Scope) -> dict[int, Any]:
    return {
        0: scope.subject,
        1: [list(direction) for direction in scope.directions],
        2: scope.channel,
        3: dict(scope.tolerances),
        4: dict(scope.gate.thresholds),
        5: dict(scope.gate.weights),
        6: scope.gate.total,
    }


def _function_map(link: Function) -> dict[int, Any]:
    return {
        0: link.name,
        1: [list(one) for one in link.order],
        2: dict(link.terms),
        3: link.expression,
        4: [list(one) for one in link.corroborators],
        5: link.freshness_s,
    }


def _time(value: Any) -> TimeTerms:
    terms = _keyed(value, 6, "time")
    return TimeTerms(
        interval=_INTERVALS[_integer(terms[0])],
        k=_integer(terms[1]),
        engine=_text(terms[2]),
        anchors=tuple((_id(a, 16), _id(b, 16)) for a, b in _arrays(terms[3], 2)),
        unproven=_UNPROVEN[_integer(terms[4])],
        rate_floor_ppb=_integer(terms[5]),
    )


def _scope(value: Any) -> Scope:
    terms = _keyed(value, 7, "a scope")
    return Scope(
        subject=_text(terms[0]),
        directions=tuple((_id(a, 32), _id(b, 32)) for a, b in _arrays(terms[1], 2)),
        channel=None if terms[2] is None else _text(terms[2]),
        tolerances={name: _tolerance(one) for name, one in _named(terms[3]).items()},
        gate=Gate(
            thresholds={name: _integer(one) for name, one in _named(terms[4]).items()},
            weights={name: _integer(one) for name, one in _named(terms[5]).items()},
            total=None if terms[6] is None else _integer(terms[6]),
        ),
    )


def _tolerance(value: Any) -> int | tuple[int, int]:
    if isinstance(value, list):
        lat, lon = _sized(value, 2)
        return _integer(lat), _integer(lon)
    return _integer(value)


def _function(value: Any) -> Function:
    terms = _keyed(value, 6, "a function")
    return Function(
        name=_text(terms[0]),
        order=tuple(_authority(one) for one in _array(terms[1])),
        terms={name: _integer(one) for name, one in _named(terms[2]).items()},
        expression=_text(terms[3]),
        corroborators=tuple(_authority(one) for one in _array(terms[4])),
        freshness_s=_integer(terms[5]),
    )


def _merge(value: Any) -> Merge:
    terms = _keyed(value, 2, "merge")
    return Merge(_integer(terms[0]), tuple(_authority(one) for one in _array(terms[1])))


def _authority(value: Any) -> Authority:
    mesh, path = _sized(value, 2)
    return _id(mesh, 32), _text(path)


def _keyed(value: Any, count: int, name: str) -> dict[int, Any]:
    if not isinstance(value, dict) or list(value) != list(range(count)):
        raise WireError("agreement-shape", f"{name} is a map of the keys 0 to {count - 1}")
    return value


def _named(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise WireError("agreement-shape", "expected a map with text keys")
    return value


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise WireError("agreement-shape", "expected an array")
    return value


def _arrays(value: Any, size: int) -> list[list[Any]]:
    return [_sized(one, size) for one in _array(value)]


def _sized(value: Any, size: int) -> list[Any]:
    if not isinstance(value, list) or len(value) != size:
        raise WireError("agreement-shape", f"expected an array of {size}")
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise WireError("agreement-shape", "expected an integer from 0")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise WireError("agreement-shape", "expected text")
    return value


def _id(value: Any, size: int) -> bytes:
    if not isinstance(value, bytes) or len(value) != size:
        raise WireError("agreement-shape", f"expected {size} bytes")
    return value

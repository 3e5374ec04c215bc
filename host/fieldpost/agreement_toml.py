"""An agreement written by a person, in TOML.

Decides whether the text has the keys and types of an agreement and names what is wrong by file, line and key.
Petnames of `[parties]` are resolved here and go no further. What makes terms sound is `agreement.fault`. SPEC
11.2
"""

import tomllib
from collections.abc import Callable, Mapping
from itertools import permutations
from typing import Any

from fieldpost.agreement import (
    ENGINE,
    TIME_ENGINE,
    USES,
    Agreement,
    Authority,
    Function,
    Gate,
    Merge,
    Scope,
    TimeTerms,
    Tolerance,
    Where,
    ordered,
    weight_fault,
)
from fieldpost.agreement_cbor import unsound
from fieldpost.toml_lines import line_at, line_too_far, lines_of

_KEYS = {
    "": {"version", "engine", "parties", "time", "scope", "chain", "weights", "merge"},
    "time": {"interval", "k", "engine", "anchors", "unproven", "rate_floor_ppb"},
    "scope": {"subject", "direction", "channel", "tolerances", "gate"},
    "merge": {"quorum", "authorities"},
}


class AgreementError(ValueError):
    """The text is no agreement: `file:line: key: expected ...`."""

    def __init__(self, file: str, line: int, key: str, expected: str):
        super().__init__(f"{file}:{line}: {key}: {expected}")
        self.file, self.line, self.key, self.expected = file, line, key, expected


class _Fault(Exception):
    def __init__(self, where: Where, expected: str):
        super().__init__(where, expected)
        self.where, self.expected = where, expected


def parse_toml(text: str, file: str = "agreement") -> Agreement:
    """The sound agreement that `text` states, in canonical order. Raises AgreementError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        cause, _, position = str(error).partition(" (at line ")
        line = int(position.split(",")[0]) if position else text.count("\n") + 1
        raise AgreementError(file, line, "TOML", f"expected well-formed TOML; {cause}") from None
    except (RecursionError, ValueError):
        expected = "expected shorter numbers and fewer brackets in one another"
        raise AgreementError(file, line_too_far(text), "TOML", expected) from None
    try:
        agreement = _agreement(document)
        found = unsound(agreement)
        if found is not None:
            raise _Fault(*found)
    except _Fault as error:
        line = line_at(lines_of(text), error.where)
        raise AgreementError(file, line, key_name(error.where) or "agreement", error.expected) from None
    return ordered(agreement)


def petnames(text: str) -> dict[str, bytes]:
    """The names that an accepted text gives to its meshes."""
    return {name: bytes.fromhex(mesh) for name, mesh in tomllib.loads(text)["parties"].items()}


def key_name(where: Where) -> str:
    """`("scope", 1, "gate")` as `scope[1].gate`."""
    name = ""
    for part in where:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name


def _agreement(document: dict[str, Any]) -> Agreement:
    _known(document, _KEYS[""], ())
    names = _parties(document)
    weights = dict(_table(document.get("weights", {}), ("weights",)))
    unlisted = _integer(weights.pop("unlisted", 1), ("weights", "unlisted"))
    return Agreement(
        version=_integer(document.get("version"), ("version",)),
        engine=_text(document.get("engine", ENGINE), ("engine",)),
        parties=tuple(names.values()),
        time=_time(_table(document.get("time", {}), ("time",))),
        scopes=tuple(_each(document.get("scope"), ("scope",), lambda one, at: _scope(one, at, names))),
        chain=tuple(_each(document.get("chain", []), ("chain",), lambda one, at: _function(one, at, names))),
        weights=_weights(weights, names),
        unlisted=unlisted,
        merge=_merge(_table(document.get("merge", {}), ("merge",)), names),
    )


def _parties(document: dict[str, Any]) -> dict[str, bytes]:
    names: dict[str, bytes] = {}
    for name, mesh in _table(document.get("parties"), ("parties",)).items():
        if ":" in name or ">" in name or name == "both":
            raise _Fault(("parties", name), 'expected a name without ":" and ">" other than "both"')
        names[name] = _hex(mesh, 32, ("parties", name))
    return names


def _time(terms: Mapping[str, Any]) -> TimeTerms:
    _known(terms, _KEYS["time"], ("time",))
    where = ("time", "anchors")
    pairs: list[tuple[bytes, bytes]] = []
    for pair in _list(terms.get("anchors", []), where):
        devices = [_hex(device, 16, where) for device in _list(pair, where)]
        if len(devices) != 2:
            raise _Fault(where, "expected pairs of device ids")
        pairs.append((devices[0], devices[1]))
    return TimeTerms(
        interval=_text(terms.get("interval", "resilient"), ("time", "interval")),
        k=_integer(terms.get("k", 2), ("time", "k")),
        engine=_text(terms.get("engine", TIME_ENGINE), ("time", "engine")),
        anchors=tuple(pairs),
        unproven=_text(terms.get("unproven", "hold"), ("time", "unproven")),
        rate_floor_ppb=_integer(terms.get("rate_floor_ppb", 0), ("time", "rate_floor_ppb")),
    )


def _scope(terms: Mapping[str, Any], where: Where, names: Mapping[str, bytes]) -> Scope:
    _known(terms, _KEYS["scope"], where)
    tolerances = _table(terms.get("tolerances", {}), (*where, "tolerances"))
    channel = terms.get("channel")
    return Scope(
        subject=_text(terms.get("subject"), (*where, "subject")),
        directions=_directions(terms.get("direction", "both"), (*where, "direction"), names),
        channel=None if channel is None else _text(channel, (*where, "channel")),
        tolerances={name: _tolerance(one, (*where, "tolerances", name)) for name, one in tolerances.items()},
        gate=_gate(_table(terms.get("gate", {}), (*where, "gate")), (*where, "gate")),
    )


def _directions(value: Any, where: Where, names: Mapping[str, bytes]) -> tuple[tuple[bytes, bytes], ...]:
    if value == "both":
        return tuple(permutations(names.values(), 2))
    pairs: list[tuple[bytes, bytes]] = []
    for text in value if isinstance(value, list) else [value]:
        source, arrow, target = _text(text, where).partition("->")
        if not arrow:
            raise _Fault(where, 'expected "both" or "NAME -> NAME" between two parties')
        pairs.append((_mesh(source.strip(), where, names), _mesh(target.strip(), where, names)))
    return tuple(pairs)


def _tolerance(value: Any, where: Where) -> Tolerance:
    if not isinstance(value, list):
        return _integer(value, where)
    if len(value) != 2:
        raise _Fault(where, "expected an integer, or [lat, lon] in 1e-7 degrees")
    return _integer(value[0], where), _integer(value[1], where)


def _gate(terms: Mapping[str, Any], where: Where) -> Gate:
    total = terms.get("total")
    return Gate(
        thresholds={
            n: _integer(one, (*where, n)) for n, one in terms.items() if n not in ("weights", "total")
        },
        weights=_integers(terms.get("weights", {}), (*where, "weights")),
        total=None if total is None else _integer(total, (*where, "total")),
    )


def _function(terms: Mapping[str, Any], where: Where, names: Mapping[str, bytes]) -> Function:
    name = _text(terms.get("function"), (*where, "function"))
    if name not in USES:
        raise _Fault((*where, "function"), f"expected one of {', '.join(USES)}")
    _known(terms, USES[name] | {"function"}, where)
    return Function(
        name=name,
        order=_authorities(terms.get("order", []), (*where, "order"), names),
        terms=_integers(terms.get("terms", {}), (*where, "terms")),
        expression=_text(terms.get("expression", ""), (*where, "expression")),
        corroborators=_authorities(terms.get("corroborators", []), (*where, "corroborators"), names),
        freshness_s=_integer(terms.get("freshness_s", 86_400), (*where, "freshness_s")),
    )


def _weights(terms: Mapping[str, Any], names: Mapping[str, bytes]) -> dict[Authority, int]:
    weights: dict[Authority, int] = {}
    for key, value in terms.items():
        where = ("weights", key)
        authority = _authority(key, where, names)
        if authority in weights:
            raise _Fault(where, "expected each authority once")
        weights[authority] = _integer(value, where)
        expected = weight_fault(authority, value, names.values())
        if expected is not None:
            raise _Fault(where, expected)
    return weights


def _merge(terms: Mapping[str, Any], names: Mapping[str, bytes]) -> Merge:
    _known(terms, _KEYS["merge"], ("merge",))
    authorities = _authorities(terms.get("authorities", []), ("merge", "authorities"), names)
    return Merge(_integer(terms.get("quorum", len(names)), ("merge", "quorum")), authorities)


def _authorities(value: Any, where: Where, names: Mapping[str, bytes]) -> tuple[Authority, ...]:
    return tuple(_authority(one, where, names) for one in _list(value, where))


def _authority(value: Any, where: Where, names: Mapping[str, bytes]) -> Authority:
    mesh, colon, path = _text(value, where).partition(":")
    if not colon:
        raise _Fault(where, 'expected "MESH:path", the mesh by its name in [parties] or its id')
    return _mesh(mesh, where, names), path


def _mesh(name: str, where: Where, names: Mapping[str, bytes]) -> bytes:
    if name in names:
        return names[name]
    for mesh in names.values():
        if mesh.hex() == name:
            return mesh
    raise _Fault(where, f"expected a mesh of [parties], found {name!r}")


def _each(value: Any, where: Where, read: Callable[[Mapping[str, Any], Where], Any]) -> list[Any]:
    return [read(_table(one, (*where, at)), (*where, at)) for at, one in enumerate(_list(value, where))]


def _known(terms: Mapping[str, Any], known: set[str] | frozenset[str], where: Where) -> None:
    for key in terms:
        if key not in known:
            raise _Fault((*where, key), f"expected one of {', '.join(sorted(known))}")


def _integers(value: Any, where: Where) -> dict[str, int]:
    return {name: _integer(one, (*where, name)) for name, one in _table(value, where).items()}


def _integer(value: Any, where: Where) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Fault(where, "expected an integer")
    return value


def _text(value: Any, where: Where) -> str:
    if not isinstance(value, str):
        raise _Fault(where, "expected text")
    return value


def _list(value: Any, where: Where) -> list[Any]:
    if not isinstance(value, list):
        raise _Fault(where, "expected a list")
    return value


def _table(value: Any, where: Where) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Fault(where, "expected a table")
    return value


def _hex(value: Any, size: int, where: Where) -> bytes:
    text = _text(value, where)
    if len(text) != 2 * size or text.strip("0123456789abcdef"):
        raise _Fault(where, f"expected {2 * size} lower-case hex digits")
    return bytes.fromhex(text)
